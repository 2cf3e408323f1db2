"""What was written, read back: the records of a FIRE file, and the words on the pages of a statement."""

import re
import zlib
from base64 import a85decode
from pathlib import Path

from payments_pipeline.formats import fire


def records_of(path: Path) -> list[dict[str, fire.Value]]:
    content = path.read_bytes()
    return [fire.read_record(content[at : at + 750]) for at in range(0, len(content), 750)]


def pages_of(path: Path) -> list[str]:
    """The words on each page, in the order in which they were drawn."""
    pages = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.DOTALL):
        drawn = zlib.decompress(a85decode(stream.strip().removesuffix(b"~>")))
        words = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", drawn)
        pages.append("\n".join(_unescaped(word) for word in words))
    return pages


def _unescaped(word: bytes) -> str:
    plain = re.sub(rb"\\(\d{3})", lambda code: bytes([int(code[1], 8)]), word)
    return re.sub(rb"\\(.)", rb"\1", plain).decode("cp1252")
