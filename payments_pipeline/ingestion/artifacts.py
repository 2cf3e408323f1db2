"""Source documents: what lies where they are said to lie must still be what it was.

Each artifact is an address and the sha256 that it must have. Those that this machine can reach, which are those with a
`file:` address, are hashed again; one that is gone or has changed opens a case, and one that is in order again closes it.
"""

import hashlib
import stat
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

import psycopg

from payments_pipeline.postgres.run import query, run

Finding = Literal["intact", "changed", "missing"]


@dataclass
class Verification:
    """What was found, artifact by artifact."""

    intact: list[UUID] = field(default_factory=list)
    changed: list[UUID] = field(default_factory=list)
    missing: list[UUID] = field(default_factory=list)
    out_of_reach: int = 0
    """Artifacts that lie elsewhere, and were not looked at."""

    @property
    def is_clean(self) -> bool:
        """Whether all that could be looked at is in order."""
        return not self.changed and not self.missing


def verify_artifacts(connection: psycopg.Connection[Any], booked_on: date | None = None) -> Verification:
    """Hashes every artifact within reach again, or those of the batches received on one day; opens and closes cases.

    Runs in the connection's transaction, which the caller commits.
    """
    result = Verification()
    for artifact in query(connection, "ingestion/artifacts_to_verify", booked_on=booked_on):
        path = _local_path(artifact["uri"])
        if path is None:
            result.out_of_reach += 1
        else:
            getattr(result, _look(path, artifact["sha256"])).append(artifact["artifact_id"])
    run(connection, "ingestion/artifact_cases", changed=result.changed, missing=result.missing)
    run(connection, "ingestion/artifact_cases_closed", intact=result.intact)
    return result


def _local_path(uri: str) -> Path | None:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


def _look(path: Path, sha256: bytes) -> Finding:
    try:
        # senders name addresses too: what is no plain file, such as a pipe, might never end
        if not stat.S_ISREG(path.stat().st_mode):
            return "missing"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except (OSError, ValueError):
        return "missing"
    return "intact" if found == sha256 else "changed"
