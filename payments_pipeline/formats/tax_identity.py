"""A borrower's name and taxpayer number as one text, and the mailing address as another: that is what is encrypted.

First and last names stay apart, because the returns of 2026 want them apart and no rule tells them apart afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

_FIELDS: Final = ("first", "middle", "last", "suffix", "business", "tin")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is: a person by first and last name, or a business by its own."""

    first: str = ""
    middle: str = ""
    last: str = ""
    suffix: str = ""
    business: str = ""
    tin: str = ""
    """Nine digits, or empty where it is not known."""

    def __repr__(self) -> str:
        """Nothing of it, so that no log and no traceback shows it."""
        return "Identity(...)"

    @property
    def is_business(self) -> bool:
        """Whether it is a business's."""
        return bool(self.business)

    @property
    def full_name(self) -> str:
        """The name as people write it."""
        return self.business or " ".join(part for part in (self.first, self.middle, self.last, self.suffix) if part)

    @property
    def surname_first(self) -> str:
        """The name as FIRE wants it."""
        return self.business or " ".join(part for part in (self.last, self.suffix, self.first, self.middle) if part)

    def to_text(self) -> str:
        """As it is encrypted: JSON of what is not empty, always in the same order."""
        return orjson.dumps({name: value for name in _FIELDS if (value := getattr(self, name))}).decode()

    @classmethod
    def of_text(cls, text: str) -> Identity:
        """As it was encrypted."""
        return cls(**orjson.loads(text))


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody gets mail."""

    street: str
    city: str
    state: str
    """A state, or abroad a province, or nothing."""
    zip: str
    country: str = "US"

    def __repr__(self) -> str:
        """Nothing of it but the country."""
        return f"Address({self.country})"

    @property
    def is_abroad(self) -> bool:
        """Whether it is outside the United States."""
        return self.country != "US"

    @property
    def place(self) -> str:
        """What is the same for the same place, however it is spaced and spelled, and with more than five digits or not."""
        lines = (self.street, self.city, self.state, self.zip if self.is_abroad else self.zip[:5], self.country)
        return "|".join("".join(line.upper().split()) for line in lines)

    def to_text(self) -> str:
        """As it is encrypted: JSON of the lines in order."""
        return orjson.dumps([self.street, self.city, self.state, self.zip, self.country]).decode()

    @classmethod
    def of_text(cls, text: str) -> Address:
        """As it was encrypted."""
        return cls(*orjson.loads(text))


def address_place(borrower_id: int, version: int) -> str:
    """Where a borrower's mailing address is stored: beside the identity, and no other's."""
    return f"servicing.tax_identities {borrower_id}/{version} address"


def identity_place(borrower_id: int, version: int) -> str:
    """Where a borrower's identity is stored: a ciphertext is bound to it."""
    return f"servicing.tax_identities {borrower_id}/{version}"


def contact_place(borrower_id: int) -> str:
    """Where a borrower's name as on the note, e-mail, telephone and mailing address are stored."""
    return f"servicing.borrowers {borrower_id}"


def co_borrower_place(loan_id: int, seq: int) -> str:
    """Where the name of a co-borrower is stored."""
    return f"servicing.co_borrowers {loan_id}/{seq}"
