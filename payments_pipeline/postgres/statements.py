"""Cutting a file of SQL into its statements, so that an error can say which one and on which line."""

import re
from dataclasses import dataclass
from typing import Final

# What must be passed over whole, or ends a statement; anything else is code, character by character.
_TOKEN: Final = re.compile(
    r"""
      (?P<line_comment> --[^\n]* )
    | (?P<block_comment> /\* )
    | (?P<quoted> \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<dollar> (?<![\w$])\$(?:[^\W\d]\w*)?\$ )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class Statement:
    """One statement, without its semicolon and comments, and the line of the file on which it begins."""

    text: str
    line: int


def split_statements(text: str) -> list[Statement]:
    """The statements of a file. Semicolons in strings, quoted names, comments and dollar quotes end nothing.

    Comments are left out (their line breaks stay): the server has no use for them, and psycopg would take a per cent
    sign in one for a parameter.
    """
    statements: list[Statement] = []
    pieces: list[str] = []
    line = 1

    def finish() -> None:
        whole = "".join(pieces)
        if code := whole.strip():
            before = whole[: len(whole) - len(whole.lstrip())]
            statements.append(Statement(code, line + before.count("\n")))

    position = 0
    while token := _TOKEN.search(text, position):
        pieces.append(text[position : token.start()])
        position = _end_of(token, text)
        if token["end"]:
            finish()
            line += "".join(pieces).count("\n")
            pieces.clear()
        elif token["line_comment"] or token["block_comment"]:
            pieces.append("\n" * text.count("\n", token.start(), position) or " ")
        else:
            pieces.append(text[token.start() : position])
    pieces.append(text[position:])
    finish()
    return statements


def _end_of(token: re.Match[str], text: str) -> int:
    """Where what the token opens is over; the end of the file, if it is never closed."""
    if tag := token["dollar"]:
        closing = text.find(tag, token.end())
        return closing + len(tag) if closing >= 0 else len(text)
    if token["block_comment"]:  # PostgreSQL's nest
        depth, position = 1, token.end()
        while depth and (edge := _BLOCK_COMMENT_EDGE.search(text, position)):
            depth += 1 if edge.group() == "/*" else -1
            position = edge.end()
        return position if depth == 0 else len(text)
    return token.end()
