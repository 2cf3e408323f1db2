"""What can be printed: the letters of the fonts that every reader of PDF brings."""

from functools import cache

from payments_pipeline.formats import tax_text


def drawable(text: str) -> str:
    """The text in what the page's fonts can draw; any other letter loses its accent."""
    return "".join(letter if _is_drawable(letter) else tax_text.latin(letter) for letter in text)


@cache
def _is_drawable(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
