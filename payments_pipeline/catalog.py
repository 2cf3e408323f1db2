"""What every table and column means, read from the `comment on` statements of the migrations.

Descriptions live once, in SQL, where the database shows them too. The Dagster UI's descriptions and column schemas and
`docs/data-dictionary.md` are made from them, and all of it without a database: definitions must load on a machine where
none runs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from payments_pipeline.errors import PaymentsError
from payments_pipeline.paths import MIGRATIONS_DIR, PROJECT_ROOT
from payments_pipeline.postgres.statements import split_statements

DICTIONARY_FILE: Final = PROJECT_ROOT / "docs" / "data-dictionary.md"
MARTS_DIR: Final = PROJECT_ROOT / "dbt_project" / "models"

_COMMENT: Final = re.compile(
    r"comment\s+on\s+(?P<kind>schema|table|view|column)\s+(?P<name>[\w.]+)\s+is\s+(?P<text>'.*')\s*", re.DOTALL
)
_CREATE_TABLE: Final = re.compile(r"create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(?P<name>\w+\.\w+)\s*\(")
_CREATE_VIEW: Final = re.compile(r"create\s+(?:or\s+replace\s+)?view\s+(?P<name>\w+\.\w+)")
_PARTITIONED_BY: Final = re.compile(r"partition\s+by\s+\w+\s*\(([^)]*)\)")
_ALTER_TABLE: Final = re.compile(r"alter\s+table\s+(?P<name>\w+\.\w+)\s+(?P<actions>.*)", re.DOTALL)
_ADD_COLUMN: Final = re.compile(r"\s*add\s+column\s+(?:if\s+not\s+exists\s+)?")
_SET_NOT_NULL: Final = re.compile(r"\s*alter\s+column\s+(?P<column>\w+)\s+set\s+not\s+null\s*")
_STRING: Final = re.compile(r"'((?:[^']|'')*)'")
# What may follow a column's type.
_AFTER_TYPE: Final = re.compile(
    r"\s+(?:not|null|default|check|primary|unique|references|generated|collate|constraint)\b"
)
_TABLE_CONSTRAINTS: Final = {"check", "primary", "unique", "foreign", "constraint", "exclude"}


class CatalogError(PaymentsError):
    """A comment of the migrations speaks of something that they do not make."""


@dataclass(frozen=True)
class Column:
    """A column of a table, with what it means."""

    name: str
    type: str
    is_nullable: bool
    description: str = ""


@dataclass(frozen=True)
class Table:
    """A table or mart, with what it holds."""

    name: str
    description: str = ""
    columns: tuple[Column, ...] = ()
    partitioned_by: str | None = None
    is_view: bool = False
    """A view's columns are those that are commented on, without a type: what they are is in its query."""

    @property
    def schema(self) -> str:
        """The schema that it is in."""
        return self.name.partition(".")[0]


