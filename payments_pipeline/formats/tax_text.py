"""Names and addresses in the few characters that the tax authority's systems take."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# What Unicode does not take apart into a letter and its accent.
_LETTERS: Final = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE",
                                 "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D"})  # fmt: skip
_NOT_IN_NAMES: Final = re.compile(r"[^A-Z0-9 &-]")
_APOSTROPHES_AND_POINTS: Final = re.compile(r"['`\u2018\u2019.]")
_NOT_IN_ADDRESSES: Final = re.compile(r"[^A-Z0-9 &/-]")
_ARTICLE: Final = re.compile(r"^THE (?=\S+ \S)")


def latin(text: str) -> str:
    """The text in ASCII: letters lose their accents, what has no counterpart is dropped."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return plain.encode("ascii", "ignore").decode()


@lru_cache(maxsize=65_536)
def name(text: str) -> str:
    """A name in capitals, digits, `&` and `-`. O'Neil becomes ONEIL, a comma becomes a space."""
    return _only(_NOT_IN_NAMES, text)


@lru_cache(maxsize=65_536)
def address(text: str) -> str:
    """A line of an address in capitals, digits, `&`, `-` and `/`."""
    return _only(_NOT_IN_ADDRESSES, text)


def _only(unwanted: re.Pattern[str], text: str) -> str:
    without = _APOSTROPHES_AND_POINTS.sub("", latin(text)).upper()
    return " ".join(unwanted.sub(" ", without).split())


def person_name_control(last_name: str) -> str:
    """The first four letters of the surname, without what is no letter: O'Neil gives ONEI, Li gives LI."""
    return re.sub(r"[^A-Z-]", "", name(last_name))[:4]


def business_name_control(business_name: str) -> str:
    """The first four significant characters; a leading "The" counts only where but one word follows it."""
    return re.sub(r"[^A-Z0-9&-]", "", _ARTICLE.sub("", name(business_name)))[:4]


def in_two_lines(text: str, width: int) -> tuple[str, str]:
    """The text over two lines of a width, broken between words where there is a place to; what is over is cut off."""
    if len(text) <= width:
        return text, ""
    at = text.rfind(" ", 0, width + 1)
    if at <= 0 or len(text) - at - 1 > width:
        return text[:width], text[width : 2 * width].strip()
    return text[:at], text[at + 1 : at + 1 + width]


def shape_of(text: str) -> str:
    """What a value looks like without what it says: letters become A or a, digits 9. For messages about people."""
    shown = re.sub(r"[A-Z]", "A", re.sub(r"[a-z]", "a", re.sub(r"[0-9]", "9", text)))
    return shown if shown.strip() else "blanks"
