"""The pages about expectations lead to what the last run found."""

from pathlib import Path

from payments_pipeline.expectations.pages import write_summary


def test_a_run_over_the_same_days_is_linked_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "2026-07-01"
    for time in ("20261122T233012.1Z", "20261123T090000.1Z"):
        page = folder / "validations" / "ledger" / "entries turnover" / "2026-07-01" / time / "entries turnover.html"
        page.parent.mkdir(parents=True)
        page.touch()
    summary = write_summary(folder, []).read_text()
    assert summary.count("entries turnover</a>") == 1
    assert "20261123T090000.1Z" in summary
