"""Where things are: the parts of a checkout (the package is installed editable, so they lie beside it) and our state."""

from pathlib import Path
from typing import Final

PROJECT_ROOT: Final = Path(__file__).resolve().parents[1]
SQL_DIR: Final = PROJECT_ROOT / "sql"
MIGRATIONS_DIR: Final = SQL_DIR / "migrations"
DATA_DIR: Final = PROJECT_ROOT / "data"
DEPLOY_DIR: Final = PROJECT_ROOT / "deploy"


def make_open_folder(folder: Path) -> None:
    """Make a folder that other accounts can pass through but not list, whatever the umask; leave one that is there.

    The embedded server of a root user runs as another account, and has to get to its files.
    """
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
