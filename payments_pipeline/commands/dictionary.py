"""`payments dictionary`: what every table and column means, as a page."""

import sys

import click

from payments_pipeline.catalog import DICTIONARY_FILE, catalog, data_dictionary, marts


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the page is not the one that would be written.")
def dictionary(*, check: bool) -> None:
    """Write docs/data-dictionary.md from the comments of the migrations and of the marts."""
    page = data_dictionary(catalog(), marts())
    is_current = DICTIONARY_FILE.is_file() and DICTIONARY_FILE.read_text(encoding="utf-8") == page
    if check:
        click.echo(
            "the dictionary is current" if is_current else "the dictionary is out of date: run payments dictionary"
        )
        sys.exit(0 if is_current else 1)
    DICTIONARY_FILE.parent.mkdir(exist_ok=True)
    DICTIONARY_FILE.write_text(page, encoding="utf-8")
    click.echo(f"{DICTIONARY_FILE} {'is as it was' if is_current else 'written'}")
