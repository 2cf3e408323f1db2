"""The marts: dbt's models, built by one invocation of dbt a run.

Dagster learns what the models are from dbt's manifest. That is made when it is first needed and again when a file of the
project has changed, so that no target of the Makefile, no test and no `dagster dev` can meet a missing or stale one.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from packaging.version import Version

from payments_pipeline.daily import days_of, remedies_shown, report
from payments_pipeline.errors import PaymentsError
from payments_pipeline.locks import exclusive
from payments_pipeline.partitions import business_days, one_run_a_range, read_every_morning
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.run import run
from payments_pipeline.resources import Platform
from payments_pipeline.settings import load_settings

PROJECT_DIR: Final = PROJECT_ROOT / "dbt_project"

# Not looked up on PATH: the environment that this Python belongs to need not be activated.
_DBT: Final = Path(sys.executable).with_name("dbt")
_SOURCES: Final = ("*.yml", "models/**/*", "macros/**/*", "tests/**/*")


class ManifestError(PaymentsError):
    """dbt cannot read its own project."""


class Translator(DagsterDbtTranslator):
    """A model is an asset of the wing `reporting`; a source is the asset of the table that it names."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The model's asset, with its owner and what its YAML says."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id)
        if node is None:  # a source
            return spec
        return spec.replace_attributes(
            key=dg.AssetKey(["reporting", node["name"]]),
            description=node["description"].strip(),
            group_name="reporting",
            owners=[f"team:{node['config']['meta']['owner']}"],
            tags={**spec.tags, "nature": "view"},
            freshness_policy=read_every_morning if node["config"]["meta"].get("read_every_morning") else None,
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`reporting` and the model's name; a source keeps schema and table."""
        if dbt_resource_props["resource_type"] == "model":
            return dg.AssetKey(["reporting", dbt_resource_props["name"]])
        return super().get_asset_key(dbt_resource_props)


OF_NO_DAY: Final = "fqn:payments.compliance"
"""Marts over tax years, built by `compliance_marts`."""


def manifest_file(project_dir: Path, state: Path) -> Path:
    """The manifest of the project as it is now, made if `state` has none of it."""
    folder = state / _fingerprint(project_dir)
    manifest = folder / "manifest.json"
    if manifest.is_file():
        return manifest
    state.mkdir(parents=True, exist_ok=True)
    with exclusive(state / "parse.lock"):  # the UI, the daemon and a run may all be starting
        if not manifest.is_file():
            partial = Path(tempfile.mkdtemp(prefix=".parse-", dir=state))
            try:
                _parse(project_dir, partial)
                for outdated in state.glob("manifest-*"):
                    shutil.rmtree(outdated, ignore_errors=True)
                folder.mkdir()
                (partial / "manifest.json").replace(manifest)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return manifest


def _fingerprint(project_dir: Path) -> str:
    files = sorted({path for pattern in _SOURCES for path in project_dir.glob(pattern) if path.is_file()})
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project_dir)} {len(content)}\n".encode() + content)
    return f"manifest-{digest.hexdigest()[:16]}"


def _parse(project_dir: Path, target: Path) -> None:
    command: list[str | Path] = [
        _DBT,
        "parse",
        "--quiet",
        "--no-use-colors",
        "--target-path",
        target,
        "--log-path",
        target,
    ]
    parsed = subprocess.run(
        [*command, "--project-dir", project_dir, "--profiles-dir", project_dir],
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode != 0:
        raise ManifestError(
            f"dbt cannot parse {project_dir}:\n{(parsed.stdout + parsed.stderr).strip()[-2000:]}",
            "correct the file that dbt names.",
        )


MANIFEST: Final = manifest_file(PROJECT_DIR, load_settings().home / "dbt")


class Dbt(DbtCliResource):
    """dbt, started once a run.

    dagster-dbt would start it a second time to ask its version, and set up an adapter of its own to describe columns that
    the manifest describes already: as much time again as building the marts takes.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        """None is made."""


def dbt_resource() -> Dbt:
    """dbt, run from this Python's environment."""
    return Dbt(project_dir=str(PROJECT_DIR), profiles_dir=str(PROJECT_DIR), dbt_executable=str(_DBT))


@dbt_assets(
    manifest=MANIFEST,
    name="marts",
    exclude=OF_NO_DAY,
    partitions_def=business_days,
    backfill_policy=one_run_a_range,
    dagster_dbt_translator=Translator(),
)
def marts(context: dg.AssetExecutionContext, dbt: Dbt, platform: dg.ResourceParam[Platform]) -> Iterator[Any]:
    """The marts of all days of the run, by one invocation of dbt, and its tests."""
    days = days_of(context)
    span = json.dumps({"first_day": days[0].isoformat(), "last_day": days[-1].isoformat()})
    target = platform.home / "dbt" / "runs" / context.run.run_id
    with remedies_shown(), reaching(platform), platform.connect(f"marts {context.run.run_id[:8]}") as connection:
        for event in dbt.cli(["build", "--vars", span], context=context, target_path=target).stream():
            if isinstance(event, dg.Output):
                key = context.asset_key_for_output(event.output_name)
                for day in days:
                    context.add_asset_metadata(report(connection, key, day), key, day.isoformat())
                connection.commit()
            yield event
        if len(context.selected_asset_keys) == len(marts.keys):  # the last of the day: nothing is owed of it any more
            for day in days:
                run(connection, "operations/finish_day", day=day, run_id=context.run.run_id)
    shutil.rmtree(target, ignore_errors=True)  # a failed run leaves dbt's log and compiled statements there
    for day in days:
        platform.on_day("marts", day)


@contextmanager
def reaching(platform: Platform) -> Iterator[None]:
    """Let a child process find our database. dbt hides the value of the one variable that is secret."""
    parameters = urls.parse(platform.database.url)
    names = {"host": "MARTS_HOST", "port": "MARTS_PORT", "user": "MARTS_USER", "dbname": "MARTS_DATABASE"}
    names |= {"sslmode": "MARTS_SSLMODE", "password": "DBT_ENV_SECRET_MARTS_PASSWORD"}
    ours = {variable: parameters[name] for name, variable in names.items() if name in parameters}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


ASSETS: Final = (marts,)
