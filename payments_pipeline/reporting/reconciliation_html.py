"""A reconciled day as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from functools import cache
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup

from payments_pipeline.charts import as_svg
from payments_pipeline.money import dollars, signed
from payments_pipeline.reporting import reconciliation_words as words
from payments_pipeline.reporting.reconciliation_report import DayReport

_TEMPLATES: Final = Path(__file__).with_name("templates")


def as_html(report: DayReport) -> str:
    """The page. The same report is the same page, byte for byte."""
    return _template().render(
        report=report,
        tiles=words.tiles(report),
        meanings=words.meanings(report),
        accounts=words.accounts(report),
        backlog=words.backlog(report),
        as_of=words.as_of(report),
        trend_words=words.trend_words(report),
        provenance=words.provenance(report),
        bridge=Markup(as_svg(report.bridge_picture)),  # noqa: S704 its texts are escaped where it is drawn
        trend=Markup(as_svg(report.trend_picture) if report.trend_days else ""),  # noqa: S704
        explained_shown=words.EXPLAINED_SHOWN,
        suggestions_shown=words.SUGGESTIONS_SHOWN,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "dollars": lambda cents: "" if cents is None else dollars(cents),
        "signed": lambda cents: "" if cents is None else signed(cents),
        "number": lambda number: "" if number is None else f"{number:,}",
        "percent_of_100": lambda number: "" if number is None else f"{number}%",
        "words": lambda text: text.replace("_", " "),
        "days": words.age,
        "share": words.share,
        "instant": words.instant,
        "long_day": words.long_day,
        "delivery": words.delivery,
        "proof": words.proof,
        "continuity": words.continuity,
        "nature": words.nature,
        "decision": words.decision,
    }
    return environment.get_template("reconciliation.html.j2")
