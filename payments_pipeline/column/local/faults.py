"""What goes wrong at the local bank, on demand or by chance from a seed.

Chance is written as a specification such as `429=0.05,5xx=0.1,half=0.02,withhold=0.2:3d,seed=7`: how often each fault
strikes, and for some how long it lasts. Demand queues the faults of the next requests one by one.
"""

import random
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from payments_pipeline.errors import PaymentsError

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, None: 1.0}
_ALIASES: Final = {"429": "rate_limited", "5xx": "server_error"}


class FaultsError(PaymentsError):
    """A specification of faults that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each fault strikes, from 0 to 1, and how long it lasts in seconds."""

    rate_limited: float = 0.0
    """Of requests: 429. Every second one says when to come back."""
    server_error: float = 0.0
    """Of requests: 500, 502, 503 or 504, and nothing was done."""
    lost_answer: float = 0.0
    """Of requests: done, but the connection breaks before the answer."""
    half: float = 0.0
    """Of requests: done, but only half of the answer arrives."""
    slow: float = 0.0
    """Of requests: answered late."""
    slow_seconds: float = 0.2
    duplicate: float = 0.0
    """Of events in pages: there twice."""
    reorder: float = 0.0
    """Of pages of events: in no order."""
    withhold: float = 0.0
    """Of events: not in any list for a while, then there under its old time."""
    withhold_seconds: float = 86_400.0
    webhook_duplicate: float = 0.0
    """Of webhooks: delivered twice."""
    webhook_shuffle: float = 0.0
    """Of webhooks: delivered out of order."""
    webhook_lost: float = 0.0
    """Of webhooks: never delivered."""
    seed: int = 0


RATES: Final = tuple(one.name for one in fields(Faults) if one.type is float and not one.name.endswith("_seconds"))


def parse_faults(specification: str) -> Faults:
    """The faults of a specification; an empty one has none."""
    found: dict[str, Any] = {}
    for part in filter(None, map(str.strip, specification.split(","))):
        name, _, value = part.partition("=")
        name = _ALIASES.get(name.strip(), name.strip())
        share, _, duration = value.partition(":")
        try:
            if name == "seed":
                found[name] = int(value)
            elif name in RATES:
                found[name] = float(share)
                if not 0 <= found[name] <= 1:
                    raise ValueError
                if duration:
                    found[f"{name}_seconds"] = _seconds(duration)
            else:
                raise ValueError
            replace(Faults(), **found)
        except (ValueError, TypeError):
            raise FaultsError(
                f"The fault {part!r} is not understood.",
                f"Expected name=share or name=share:duration, such as withhold=0.2:3d. There are {', '.join(RATES)}"
                " and seed; slow and withhold take a duration.",
            ) from None
    return Faults(**found)


def _seconds(duration: str) -> float:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(duration)
    return float(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True, slots=True)
class Strike:
    """What one request meets."""

    kind: str
    """rate_limited, server_error, lost_answer, half or slow."""
    status: int = 0
    retry_after: str | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Demand:
    """Strikes for the next requests to a path."""

    strike: Strike
    path: str
    times: int
    method: str = ""


@dataclass(slots=True)
class FaultBook:
    """The faults in force: those by chance, and those on demand."""

    faults: Faults = field(default_factory=Faults)
    struck: dict[str, int] = field(default_factory=dict)
    _demands: deque[_Demand] = field(default_factory=deque)
    _chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.set(self.faults)

    def set(self, faults: Faults) -> None:
        """Puts these faults in force, and begins their chances anew."""
        self.faults = faults
        self._chance = random.Random(faults.seed)  # noqa: S311 - repeatable on purpose

    def demand(self, wanted: Mapping[str, Any]) -> None:
        """Queues a fault: kind, and if wanted status, retry_after, seconds, path (a beginning), method, times."""
        strike = Strike(
            str(wanted["kind"]),
            int(wanted.get("status", 503)),
            None if wanted.get("retry_after") is None else str(wanted["retry_after"]),
            float(wanted.get("seconds", 0.0)),
        )
        if strike.kind not in {"rate_limited", "server_error", "lost_answer", "half", "slow"}:
            raise FaultsError(f"There is no fault {strike.kind!r}.", "Expected one that can strike a request.")
        self._demands.append(
            _Demand(strike, str(wanted.get("path", "/")), int(wanted.get("times", 1)), str(wanted.get("method", "")))
        )

    def strike(self, method: str, path: str) -> Strike | None:
        """What this request meets, if anything."""
        strike = self._demanded(method, path) or self._by_chance()
        if strike:
            self.struck[strike.kind] = self.struck.get(strike.kind, 0) + 1
        return strike

    def _demanded(self, method: str, path: str) -> Strike | None:
        for demand in self._demands:
            if path.startswith(demand.path) and demand.method in {"", method}:
                demand.times -= 1
                if demand.times <= 0:
                    self._demands.remove(demand)
                return demand.strike
        return None

    def _by_chance(self) -> Strike | None:
        faults = self.faults
        drawn = self._chance.random()
        for kind in ("rate_limited", "server_error", "lost_answer", "half", "slow"):
            drawn -= getattr(faults, kind)
            if drawn < 0:
                return Strike(
                    kind,
                    status=self._chance.choice((500, 502, 503, 504)),
                    retry_after=self._chance.choice((None, "0")),
                    seconds=faults.slow_seconds,
                )
        return None

    def happens(self, name: str) -> bool:
        """Whether a fault of lists or webhooks strikes now."""
        share = getattr(self.faults, name)
        if share and self._chance.random() < share:
            self.struck[name] = self.struck.get(name, 0) + 1
            return True
        return False

    def shuffle(self, things: list[Any]) -> None:
        """Puts them in no order."""
        self._chance.shuffle(things)
