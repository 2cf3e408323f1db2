"""From what a world tells of each transfer to the events that the bank makes of it.

The world says when a word about a transfer reaches us; the bank says more often what goes on. Each world's word becomes
the event that speaks it, made on the day on which the word arrives. The events between (submitted, completed after the
return window, notices of change) follow from the rules of the rail. A snapshot shows what had happened by the instant
that its event is about, so that an event made late tells when things truly happened.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from payments_pipeline.column.local.words import Words
from payments_pipeline.world.days import CHANNELS, Days
from payments_pipeline.world.deliveries import EVENTS
from payments_pipeline.world.draws import Flags, Int64s, scattered


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its type, the form of its snapshot, and the status that the snapshot shows."""

    type: str
    form: str
    status: str


_ACH_OUT: Final = "ach.outgoing_transfer"
_ACH_IN: Final = "ach.incoming_transfer"
_RECALL: Final = "wire.incoming_return_request"

KINDS: Final = (
    Kind(f"{_ACH_OUT}.initiated", "ach", "INITIATED"),
    Kind(f"{_ACH_OUT}.submitted", "ach", "SUBMITTED"),
    Kind(f"{_ACH_OUT}.settled", "ach", "SETTLED"),
    Kind(f"{_ACH_OUT}.completed", "ach", "COMPLETED"),
    Kind(f"{_ACH_OUT}.returned", "ach", "RETURNED"),
    Kind(f"{_ACH_OUT}.canceled", "ach", "CANCELED"),
    Kind(f"{_ACH_OUT}.noc", "ach", "SETTLED"),
    Kind(f"{_ACH_IN}.scheduled", "ach", "SCHEDULED"),
    Kind(f"{_ACH_IN}.settled", "ach", "SETTLED"),
    Kind(f"{_ACH_IN}.completed", "ach", "COMPLETED"),
    Kind(f"{_ACH_IN}.returned", "ach", "RETURNED"),
    Kind("wire.incoming_transfer.completed", "wire", "completed"),
    Kind("wire.outgoing_transfer.initiated", "wire_return", "initiated"),
    Kind("wire.outgoing_transfer.completed", "wire_return", "completed"),
    Kind(f"{_RECALL}.initiated", "recall", "initiated"),
    Kind(f"{_RECALL}.approved", "recall", "approved"),
    Kind(f"{_RECALL}.completed", "recall", "completed"),
    Kind("realtime.incoming_transfer.completed", "realtime", "COMPLETED"),
    Kind("realtime.outgoing_transfer.completed", "realtime_return", "COMPLETED"),
    Kind("book.transfer.initiated", "book", "HOLD"),
    Kind("book.transfer.completed", "book", "COMPLETED"),
    Kind("book.transfer.canceled", "book", "CANCELED"),
    Kind("identity.created", "note", "verified"),
    Kind("account.overdrafted", "note", "overdrafted"),
    Kind("account.overdraft_released", "note", "active"),
    Kind("reporting.bank_account_transaction.completed", "note", "completed"),
    Kind("ledger.statement_language.changed", "note", "changed"),  # no type that anybody knows: new ones do appear
)
NUMBER: Final = {kind.type: number for number, kind in enumerate(KINDS)}

STAMPS: Final = ("initiated", "submitted", "settled", "completed", "returned", "cancelled")
"""What a snapshot says of when things happened: seconds since 1970, or 0 where they had not."""

EVENT: Final = np.dtype(
    [
        ("day", np.int32),
        ("value_date", np.int32),
        ("created", np.int64),
        ("identity", np.int64),
        ("loan_id", np.int64),
        ("quoted", np.int64),
        ("amount_cents", np.int64),
        *((stamp, np.int64) for stamp in STAMPS),
        ("kind", np.uint8),
        ("account", np.uint8),
        ("return_code", np.uint8),
    ]
)
"""An event to be written. `day` is that of `created` in UTC; `created` is in nanoseconds since 1970."""

Events = npt.NDArray[np.void]

