"""The expectations as asset checks: one step for all tables, one check for each table."""

from collections.abc import Iterator
from typing import Final

import dagster as dg

from payments_pipeline.daily import asset_key, days_of, markdown_table, remedies_shown
from payments_pipeline.expectations.pages import write_index, write_summary
from payments_pipeline.expectations.suites import TABLES
from payments_pipeline.expectations.validation import run_name, validate
from payments_pipeline.resources import Platform

_NAME: Final = "looks_as_expected"


@dg.multi_asset_check(
    name="expectations",
    description="Great Expectations over the tables of the days as wholes: volumes, distributions, completeness.",
    specs=[
        dg.AssetCheckSpec(
            _NAME,
            asset=asset_key(table),
            description="Volumes, distributions and completeness are those of an ordinary day. Stops nothing: look at it.",
        )
        for table in TABLES
    ],
    can_subset=False,
)
def expectations(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.AssetCheckResult]:
    """Every suite once over all days of the run, with pages that anyone can open in a browser."""
    days = days_of(context)
    folder = platform.data_docs / run_name(days)
    with remedies_shown():
        findings = validate(platform.database, days, folder)
        summary = write_summary(folder, findings)
        write_index(platform.data_docs)
    for table in TABLES:
        ours = [finding for finding in findings if finding.table == table]
        unmet = [finding for finding in ours if not finding.is_met]
        yield dg.AssetCheckResult(
            asset_key=asset_key(table),
            check_name=_NAME,
            passed=not unmet,
            severity=dg.AssetCheckSeverity.WARN,
            description=" ".join(f"Not so: {finding.says}" for finding in unmet) or None,
            metadata={
                "expectations": dg.MetadataValue.md(
                    markdown_table([{"expected": f.says, "met": f.is_met, "observed": f.observed} for f in ours])
                ),
                "data_docs": dg.MetadataValue.path(summary),
            },
        )
    for day in days:
        platform.on_day("expectations", day)
