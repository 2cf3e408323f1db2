"""The year's list of places is read as the platform keeps it, and what is no such list is refused with its reason."""

from pathlib import Path

import pytest

from payments_pipeline.hmda.census import CensusError, read_census

HEADER = "collectionYear|msaMd|state|county|tract|smallCounty|name"
LINE = "2025|1|06|037|264000||Los Angeles"


def census_of(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def test_tracts_counties_and_small_counties_are_read(tmp_path: Path) -> None:
    census = read_census(census_of(tmp_path / "census.txt", HEADER, LINE, "2025|1|48|453|002113|S|Travis"))
    assert sorted(census.tracts) == ["06037264000", "48453002113"]
    assert sorted(census.counties) == ["06037", "48453"]
    assert census.small_counties.to_list() == ["48453"]


def test_a_line_may_be_of_a_county_alone(tmp_path: Path) -> None:
    census = read_census(census_of(tmp_path / "census.txt", HEADER, LINE, "2025|1|48|453||S|Travis"))
    assert census.tracts.to_list() == ["06037264000"]
    assert sorted(census.counties) == ["06037", "48453"]


@pytest.mark.parametrize(
    ("lines", "encoding", "end"),
    [
        ((HEADER, LINE.replace("Los Angeles", "Doña Ana")), "latin-1", "\n"),
        ((HEADER, LINE), "utf-8-sig", "\r\n"),
        ((HEADER, LINE.replace("|037|", "| 037 |"), ""), "utf-8", "\n"),
    ],
)
def test_what_says_the_same_in_other_bytes_reads_the_same(
    lines: tuple[str, ...], encoding: str, end: str, tmp_path: Path
) -> None:
    census = read_census(census_of(tmp_path / "census.txt", *lines, encoding=encoding, end=end))
    assert census.tracts.to_list() == ["06037264000"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("",), "it is empty"),
        ((HEADER,), "no line with a place"),
        ((HEADER.replace("tract|", ""), LINE.replace("264000|", "")), "no column tract"),
        ((HEADER, f"{LINE}|more"), "other fields than its header"),
        ((HEADER.replace("|", ","), LINE.replace("|", ",")), "no column county, smallCounty, state, tract"),
        ((HEADER, LINE, LINE.replace("|06|", "|6|")), "line 3: state 6, county 037, tract 264000"),
        ((HEADER, LINE.replace("264000", "2640.00")), "line 2: state 06, county 037, tract 2640.00"),
        ((HEADER, "2025|1|06"), "line 2: state 06, county none, tract none"),
    ],
)
def test_what_is_no_list_of_places_is_refused_with_its_reason(
    lines: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(CensusError) as refused:
        read_census(census_of(tmp_path / "census.txt", *lines))
    assert said in refused.value.message
    assert refused.value.exit_code == 2


def test_a_census_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match="No such file or directory"):
        read_census(tmp_path / "missing.txt")
    with pytest.raises(CensusError, match="Is a directory"):
        read_census(tmp_path)
