"""What must hold of Form 1098 before somebody puts a name to it: the ledger's totals, and the edits of the validator.

The edits are those of the file's own format, gathered by what they are about. They are held against a file that nobody
sees yet; one that breaks any of them is not kept.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import dagster as dg

from payments_pipeline.formats import fire
from payments_pipeline.money import dollars
from payments_pipeline.reporting.files_1098 import Fault, RefusedFileError
from payments_pipeline.reporting.page_1098 import Page, fault_table

_FORMS: Final = dg.AssetKey(["compliance", "forms_1098"])
_FILES: Final = dg.AssetKey(["compliance", "report_files"])
_REPORTS: Final = dg.AssetKey(["compliance", "reports"])

FORMS_AGREE: Final = dg.AssetCheckSpec(
    "forms_agree_with_the_general_ledger",
    asset=_FORMS,
    description="Control totals: interest and fees received by the general ledger are what the forms and the rules explain, "
    "in the sum and for each loan, to the cent.",
    blocking=True,
)
LOANS_TO_LOOK_AT: Final = dg.AssetCheckSpec(
    "no_form_waits_for_a_person",
    asset=_FORMS,
    description="Forms that are computed by the rules and still need a person to look at them: a warning, and no fault.",
)
LOG_IS_WHOLE: Final = dg.AssetCheckSpec(
    "the_audit_log_is_whole",
    asset=_REPORTS,
    description="Each entry of the compliance audit log is what was hashed, follows on the one before, and none is missing.",
)

_FIELDS: Final = "every_field_is_as_the_layout_says"
_ORDER: Final = "records_are_in_order_and_counted"
_ONCE: Final = "no_mortgage_is_filed_twice"
_TOTALS: Final = "control_totals_are_those_of_the_records"
_EDITS: Final = {
    _FIELDS: "Each field of each record has the characters, length and codes that the authority takes, and fits those beside it.",
    _ORDER: "Records come in their order, none is missing, and every count is the number of what it counts.",
    _ONCE: "Each return has an account number and a record of its own.",
    _TOTALS: "The totals of each group are the sums of its returns, and those are the sums of the forms.",
}
EDITS: Final = tuple(
    dg.AssetCheckSpec(
        name, asset=_FILES, description=f"{text} A file of which it does not hold is not kept.", blocking=True
    )
    for name, text in _EDITS.items()
)
_ABOUT: Final = {
    _ORDER: (
        "record_type", "sequence", "length", "payees", "issuers", "amount_codes", "root", "TotalIssuerFormCnt",
        "TotalRecipientFormCnt", "TotalReportedRcpntFormCnt", "line_end",
    ),
    _ONCE: ("account_number", "RecipientAccountNum", "RecordId"),
}  # fmt: skip


def forms_agree(page: Page) -> dg.AssetCheckResult:
    """The forms against the general ledger."""
    sums = {side: sum(line["cents"] for line in page.lines if line["side"] == side) for side in ("ledger", "forms")}
    return dg.AssetCheckResult(
        asset_key=_FORMS,
        check_name=FORMS_AGREE.name,
        passed=page.is_in_agreement,
        metadata={
            "general ledger": dollars(sums["ledger"]),
            "forms and rules": dollars(sums["forms"]),
            "loans that differ": page.differing,
        },
    )


def loans_to_look_at(page: Page) -> dg.AssetCheckResult:
    """What the review page lists for a person."""
    return dg.AssetCheckResult(
        asset_key=_FORMS,
        check_name=LOANS_TO_LOOK_AT.name,
        passed=page.items == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={f"loans: {reason.replace('_', ' ')}": count for reason, count in sorted(page.review.found.items())},
    )


def log_is_whole(broken: Sequence[dict[str, Any]]) -> dg.AssetCheckResult:
    """The chain of the audit log."""
    return dg.AssetCheckResult(
        asset_key=_REPORTS,
        check_name=LOG_IS_WHOLE.name,
        passed=not broken,
        description=None if not broken else f"entry {broken[0]['entry_no']}: {broken[0]['fault']}",
        metadata={"broken entries": len(broken)},
    )


def edits_kept(returns: int) -> list[dg.AssetCheckResult]:
    """All edits, for a file that was accepted."""
    return [
        dg.AssetCheckResult(asset_key=_FILES, check_name=name, passed=True, metadata={"returns": returns})
        for name in _EDITS
    ]


def edits_broken(refused: RefusedFileError) -> Iterator[dg.AssetCheckResult]:
    """All edits, for a file that was refused, each with the faults that are its own."""
    by_edit: dict[str, list[tuple[str, str, str]]] = {name: [] for name in _EDITS}
    for fault in refused.faults:
        by_edit[_edit_of(fault)].append(_parts_of(fault))
    for name, faults in by_edit.items():
        shown = {"faults": dg.MetadataValue.md(fault_table(faults))} if faults else {}
        yield dg.AssetCheckResult(
            asset_key=_FILES,
            check_name=name,
            passed=not faults,
            description=None if not faults else f"{faults[0][0]}: expected {faults[0][1]}",
            metadata=shown,
        )


def _edit_of(fault: Fault) -> str:
    name = fault.field if isinstance(fault, fire.Fault) else fault.element.rpartition("/")[2]
    if name.startswith(("total_", "total of")):
        return _TOTALS
    return next((edit for edit, names in _ABOUT.items() if name in names), _FIELDS)


def _parts_of(fault: Fault) -> tuple[str, str, str]:
    if isinstance(fault, fire.Fault):
        where = f"record {fault.record} ({fault.record_type}), {fault.field} ({fault.first}-{fault.last})"
        return where, fault.expected, fault.found
    return f"{fault.place}, {fault.element}", fault.expected, fault.found
