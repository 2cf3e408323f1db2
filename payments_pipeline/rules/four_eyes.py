"""Who is who, where a second person has to agree."""

import unicodedata

_UNSEEN = ("Mn", "Cf")
"""Accents that stand by themselves, and what has no width."""


def same_person(one: str, other: str) -> bool:
    """Whether two names may be one person's.

    Case, accents, width, points, hyphens and the order of the words do not tell people apart: who is refused can ask
    somebody else, who is let through by a second spelling of a name has approved his own work.
    """
    first, second = _words(one), _words(other)
    return "".join(first) == "".join(second) or sorted(first) == sorted(second)


def _words(name: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = (letter for letter in decomposed if unicodedata.category(letter) not in _UNSEEN)
    return "".join(letter if letter.isalnum() else " " for letter in kept).split()
