"""Edits of the property: V688 to V692."""

from typing import Final

from payments_pipeline.hmda.edits.language import equals, is_number, na_or_exempt, number, one_of, when
from payments_pipeline.hmda.edits.model import RowEdit
from payments_pipeline.hmda.layout import EXEMPT_CODE

MULTIFAMILY_UNITS: Final = 5
"""From so many units on, a dwelling is multifamily."""

EDITS: Final[tuple[RowEdit, ...]] = (
    RowEdit(
        id="V688-1",
        text="Property Value must be either a number greater than 0, Exempt, or NA, and cannot be left blank.",
        fields=("property_value", "action_taken"),
        passes=na_or_exempt("property_value") | (number("property_value") > 0),
    ),
    RowEdit(
        id="V688-2",
        text="If Action Taken equals 4 or 5, then Property Value must be Exempt or NA.",
        fields=("property_value", "action_taken"),
        passes=when(one_of("action_taken", 4, 5), na_or_exempt("property_value")),
    ),
    RowEdit(
        id="V689-1",
        text="Manufactured Home Secured Property Type must equal 1111, 1, 2 or 3, and cannot be left blank.",
        fields=("manufactured_home_secured_property_type", "multifamily_affordable_units", "construction_method"),
        passes=one_of("manufactured_home_secured_property_type", 1, 2, 3, EXEMPT_CODE),
    ),
    RowEdit(
        id="V689-2",
        text=(
            "If Multifamily Affordable Units is a number, then Manufactured Home Secured Property Type must "
            "equal 1111 or 3."
        ),
        fields=("manufactured_home_secured_property_type", "multifamily_affordable_units", "construction_method"),
        passes=when(
            is_number("multifamily_affordable_units"), one_of("manufactured_home_secured_property_type", 3, EXEMPT_CODE)
        ),
    ),
    RowEdit(
        id="V689-3",
        text="If Construction Method equals 1, then Manufactured Home Secured Property Type must equal 1111 or 3.",
        fields=("manufactured_home_secured_property_type", "multifamily_affordable_units", "construction_method"),
        passes=when(
            equals("construction_method", 1), one_of("manufactured_home_secured_property_type", 3, EXEMPT_CODE)
        ),
    ),
    RowEdit(
        id="V690-1",
        text=("Manufactured Home Land Property Interest must equal 1111, 1, 2, 3, 4, or 5, and cannot be left blank."),
        fields=("manufactured_home_land_property_interest", "multifamily_affordable_units", "construction_method"),
        passes=one_of("manufactured_home_land_property_interest", 1, 2, 3, 4, 5, EXEMPT_CODE),
    ),
    RowEdit(
        id="V690-2",
        text=(
            "If Multifamily Affordable Units is a number, then Manufactured Home Land Property Interest must "
            "equal 1111 or 5."
        ),
        fields=("manufactured_home_land_property_interest", "multifamily_affordable_units", "construction_method"),
        passes=when(
            is_number("multifamily_affordable_units"),
            one_of("manufactured_home_land_property_interest", 5, EXEMPT_CODE),
        ),
    ),
    RowEdit(
        id="V690-3",
        text="If Construction Method equals 1, then Manufactured Home Land Property Interest must equal 1111 or 5.",
        fields=("manufactured_home_land_property_interest", "multifamily_affordable_units", "construction_method"),
        passes=when(
            equals("construction_method", 1), one_of("manufactured_home_land_property_interest", 5, EXEMPT_CODE)
        ),
    ),
    RowEdit(
        id="V691",
        text="Total Units must be a whole number greater than 0, and cannot be left blank.",
        fields=("total_units",),
        passes=number("total_units") > 0,
    ),
    RowEdit(
        id="V692-1",
        text="Multifamily Affordable Units must be either a whole number, Exempt, or NA, and cannot be left blank.",
        fields=("multifamily_affordable_units", "total_units"),
        passes=is_number("multifamily_affordable_units") | na_or_exempt("multifamily_affordable_units"),
        is_preempted=True,
    ),
    RowEdit(
        id="V692-2",
        text="If Total Units is less than 5, then Multifamily Affordable Units must be Exempt or NA.",
        fields=("multifamily_affordable_units", "total_units"),
        passes=when(number("total_units") < MULTIFAMILY_UNITS, na_or_exempt("multifamily_affordable_units")),
    ),
    RowEdit(
        id="V692-3",
        text=(
            "If Total Units is greater than or equal to 5, then Multifamily Affordable Units must be less "
            "than or equal to Total Units, Exempt or NA."
        ),
        fields=("multifamily_affordable_units", "total_units"),
        passes=when(
            number("total_units") >= MULTIFAMILY_UNITS,
            na_or_exempt("multifamily_affordable_units")
            | (number("multifamily_affordable_units") <= number("total_units")),
        ),
    ),
)