@dataclass
class Catalog:
    """All schemas and tables, in the order in which the migrations make them."""

    schemas: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table, by its schema and name."""
        if name not in self.tables:
            raise CatalogError(f"no migration makes the table {name}", "check the name against sql/migrations.")
        return self.tables[name]

    def undescribed(self) -> list[str]:
        """Schemas, tables and columns without a comment."""
        missing = [name for name, text in self.schemas.items() if not text]
        for table in self.tables.values():
            missing += [] if table.description else [table.name]
            missing += [f"{table.name}.{column.name}" for column in table.columns if not column.description]
        return missing


@cache
def catalog() -> Catalog:
    """The catalog of the migrations of this checkout."""
    return read_catalog(MIGRATIONS_DIR)


def read_catalog(directory: Path) -> Catalog:
    """The catalog that the migrations of a folder add up to."""
    found = Catalog()
    columns: dict[str, dict[str, Column]] = {}
    for path in sorted(directory.glob("*.sql")):
        for statement in split_statements(path.read_text(encoding="utf-8")):
            _read_statement(statement.text, f"{path.name}, line {statement.line}", found, columns)
    for name, table in found.tables.items():
        found.tables[name] = replace(table, columns=tuple(columns[name].values()))
    return found


def _read_statement(text: str, where: str, found: Catalog, columns: dict[str, dict[str, Column]]) -> None:
    if made := re.match(r"create\s+schema\s+(\w+)", text):
        found.schemas[made[1]] = ""
    elif made := _CREATE_TABLE.match(text):
        body, rest = _in_parentheses(text[made.end() :])
        key = _PARTITIONED_BY.search(rest)
        found.tables[made["name"]] = Table(made["name"], partitioned_by=key[1] if key else None)
        columns[made["name"]] = {column.name: column for column in _columns(body)}
    elif made := _CREATE_VIEW.match(text):
        found.tables[made["name"]] = Table(made["name"], is_view=True)
        columns[made["name"]] = {}
    elif altered := _ALTER_TABLE.fullmatch(text):
        _read_actions(altered["actions"], columns[altered["name"]])
    elif comment := _COMMENT.fullmatch(text):
        _read_comment(comment, where, found, columns)


def _read_actions(actions: str, columns: dict[str, Column]) -> None:
    """What altering a table does to its columns; constraints and the like are none."""
    for action in _split_at_commas(actions):
        if _ADD_COLUMN.match(action):
            columns |= {column.name: column for column in _columns(_ADD_COLUMN.sub("", action, count=1))}
        elif required := _SET_NOT_NULL.fullmatch(action):
            columns[required["column"]] = replace(columns[required["column"]], is_nullable=False)


def _read_comment(comment: re.Match[str], where: str, found: Catalog, columns: dict[str, dict[str, Column]]) -> None:
    kind, name = comment["kind"], comment["name"]
    text = "".join(_STRING.findall(comment["text"])).replace("''", "'")
    table, _, column = name.rpartition(".")
    if kind == "schema" and name in found.schemas:
        found.schemas[name] = text
    elif kind in ("table", "view") and name in found.tables:
        found.tables[name] = replace(found.tables[name], description=text)
    elif kind == "column" and column in columns.get(table, {}):
        old = columns[table][column]
        columns[table][column] = replace(old, description=text)
    elif kind == "column" and table in found.tables and found.tables[table].is_view:
        columns[table][column] = Column(column, "", is_nullable=True, description=text)
    elif "." in name:  # a schema that PostgreSQL itself brings, such as public, may be commented on as well
        raise CatalogError(f"{where}: there is no {kind} {name} to comment on", "correct the name in the comment.")


def _columns(body: str) -> Iterator[Column]:
    for item in _split_at_commas(body):
        name, _, rest = item.strip().partition(" ")
        if name.lower() in _TABLE_CONSTRAINTS or not rest:
            continue
        type_ = _AFTER_TYPE.split(" " + rest.strip(), maxsplit=1)[0].strip()
        is_nullable = not re.search(r"\b(not\s+null|primary\s+key)\b", rest)
        yield Column(name, type_, is_nullable)


def _in_parentheses(text: str) -> tuple[str, str]:
    """What stands up to the parenthesis that closes the one just opened, and what comes after it."""
    for depth, token in _nesting(text):
        if depth < 0:
            return text[: token.start()], text[token.end() :]
    return text, ""


def _split_at_commas(text: str) -> Iterator[str]:
    """Cut at the commas that are in no parenthesis and no string."""
    start = 0
    for depth, token in _nesting(text):
        if token[0] == "," and depth == 0:
            yield text[start : token.start()]
            start = token.end()
    yield text[start:]


def _nesting(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Each parenthesis and comma outside strings, with how deep it leaves us."""
    depth = 0
    for token in re.finditer(r"'(?:[^']|'')*'|[(),]", text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        yield depth, token


# The data dictionary ----------------------------------------------------------------------------------------------------


def data_dictionary(found: Catalog, marts: list[Table]) -> str:
    """The dictionary as Markdown: a section a schema, a table a table."""
    lines = [
        "# Data dictionary",
        "",
        "Made by `payments dictionary` from the comments in `sql/migrations` and `dbt_project/models`: change them there.",
    ]
    for schema, description in found.schemas.items():
        tables = [table for table in [*found.tables.values(), *marts] if table.schema == schema]
        lines += ["", f"## {schema}", "", description]
        for table in tables:
            lines += ["", f"### {table.name}", "", table.description]
            if table.partitioned_by:
                lines += ["", f"One partition a day, by `{table.partitioned_by}`."]
            lines += ["", "| column | type | | meaning |", "|---|---|---|---|"]
            lines += [
                f"| {column.name} | {column.type} | {'' if column.is_nullable else 'required'} | {_cell(column.description)} |"
                for column in table.columns
            ]
    return "\n".join(lines) + "\n"


def marts() -> list[Table]:
    """The marts, from the YAML beside their models, where dbt keeps what they mean."""
    tables: list[Table] = []
    for path in sorted(MARTS_DIR.rglob("*.yml")):
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for model in content.get("models", []):
            columns = tuple(
                Column(column["name"], column["data_type"], _may_be_null(column), column["description"])
                for column in model["columns"]
            )
            tables.append(Table(f"reporting.{model['name']}", model["description"].strip(), columns))
    return tables


def _may_be_null(column: dict[str, Any]) -> bool:
    return not any(constraint["type"] == "not_null" for constraint in column.get("constraints", []))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
