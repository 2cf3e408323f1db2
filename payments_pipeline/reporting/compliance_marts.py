"""The marts of compliance: dbt's models over tax years, with the tests that hold each figure against the ledger.

Built like the marts of finance, as the pipeline's role: what they read names loans and no borrower.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from typing import Any, Final

import dagster as dg
from dagster_dbt import dbt_assets

from payments_pipeline.daily import remedies_shown, told_of
from payments_pipeline.partitions import one_period_a_run, tax_years
from payments_pipeline.postgres.run import query
from payments_pipeline.reporting.marts import MANIFEST, OF_NO_DAY, Dbt, Translator, reaching
from payments_pipeline.resources import Platform


class _OverYears(Translator):
    """A tax year reads days: any of them may change it."""

    def get_partition_mapping(
        self, dbt_resource_props: Mapping[str, Any], dbt_parent_resource_props: Mapping[str, Any]
    ) -> dg.PartitionMapping | None:
        is_daily = dbt_parent_resource_props["unique_id"] == "source.payments.ledger.entries"
        return dg.AllPartitionMapping() if is_daily else None


@dbt_assets(
    manifest=MANIFEST,
    name="compliance_marts",
    select=OF_NO_DAY,
    partitions_def=tax_years,
    backfill_policy=one_period_a_run,
    dagster_dbt_translator=_OverYears(),
)
def compliance_marts(
    context: dg.AssetExecutionContext, dbt: Dbt, platform: dg.ResourceParam[Platform]
) -> Iterator[Any]:
    """The evidence of a tax year's forms, and the way from the general ledger to their sum, with their tests."""
    year = context.partition_key
    target = platform.home / "dbt" / "runs" / context.run.run_id
    variables = json.dumps({"tax_year": int(year)})
    with remedies_shown(), reaching(platform), platform.connect(f"marts {context.run.run_id[:8]}") as connection:
        for event in dbt.cli(["build", "--vars", variables], context=context, target_path=target).stream():
            if isinstance(event, dg.Output):
                key = context.asset_key_for_output(event.output_name)
                lines = query(connection, f"reporting/reports/{key.path[-1]}", tax_year=int(year))
                context.add_asset_metadata(told_of(lines), key, year)
                connection.commit()
            yield event
    shutil.rmtree(target, ignore_errors=True)  # a failed run leaves dbt's log and compiled statements there


ASSETS: Final = (compliance_marts,)
