"""Groups of commands: they tell each of theirs in a whole sentence, and may import it when it is called and not before.

So `payments --help` answers at once, although Dagster, pandas and the rest take seconds to import.
"""

import importlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import click

_WHOLE_SENTENCE: Final = 1_000


class Entry(NamedTuple):
    """Where a command lives, and the line that the list of commands shows for it."""

    target: str
    help: str


class Group(click.Group):
    """A group that shows the first sentence of each command; click's own cuts it off where the line ends."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.told_of(ctx, name)) for name in self.list_commands(ctx)])

    def told_of(self, ctx: click.Context, name: str) -> str:
        """The line for a command of the group."""
        command = self.get_command(ctx, name)
        return command.get_short_help_str(_WHOLE_SENTENCE) if command else ""


class LazyGroup(Group):
    """A group whose commands are the entries of a registry, in its order."""

    def __init__(self, *args: Any, registry: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._registry = registry

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(self._registry)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: D102
        entry = self._registry.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target} is no click command")
        return command

    def told_of(self, ctx: click.Context, name: str) -> str:  # noqa: D102
        return self._registry[name].help
