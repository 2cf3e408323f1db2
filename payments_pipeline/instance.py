"""Dagster's instance: its home, and the variables that lead its processes there."""

import shutil
from pathlib import Path

from payments_pipeline.paths import DEPLOY_DIR
from payments_pipeline.postgres.connect import Database
from payments_pipeline.settings import Settings


def prepare_instance(settings: Settings, database: Database) -> dict[str, str]:
    """Write Dagster's home and return the variables that point a process to it.

    They go into the environment of a child process, or into `os.environ` before `DagsterInstance.get()`.
    """
    home = dagster_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DEPLOY_DIR / "dagster.yaml", home / "dagster.yaml")
    return {"DAGSTER_HOME": str(home), "DAGSTER_PG_URL": database.dagster_url()}


def dagster_home(settings: Settings) -> Path:
    """Where Dagster keeps its configuration, and the output of its runs."""
    return settings.home / "dagster"
