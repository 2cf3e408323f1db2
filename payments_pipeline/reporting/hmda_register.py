"""The page of a register: what a compliance officer reads before it is approved, as HTML and, in the UI, as Markdown.

The page shows rows that break an edit, with what stands in them; it is for those who may read the register. The Markdown
names none: it stands in the metadata of runs.
"""

import csv
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from payments_pipeline.hmda.edits.model import EditKind
from payments_pipeline.postgres.run import query
from payments_pipeline.reporting.files import becoming
from payments_pipeline.reporting.hmda_files import Broken, Desk, Judgement
from payments_pipeline.reporting.lifecycle import Report, WrittenFile
from payments_pipeline.rules.hmda import ActivityPeriod
from payments_pipeline.words import counted

ACTIONS: Final = {
    1: "Loan originated",
    2: "Application approved but not accepted",
    3: "Application denied",
    4: "Application withdrawn by applicant",
    5: "File closed for incompleteness",
    6: "Purchased loan",
    7: "Preapproval request denied",
    8: "Preapproval request approved but not accepted",
}
DIFFERENCES: Final = {
    "loan": "The register names a loan that servicing does not have",
    "application": "Servicing has a loan of the period that no application tells of",
    "date": "Date of the note, or of the purchase",
    "amount": "Loan amount",
    "rate": "Interest rate",
    "term": "Loan term",
    "lien": "Lien status",
    "street": "Property: street",
    "city": "Property: city",
    "state": "Property: state",
    "zip": "Property: ZIP code",
    "county": "Property: county",
}
_DIFFERENCES_SHOWN: Final = 50
_EXAMPLES_SHOWN: Final = 5

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>HMDA register, {{ period }}, version {{ report.version }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.total td { border-top: 2px solid #333; font-weight: 600; }
.ok { color: #0a6b2d; } .bad { color: #a31515; font-weight: 600; } .quiet { color: #555; } code { font-size: .85em; }
.next { border-left: .3rem solid #1f4e79; background: #f2f6fa; padding: .6rem 1rem; }
</style>
<h1>HMDA register of {{ period }}, version {{ report.version }}</h1>
<p>{{ report.status | capitalize }}; prepared by {{ report.prepared_by }}. {{ institution }}, LEI {{ lei }}. Due on {{ due }};
kept until {{ kept }}.{% if report.preview_because %} <span class="bad">This is a preview: {{ report.preview_because }}.</span>{% endif %}</p>
<p class="next"><b>Next:</b> {{ next_step }}</p>

<h2>What became of the applications</h2>
<table>
<tr><th>code<th>action taken<th class="n">rows
{% for code, name, count in actions %}<tr><td>{{ code }}<td>{{ name }}<td class="n">{{ count }}
{% endfor %}<tr class="total"><td><td>in the register<td class="n">{{ rows }}
</table>

<h2>What the edits say</h2>
{% for each in broken %}<h3><span class="{{ "bad" if each.blocks else "quiet" }}">{{ each.name }}</span>, {{ each.kind }}: {{ each.rows }}</h3>
<p>{{ each.wording }}</p>
{% if each.blocks %}<p class="bad">Blocks filing.</p>
{% elif each.confirmation %}<p class="ok">Confirmed by {{ each.confirmation.confirmed_by }}: {{ each.confirmation.reason }}</p>
{% else %}<p class="bad">Not confirmed.</p>{% endif %}
<table><tr><th>line<th>ULI<th>field<th>what stands there
{% for one in each.examples %}<tr><td>{{ one.line or "file" }}<td><code>{{ one.uli }}</code><td>{{ one.field }}<td>{{ one.value }}
{% endfor %}</table>
{% else %}<p class="ok">No edit is broken.</p>
{% endfor %}
{% if not has_census %}<p class="quiet">Tracts and counties were not looked up: give the year's list with --census.</p>{% endif %}

<h2>Where servicing says otherwise</h2>
{% if differences %}<p>The register says what the origination system says. Find out which is right, and correct the other.</p>
<table><tr><th>what differs<th class="n">loans
{% for name, count in counts %}<tr><td>{{ name }}<td class="n">{{ count }}
{% endfor %}</table>
<table><tr><th>loan<th>what differs<th>register<th>servicing
{% for one in differences %}<tr><td>{{ one.loan_number }}<td>{{ one.field }}<td>{{ one.reported or "" }}<td>{{ one.serviced or "" }}
{% endfor %}</table>
{% else %}<p class="ok">Nowhere: amount, rate, term, lien, dates and addresses agree for every loan that we service.</p>{% endif %}
<p class="quiet">All rows that an edit names are in {{ rows_listing }}, all differences in {{ listing }}. Content hash {{ content }}.</p>
"""


def write_register(desk: Desk, judgement: Judgement) -> list[WrittenFile]:
    """The page; the rows that edits name, and the differences, as CSV."""
    page, listing, rows_listing = (desk.path(end) for end in (".register.html", ".differences.csv", ".edits.csv"))
    found = query(desk.connection, "reporting/hmda_difference_list", period=desk.report.period)
    with becoming(listing) as part, part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        names = ("loan_number", "uli", "field", "reported", "serviced")
        writer.writerow(names)
        writer.writerows([row[name] for name in names] for row in found)
    with becoming(rows_listing) as part, part.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("edit", "stage", "line", "uli", "field", "value"))
        for each in judgement.broken:
            writer.writerows(
                (each.edit, _stage(each), one.line, one.uli, one.field, one.value) for one in each.examples
            )
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
    text = template.render(
        report=desk.report,
        period=desk.period,
        institution=desk.filer.institution.name,
        lei=desk.filer.institution.lei,
        due=desk.period.file_by,
        kept=desk.period.retain_until,
        next_step=next_step(desk.report, judgement),
        actions=_actions(desk.report),
        rows=f"{judgement.rows:,}",
        broken=[
            {
                "name": each.edit if each.kind is not EditKind.PARSER else "formatting errors",
                "kind": _stage(each),
                "rows": _rows(each),
                "blocks": each.kind.blocks_filing,
                "wording": each.wording,
                "confirmation": each.confirmation,
                "examples": each.examples[:_EXAMPLES_SHOWN],
            }
            for each in judgement.broken
        ],
        has_census=desk.census is not None,
        counts=_counts(Counter(row["field"] for row in found)),
        differences=found[:_DIFFERENCES_SHOWN],
        listing=listing.name,
        rows_listing=rows_listing.name,
        content=desk.report.content_hash.hex(),
    )
    with becoming(page) as part:
        part.write_text(text, encoding="utf-8")
    named = sum(len(each.examples) for each in judgement.broken)
    return [
        WrittenFile.of(page, "register", judgement.rows),
        WrittenFile.of(rows_listing, "register", named),
        WrittenFile.of(listing, "register", len(found)),
    ]


def next_step(report: Report, judgement: Judgement) -> str:
    """What somebody is to do now, in a sentence, with the command that does it."""
    period = ActivityPeriod.of(report.period)
    which = f"--year {period.year}" + (f" --quarter {period.quarter}" if period.quarter else "")
    if report.status in ("submitted", "corrected"):
        return "nothing; what changes from now on is submitted again as the next version."
    if any(each.kind.blocks_filing for each in judgement.broken):
        return "correct the applications in the origination system, load them again, and make the register anew."
    if waiting := [each.edit for each in judgement.broken if each.is_open]:
        words = " ".join(f"--confirm {edit}=REASON" for edit in waiting)
        return (
            "mend the rows, or say why they are right as they are: "
            f"payments report hmda {which} --format lar --out DIR {words}"
        )
    if report.preview_because:
        return f"wait: {report.preview_because}, and what happens until then belongs into it."
    if report.status == "drafted":
        return f"write the file: payments report hmda {which} --format lar --out DIR"
    if report.status == "validated":
        return f"let somebody else approve it: payments report approve hmda {which} --by NAME"
    return f"upload the file, then note the platform's receipt: payments report submit hmda {which} --reference RECEIPT"


def markdown(desk: Desk, judgement: Judgement, differences: Mapping[str, int], files: list[WrittenFile]) -> str:
    """The page for the UI: counts, edits and what to do; no row, and nothing that stands in one."""
    report = desk.report
    lines = [
        f"### HMDA register of {desk.period}, version {report.version}: {report.status}",
        "",
        f"**Next:** {next_step(report, judgement)}",
        "",
        f"Due on {desk.period.file_by}; prepared by {report.prepared_by}; content `{report.content_hash.hex()[:16]}`.",
        f"\n*A preview: {report.preview_because}.*\n" if report.preview_because else "",
        "| action taken | rows |",
        "|---|---:|",
        *(f"| {code} {name} | {count} |" for code, name, count in _actions(report)),
        f"| **in the register** | **{judgement.rows:,}** |",
        "",
    ]
    if judgement.broken:
        lines += ["| edit | stage | rows | what it asks | answer |", "|---|---|---:|---|---|"]
        lines += [
            f"| {each.edit} | {_stage(each)} | {each.rows:,} | {_cell(each.wording)} | {_cell(_answer(each))} |"
            for each in judgement.broken
        ]
    else:
        lines += ["No edit is broken."]
    lines += [""]
    if differences:
        lines += ["| where servicing says otherwise | loans |", "|---|---:|"]
        lines += [f"| {name} | {count} |" for name, count in _counts(differences)]
    else:
        lines += ["Servicing says the same of every loan that it has."]
    lines += ["", *(f"- `{file.path}` sha256 `{file.sha256.hex()}`" for file in files)]
    return "\n".join(lines)


def _answer(broken: Broken) -> str:
    if broken.kind.blocks_filing:
        return "blocks filing"
    if broken.confirmation:
        return f"confirmed by {broken.confirmation.confirmed_by}: {broken.confirmation.reason}"
    return "to be confirmed or mended"


def _stage(broken: Broken) -> str:
    return "formatting" if broken.kind is EditKind.PARSER else broken.kind


def _rows(broken: Broken) -> str:
    if broken.kind is EditKind.MACRO or (broken.examples and broken.examples[0].line is None):
        return "the file as a whole"
    return counted(broken.rows, "row")


def _actions(report: Report) -> list[tuple[int, str, str]]:
    counts: dict[str, Any] = report.summary["actions"]
    return [(code, name, f"{counts.get(str(code), 0):,}") for code, name in ACTIONS.items()]


def _counts(differences: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, f"{differences[field]:,}") for field, name in DIFFERENCES.items() if field in differences]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
