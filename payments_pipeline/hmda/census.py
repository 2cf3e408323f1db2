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

_COLUMNS: Final = ("state", "county", "tract", "smallCounty")


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
        lines = pl.read_csv(path, separator="|", infer_schema=False, quote_char=None, columns=list(_COLUMNS))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(
            f"{path} is no census file: {type(error).__name__}",
            f"Name a file with a header and |, with the columns {', '.join(_COLUMNS)}.",
        ) from error
    county = (pl.col("state").str.strip_chars() + pl.col("county").str.strip_chars()).alias("county")
    found = lines.select(
        county, (county + pl.col("tract").str.strip_chars()).alias("tract"), is_small=pl.col("smallCounty") == "S"
    )
    return Census(
        tracts=found["tract"].unique(),
        counties=found["county"].unique(),
        small_counties=found.filter(pl.col("is_small"))["county"].unique(),
    )
