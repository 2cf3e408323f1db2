"""The register of Form 1098: every form, reportable or not, for a person to review before the year is filed.

A page to read (what the totals are, how they follow from the general ledger, what somebody must look at) and a CSV of
all forms. Neither names a borrower: loans go by their numbers.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from payments_pipeline.money import dollars
from payments_pipeline.reporting.files import becoming
from payments_pipeline.reporting.files_1098 import Desk
from payments_pipeline.reporting.form_1098 import bridge, differences, require_agreement
from payments_pipeline.reporting.lifecycle import WrittenFile
from payments_pipeline.reporting.whole_books import stream
from payments_pipeline.rules.form_1098 import correct_until, file_by, furnish_by

COLUMNS: Final = (
    "loan_number", "version", "disposition", "payer_kind", "tin_type", "ledger_interest_cents", "ledger_fees_cents",
    "service_fees_cents", "paid_by_others_cents", "reported_last_year_cents", "prepaid_now_cents", "refunded_cents",
    "box_1_cents", "box_2_cents", "box_2_on", "box_2_is_as_boarded", "box_3_on", "box_4_cents", "box_5_cents",
    "box_6_cents", "box_7_is_mailing_address", "box_9_properties", "box_11_on", "is_abroad",
)  # fmt: skip
SHOWN: Final = 25
"""Loans that are named where somebody must look at more."""

DISPOSITIONS: Final = {
    "reportable": "form is due",
    "below_threshold": "less than $600 of interest and points, refunds, or premiums",
    "entity_payer": "payer of record is no individual",
    "unknown_payer": "no tax identity of the payer on file",
    "negative_interest": "interest below zero: a prior year must be corrected",
    "nothing_received": "neither interest nor anything else for a box",
}

TO_REVIEW: Final = {
    "negative_interest": "Interest below zero. No negative form is filed: correct the prior year instead.",
    "unknown_payer": "Interest was received, and who the payer is for the tax authority is not on file.",
    "no_number": "A form is due and the taxpayer number is missing. It is filed without; ask the borrower for it.",
    "as_boarded": "Box 2 is the balance at boarding: our books begin after the date that box 2 is stated as of.",
    "abroad": "The borrower gets mail abroad. Confirm residency and, for a nonresident alien, that a form is due.",
    "large": "Box 1 is more than a tenth of box 2.",
}

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Form 1098 register, {{ year }}, version {{ report.version }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.total td { border-top: 2px solid #333; font-weight: 600; }
.ok { color: #0a6b2d; } .bad { color: #a31515; font-weight: 600; } .quiet { color: #555; }
</style>
<h1>Form 1098 register for {{ year }}, version {{ report.version }}</h1>
<p>{{ report.status | capitalize }}; prepared by {{ report.prepared_by }}. The ledger is posted to {{ report.summary.posted_until }}.
{% if report.preview_because %}<span class="bad">The year is not closed in the books: January 31, {{ year + 1 }} must be posted, since
a return or a release of January may still change the forms. This is a preview.</span>{% endif %}</p>
<p>Statements to borrowers by {{ furnish_by }}; returns by {{ file_by }}; corrections until {{ correct_until }}.
Interest that accrues in full by January 15 and was received in December
{{ "is reported in the year of receipt" if report.parameters.uses_january_15 else "is reported as far as it accrued by December 31" }}.</p>

<h2>From the general ledger to the forms</h2>
<table>
<tr><th>line<th class="n">forms<th class="n">amount
{% for line in lines %}<tr><td>{{ line.label }}<td class="n">{{ line.forms }}<td class="n">{{ line.amount }}
{% if line.closes %}<tr class="total"><td>{{ line.closes.label }}<td><td class="n">{{ line.closes.amount }}{% endif %}
{% endfor %}</table>
{% if difference %}<p class="bad">They differ by {{ difference }}.</p>
{% else %}<p class="ok">They agree to the cent, for the whole book and for each loan.</p>{% endif %}

<h2>What the returns will say</h2>
<table>
<tr><th>box<th class="n">total of the forms that are due
{% for box, amount in boxes %}<tr><td>{{ box }}<td class="n">{{ amount }}
{% endfor %}</table>

<h2>What somebody must look at</h2>
{% for item in reviews %}<h3>{{ item.text }}</h3>
<p>{{ item.count }} {{ "loan" if item.count == "1" else "loans" }}: {{ item.loans }}</p>
{% else %}<p class="ok">Nothing.</p>
{% endfor %}
<p class="quiet">All forms, one a line, are in {{ csv_name }}. Content hash {{ content }}.</p>
"""


