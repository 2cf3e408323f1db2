"""`payments report`: from the ledger to a submission, as people do it."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payments_pipeline.cli import payments
from payments_pipeline.postgres import url as urls
from payments_pipeline.postgres.connect import Database
from payments_pipeline.postgres.server import Server
from tests.conftest import new_database


@pytest.fixture
def own(kept: Database, server: Server) -> Iterator[Database]:
    """A copy of the book, since commands commit."""
    with new_database(server, template=urls.parse(kept.url)["dbname"]) as database:
        yield database


@pytest.fixture
def run(own: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", own.url)
    monkeypatch.setenv("PAYMENTS_PII_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("PAYMENTS_HOME", str(tmp_path / "home"))

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(payments, ["report", *arguments])

    return command  # type: ignore[return-value]


def test_a_year_is_computed_written_approved_by_another_and_submitted(run: object, tmp_path: Path) -> None:
    assert callable(run)
    out = str(tmp_path / "out")
    assert "no report yet" in run("status").output
    written = run("1098", "--year", "2025", "--format", "fire", "--out", out, "--by", "Pat")
    assert written.exit_code == 0, written.output
    assert "14 forms" in written.output
    assert "interest received" in written.output
    assert "900123456" not in written.output
    assert [path.name for path in Path(out).iterdir()] == ["1098-2025-v1.fire.txt"]

    refused = run("approve", "1098", "--year", "2025", "--by", "Pat")
    assert "Pat prepared form_1098 2025, version 1 and may not approve it" in str(refused.exception)
    assert run("approve", "1098", "--year", "2025", "--by", "Kim", "--note", "register read").exit_code == 0
    assert run("submit", "1098", "--year", "2025", "--by", "Kim", "--reference", "ORIG.55AA5.0001").exit_code == 0

    shown = run("status", "--log")
    assert shown.exit_code == 0
    for words in ("submitted", "ORIG.55AA5.0001", "register read", "validated", "Kim"):
        assert words in shown.output

    for format_ in ("register", "pdf"):
        assert run("1098", "--year", "2025", "--format", format_, "--out", out, "--by", "Pat").exit_code == 0
    assert run("1098", "--year", "2026", "--format", "iris", "--out", out, "--by", "Pat").exit_code == 0
    listed = (Path(out) / "1098-2025-v1.statements.csv").read_text().splitlines()
    assert len(listed) == 1 + 14
    one = ("--loan", listed[1].split(",")[0])
    assert run("1098", "--year", "2025", "--format", "pdf", "--out", out, "--by", "Pat", *one).exit_code == 0
    assert (Path(out) / "1098-2025-v1.statements.csv").read_text().splitlines() == listed
    assert len((Path(out) / "1098-2025-v1.statements.chosen.csv").read_text().splitlines()) == 2

    assert {path.name for path in Path(out).iterdir()} >= {
        "1098-2025-v1.register.html", "1098-2025-v1.register.csv", "1098-2025-v1.statements", "1098-2026-v1.iris-O001.xml",
    }  # fmt: skip


def test_a_year_that_is_not_over_is_a_preview_and_one_that_is_not_in_the_books_is_refused(
    run: object, tmp_path: Path
) -> None:
    assert callable(run)
    out = ("--format", "register", "--out", str(tmp_path / "out"), "--by", "Pat")
    for year in ("2024", "2027"):
        refused = run("1098", "--year", year, *out)
        assert f"{year} is not a year of the books: they begin on 2025-" in str(refused.exception)
    assert "no report yet" in run("status").output
    assert "preview" not in run("1098", "--year", "2025", *out).output
    because = "the books are posted to 2026-01-31"
    assert (
        f"This is a preview, which cannot be approved or filed: {because}."
        in run("1098", "--year", "2026", *out).output
    )
    assert run("1098", "--year", "2026", *out[:1], "iris", *out[2:]).exit_code == 0
    assert f"a preview, as {because}: make it again" in run("status").output


def test_wrong_words_are_told_before_anything_is_computed_or_written(run: object, tmp_path: Path) -> None:
    assert callable(run)
    pdf = ("1098", "--year", "2025", "--format", "pdf", "--out", str(tmp_path / "out"), "--by", "Pat")
    assert "is no loan number" in run(*pdf, "--loan", "LN" + "9" * 23).output
    assert "none of the loans that were named" in str(run(*pdf, "--loan", "LN9999999999").exception)
    (tmp_path / "filer.toml").write_bytes(b"\xff")
    assert "filer.toml does not say who files" in str(run(*pdf, "--filer", str(tmp_path / "filer.toml")).exception)
    register = ("1098", "--year", "2025", "--format", "register", "--out", str(tmp_path / "out"), "--by", "Pat")
    assert run(*register).exit_code == 0
    refused = run("submit", "1098", "--year", "2025", "--by", "Kim", "--reference", "ORIG")
    assert "is drafted, not approved" in str(refused.exception)


@pytest.mark.parametrize("step", ["approve", "submit"])
def test_a_quarter_is_one_of_four(run: object, step: str) -> None:
    assert callable(run)
    for quarter in ("0", "5"):
        refused = run(step, "hmda", "--year", "2026", "--quarter", quarter)
        assert refused.exit_code == 2
        assert f"{quarter} is not in the range 1<=x<=4" in refused.output


def test_a_touched_log_ends_the_status_with_1(run: object, own: Database, tmp_path: Path) -> None:
    assert callable(run)
    run("1098", "--year", "2025", "--format", "register", "--out", str(tmp_path / "out"), "--by", "Pat")
    with own.connect("owner") as owner:
        owner.execute("update compliance.compliance_audit_log set actor = 'Mallory' where entry_no = 1")
    ended = run("status")
    assert ended.exit_code == 1
    assert "it is not what was hashed" in ended.output
