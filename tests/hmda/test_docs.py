"""The page says what the code does."""

import re

from click.testing import CliRunner

from payments_pipeline.cli import payments
from payments_pipeline.hmda.catalogue import edits_table
from payments_pipeline.hmda.edits import ALL_EDITS
from payments_pipeline.paths import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "hmda.md").read_text(encoding="utf-8")


def test_the_page_carries_the_table_of_edits_as_it_is_generated() -> None:
    assert PAGE.endswith(edits_table()), (
        "replace the table at the end of docs/hmda.md by what payments hmda edits prints"
    )
    assert CliRunner().invoke(payments, ["hmda", "edits"]).output == edits_table()


def test_the_page_names_no_edit_that_does_not_exist() -> None:
    known = {edit.id for edit in ALL_EDITS}
    parents = {edit.partition("-")[0] for edit in known}
    named = set(re.findall(r"\b[SVQ][0-9]{3}(?:-[0-9])?\b", PAGE.partition("## Every edit")[0]))
    assert named
    assert named <= known | parents
