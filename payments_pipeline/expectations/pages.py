"""The way into Data Docs: a page that lists the runs, and one for each run with its findings.

Great Expectations rewrites its site from what its context knows, which is one run: each run has a folder of its own. Its
index is drawn by scripts from the network; these two pages need none.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from payments_pipeline.expectations.validation import Finding

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
td, th {{ padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }} .no {{ color: #b3261e; font-weight: 600; }}
</style></head><body><h1>{title}</h1>
{body}
</body></html>
"""


def write_summary(folder: Path, findings: Sequence[Finding]) -> Path:
    """The findings of a run, with links to Great Expectations' pages about each table."""
    rows = "\n".join(
        f"<tr><td>{escape(finding.table)}</td><td>{escape(finding.says)}</td>"
        f"<td class={'yes' if finding.is_met else 'no'}>{'met' if finding.is_met else 'not met'}</td>"
        f"<td>{escape(finding.observed)}</td></tr>"
        for finding in findings
    )
    # earlier runs over the same days have left theirs, in folders named by their time
    latest = {page.stem: page for page in sorted(folder.glob("validations/**/*.html"))}
    details = "\n".join(
        f'<li><a href="{escape(str(page.relative_to(folder)), quote=True)}">{escape(title)}</a></li>'
        for title, page in latest.items()
    )
    head = "<tr><th>table</th><th>expected</th><th></th><th>observed</th></tr>"
    body = f"<table>{head}\n{rows}</table>\n<h2>Details</h2>\n<ul>{details}</ul>"
    summary = folder / "summary.html"
    summary.write_text(_PAGE.format(title=f"Expectations, {escape(folder.name)}", body=body), encoding="utf-8")
    return summary


def write_index(pages: Path) -> Path:
    """All runs whose pages are there, the latest day first."""
    runs = sorted((folder for folder in pages.iterdir() if (folder / "summary.html").is_file()), reverse=True)
    items = "\n".join(
        f'<li><a href="{escape(run.name, quote=True)}/summary.html">{escape(run.name)}</a></li>' for run in runs
    )
    index = pages / "index.html"
    index.write_text(_PAGE.format(title="Expectations, run by run", body=f"<ul>{items}</ul>"), encoding="utf-8")
    return index
