"""The bank that this home is connected to: the one that the settings name, or the local one that plays the demo's world.

Everything else asks for events, transfers and reports, and does not know which of the two answers. What only the local one
has is a clock: the days of a world pass when somebody wants to see them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from payments_pipeline import clock
from payments_pipeline.column.client import ColumnClient
from payments_pipeline.column.local.control import API_KEY, LocalBank
from payments_pipeline.errors import PaymentsError
from payments_pipeline.rules.calendar import NEW_YORK, business_date
from payments_pipeline.settings import Settings

LOCAL_ADDRESS: Final = "127.0.0.1"

_EVENING: Final = time(23, 0)
_PLAYED: Final = "played"


class BankError(PaymentsError):
    """A home that is connected to no single bank."""


@dataclass(frozen=True)
class Bank:
    """A connection to the bank that can be opened."""

    url: str
    api_key: SecretStr = field(repr=False)
    plays_world_of: Path | None = None
    """The home whose demo world it plays; none for the real bank."""

    def client(self) -> ColumnClient:
        """A client; the caller closes it."""
        return ColumnClient(self.url, self.api_key)

    def require_open(self) -> None:
        """Say so at once where the local bank does not run; a real one is asked again and again until it answers."""
        if self.plays_world_of is not None:
            self._local().status()

    def evenings(self, day: date) -> Iterator[datetime]:
        """Lets the days pass up to one, and yields when it is evening, before what happened is taken in.

        The real bank's time is ours: it is always now. So it is in a world in which that day has passed already.
        """
        home = self.plays_world_of
        if home is None:
            yield datetime.now(UTC)
            return
        local = self._local()
        status = local.status()
        now, last_day = datetime.fromisoformat(str(status["now"])), date.fromisoformat(str(status["last_day"]))
        passing = business_date(now)
        while passing <= min(day, last_day):
            if (evening := datetime.combine(passing, _EVENING, NEW_YORK)) > now:
                local.move_clock(evening)
                yield evening.astimezone(UTC)
                _note_played(home, evening)
            passing += timedelta(days=1)
        yield clock.now(home)

    def _local(self) -> LocalBank:
        return LocalBank(self.url, self.api_key.get_secret_value())


def bank_of(settings: Settings) -> Bank | None:
    """The bank of the settings, or the local one of a home that plays a world; none where there is neither.

    A home with both is refused: what a real bank tells would be dated by the clock of a world.
    """
    plays_world = clock.clock_file(settings.home).exists()
    if settings.column_url is not None and settings.column_api_key is not None:
        if plays_world:
            raise BankError(
                f"{settings.home} plays a demo world, and PAYMENTS_COLUMN_URL names a bank",
                "give the bank a PAYMENTS_HOME and a database of its own; or unset it and PAYMENTS_COLUMN_API_KEY, for the demo.",
            )
        return Bank(settings.column_url, settings.column_api_key)
    return (
        Bank(f"http://{LOCAL_ADDRESS}:{settings.bank_port}", SecretStr(API_KEY), settings.home) if plays_world else None
    )


def inbox_of(settings: Settings) -> Path:
    """The folder into which files are delivered."""
    return settings.inbox or settings.home / "inbox"


def statements_of(settings: Settings) -> str:
    """The folder, or the address in an object store, at which banks leave their statements."""
    return settings.statements_url or str(inbox_of(settings) / "statements")


def played_until(home: Path) -> datetime | None:
    """The last evening of the world whose deliveries were all taken in; a local bank that was killed goes on there.

    What it had delivered of the next day comes again, and changes nothing.
    """
    try:
        return datetime.fromisoformat((home / _PLAYED).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None


def _note_played(home: Path, evening: datetime) -> None:
    new = home / f".{_PLAYED}.new"
    new.write_text(evening.astimezone(UTC).isoformat() + "\n", encoding="ascii")
    new.replace(home / _PLAYED)
