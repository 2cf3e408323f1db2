"""Edits of where the property is: V620 to V627, V716.

Without a census the lists of tracts and counties cannot be asked: V625-2 is not checked, and of counties only their
form.
"""

from typing import Final

import polars as pl

from payments_pipeline.hmda.census import STATES
from payments_pipeline.hmda.edits.language import (
    JAVA_NUMBER,
    empty,
    is_na,
    length,
    matches,
    na_or_exempt,
    text,
    when,
)
from payments_pipeline.hmda.edits.model import Filing, RowEdit
from payments_pipeline.hmda.layout import NA

ZIP_CODE: Final = "^[0-9]{5}(-[0-9]{4})?$"
TRACT_LENGTH: Final = 11
COUNTY_LENGTH: Final = 5
NO_TRACT: Final = text("census_tract").str.to_lowercase() == "na"
NO_COUNTY: Final = text("county").str.to_lowercase() == "na"
NO_STATE: Final = text("state").str.to_lowercase() == "na"
"""What census lists are asked of; the form of the fields is another edit's business, and that one minds the case."""
COUNTY_OF_TRACT: Final = text("census_tract").str.slice(0, COUNTY_LENGTH)
STATE_DIGITS: Final = text("state").replace_strict(STATES, default="", return_dtype=pl.String)


def _is_county(county: pl.Expr, filing: Filing) -> pl.Expr:
    """A county of the census; without a census, what could be one."""
    return county.is_in(filing.census.counties.to_list()) if filing.census else county.str.contains("^[0-9]{5}$")


EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V620",
        text="Street Address cannot be left blank.",
        fields=("street_address",),
        passes=~empty("street_address"),
    ),
    RowEdit(
        id="V621",
        text="City cannot be left blank.",
        fields=("city",),
        passes=~empty("city"),
    ),
    RowEdit(
        id="V622",
        text=(
            "If Street Address was not reported NA or Exempt, then City, State and Zip Code must be "
            "provided, and not reported NA."
        ),
        fields=("street_address", "city", "state", "zip_code"),
        passes=when(~na_or_exempt("street_address"), ~(is_na("city") | is_na("state") | is_na("zip_code"))),
    ),
    RowEdit(
        id="V623",
        text="State must be either a two letter state code or NA, and cannot be left blank.",
        fields=("state",),
        passes=text("state").is_in([*STATES, NA]),
    ),
    RowEdit(
        id="V624",
        text="The required format for Zip Code is 12345-1010, 12345, Exempt, or NA, and it cannot be left blank.",
        fields=("zip_code",),
        passes=na_or_exempt("zip_code") | matches("zip_code", ZIP_CODE),
    ),
    RowEdit(
        id="V625-1",
        text="The required format for Census Tract is an eleven-digit number or NA, and it cannot be left blank.",
        fields=("census_tract",),
        passes=(matches("census_tract", JAVA_NUMBER) & (length("census_tract") == TRACT_LENGTH)) | NO_TRACT,
    ),
    RowEdit(
        id="V625-2",
        text=(
            "If Census Tract is not reported NA, then the number provided must be a valid census tract "
            "number defined by the U.S. Census Bureau."
        ),
        fields=("census_tract",),
        passes=lambda filing: (
            NO_TRACT | text("census_tract").is_in(filing.census.tracts.to_list()) if filing.census else None
        ),
    ),
    RowEdit(
        id="V626",
        text="The required format for County is a five-digit FIPS code or NA, and it cannot be left blank.",
        fields=("county",),
        passes=lambda filing: (
            is_na("county") | ((length("county") == COUNTY_LENGTH) & _is_county(text("county"), filing))
        ),
    ),
    RowEdit(
        id="V627",
        text=(
            "If County and Census Tract are not reported NA, they must be a valid combination of "
            "information. The first five digits of the Census Tract must match the reported five-digit "
            "County FIPS code."
        ),
        fields=("census_tract", "county"),
        passes=lambda filing: when(
            ~is_na("county") & ~is_na("census_tract"),
            (text("county") == COUNTY_OF_TRACT) & _is_county(COUNTY_OF_TRACT, filing),
        ),
    ),
    RowEdit(
        id="V716",
        text=(
            "The reported State and County are not a valid combination. If neither State nor County were "
            "reported NA, then the County must be located within the State."
        ),
        fields=("county", "state"),
        passes=lambda filing: (
            NO_COUNTY
            | NO_STATE
            | ((text("county").str.slice(0, 2) == STATE_DIGITS) & _is_county(text("county"), filing))
        ),
    ),
)
