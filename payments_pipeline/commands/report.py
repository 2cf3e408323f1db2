"""`payments report`: reports to regulators, and the steps of their lives.

A registry like that of `payments` itself: each subcommand lives in a module that is imported when it is called.
"""

import importlib
from typing import Final

import click

from payments_pipeline.cli import Entry

COMMANDS: Final[dict[str, Entry]] = {
    "1098": Entry("payments_pipeline.commands.report_1098:form_1098", "Compute and write Form 1098 for a tax year."),
    "status": Entry("payments_pipeline.commands.report_life:status", "List the reports and how far each is."),
    "approve": Entry("payments_pipeline.commands.report_life:approve", "Approve a report that somebody else prepared."),
    "submit": Entry("payments_pipeline.commands.report_life:submit", "Note that the files of a report were submitted."),
}


class ReportGroup(click.Group):
    """The subcommands of `report`, none of which is imported before it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: D102
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target} is no click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=ReportGroup)
def report() -> None:
    """Make the reports that regulators are owed, have them approved, and note what became of them.

    Every version of a report is kept, and every step is in compliance.compliance_audit_log.
    """
