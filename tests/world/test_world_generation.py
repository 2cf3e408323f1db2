import errno
import hashlib
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from payments_pipeline.world import World, WorldError, generate, is_there, read_manifest
from payments_pipeline.world.book import book_of
from payments_pipeline.world.command import generate as generate_command
from payments_pipeline.world.manifest import Manifest
from payments_pipeline.world.portfolio import tables_of
from tests.conftest import WorldOf

SMALL = World(loans=900, seed=7, first_day=date(2026, 6, 29), days=10, chunk_loans=400)
PEAK = replace(SMALL, peak_day=date(2026, 7, 6), peak_payments=333)

COMPLETED: Final = ("payment", "late", "missed", "out_of_order", "partial", "overpayment", "unknown_loan")


def digests(folder: Path) -> dict[str, str]:
    """Hash of each file by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def payments_on(folder: Path, day: date) -> int:
    """Distinct payments of a value date that were completed."""
    items = pq.read_table(folder / "truth" / "items.parquet")
    told = items.filter(pc.field("truth").isin(COMPLETED) & (pc.field("value_date") == day))
    return int(pc.count_distinct(told["identity"]).as_py())


@pytest.mark.parametrize("world", [SMALL, PEAK, replace(SMALL, noise=3.0)], ids=["plain", "peak", "noisy"])
def test_the_same_world_is_the_same_bytes(tmp_path: Path, world: World) -> None:
    generate(world, tmp_path / "one")
    generate(world, tmp_path / "other")
    assert digests(tmp_path / "one") == digests(tmp_path / "other")


def test_another_seed_is_another_world(world_of: WorldOf) -> None:
    one, other = digests(world_of(SMALL)), digests(world_of(replace(SMALL, seed=8)))
    # the bank names a loan's account number by the loan alone
    same = [path for path in one.keys() & other.keys() if one[path] == other[path]]
    assert same == ["portfolio/account_numbers.parquet"]


def test_a_chunk_made_alone_is_the_chunk_of_the_world(world_of: WorldOf) -> None:
    chunk = SMALL.chunks()[1]
    for name, table in tables_of(SMALL, book_of(SMALL, chunk)).items():
        whole = pq.read_table(world_of(SMALL) / "portfolio" / f"{name}.parquet")
        key, first, count = ("borrower_id", chunk.first_borrower, chunk.borrowers)
        if name != "borrowers":
            key = "loan_id" if "loan_id" in whole.column_names else whole.column_names[0]
            first, count = chunk.first_loan, chunk.loans
        of_chunk = whole.filter(pc.and_(pc.greater_equal(whole[key], first), pc.less(whole[key], first + count)))
        assert of_chunk.equals(table.combine_chunks()), name


def test_more_loans_leave_those_of_the_full_chunks_before_as_they_were(world_of: WorldOf) -> None:
    small = pq.read_table(world_of(SMALL) / "portfolio" / "loans.parquet")
    large = pq.read_table(world_of(replace(SMALL, loans=1_500)) / "portfolio" / "loans.parquet")
    assert small.slice(0, 800).equals(large.slice(0, 800))


@pytest.mark.parametrize("change", [{"noise": 3.0}, {"peak_day": date(2026, 7, 1), "peak_payments": 100}], ids=str)
def test_noise_and_peaks_change_no_loan(world_of: WorldOf, change: dict[str, float]) -> None:
    one, other = digests(world_of(SMALL)), digests(world_of(replace(SMALL, **change)))  # type: ignore[arg-type]
    portfolio = [path for path in one if path.startswith("portfolio/")]
    assert len(portfolio) == 6
    assert [path for path in portfolio if one[path] != other[path]] == []


@pytest.mark.parametrize("wanted", [0, 1, 7, 40, 333, 900, 2_000])
@pytest.mark.parametrize("noise", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("day", [date(2026, 7, 1), date(2026, 7, 4)], ids=str)
def test_the_peak_day_has_exactly_as_many_payments_as_asked_for(
    tmp_path: Path, wanted: int, noise: float, day: date
) -> None:
    world = replace(SMALL, peak_day=day, peak_payments=wanted, noise=noise)
    generate(world, tmp_path / "world")
    assert payments_on(tmp_path / "world", day) == wanted


def test_the_quotas_of_the_chunks_add_up_to_the_peak() -> None:
    for wanted in range(40):
        world = replace(SMALL, peak_day=SMALL.first_day, peak_payments=wanted)
        assert sum(world.peak_quota(chunk) or 0 for chunk in world.chunks()) == wanted


def test_a_world_of_one_loan_and_one_day_can_be_made(tmp_path: Path) -> None:
    manifest = generate(World(loans=1, days=1), tmp_path / "world")
    assert manifest.counts["loans"] == manifest.counts["borrowers"] == 1


def test_the_manifest_tells_parameters_and_the_rows_of_every_file(tmp_path: Path) -> None:
    made = generate(PEAK, tmp_path / "world")
    read = read_manifest(tmp_path / "world")
    assert is_there(tmp_path / "world")
    assert read == Manifest(PEAK, dict(made.counts), dict(made.files))
    assert read_manifest(tmp_path / "world" / "manifest.json") == read
    on_disk = {path for path in digests(tmp_path / "world") if not path.endswith(("manifest.json", "_manifest.csv"))}
    assert set(read.files) == on_disk
    for path, rows in read.files.items():
        file = tmp_path / "world" / path
        found = pq.read_metadata(file).num_rows if path.endswith(".parquet") else len(file.read_text().splitlines()) - 1
        assert found == rows, path


def test_progress_tells_each_stage_to_its_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    generate(SMALL, tmp_path / "world", lambda *step: told.append(step))
    ends = [stage for stage, done, total in told if done == total]
    assert ends == ["loans and payments", "arrivals", "bank"]


@pytest.mark.parametrize("mine", ["mine.txt", "portfolio/mine.txt", "manifest.json"])
def test_a_world_is_left_alone_unless_told(tmp_path: Path, mine: str) -> None:
    generate(World(loans=1, days=1), tmp_path / "world")
    before = digests(tmp_path / "world")
    with pytest.raises(WorldError, match=r"world is not empty\.") as refused:
        generate(SMALL, tmp_path / "world")
    assert "--force" in refused.value.remedy
    assert digests(tmp_path / "world") == before
    (tmp_path / "world" / mine).write_text('{"format_version": 1, "parameters": {}}')  # an old world's, perhaps
    generate(SMALL, tmp_path / "world", overwrite=True)
    assert read_manifest(tmp_path / "world").world == SMALL
    assert not (tmp_path / "world" / "mine.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


@pytest.mark.parametrize(
    ("mine", "text"), [("mine.txt", "precious"), ("arrivals", "an inbox"), ("manifest.json", '{"name": "my-app"}')]
)
def test_a_folder_that_is_no_world_is_never_overwritten(tmp_path: Path, mine: str, text: str) -> None:
    (tmp_path / "bank").mkdir()
    (tmp_path / mine).write_text(text)
    for overwrite in (False, True):
        with pytest.raises(WorldError, match=f"{re.escape(str(tmp_path))} is not empty, and no world"):
            generate(SMALL, tmp_path, overwrite=overwrite)
    assert {path.name for path in tmp_path.iterdir()} == {"bank", mine}
    assert (tmp_path / mine).read_text() == text


def test_an_empty_folder_and_the_leftovers_of_a_world_may_be_replaced(tmp_path: Path) -> None:
    world = tmp_path / "world"
    world.mkdir()
    generate(SMALL, world)
    (world / "manifest.json").unlink()
    shutil.rmtree(world / "truth")
    generate(SMALL, world, overwrite=True)
    assert is_there(world)


def test_a_disk_that_is_full_is_told_with_the_folder_and_left_as_it_was(tmp_path: Path) -> None:
    def fill(stage: str, done: int, total: int) -> None:
        if stage == "bank":
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(WorldError, match=r"world cannot be written: No space left on device") as refused:
        generate(SMALL, tmp_path / "world", fill)
    assert "name another folder" in refused.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_killed_leaves_no_world_and_does_not_hinder_the_next(tmp_path: Path) -> None:
    def kill(stage: str, done: int, total: int) -> None:
        if stage == "bank":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(SMALL, tmp_path / "world", kill)
    assert not (tmp_path / "world").exists()
    generate(SMALL, tmp_path / "world")
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"loans": 0}, "expected from 1 to 24,750,000 loans, found 0"),
        ({"days": 0}, "days, found 0"),
        ({"first_day": date(1, 1, 1)}, "a first day in the years 1990 to 2099, found 0001-01-01"),
        ({"noise": -1.0}, "noise from 0 to 5"),
        ({"seed": -1}, "a seed from 0"),
        ({"peak_payments": 5}, "both its day and its number"),
        ({"peak_day": date(2030, 1, 1), "peak_payments": 5}, "is outside 2026-06-29 to 2026-07-05"),
        ({"peak_day": date(2026, 7, 1), "peak_payments": 5_000}, "at most four payments a loan"),
        ({"chunk_loans": 3}, "an even number of loans"),
    ],
    ids=str,
)
def test_parameters_that_make_no_world_are_named(parameters: dict[str, int], said: str) -> None:
    with pytest.raises(WorldError, match=said):
        World(**parameters)  # type: ignore[arg-type]


def test_what_is_no_world_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="payments generate"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format_version": 99}')
    with pytest.raises(WorldError, match="format 99"):
        read_manifest(tmp_path)
    assert not is_there(tmp_path)


def test_the_command_makes_the_world_of_its_options_and_sums_it_up(tmp_path: Path) -> None:
    size = ["--loans", "300", "--seed", "5", "--from", "2026-01-30", "--days", "4", "--noise", "2"]
    peak = ["--peak-day", "2026-02-01", "--peak-payments", "60"]
    run = CliRunner().invoke(generate_command, [*size, *peak, "--out", str(tmp_path / "world")])
    assert run.exit_code == 0, run.output
    assert re.search(r"loans .* 300", run.output)
    expected = World(300, 5, date(2026, 1, 30), 4, 2.0, date(2026, 2, 1), 60)
    assert read_manifest(tmp_path / "world").world == expected
    assert payments_on(tmp_path / "world", date(2026, 2, 1)) == 60
