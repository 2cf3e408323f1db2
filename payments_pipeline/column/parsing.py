"""JSON as the bank writes it, read also where one text in it would keep back all the rest.

A strict reader gives up a whole page of events for a character that was cut in two, and for something nested without end
in one of them. Then nothing would be polled any more, since the page comes again and again.
"""

import re
from typing import Any, Final

import orjson

DEEPEST: Final = 512
"""Levels that are kept. They are more than can be written again, so that what was cut off is not taken for whole."""

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def parse(content: bytes | bytearray | memoryview | str) -> Any:
    """What the JSON says. Raises `orjson.JSONDecodeError` where it is none, or only half of it.

    Half of a character becomes the one that stands for what cannot be read; of what is nested too deeply, nothing is left.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        given = content.encode(errors="replace") if isinstance(content, str) else bytes(content)
        return orjson.loads(_without_depths(_with_whole_characters(given)))


def _with_whole_characters(content: bytes) -> bytes:
    text = content.decode(errors="replace").encode()
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], text)


def _without_depths(content: bytes) -> bytes:
    kept: list[bytes] = []
    depth = upto = 0
    for token in _TOKEN.finditer(content):
        if token[0] in b"[{":
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(content[upto : token.start()])
        elif token[0] in b"]}":
            if depth == DEEPEST + 1:
                kept.append(b"null")
                upto = token.end()
            depth -= 1
    if depth > DEEPEST:
        return content  # it breaks off within the depths
    return b"".join([*kept, content[upto:]])
