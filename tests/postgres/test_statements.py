"""A file of SQL falls into its statements, whatever its strings and comments hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.postgres.statements import Statement, split_statements


def texts(sql: str) -> list[str]:
    return [statement.text for statement in split_statements(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", ["select 1"]),
        ("select 1;", ["select 1"]),
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("", []),
        (" ;; ; ", []),
        ("-- nothing but a comment; really\n", []),
        ("select ';'", ["select ';'"]),
        ("select 'it''s; fine'; select 2", ["select 'it''s; fine'", "select 2"]),
        (r"select e'a\';b'; select 2", [r"select e'a\';b'", "select 2"]),
        (r"select 'a\'; select 2", [r"select 'a\'", "select 2"]),
        ('select 1 as "a;""b"; select 2', ['select 1 as "a;""b"', "select 2"]),
        ("do $$ begin; end $$; select 2", ["do $$ begin; end $$", "select 2"]),
        ("do $a$ x; $$ y; $b$ $a$; select 2", ["do $a$ x; $$ y; $b$ $a$", "select 2"]),
        ("select a$1$b; select 2", ["select a$1$b", "select 2"]),
        ("select 1 -- one; only\n, 2; select 3", ["select 1  \n, 2", "select 3"]),
        ("select 1 /* a; /* b; */ c; */ , 2; select 3", ["select 1   , 2", "select 3"]),
        ("select '--', '/*'; select 2", ["select '--', '/*'", "select 2"]),
        ("select 1 -- it's\n; select 2", ["select 1", "select 2"]),
        ("select %(day)s::date; select %(a)s", ["select %(day)s::date", "select %(a)s"]),
    ],
)
def test_only_a_semicolon_of_the_language_ends_a_statement(sql: str, expected: list[str]) -> None:
    assert texts(sql) == expected


def test_a_statement_knows_the_line_on_which_it_begins() -> None:
    sql = "-- What is due,\n-- at 5 %.\n\nselect 1\nfrom a;\n\n/* and\n then */ insert\ninto b;"
    assert [(s.line, s.text.split()[0]) for s in split_statements(sql)] == [(4, "select"), (8, "insert")]


def test_a_comment_inside_a_statement_leaves_its_lines_in_place() -> None:
    (statement,) = split_statements("select 1,\n/* two\nlines */\n2")
    assert statement == Statement("select 1,\n\n\n2", line=1)


piece = st.sampled_from(["select 1", "'a;b'", '"c;d"', "$$e;f$$", "$t$g;$$;h$t$", "(1, 2)", "e'\\';'", "\n", " "])


@given(st.lists(st.lists(piece, min_size=1, max_size=5), min_size=1, max_size=5))
def test_joining_statements_and_splitting_them_gives_the_statements(parts: list[list[str]]) -> None:
    written = [" ".join(pieces).strip() for pieces in parts]
    assert texts("; ".join(written)) == [text for text in written if text]
