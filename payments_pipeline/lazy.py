"""Groups of commands, each of which is imported when it is called and not before.

So `payments --help` answers at once, although Dagster, pandas and the rest take seconds to import.
"""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class Entry(NamedTuple):
    """Where a command lives, and the line that the list of commands shows for it."""

    target: str
    help: str


class LazyGroup(click.Group):
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self._registry.items()])
