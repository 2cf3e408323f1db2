"""Numbers in sentences."""


def counted(number: int, what: str, several: str | None = None) -> str:
    """So many of something: 1 file, 2,000 files; `several` where they are not called by an s more."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"
