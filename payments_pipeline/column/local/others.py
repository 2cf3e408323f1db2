"""What else arrives in a world as its clock moves: files of the lockbox, statements of other accounts, processors.

Column's server has nothing to do with these; they are played here because one clock must move all of a world. Files
appear in an inbox in one step each: the lockbox bank's statement as BAI2, the processors' in the plain form. Card, PayPal and Venmo payments come as signed webhooks to the generic service where
there is one, else as files too.
"""

import asyncio
import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from payments_pipeline.column.local import lockbox
from payments_pipeline.column.local.reports import OUR_ACCOUNT
from payments_pipeline.column.signature import sign
from payments_pipeline.world.days import instant
from payments_pipeline.world.identifiers import RAILS

_SIDECAR: Final = "_manifest.csv"
_BANK_AT: Final = 22 * 3_600 + 1_800  # half past ten in the evening of New York, when all of the day has happened
_CHANNELS: Final = {rail.source: channel for channel, rail in RAILS.items() if rail.account == "processors"}
_TRIES: Final = 40
_LONGEST_PAUSE_SECONDS: Final = 5.0
_FAILURE: Final = 500
_BUSY: Final = 429


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A file of the world and when it arrives."""

    at: datetime
    path: Path
    receipt: tuple[str, ...]
    """Its line in the sidecar of its folder; none for statements."""


@dataclass(slots=True)
class Arrived:
    """What arrived while the clock moved."""

    files: int = 0
    posted: int = 0
    refused: int = 0
    """Payments that the webhook service refused for what they are; that is how broken ones should end."""
    unsent: int = 0
    """Payments that it could not take. They are in the inbox as files instead."""


class OtherSources:
    """Plays what a world's other sources do."""

    def __init__(
        self,
        world_dir: Path,
        inbox: Path | None,
        processors_url: str | None,
        processors_secret: str | None,
        at_once: int,
    ) -> None:
        self._inbox = inbox
        self._url = processors_url.rstrip("/") if processors_url else None
        self._secret = processors_secret or ""
        self._at_once = at_once
        self._arrivals = sorted(_arrivals(world_dir), key=lambda one: (one.at, one.path))
        self._http = httpx.AsyncClient(timeout=30.0, trust_env=False, limits=httpx.Limits(max_connections=at_once))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def play(self, after: datetime, until: datetime) -> Arrived:
        """Has everything arrive that arrives after one instant and up to another."""
        arrived = Arrived()
        for arrival in self._arrivals:
            if after < arrival.at <= until:
                if self._url and _source(arrival.path) in _CHANNELS:
                    await self._post(arrival, arrived)
                elif self._inbox:
                    arrived.files += await asyncio.to_thread(self._drop, arrival, self._inbox)
        return arrived

    def _drop(self, arrival: _Arrival, inbox: Path) -> int:
        """Puts a file into the inbox: the file first, then the sidecar that vouches for it."""
        folder = inbox / arrival.path.parent.parent.name / arrival.path.parent.name
        if not arrival.receipt:
            statement = lockbox.statement(arrival.path)
            placed = _place(inbox / "statements" / f"{lockbox.ACCOUNT}-{arrival.path.stem}.bai", statement)
            return placed + _place(inbox / "bank" / arrival.path.name, _lines_of_processors(arrival.path))
        placed = _place(folder / arrival.path.name, arrival.path.read_bytes())
        sidecar = folder / _SIDECAR
        known = (
            sidecar.read_text(encoding="ascii").splitlines() if sidecar.exists() else ["file,received_at,rows,sha256"]
        )
        line = ",".join(arrival.receipt)
        if line not in known:
            _place(sidecar, ("\n".join([*known, line]) + "\n").encode("ascii"))
        return placed

    async def _post(self, arrival: _Arrival, arrived: Arrived) -> None:
        url = f"{self._url}/api/v1/payments/webhook/{_CHANNELS[_source(arrival.path)]}"
        rows = list(_bodies(arrival.path))
        outcomes: list[bool | None] = []
        for start in range(0, len(rows), self._at_once):
            outcomes += await asyncio.gather(*(self._send(url, body) for body in rows[start : start + self._at_once]))
        arrived.posted += outcomes.count(True)
        arrived.refused += outcomes.count(False)
        if None in outcomes:
            arrived.unsent += outcomes.count(None)
            if self._inbox:  # as processors do when their calls fail: the whole day as a file, repeats and all
                arrived.files += await asyncio.to_thread(self._drop, arrival, self._inbox)

    async def _send(self, url: str, body: bytes) -> bool | None:
        """Whether a payment was taken; None where the service could not be reached."""
        headers = {"Content-Type": "application/json", "X-Signature": f"sha256={sign(self._secret, body)}"}
        for _ in range(_TRIES):
            pause = 0.2
            try:
                response = await self._http.post(url, content=body, headers=headers)
            except httpx.TransportError:
                return None
            if response.status_code == _BUSY:
                pause = _pause(response)
            elif response.status_code < _FAILURE:
                return response.is_success
            await asyncio.sleep(pause)
        return None


def _arrivals(world_dir: Path) -> Iterator[_Arrival]:
    """The files that do not come through Column's API."""
    for sidecar in sorted((world_dir / "arrivals").glob(f"*/{_SIDECAR}")):
        with sidecar.open(encoding="ascii", newline="") as file:
            for row in csv.DictReader(file):
                if not row["file"].startswith("column_"):
                    at = datetime.fromisoformat(row["received_at"])
                    yield _Arrival(at, sidecar.parent / row["file"], tuple(row.values()))
    for statement in sorted((world_dir / "bank").glob("*.csv")):
        yield _Arrival(instant(date.fromisoformat(statement.stem), _BANK_AT), statement, ())


def _source(path: Path) -> str:
    return path.stem.partition("-")[0]


def _place(path: Path, content: bytes) -> int:
    """Puts a file where readers see all of it or nothing; returns whether it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest():
        return 0
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return 1


def _lines_of_processors(statement: Path) -> bytes:
    """A statement without the accounts that Column's own reports and the lockbox's statements tell of."""
    header, *lines = statement.read_bytes().splitlines(keepends=True)
    place = header.rstrip().split(b",").index(b"account")
    others = {account.encode("ascii") for account in (OUR_ACCOUNT, lockbox.ACCOUNT)}
    return header + b"".join(line for line in lines if line.split(b",", place + 1)[place] not in others)


def _bodies(path: Path) -> Iterator[bytes]:
    """The payments of a file as a processor posts them. A broken row is sent as broken as it is."""
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
        for line in file:
            row = next(csv.reader(io.StringIO(line)))
            if len(row) != len(header):
                yield line.rstrip("\n").encode("utf-8")
            else:
                yield orjson.dumps({name: _value(name, text) for name, text in zip(header, row, strict=True) if text})


def _value(name: str, text: str) -> Any:
    if name == "metadata":
        return orjson.loads(text)
    if name == "amount":
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _pause(response: httpx.Response) -> float:
    try:
        return min(_LONGEST_PAUSE_SECONDS, max(0.05, float(response.headers.get("Retry-After", "1"))))
    except ValueError:
        return 1.0
