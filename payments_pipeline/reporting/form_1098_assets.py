"""Form 1098 in the graph: a partition a tax year, from the ledger to a file that can be filed and a page to read.

The work is that of `payments report 1098`. It runs under the role of compliance, which alone may read personal data, and
what it reads stays in the files: metadata name loans and sums, and an error is told without the rows that it is about.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg

from payments_pipeline.clock import now
from payments_pipeline.daily import asset_key, remedies_shown, table, told_of
from payments_pipeline.formats import fire
from payments_pipeline.partitions import one_period_a_run, tax_years
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.run import query
from payments_pipeline.reporting import form_1098_checks as checks
from payments_pipeline.reporting import lifecycle
from payments_pipeline.reporting.filer import read_filer
from payments_pipeline.reporting.files_1098 import Desk, RefusedFileError, write_fire, write_iris
from payments_pipeline.reporting.form_1098 import KIND, draft
from payments_pipeline.reporting.lifecycle import FILED_FORMATS, WrittenFile, find_report, log, validated
from payments_pipeline.reporting.page_1098 import Page
from payments_pipeline.reporting.personal import personal_data_kept_out
from payments_pipeline.reporting.preparation import Preparation
from payments_pipeline.reporting.register_1098 import reviewed, write_register
from payments_pipeline.resources import Platform
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.form_1098 import Policy, is_prior_year
from payments_pipeline.settings import load_settings

_FILED: Final = ("approved", "submitted", "corrected")
"""What somebody has put a name to is not written again."""
_LISTED: Final = 20


def of_any_day(name: str) -> dg.AssetDep:
    """A table of days, any of which may change a year: what is returned in January takes from December."""
    return dg.AssetDep(asset_key(name), partition_mapping=dg.AllPartitionMapping())


class Choices(Preparation):
    """Who has the forms made, and by which choices."""

    uses_january_15: bool = True


@dg.multi_asset(
    name="form_1098_forms",
    specs=[
        table(
            "compliance.forms_1098",
            "What Form 1098 says of each mortgage in a tax year, reportable or not, computed from the ledger.",
            deps=["servicing.loans"],
            owner="compliance",
            nature="facts",
            look_next="compliance.report_files",
        ).merge_attributes(deps=[of_any_day("ledger.allocations"), of_any_day("ledger.entries")])
    ],
    check_specs=[checks.FORMS_AGREE, checks.LOANS_TO_LOOK_AT],
    partitions_def=tax_years,
    backfill_policy=one_period_a_run,
)
def forms(
    context: dg.AssetExecutionContext, config: Choices, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Computes the forms of a year, and appends those that differ from their last version."""
    year = context.partition_key
    with remedies_shown(), _discreetly(), _compliance(platform, "forms") as connection:
        report = draft(connection, int(year), Policy(uses_january_15=config.uses_january_15), config.actor)
        desk = _desk(platform, connection, report)
        page = Page.of(desk, reviewed(desk))
        told = _told(connection, "forms_1098", year) | {"version": report.version, "status": report.status}
    yield dg.MaterializeResult(asset_key=["compliance", "forms_1098"], metadata=told)
    yield checks.forms_agree(page)
    yield checks.loans_to_look_at(page)


@dg.multi_asset(
    name="form_1098_files",
    specs=[
        table(
            "compliance.report_files",
            "The file of a tax year for the authority, accepted by the validator, and the register to review it by.",
            deps=["compliance.forms_1098"],
            owner="compliance",
            nature="facts",
            look_next="compliance.reports",
        )
    ],
    check_specs=[*checks.EDITS],
    partitions_def=tax_years,
    backfill_policy=one_period_a_run,
)
def files(
    context: dg.AssetExecutionContext, config: Preparation, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Writes the file of a year in the format of its system, FIRE through 2025 and IRIS after, once it is accepted."""
    year = context.partition_key
    with remedies_shown(), _discreetly():
        try:
            with _compliance(platform, "files") as connection:
                desk = _desk(platform, connection, find_report(connection, KIND, year))
                written = [] if desk.report.status in _FILED else _write(desk, config.actor)
                told = _told(connection, "report_files", year)
        except RefusedFileError as refused:
            if refused.faults:
                yield from checks.edits_broken(refused)
            raise
    told |= {"folder": dg.MetadataValue.path(str(desk.folder))}
    told |= {f"file: {file.path.name}": dg.MetadataValue.path(str(file.path)) for file in written[:_LISTED]}
    yield dg.MaterializeResult(asset_key=["compliance", "report_files"], metadata=told)
    yield from checks.edits_kept(sum(file.records for file in written if file.format in FILED_FORMATS))


@dg.multi_asset(
    name="form_1098_review",
    specs=[
        table(
            "compliance.reports",
            "The page on which compliance decides: how far the report of a tax year is, and what there is to look at.",
            deps=["compliance.report_files"],
            owner="compliance",
            nature="facts",
        )
    ],
    check_specs=[checks.LOG_IS_WHOLE],
    partitions_def=tax_years,
    backfill_policy=one_period_a_run,
)
def review(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Sets the review page. Materialize it again to see what was approved or submitted since."""
    year = context.partition_key
    with remedies_shown(), _discreetly(), _compliance(platform, "review") as connection:
        desk = _desk(platform, connection, find_report(connection, KIND, year))
        page = Page.of(desk, reviewed(desk))
        told = _told(connection, "reports", year) | {"status": desk.report.status}
        broken = lifecycle.broken_entries(connection)
    told |= {"review page": dg.MetadataValue.md(page.text())}
    yield dg.MaterializeResult(asset_key=["compliance", "reports"], metadata=told)
    yield checks.log_is_whole(broken)


def _discreetly() -> AbstractContextManager[None]:
    return personal_data_kept_out("payments report 1098")


@contextmanager
def _compliance(platform: Platform, what: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection under the role of compliance, over one moment of the database."""
    with platform.database.connect("compliance", application_name=f"1098 {what}") as connection:
        connection.execute("set transaction isolation level repeatable read")
        yield connection


def _desk(platform: Platform, connection: psycopg.Connection[Any], report: lifecycle.Report) -> Desk:
    settings = load_settings()
    return Desk(
        connection,
        PersonalData.of(settings),
        report,
        read_filer(),
        reports_folder(platform.home, report.period),
        is_prior_year=is_prior_year(int(report.period), business_date(now(platform.home))),
    )


def reports_folder(home: Path, tax_year: str) -> Path:
    """Where the files of a year lie."""
    return home / "reports" / "1098" / tax_year


def _write(desk: Desk, actor: str) -> list[WrittenFile]:
    written = write_fire(desk) if desk.tax_year <= fire.LAST_TAX_YEAR else write_iris(desk)
    register = write_register(desk)
    validated(desk.connection, desk.report, actor, written)
    log(desk.connection, desk.report.report_id, "register written", actor, {"files": len(register)})
    return [*written, *register]


def _told(connection: psycopg.Connection[Any], name: str, tax_year: str) -> dict[str, Any]:
    return told_of(query(connection, f"reporting/told_of_{name}", tax_year=int(tax_year)))


EVIDENCE: Final = table(
    "compliance.form_1098_evidence",
    "What is behind each box of each form, entry by entry, for whoever asks where a figure comes from.",
    deps=["compliance.forms_1098", "ledger.entries"],
    owner="compliance",
    nature="view",
)

ACCOUNTS: Final = table(
    "ledger.accounts",
    "The chart of accounts: what each account of the general ledger holds.",
    owner="finance",
    nature="reference",
)

STEPS: Final = (forms, files, review)
ASSETS: Final = (*STEPS, EVIDENCE, ACCOUNTS)