def write_register(desk: Desk) -> list[WrittenFile]:
    """The page and the CSV."""
    require_agreement(desk.connection, desk.report)
    listing, page = desk.path(".register.csv"), desk.path(".register.html")
    review = Review()
    with becoming(listing) as part, part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([name.removesuffix("_cents") for name in COLUMNS])
        for row in _rows(desk):
            review.add(row)
            writer.writerow([_shown(name, row[name]) for name in COLUMNS])
    with becoming(page) as part:
        part.write_text(_page(desk, review, listing.name), encoding="utf-8")
    return [WrittenFile.of(listing, "register", review.forms), WrittenFile.of(page, "register", review.forms)]


class Review:
    """What the forms add up to, and the first of those that somebody must look at."""

    def __init__(self) -> None:
        self.forms = 0
        self.boxes = dict.fromkeys((1, 2, 4, 5, 6), 0)
        self.found: Counter[str] = Counter()
        self.first: dict[str, list[str]] = {}

    def add(self, form: dict[str, Any]) -> None:
        """A form, as a row of the register."""
        self.forms += 1
        is_due = form["disposition"] == "reportable"
        if is_due:
            for box in self.boxes:
                self.boxes[box] += form[f"box_{box}_cents"]
        for reason, holds in (
            ("negative_interest", form["disposition"] == "negative_interest"),
            ("unknown_payer", form["disposition"] == "unknown_payer" and form["box_1_cents"] > 0),
            ("no_number", is_due and form["tin_type"] == "unknown"),
            ("as_boarded", is_due and form["box_2_is_as_boarded"]),
            ("abroad", is_due and form["is_abroad"]),
            ("large", is_due and form["box_1_cents"] * 10 > form["box_2_cents"]),
        ):
            if holds:
                self.found[reason] += 1
                self.first.setdefault(reason, [])
                if len(self.first[reason]) < SHOWN:
                    self.first[reason].append(form["loan_number"])


def reviewed(desk: Desk) -> Review:
    """All forms of the version, looked through; memory holds the sums."""
    review = Review()
    for row in _rows(desk):
        review.add(row)
    return review


def _rows(desk: Desk) -> Iterator[dict[str, Any]]:
    rows = stream(
        desk.connection, "reporting/form_1098_register", tax_year=desk.tax_year, report_version=desk.report.version
    )
    return (dict(zip(COLUMNS, row, strict=True)) for row in rows)


def _page(desk: Desk, review: Review, csv_name: str) -> str:
    year = desk.tax_year
    lines = bridge(desk.connection, year, desk.report.version)
    side = {name: sum(line["cents"] for line in lines if line["side"] == name) for name in ("ledger", "forms")}
    last = {line["side"]: line["line"] for line in lines}
    titles = {"ledger": "received by the general ledger", "forms": "forms, and what rules leave out"}
    found = differences(desk.connection, year, desk.report.version)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_PAGE).render(
        year=year,
        report=desk.report,
        furnish_by=f"{furnish_by(year):%B %-d, %Y}",
        file_by=f"{file_by(year):%B %-d, %Y}",
        correct_until=f"{correct_until(year):%B %-d, %Y}",
        lines=[
            {
                "label": label(line["what"]),
                "forms": "" if line["forms"] is None else f"{line['forms']:,}",
                "amount": dollars(line["cents"]),
                "closes": {"label": titles[line["side"]], "amount": dollars(side[line["side"]])}
                if line["line"] == last[line["side"]]
                else None,
            }
            for line in lines
        ],
        difference=dollars(side["ledger"] - side["forms"]) if side["ledger"] != side["forms"] or found else "",
        boxes=[(BOX_NAMES[box], dollars(cents)) for box, cents in review.boxes.items()],
        reviews=[
            {
                "text": text,
                "count": f"{review.found[reason]:,}",
                "loans": ", ".join(review.first[reason]) + (" ..." if review.found[reason] > SHOWN else ""),
            }
            for reason, text in TO_REVIEW.items()
            if review.found[reason]
        ],
        csv_name=csv_name,
        content=desk.report.content_hash.hex(),
    )


BOX_NAMES: Final = {
    1: "1 Mortgage interest received",
    2: "2 Outstanding mortgage principal",
    4: "4 Refund of overpaid interest",
    5: "5 Mortgage insurance premiums",
    6: "6 Points paid on purchase of principal residence",
}


def label(what: str) -> str:
    """A line of the bridge in words."""
    return f"{what.replace('_', ' ')}: {DISPOSITIONS[what]}" if what in DISPOSITIONS else what


def _shown(name: str, value: Any) -> Any:
    if value is None:
        return ""
    return f"{Decimal(value) / 100:.2f}" if name.endswith("_cents") else value
