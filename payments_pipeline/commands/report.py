"""`payments report`: reports to finance and regulators, and the steps of their lives."""

from typing import Final

import click

from payments_pipeline.lazy import Entry, LazyGroup

COMMANDS: Final[dict[str, Entry]] = {
    "1098": Entry("payments_pipeline.commands.report_1098:form_1098", "Compute and write Form 1098 for a tax year."),
    "hmda": Entry("payments_pipeline.commands.report_hmda:hmda", "Make the HMDA register of a year or quarter."),
    "reconciliation": Entry(
        "payments_pipeline.commands.report_reconciliation:reconciliation", "Write what finance reads of a bank day."
    ),
    "status": Entry("payments_pipeline.commands.report_life:status", "List the reports and how far each is."),
    "approve": Entry("payments_pipeline.commands.report_life:approve", "Approve a report that somebody else prepared."),
    "submit": Entry("payments_pipeline.commands.report_life:submit", "Note that the files of a report were submitted."),
}


@click.group(cls=LazyGroup, registry=COMMANDS)
def report() -> None:
    """Make the reports that finance reads and regulators are owed, have the latter approved, note what became of them.

    Every version of a report to a regulator is kept, and every step is in compliance.compliance_audit_log.
    """
