"""The assembly: everything that Dagster is told, put together in one place for production, the command line and tests."""

import warnings
from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from payments_pipeline.expectations.checks import expectations  # noqa: E402
from payments_pipeline.ingestion import assets as ingestion  # noqa: E402
from payments_pipeline.ingestion.checks import every_document_is_as_it_was  # noqa: E402
from payments_pipeline.ingestion.sensors import bank_events  # noqa: E402
from payments_pipeline.ledger import assets as ledger  # noqa: E402
from payments_pipeline.operations import assets as operations  # noqa: E402
from payments_pipeline.operations.checks import audit  # noqa: E402
from payments_pipeline.operations.sensors import late_arrivals  # noqa: E402
from payments_pipeline.payments import assets as payments  # noqa: E402
from payments_pipeline.payments.checks import ASSET_CHECKS as PAYMENTS_CHECKS  # noqa: E402
from payments_pipeline.payments.schedules import every_bank_morning, present_returned_debits  # noqa: E402
from payments_pipeline.reconciliation import assets as reconciliation  # noqa: E402
from payments_pipeline.reporting import compliance_marts, form_1098_assets, hmda_assets, marts  # noqa: E402
from payments_pipeline.resources import PlatformResource  # noqa: E402
from payments_pipeline.rules.calendar import NEW_YORK, business_date  # noqa: E402
from payments_pipeline.servicing import assets as servicing  # noqa: E402
from payments_pipeline.settlement import assets as settlement  # noqa: E402
from payments_pipeline.settlement.sensors import statement_files  # noqa: E402

WINGS: Final = (
    ingestion, servicing, ledger, payments, settlement, reconciliation, operations, marts, compliance_marts, hmda_assets,
    form_1098_assets,
)  # fmt: skip

# Reports to regulators are made for years and quarters, by a person, and belong to no day.
of_no_day: Final = dg.AssetSelection.groups("compliance") | dg.AssetSelection.assets(*compliance_marts.ASSETS)

close_the_day: Final = dg.define_asset_job(
    "close_the_day",
    selection=dg.AssetSelection.all() - of_no_day - dg.AssetSelection.checks(*audit.check_keys),
    description="Everything about a day, or about each day of a range: from the files that arrived to the marts.",
)

report_the_tax_year: Final = dg.define_asset_job(
    "report_the_tax_year",
    selection=dg.AssetSelection.assets(*form_1098_assets.STEPS),
    description="Form 1098 of a tax year: the forms, the file for the authority, the page on which to decide.",
)

prove_the_tax_year: Final = dg.define_asset_job(
    "prove_the_tax_year",
    selection=dg.AssetSelection.assets(*compliance_marts.ASSETS),
    description="The evidence of a tax year's forms: each box held against its ledger entries, their sum against the ledger.",
)

audit_the_books: Final = dg.define_asset_job(
    "audit_the_books",
    selection=dg.AssetSelection.checks(*audit.check_keys),
    description="The laws that only the whole book can show to be kept.",
)


@dg.schedule(
    job=close_the_day,
    cron_schedule="30 23 * * *",
    execution_timezone=NEW_YORK.key,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def every_evening(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Closes the day that ends. Finance reads the reconciliation of it at nine the next morning."""
    day = business_date(context.scheduled_execution_time)
    return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat())


every_night: Final = dg.ScheduleDefinition(
    name="every_night",
    job=audit_the_books,
    cron_schedule="0 2 * * *",
    execution_timezone=NEW_YORK.key,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Audits the books once the day is closed; compliance sees the result before anything is filed from them.",
)


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions; a test or a command puts resources of its own in the place of those of the environment."""
    resources = {"platform": PlatformResource(), "dbt": marts.dbt_resource(), **(resource_overrides or {})}
    return dg.Definitions(
        assets=[asset for wing in WINGS for asset in wing.ASSETS],
        asset_checks=[every_document_is_as_it_was, *PAYMENTS_CHECKS, expectations, audit],
        jobs=[close_the_day, audit_the_books, report_the_tax_year, prove_the_tax_year, present_returned_debits],
        schedules=[every_evening, every_night, every_bank_morning],
        sensors=[bank_events, late_arrivals, statement_files],
        resources=resources,
        executor=dg.in_process_executor,
    )
