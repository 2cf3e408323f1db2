"""What time it is: the machine's, unless this home plays a demo world, whose days are not ours.

The local bank moves a world's clock and notes it in `PAYMENTS_HOME/clock`. Nothing reads that note but through this
module, and a home that is connected to a real bank never has one: `bank.bank_of` refuses the two together.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from payments_pipeline.errors import PaymentsError

_NOTE: Final = "clock"


def clock_file(home: Path) -> Path:
    """Where the clock of a demo world stands."""
    return home / _NOTE


def now(home: Path) -> datetime:
    """The instant for what is received from now on, in UTC."""
    try:
        noted = clock_file(home).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return datetime.now(UTC)
    try:
        instant = datetime.fromisoformat(noted)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise PaymentsError(
            f"{clock_file(home)} does not hold an instant",
            "it belongs to the demo world of this home; remove it, and let `payments up` write it anew.",
        )
    return instant.astimezone(UTC)


def set_clock(home: Path, instant: datetime) -> None:
    """Moves the clock of a demo world, in one step for whoever reads it meanwhile."""
    file = clock_file(home)
    new = file.with_name(f".{_NOTE}.new")
    new.write_text(instant.astimezone(UTC).isoformat() + "\n", encoding="ascii")
    new.replace(file)
