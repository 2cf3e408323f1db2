"""The register that `payments bench lar` measures is a real one, and both sides of the ratio read all of it."""

from pathlib import Path

from payments_pipeline.bench.lar import check_register, parse_register, write_sample
from payments_pipeline.hmda.check import RegisterCheck
from payments_pipeline.hmda.layout import LAR_WIDTH


def test_the_measured_register_is_whole_and_has_a_few_faults(tmp_path: Path) -> None:
    path = tmp_path / "lar.txt"
    write_sample(path, 1_000)
    check = RegisterCheck(path, year=2025)
    broken = {
        violation.row
        for findings in check.findings()
        for finding in findings
        for violation in finding.violations()
        if violation.row
    }
    assert check.lines == 1_000
    assert 5 <= len(broken) <= 60
    assert check.totals is not None
    assert check.totals.distinct_ulis == check.totals.rows
    assert parse_register(path) == LAR_WIDTH
    assert check_register(path) >= len(broken)
    assert [one.name for one in tmp_path.iterdir()] == ["lar.txt"]
