"""`payments digest`: two lines that are equal exactly where two databases hold the same."""

import click

from payments_pipeline.operations.digest import KINDS, digests
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.settings import begin


@click.command("digest")
@click.option("--parts", is_flag=True, help="Also each table and day, to find where two databases differ.")
def digest_command(*, parts: bool) -> None:
    """Print the digest of the facts and that of the state.

    The facts are every row that was ever appended; the state is what they amount to, whatever the order in which they
    came. Both are the same on every server.
    """
    with open_database(begin()).connect(application_name="payments digest") as connection:
        found = digests(connection)
    for kind in KINDS:
        if parts:
            for part in found[kind].parts:
                click.echo(f"{kind}: {part}")
    for kind in KINDS:
        click.echo(str(found[kind]))
