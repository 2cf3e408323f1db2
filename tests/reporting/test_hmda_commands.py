"""`payments report hmda`: from the origination system to a submission, and to the one that follows it."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from payments_pipeline.cli import payments
from payments_pipeline.postgres.connect import Database
from payments_pipeline.world.load import load_portfolio
from tests.conftest import WorldOf
from tests.reporting.originated import PERSONAL_DATA, WORLD

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, world_of: WorldOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    with database.connect() as connection:
        load_portfolio(connection, world_of(WORLD), personal_data=PERSONAL_DATA)
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", database.url)
    monkeypatch.setenv("PAYMENTS_PII_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("PAYMENTS_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(payments, list(arguments))


def test_a_register_is_confirmed_written_approved_by_another_submitted_and_submitted_again(
    run: Run, database: Database, world_of: WorldOf, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    census = str(world_of(WORLD) / "originations" / "census.txt")
    ours = ("report", "hmda", "--year", "2025", "--out", str(out), "--by", "Pat", "--census", census)

    review = run(*ours)
    assert review.exit_code == 0, review.output
    assert "Loan originated" in review.output
    assert {path.name for path in out.iterdir()} == {
        f"hmda-2025-v1.{name}" for name in ("register.html", "edits.csv", "differences.csv")
    }
    page = (out / "hmda-2025-v1.register.html").read_text()
    assert "Not confirmed" in page
    assert "Due on 2026-03-02" in page

    refused = run(*ours, "--format", "lar")
    assert refused.exit_code == 1
    assert "nobody has said so: Q629" in str(refused.exception)
    assert not (out / "hmda-2025-v1.lar.txt").exists()
    assert run(*ours, "--format", "lar", "--confirm", "Q629").exit_code == 2

    written = run(*ours, "--format", "lar", "--confirm", "Q629=companies report no income")
    assert written.exit_code == 0, written.output
    lar = out / "hmda-2025-v1.lar.txt"
    checked = run("hmda", "check", str(lar), "--year", "2025", "--census", census)
    assert checked.exit_code == 0, checked.output
    assert "Nothing blocks filing" in checked.output

    steps = ("--year", "2025", "--by")
    assert "may not approve it" in str(run("report", "approve", "hmda", *steps, "Pat").exception)
    assert run("report", "approve", "hmda", *steps, "Kim", "--note", "page read").exit_code == 0
    receipt = "0000NORTHWINDMSI0017-2025-1-1772445600000"
    assert run("report", "submit", "hmda", *steps, "Kim", "--reference", receipt).exit_code == 0
    told = run("report", "status", "--log")
    for words in ("submitted", receipt, "edit confirmed", "companies report no income", "Kim"):
        assert words in told.output

    with database.connect("compliance") as connection:
        connection.execute(
            "update servicing.applications set nmlsr_id = '123456' where application_id = (select min(application_id) "
            "from servicing.applications where action_taken_on between '2025-01-01' and '2025-12-31')"
        )
    assert run(*ours, "--format", "lar").exit_code == 0  # what was confirmed has not changed
    assert run("report", "approve", "hmda", *steps, "Kim").exit_code == 0
    assert run("report", "submit", "hmda", *steps, "Kim", "--reference", f"{receipt}-2").exit_code == 0
    after = run("report", "status").output
    assert re.search(r"hmda_lar 2025\s+1\s+corrected", after)
    assert re.search(r"hmda_lar 2025\s+2\s+submitted", after)
    kept = lar.read_bytes()
    again = run(*ours, "--format", "lar", "--version", "1")
    assert again.exit_code == 0, again.output
    assert lar.read_bytes() == kept


def test_a_quarter_is_a_report_of_its_own(run: Run, tmp_path: Path) -> None:
    ours = ("report", "hmda", "--year", "2026", "--quarter", "1", "--out", str(tmp_path / "out"), "--by", "Pat")
    whole = run("report", "hmda", "--year", "2026", "--out", str(tmp_path / "out")).output
    assert "This is a preview, which cannot be approved or filed: the period ends on 2026-12-31." in whole
    asked = re.findall(r"^(Q\d{3}\S*) ", run(*ours).output, re.MULTILINE)
    confirmed = [word for edit in asked for word in ("--confirm", f"{edit}=looked at")]
    assert run(*ours, "--format", "lar", *confirmed).exit_code == 0
    first = (tmp_path / "out" / "hmda-2026-Q1-v1.lar.txt").read_text().splitlines()[0]
    assert first.split("|")[2:4] == ["2026", "1"]
    assert run("report", "approve", "hmda", "--year", "2026", "--quarter", "1", "--by", "Kim").exit_code == 0
    assert run("report", "hmda", "--year", "2023", "--out", str(tmp_path)).exit_code == 2