_MINUTE, _HOUR, _SECOND_NS = 60, 3_600, 1_000_000_000
_DAY_NS: Final = 86_400 * _SECOND_NS
_RETURN_WINDOW_BANK_DAYS: Final = 2
_WHOLE_SECONDS: Final = np.uint64(8)  # one event in so many was made on a whole second, written without decimals
_NOTICES: Final = np.uint64(250)  # one collected payment in so many brings a notice of change
_SALT: Final = {
    name: 0xBA_0000 + number
    for number, name in enumerate(("created", "told", "initiated", "completed", "notice", "nanos"))
}


@dataclass(frozen=True, slots=True)
class _Transfers:
    """The transfers of a chunk, a row each; instants in seconds, days by number, 0 or -1 where there is none."""

    identity: Int64s
    first: Words
    """The first word of each, for what does not depend on the word."""
    announced_at: Int64s
    ready_at: Int64s
    ready_on: Int64s
    returned_at: Int64s
    return_code: npt.NDArray[np.uint8]
    cancelled_at: Int64s

    def of(self, channel: str) -> Flags:
        """Which came by this rail."""
        return np.asarray(self.first["channel"] == CHANNELS.index(channel))

    def hashed(self, purpose: str, below: int) -> Int64s:
        """A number from 0 for each, always the same."""
        return (scattered(self.identity, _SALT[purpose]) % np.uint64(below)).astype(np.int64)


def lives_of(words: Words, days: Days) -> Events:
    """The events of a chunk's transfers, up to the end of the world, in no particular order."""
    transfers = _transfers(words)
    maker = _Maker(transfers, days)
    is_ach = transfers.of("ach")
    # The bank knows no cancelled incoming transfer: an attempt that was called off was one of ours.
    is_ours = transfers.first["is_automatic"] | (transfers.cancelled_at > 0)
    maker.collected_by_ach(is_ach & is_ours)
    maker.received_by_ach(is_ach & ~is_ours)
    maker.received_by_wire(transfers.of("wire"))
    maker.received_at_once(transfers.of("realtime"))
    maker.booked(transfers.of("book"))
    return maker.events()


