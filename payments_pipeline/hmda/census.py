"""The year's census: which tracts and counties there are, and in which states.

The file is the platform's own (`|`, a header, a line a tract): collection year, MSA, state, county, tract, and further
columns of which the one named smallCounty says `S` where Q603 lets a county go without its tract.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from payments_pipeline.errors import PaymentsError

STATES: Final[dict[str, str]] = {
    "AL": "01", "AK": "02", "AZ": "04", "AR": "05", "CA": "06", "CO": "08", "CT": "09", "DE": "10", "FL": "12",
    "GA": "13", "HI": "15", "ID": "16", "IL": "17", "IN": "18", "IA": "19", "KS": "20", "KY": "21", "LA": "22",
    "ME": "23", "MD": "24", "MA": "25", "MI": "26", "MN": "27", "MS": "28", "MO": "29", "MT": "30", "NE": "31",
    "NV": "32", "NH": "33", "NJ": "34", "NM": "35", "NY": "36", "NC": "37", "ND": "38", "OH": "39", "OK": "40",
    "OR": "41", "PA": "42", "RI": "44", "SC": "45", "SD": "46", "TN": "47", "TX": "48", "UT": "49", "VT": "50",
    "VA": "51", "WA": "53", "WV": "54", "WI": "55", "WY": "56", "AS": "60", "DC": "11", "FM": "64", "GU": "66",
    "MH": "68", "MP": "69", "PW": "70", "PR": "72", "VI": "78",
}  # fmt: skip
"""The states that an address may name, and the two digits that their counties begin with."""

_CODES: Final = {"state": "^[0-9]{2}$", "county": "^[0-9]{3}$", "tract": "^([0-9]{6})?$"}
"""The columns that together are a tract, each with its form; a line may be of a county alone."""
_COLUMNS: Final = (*_CODES, "smallCounty")
_LINE: Final = "line of the file"
_FIRST_LINE: Final = 2


class CensusError(PaymentsError):
    """A census file that cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Census:
    """What the edits ask of the census: tracts by their 11 digits, counties by their 5."""

    tracts: pl.Series
    counties: pl.Series
    small_counties: pl.Series


def read_census(path: Path) -> Census:
    """The census in a file."""
    try:
        with path.open("rb") as stream:
            lines = pl.read_csv(
                stream, separator="|", infer_schema=False, quote_char=None, encoding="utf8-lossy", row_index_name=_LINE,
                row_index_offset=_FIRST_LINE,
            )  # fmt: skip
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    except pl.exceptions.NoDataError as error:
        raise _refusal(path, "it is empty") from error
    except pl.exceptions.PolarsError as error:
        raise _refusal(path, "its lines have other fields than its header") from error
    if missing := sorted(set(_COLUMNS) - set(lines.columns)):
        raise _refusal(path, f"it has no column {', '.join(missing)}")
    places = lines.select(_LINE, pl.col(*_COLUMNS).str.strip_chars().fill_null("")).filter(
        pl.any_horizontal(pl.col(*_CODES) != "")
    )
    _refuse_other_codes(path, places)
    found = places.select(
        county=pl.col("state") + pl.col("county"),
        tract=pl.when(pl.col("tract") != "").then(pl.concat_str(*_CODES)),
        is_small=pl.col("smallCounty") == "S",
    )
    return Census(
        tracts=found["tract"].drop_nulls().unique(),
        counties=found["county"].unique(),
        small_counties=found.filter(pl.col("is_small"))["county"].unique(),
    )


def _refuse_other_codes(path: Path, places: pl.DataFrame) -> None:
    """Codes that lost their zeros would make every address wrong that is right."""
    if places.is_empty():
        raise _refusal(path, "it has no line with a place")
    others = places.filter(~pl.all_horizontal(pl.col(code).str.contains(form) for code, form in _CODES.items()))
    if not others.is_empty():
        line, *codes = others.select(_LINE, *_CODES).row(0)
        said = ", ".join(f"{name} {code or 'none'}" for name, code in zip(_CODES, codes, strict=True))
        raise _refusal(path, f"line {line}: {said}, where two, three and six digits are expected")


def _refusal(path: Path, reason: str) -> CensusError:
    return CensusError(
        f"{path} is no census file: {reason}",
        f"Name a file with a header and |, with the columns {', '.join(_COLUMNS)}.",
    )
