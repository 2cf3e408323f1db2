"""Descriptions live once, in the migrations, and everything else is read from there."""

from pathlib import Path

import pytest

from payments_pipeline.catalog import (
    DICTIONARY_FILE,
    CatalogError,
    Column,
    catalog,
    data_dictionary,
    marts,
    read_catalog,
)
from payments_pipeline.postgres.connect import Database


def _read(folder: Path, sql: str) -> dict[str, tuple[Column, ...]]:
    (folder / "0001_test.sql").write_text(sql)
    return {name: table.columns for name, table in read_catalog(folder).tables.items()}


def test_every_schema_table_and_column_has_a_comment() -> None:
    assert catalog().undescribed() == []
    assert len(catalog().tables) > 30  # the reader has found them


def test_what_is_read_from_the_text_is_what_the_database_has(database: Database) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            "select c.oid::regclass::text, a.attname, col_description(c.oid, a.attnum), a.attnotnull "
            "from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid "
            "where c.relkind in ('r', 'p', 'v') and not c.relispartition and a.attnum > 0 and not a.attisdropped "
            "and n.nspname = any(%s)",
            [list(catalog().schemas)],
        ).fetchall()
    stored = {(table, column): (text, not_null) for table, column, text, not_null in rows}
    read = {
        (table.name, column.name): (column.description, not column.is_nullable)
        for table in catalog().tables.values()
        for column in table.columns
    }
    assert read == stored


def test_the_committed_data_dictionary_is_current() -> None:
    expected = data_dictionary(catalog(), marts())
    assert DICTIONARY_FILE.read_text(encoding="utf-8") == expected, "run: payments dictionary"


def test_every_mart_is_in_the_dictionary_with_its_columns() -> None:
    found = {table.name: table for table in marts()}
    assert set(found) >= {"reporting.daily_reconciliation", "reporting.suspense_ageing"}
    assert all(column.description for table in found.values() for column in table.columns)


def test_a_column_is_read_with_its_type_and_whether_it_may_be_null(tmp_path: Path) -> None:
    columns = _read(
        tmp_path,
        "create table s.t (id bigint primary key, price numeric(10, 2) not null check (price > 0), note text,"
        " kind text default 'a, b' not null, total bigint generated always as (id * 2) stored, primary key (id, kind))"
        " partition by range (id);",
    )["s.t"]
    assert columns == (
        Column("id", "bigint", False),
        Column("price", "numeric(10, 2)", False),
        Column("note", "text", True),
        Column("kind", "text", False),
        Column("total", "bigint", True),
    )


def test_a_later_migration_adds_columns_and_changes_comments(tmp_path: Path) -> None:
    (tmp_path / "0000_first.sql").write_text("create table s.t (a text);\ncomment on column s.t.a is 'Old.';")
    columns = _read(tmp_path, "alter table s.t add column b date not null;\ncomment on column s.t.a is 'It''s new.';")
    assert columns["s.t"] == (Column("a", "text", True, "It's new."), Column("b", "date", False))


def test_a_comment_on_something_that_does_not_exist_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"0001_test\.sql, line 2: there is no column s\.t\.b"):
        _read(tmp_path, "create table s.t (a text);\ncomment on column s.t.b is 'What?';")
