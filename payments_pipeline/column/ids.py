"""The bank's ids: a prefix and a KSUID, which is four bytes of time and sixteen of payload in 27 digits of base 62.

They sort by the second in which they were made. Ours are made from content, not from chance: the payload is a hash.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH: Final = 27
EPOCH: Final = 1_400_000_000
"""Second 0 of a KSUID, in seconds since 1970."""

_DIGITS: Final = {digit: value for value, digit in enumerate(ALPHABET)}
_CHARACTERS: Final = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
_PAYLOAD_BITS: Final = 128
_MAX: Final = 2**160
_GROUP: Final = 5
_GROUP_BASE: Final = np.uint64(62**_GROUP)  # the largest power of 62 below 2^32, so that a group and a limb fit 64 bits


@dataclass(frozen=True, slots=True)
class Id:
    """The parts of an id."""

    prefix: str
    made_at: datetime
    payload: bytes


def make(prefix: str, made_at: datetime, content: str) -> str:
    """The id of what `content` describes, made at that time: the same content always has the same id."""
    seconds = int(made_at.timestamp()) - EPOCH
    if not 0 <= seconds < 2**32:
        raise ValueError(f"expected a time from 2014 to 2150, found {made_at.isoformat()}")
    payload = hashlib.sha256(content.encode("utf-8")).digest()[: _PAYLOAD_BITS // 8]
    number = seconds << _PAYLOAD_BITS | int.from_bytes(payload, "big")
    return f"{prefix}_{''.join(reversed(list(_base62(number))))}"


def decode(given: str) -> Id:
    """The parts of an id; a `ValueError` for what is none. Ids that others made may have nonsense for a time."""
    prefix, _, digits = given.rpartition("_")
    if not prefix or len(digits) != LENGTH or not set(digits) <= _DIGITS.keys():
        raise ValueError(f"expected a prefix, an underscore and {LENGTH} digits of base 62")
    number = 0
    for digit in digits:
        number = number * 62 + _DIGITS[digit]
    if number >= _MAX:
        raise ValueError("the number is beyond the last KSUID")
    made_at = datetime.fromtimestamp((number >> _PAYLOAD_BITS) + EPOCH, UTC)
    return Id(prefix, made_at, (number % 2**_PAYLOAD_BITS).to_bytes(_PAYLOAD_BITS // 8, "big"))


def digits_of(
    seconds: npt.NDArray[np.int64], high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint8]:
    """Many KSUIDs at once, a row of characters each: from seconds since 1970 and the two halves of the payload."""
    limbs = [(seconds - EPOCH).astype(np.uint64)]
    for half in (high, low):
        limbs += [half >> np.uint64(32), half & np.uint64(0xFFFF_FFFF)]
    rows = np.empty((len(seconds), LENGTH), dtype=np.uint8)
    for end in range(LENGTH, 0, -_GROUP):
        group = _divided(limbs)
        for place in range(end - 1, max(end - _GROUP, 0) - 1, -1):
            group, digit = np.divmod(group, np.uint64(62))
            rows[:, place] = digit
    return _CHARACTERS[rows]


def _divided(limbs: list[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    """Divides the numbers by the base of a group in place; returns the remainders."""
    rest: npt.NDArray[Any] = np.zeros(len(limbs[0]), dtype=np.uint64)
    for place, limb in enumerate(limbs):
        limbs[place], rest = np.divmod(rest << np.uint64(32) | limb, _GROUP_BASE)
    return rest


def _base62(number: int) -> Iterator[str]:
    """The digits of a number, the last first, as many as a KSUID has."""
    for _ in range(LENGTH):
        number, digit = divmod(number, 62)
        yield ALPHABET[digit]
