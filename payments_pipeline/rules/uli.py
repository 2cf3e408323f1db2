"""The Universal Loan Identifier and its check digits (12 CFR 1003, appendix C: ISO/IEC 7064, MOD 97-10).

A ULI is the LEI of the institution that assigned it, an identifier of the loan, and two check digits: 23 to 45
letters and digits. Letters stand for 10 to 35, case does not matter, and the whole read as one number leaves 1 when
divided by 97.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

MIN_LENGTH: Final = 23
MAX_LENGTH: Final = 45
"""Of a ULI; what is shorter is taken for a non-universal identifier, which has no check digits."""
_MODULUS: Final = 97
_ALPHANUMERIC: Final = re.compile(r"[A-Za-z0-9]+\Z")

_VALUES: Final = np.zeros(256, dtype=np.int32)
_FACTORS: Final = np.ones(256, dtype=np.int32)
for _at in range(10):
    _VALUES[ord("0") + _at], _FACTORS[ord("0") + _at] = _at, 10
for _at in range(26):
    _VALUES[[ord("a") + _at, ord("A") + _at]], _FACTORS[[ord("a") + _at, ord("A") + _at]] = 10 + _at, 100


def check_digits(identifier: str) -> str:
    """The two check digits of an LEI followed by a loan's identifier (21 to 43 letters and digits)."""
    if not _ALPHANUMERIC.match(identifier):
        raise ValueError("expected letters and digits only in the LEI and the loan's identifier")
    if not MIN_LENGTH - 2 <= len(identifier) <= MAX_LENGTH - 2:
        raise ValueError(
            f"expected {MIN_LENGTH - 2} to {MAX_LENGTH - 2} characters of LEI and loan's identifier, "
            f"found {len(identifier)}"
        )
    return f"{98 - _as_number(identifier) * 100 % _MODULUS:02}"


def make_uli(lei: str, loan: str) -> str:
    """The ULI of a loan: the LEI, the loan's identifier, and the check digits."""
    return f"{lei}{loan}{check_digits(lei + loan)}"


def make_ulis(lei: str, loans: Sequence[str]) -> list[str]:
    """The ULIs of many loans of one institution, as `make_uli` makes one: in columns, a position at a time."""
    identifiers = [lei + loan for loan in loans]
    for identifier in identifiers:
        if not (MIN_LENGTH - 2 <= len(identifier) <= MAX_LENGTH - 2 and _ALPHANUMERIC.match(identifier)):
            raise ValueError("expected letters and digits only, 21 to 43 of LEI and loan's identifier")
    digits = 98 - _remainders(identifiers) * 100 % _MODULUS
    return [f"{identifier}{check:02}" for identifier, check in zip(identifiers, digits.tolist(), strict=True)]


def is_uli(text: str) -> bool:
    """Whether a text is 23 to 45 letters and digits of which the last two check."""
    return check_digits_hold([text])[0]


def check_digits_hold(texts: Sequence[str]) -> list[bool]:
    """Of each text, whether it is a ULI whose check digits hold."""
    ulis = [text if MIN_LENGTH <= len(text) <= MAX_LENGTH and _ALPHANUMERIC.match(text) else "" for text in texts]
    held: list[bool] = (_remainders(ulis) == 1).tolist()
    return held


def _remainders(texts: Sequence[str]) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    """What the number of each text leaves when divided by 97."""
    letters = np.array(texts, dtype=f"S{MAX_LENGTH}").view(np.uint8).reshape(len(texts), MAX_LENGTH)
    remainder = np.zeros(len(texts), dtype=np.int32)
    for position in range(MAX_LENGTH):
        letter = letters[:, position]
        # past the end of a text stand zero bytes, which have the value 0 and the factor 1: nothing changes
        remainder = (remainder * _FACTORS[letter] + _VALUES[letter]) % _MODULUS
    return remainder


def _as_number(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text))
