"""Account numbers and counterparties: one of each for every loan of the world, and those that are made by the API.

Those of the loans are functions of the loan's number, so nothing is stored for them; the lists hold millions as easily as
ten. The newest loan comes first, and what the API made comes before all of them.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from payments_pipeline.column import ids
from payments_pipeline.column.local import objects
from payments_pipeline.column.local.objects import Json, instant, nanoseconds
from payments_pipeline.column.local.snapshots import counterparty_ids
from payments_pipeline.world.draws import Int64s
from payments_pipeline.world.identifiers import account_number_ids
from payments_pipeline.world.portfolio import borrower_of, cifs, loan_numbers

_LOANS_AT_ONCE = 250_000


class Listing:
    """A list of objects of which each loan has one."""

    def __init__(
        self, loans: int, ids_of: Callable[[Int64s], pa.StringArray], show: Callable[[str, int], Json]
    ) -> None:
        self._loans = loans
        self._ids_of = ids_of
        self._show = show
        self._made: dict[str, Json] = {}

    def add(self, made: Json) -> None:
        """Puts what the API made before all others."""
        self._made[made["id"]] = made

    def get(self, given: str) -> Json | None:
        """An object by its id."""
        if given in self._made:
            return self._made[given]
        loan = self._loan_of(given)
        return None if loan is None else self._show(given, loan)

    def page(self, limit: int, older_than: str | None, newer_than: str | None) -> tuple[list[Json], bool]:
        """A page, newest first, and whether there are more in its direction."""
        cursor = older_than or newer_than
        place = None if cursor is None else self._place_of(cursor)
        if cursor is not None and place is None:
            raise LookupError(cursor)
        length = len(self._made) + self._loans
        if newer_than is not None and place is not None:
            start, end, has_more = max(0, place - limit), place, place > limit
        else:
            start = 0 if place is None else place + 1
            end = min(length, start + limit)
            has_more = end < length
        return [self._at(place) for place in range(start, end)], has_more

    def _at(self, place: int) -> Json:
        made = list(self._made.values())[::-1]
        if place < len(made):
            return made[place]
        loan = self._loans - (place - len(made))
        return self._show(self._ids_of(np.array([loan], dtype=np.int64))[0].as_py(), loan)

    def _place_of(self, given: str) -> int | None:
        if given in self._made:
            return list(self._made)[::-1].index(given)
        loan = self._loan_of(given)
        return None if loan is None else len(self._made) + self._loans - loan

    def _loan_of(self, given: str) -> int | None:
        found = np.flatnonzero(self._digits == given[-ids.LENGTH :].encode("ascii", "replace"))
        loan = int(found[0]) + 1 if len(found) else None
        if loan is None or self._ids_of(np.array([loan], dtype=np.int64))[0].as_py() != given:
            return None
        return loan

    @cached_property
    def _digits(self) -> npt.NDArray[np.bytes_]:
        """Of each loan in order; asked for by those who look an id up."""
        parts: list[Any] = []
        for first in range(1, self._loans + 1, _LOANS_AT_ONCE):
            loans = np.arange(first, min(self._loans + 1, first + _LOANS_AT_ONCE), dtype=np.int64)
            named = np.frombuffer(self._ids_of(loans).buffers()[2], dtype=np.uint8).reshape(len(loans), -1)
            parts.append(np.ascontiguousarray(named[:, -ids.LENGTH :]).view(f"S{ids.LENGTH}").ravel())
        return np.concatenate(parts)


def account_numbers(loans: int) -> Listing:
    """Each loan's own account number."""
    listing = Listing(loans, account_number_ids, _account_number)
    listing.add(
        objects.account_number(objects.DEFAULT_ACCOUNT_NUMBER_ID, objects.DEFAULT_ACCOUNT_NUMBER, "collections")
    )
    return listing


def counterparties(loans: int) -> Listing:
    """The account from which each loan's payments are collected."""
    return Listing(loans, counterparty_ids, _counterparty)


def counterparty(counterparty_id: str, **values: Any) -> Json:
    """An account at another bank."""
    return {
        "id": counterparty_id,
        "created_at": instant(nanoseconds(objects.OPENED_AT)),
        "updated_at": instant(nanoseconds(objects.OPENED_AT)),
        "account_id": "",
        "account_number": "",
        "account_type": "checking",
        "routing_number": objects.PAYER_ROUTING_NUMBER,
        "routing_number_type": "aba",
        "name": "",
        "description": "",
        "email": "",
        "phone": "",
        "legal_id": "",
        "legal_type": "",
        "local_account_number": "",
        "local_bank_code": "",
        "local_bank_country_code": "",
        "local_bank_name": "",
        "is_column_account": False,
        "wire": None,
    } | values


def _account_number(account_number_id: str, loan: int) -> Json:
    number = loan_numbers(np.array([loan], dtype=np.int64))[0].as_py()
    return objects.account_number(account_number_id, f"2567{loan:011}", number)


def _counterparty(counterparty_id: str, loan: int) -> Json:
    loans = np.array([loan], dtype=np.int64)
    return counterparty(
        counterparty_id,
        account_number=f"7{loan:09}",
        name=cifs(borrower_of(loans))[0].as_py(),
        description=loan_numbers(loans)[0].as_py(),
    )
