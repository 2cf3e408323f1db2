"""HMDA registers in the graph: one partition an activity year, and one a quarter for who files quarterly.

Materializing a period makes the register as the origination system has it now, holds it against every edit and writes the
page for review; the file to upload gets its name when nothing stands in its way. The edits are checks on the asset, by
their stage. Nothing runs by itself: a person makes a register when the period is over, and another approves it.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import dagster as dg

from payments_pipeline.clock import now
from payments_pipeline.daily import remedies_shown, table
from payments_pipeline.hmda.edits.model import YEARS, EditKind
from payments_pipeline.hmda.institution import read_institution
from payments_pipeline.partitions import one_period_a_run
from payments_pipeline.pii import PersonalData
from payments_pipeline.reporting.hmda_files import Broken, Desk, Judgement, judged, write_lar
from payments_pipeline.reporting.hmda_lar import KIND, differences, draft
from payments_pipeline.reporting.hmda_register import markdown, next_step, write_register
from payments_pipeline.reporting.lifecycle import WrittenFile, find_report, validated
from payments_pipeline.reporting.personal import personal_data_kept_out
from payments_pipeline.reporting.preparation import Preparation
from payments_pipeline.resources import Platform
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.rules.hmda import QUARTERLY_THRESHOLD, QUARTERS, ActivityPeriod
from payments_pipeline.settings import load_settings

activity_years: Final = dg.StaticPartitionsDefinition([str(ActivityPeriod(year)) for year in YEARS])
activity_quarters: Final = dg.StaticPartitionsDefinition(
    [str(ActivityPeriod(year, quarter)) for year in YEARS for quarter in QUARTERS]
)
_FOLDER: Final = Path("reports") / "hmda"

CHECKS: Final = {
    EditKind.PARSER: ("no_formatting_error", "Every field holds what its parser takes; another value drops the row."),
    EditKind.SYNTACTIC: ("no_syntactic_edit", "The file hangs together: year, LEI, number of rows, no duplicates."),
    EditKind.VALIDITY: ("no_validity_edit", "No field, and no fields together, say what cannot be."),
    EditKind.QUALITY: ("quality_edits_are_confirmed", "What is unlikely was mended, or confirmed with a reason."),
    EditKind.MACRO: (
        "macro_edits_are_confirmed",
        "What is unlikely of the file as a whole was confirmed with a reason.",
    ),
}
"""The stages of the platform as checks: the first three block filing, the others wait for somebody's word."""
_AGREEMENT: Final = "origination_and_servicing_agree"

APPLICATIONS: Final = table(
    "servicing.applications",
    "Applications, originations and purchases, as the origination system delivers them.",
    owner="compliance",
    nature="reference",
)


def _register(name: str, sentence: str, partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    spec = table(
        "compliance.hmda_lar",
        sentence,
        owner="compliance",
        nature="facts",
        deps=["servicing.applications", "servicing.loans"],
        kinds=frozenset({"postgres", "csv"}),
    ).replace_attributes(key=dg.AssetKey(["compliance", name]))

    @dg.multi_asset(
        name=name,
        description=sentence,
        specs=[spec],
        check_specs=[
            *(
                dg.AssetCheckSpec(check, asset=spec.key, description=meaning, blocking=kind.blocks_filing)
                for kind, (check, meaning) in CHECKS.items()
            ),
            dg.AssetCheckSpec(
                _AGREEMENT,
                asset=spec.key,
                description="Amount, rate, term, lien, dates and address are those of the loan that we service.",
            ),
        ],
        partitions_def=partitions,
        backfill_policy=one_period_a_run,
    )
    def register(
        context: dg.AssetExecutionContext, config: Preparation, platform: dg.ResourceParam[Platform]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        with remedies_shown():
            yield from _made(platform, spec.key, ActivityPeriod.of(context.partition_key), config.actor)

    return register


def _made(
    platform: Platform, key: dg.AssetKey, period: ActivityPeriod, actor: str
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    filer = read_institution()
    personal_data = PersonalData.of(load_settings())
    with (
        personal_data_kept_out("payments report hmda"),
        platform.database.connect("compliance", application_name=f"hmda register {period}") as connection,
    ):
        connection.execute("set transaction isolation level repeatable read")
        today = business_date(now(platform.home))
        report = draft(connection, personal_data, period, filer, actor, today=today)
        desk = Desk(connection, personal_data, report, filer, platform.home / _FOLDER / str(period))
        with judged(desk) as judgement:
            files = write_register(desk, judgement)
            if judgement.refusal is None:
                lar = write_lar(desk, judgement)
                validated(connection, report, actor, lar)
                files = [*lar, *files]
            differing = differences(connection, period)
            judged_report = find_report(connection, KIND, str(period), report.version)
            metadata = _metadata(replace(desk, report=judged_report), judgement, differing, files)
    yield dg.MaterializeResult(asset_key=key, metadata=metadata)
    for kind, (check, _) in CHECKS.items():
        yield _result(check, key, judgement.of_kind(kind), is_blocking=kind.blocks_filing)
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=_AGREEMENT,
        passed=not differing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"loans": sum(differing.values()), **differing},
    )


def _metadata(
    desk: Desk, judgement: Judgement, differing: dict[str, int], files: Sequence[WrittenFile]
) -> dict[str, Any]:
    return {
        "dagster/row_count": judgement.rows,
        "register": dg.MetadataValue.md(markdown(desk, judgement, differing, list(files))),
        "next_step": next_step(desk.report, judgement),
        "version": desk.report.version,
        "status": desk.report.status,
        "due_on": desk.period.file_by.isoformat(),
        "sha256": {file.path.name: file.sha256.hex() for file in files},
        **{file.path.name.replace("-", "_").replace(".", "_"): dg.MetadataValue.path(file.path) for file in files},
        "make_it_yourself": "payments report hmda --format lar --out "
        + shlex.quote(str(desk.folder))
        + f" --year {desk.period.year}"
        + (f" --quarter {desk.period.quarter}" if desk.period.quarter else ""),
    }


def _result(check: str, key: dg.AssetKey, broken: list[Broken], *, is_blocking: bool) -> dg.AssetCheckResult:
    open_ = [each for each in broken if each.is_open]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check,
        passed=not open_,
        severity=dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN,
        metadata={
            "edits": len(broken),
            "rows": sum(each.rows for each in open_),
            **{each.edit: f"{each.rows:,}: {each.wording}" for each in broken},
        },
    )


hmda_lar: Final = _register(
    "hmda_lar",
    "The HMDA register of an activity year: every application, origination and purchase, ready for CFPB's platform.",
    activity_years,
)
hmda_lar_quarters: Final = _register(
    "hmda_lar_quarters",
    f"The HMDA register of a quarter, which institutions of {QUARTERLY_THRESHOLD:,} applications and more file in between.",
    activity_quarters,
)

ASSETS: Final = (APPLICATIONS, hmda_lar, hmda_lar_quarters)