def notes_of(days: Days) -> Events:
    """Events that are about no payment: of the account, of identities, of reports, and one of a type yet unknown.

    Each day ends with its report. The others come once, on the first days that there are.
    """
    numbers = np.arange(days.first, days.last + 1, dtype=np.int64)
    daily = _notes("reporting.bank_account_transaction.completed", numbers, days, 22 * _HOUR + 40 * _MINUTE)
    once = [
        _notes(name, np.minimum(numbers[:1] + place // 2, days.last), days, 9 * _HOUR + place * _MINUTE)
        for place, name in enumerate(
            kind.type for kind in KINDS if kind.form == "note" and "reporting" not in kind.type
        )
    ]
    return np.concatenate([daily, *once])


def _notes(kind: str, day: Int64s, days: Days, second_of_day: int) -> Events:
    events = np.zeros(len(day), dtype=EVENT)
    events["kind"], events["identity"] = NUMBER[kind], day
    events["completed"] = days.at(day, np.full_like(day, second_of_day))
    events["created"] = events["completed"] * _SECOND_NS + _nanos(day, NUMBER[kind])
    events["day"] = events["created"] // _DAY_NS
    return events


def _transfers(words: Words) -> _Transfers:
    identity, first = np.unique(words["identity"], return_index=True)
    found: dict[str, Int64s] = {name: np.zeros(len(identity), dtype=np.int64) for name in EVENTS}
    ready_on = np.full(len(identity), -1, dtype=np.int64)
    return_code = np.zeros(len(identity), dtype=np.uint8)
    for number, name in enumerate(EVENTS):
        rows = words[words["event"] == number]
        place = np.searchsorted(identity, rows["identity"])
        found[name][place] = rows["occurred_at"]
        if name in {"settled", "completed"}:
            ready_on[place] = rows["arrival"]
        if name in {"returned", "recalled"}:
            return_code[place] = rows["return_code"]
    return _Transfers(
        identity=identity,
        first=words[first],
        announced_at=found["initiated"],
        ready_at=np.maximum(found["settled"], found["completed"]),
        ready_on=ready_on,
        returned_at=np.maximum(found["returned"], found["recalled"]),
        return_code=return_code,
        cancelled_at=found["canceled"],
    )


class _Maker:
    """Makes the events of a chunk's transfers, rail by rail."""

    def __init__(self, transfers: _Transfers, days: Days) -> None:
        self._transfers = transfers
        self._days = days
        self._value_date = transfers.first["value_date"].astype(np.int64)
        self._end = int(days.midnight[days.last + 1 - days.first])
        self._made: list[Events] = []
        self._stamps: dict[str, Int64s] = {}

    def events(self) -> Events:
        """All that was made and is made before the world ends."""
        events = np.concatenate(self._made)
        return np.asarray(events[events["created"] < self._end * _SECOND_NS])

    def collected_by_ach(self, which: Flags) -> None:
        """We debit the borrower: initiated, submitted, settled, completed or returned; or called off."""
        t, days = self._transfers, self._days
        eve = np.maximum(self._value_date - 1, days.first)
        on_eve = days.at(eve, 13 * _HOUR + t.hashed("initiated", 5 * _HOUR))
        after_midnight = days.at(self._value_date, 5 * _MINUTE + t.hashed("initiated", 45 * _MINUTE))
        planned = np.where(eve < self._value_date, on_eve, after_midnight)
        initiated = np.where(t.announced_at > 0, t.announced_at, planned)
        submitted = np.where(t.cancelled_at > 0, 0, initiated + _MINUTE + t.hashed("initiated", 3 * _MINUTE))
        self._stamp(initiated=initiated, submitted=submitted)
        told = self._told_at()
        completed = self._completed_at()
        self._stamp(completed=completed, settled=t.ready_at, returned=t.returned_at, cancelled=t.cancelled_at)
        self._make(f"{_ACH_OUT}.initiated", which, initiated)
        self._make(f"{_ACH_OUT}.submitted", which, submitted)
        self._make(f"{_ACH_OUT}.settled", which, t.ready_at, told)
        self._make(f"{_ACH_OUT}.completed", which, completed, np.maximum(completed, told + 10 * _MINUTE))
        self._make(f"{_ACH_OUT}.returned", which, t.returned_at)
        self._make(f"{_ACH_OUT}.canceled", which, t.cancelled_at)
        noticed = days.at(days.plus_bank_days(self._value_date, np.ones_like(eve)), 10 * _HOUR + 0 * eve)
        has_notice = scattered(t.identity, _SALT["notice"]) % _NOTICES == 0
        self._make(f"{_ACH_OUT}.noc", which & has_notice & (t.ready_at > 0), noticed)

    def received_by_ach(self, which: Flags) -> None:
        """Others send to us: scheduled, settled, completed or returned."""
        t = self._transfers
        planned = t.ready_at - 30 * _MINUTE - t.hashed("initiated", 20 * _MINUTE)
        scheduled = np.where(t.announced_at > 0, t.announced_at, planned)
        told = self._told_at()
        completed = self._completed_at()
        self._stamp(initiated=scheduled, submitted=np.zeros_like(scheduled))
        self._stamp(completed=completed, settled=t.ready_at, returned=t.returned_at, cancelled=t.cancelled_at)
        self._make(f"{_ACH_IN}.scheduled", which, scheduled)
        self._make(f"{_ACH_IN}.settled", which, t.ready_at, told)
        self._make(f"{_ACH_IN}.completed", which, completed, np.maximum(completed, told + 10 * _MINUTE))
        self._make(f"{_ACH_IN}.returned", which, t.returned_at)

    def received_by_wire(self, which: Flags) -> None:
        """Final on completion. The sender's bank may ask for it back: initiated, approved by us, completed by a wire."""
        t = self._transfers
        self._stamp(completed=t.ready_at)
        self._make("wire.incoming_transfer.completed", which & (t.ready_at > 0), t.ready_at, self._told_at())
        asked = which & (t.returned_at > 0)
        self._stamp(initiated=t.returned_at - 3 * _HOUR, submitted=t.returned_at - _HOUR, completed=t.returned_at)
        self._make(f"{_RECALL}.initiated", asked, t.returned_at - 3 * _HOUR)
        self._make(f"{_RECALL}.approved", asked, t.returned_at - _HOUR)
        self._make("wire.outgoing_transfer.initiated", asked, t.returned_at - _HOUR)
        self._make("wire.outgoing_transfer.completed", asked, t.returned_at)
        self._make(f"{_RECALL}.completed", asked, t.returned_at)

    def received_at_once(self, which: Flags) -> None:
        """An instant payment has one event: it is there. It goes back by a transfer of its own, which names it."""
        t = self._transfers
        self._stamp(initiated=t.ready_at, completed=t.ready_at)
        self._make("realtime.incoming_transfer.completed", which, t.ready_at, self._told_at())
        self._stamp(initiated=t.returned_at, completed=t.returned_at)
        self._make("realtime.outgoing_transfer.completed", which, t.returned_at)

    def booked(self, which: Flags) -> None:
        """Between two accounts of the bank."""
        t = self._transfers
        initiated = np.where(t.announced_at > 0, t.announced_at, t.ready_at - 2)
        self._stamp(initiated=initiated, completed=t.ready_at, cancelled=t.cancelled_at)
        self._make("book.transfer.initiated", which, initiated, initiated)
        self._make("book.transfer.completed", which, t.ready_at, self._told_at())
        self._make("book.transfer.canceled", which, t.cancelled_at)

    def _told_at(self) -> Int64s:
        """When the bank makes the event of the ready word: soon after it happened, or on the day that it is told late."""
        t = self._transfers
        is_late = t.ready_on > self._value_date
        day = np.where(is_late, t.ready_on, self._days.first)
        late = self._days.at(day, 6 * _HOUR + t.hashed("told", 14 * _HOUR))
        return np.where(is_late, late, self._soon(t.ready_at))

    def _completed_at(self) -> Int64s:
        """When the return window of an ACH transfer has passed without a return; 0 where it was returned before."""
        t, days = self._transfers, self._days
        settled_on = days.settlement(self._value_date, t.first["channel"])
        window = np.full_like(self._value_date, _RETURN_WINDOW_BANK_DAYS)
        passed = days.at(days.plus_bank_days(settled_on, window), 8 * _HOUR + t.hashed("completed", _HOUR))
        told = np.maximum(passed, self._told_at() + 10 * _MINUTE)
        is_returned = (t.returned_at > 0) & (t.returned_at <= told)
        return np.where((t.ready_at > 0) & ~is_returned, passed, 0)

    def _soon(self, at: Int64s) -> Int64s:
        return at + 1 + self._transfers.hashed("created", 3)

    def _stamp(self, **stamps: Int64s) -> None:
        self._stamps |= stamps

    def _make(self, kind: str, which: Flags, at: Int64s, created: Int64s | None = None) -> None:
        """Events about what happened at `at`, made soon after unless said otherwise; none where `at` is 0."""
        t, number = self._transfers, NUMBER[kind]
        rows = np.flatnonzero(which & (at > 0))
        events = np.zeros(len(rows), dtype=EVENT)
        events["kind"] = number
        for name in ("value_date", "loan_id", "quoted", "amount_cents", "account"):
            events[name] = t.first[name][rows]
        events["identity"] = t.identity[rows]
        for stamp, reached in self._stamps.items():
            events[stamp] = np.where(reached[rows] <= at[rows], reached[rows], 0)
        events["return_code"] = np.where(t.returned_at[rows] > 0, t.return_code[rows], 0)
        seconds = (self._soon(at) if created is None else created)[rows]
        events["created"] = seconds * _SECOND_NS + _nanos(t.identity[rows], number)
        events["day"] = events["created"] // _DAY_NS
        self._made.append(events)


def _nanos(identity: Int64s, kind: int) -> Int64s:
    """Decimals of a second, the ninth never 0; none at all on whole seconds."""
    drawn = scattered(identity * len(KINDS) + kind, _SALT["nanos"])
    nanos = ((drawn >> np.uint64(8)) % np.uint64(10**8) * np.uint64(10) + np.uint64(1)).astype(np.int64)
    return np.where(drawn % _WHOLE_SECONDS == 0, 0, nanos)
