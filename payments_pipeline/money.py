"""Cents as people read them. What is stored and computed with stays in cents; digits are cut, never rounded by a float."""


def plain(cents: int) -> str:
    """An amount where its column says that it is in dollars."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


def dollars(cents: int) -> str:
    """An amount by itself."""
    return f"{'-' if cents < 0 else ''}${plain(abs(cents))}"


def signed(cents: int) -> str:
    """A difference: with its sign, whichever it is."""
    return dollars(cents) if cents <= 0 else f"+{dollars(cents)}"
