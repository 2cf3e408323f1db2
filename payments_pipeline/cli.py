"""The `payments` command: a registry of commands and nothing more."""

import errno
import logging
import os
import sys
from contextlib import suppress
from typing import Final

import click

from payments_pipeline.environment import apply_process_environment
from payments_pipeline.errors import PaymentsError
from payments_pipeline.lazy import Entry, LazyGroup

COMMANDS: Final[dict[str, Entry]] = {
    "up": Entry("payments_pipeline.commands.up:up", "Start everything: database, webhooks, Dagster UI, demo if empty."),
    "demo": Entry("payments_pipeline.demo:demo", "Run a small world through the pipeline and print a summary."),
    "dictionary": Entry("payments_pipeline.commands.dictionary:dictionary", "Write docs/data-dictionary.md."),
    "verify": Entry("payments_pipeline.commands.verify:verify", "Check every law, and name what breaks it."),
    "digest": Entry(
        "payments_pipeline.commands.digest:digest_command", "Print the digests of the facts and of the state."
    ),
    "trial-balance": Entry(
        "payments_pipeline.commands.trial_balance:trial_balance_command", "Print every account and what it holds."
    ),
    "export": Entry("payments_pipeline.commands.export:export", "Write the journal for other tools to read."),
    "db": Entry("payments_pipeline.commands.db:db", "Look after the database."),
    "generate": Entry(
        "payments_pipeline.world.command:generate", "Make a world: a book of loans and what happens to it."
    ),
    "bank": Entry("payments_pipeline.column.local.command:bank", "Run the local bank, which plays a world."),
    "bench": Entry("payments_pipeline.bench.command:bench", "Measure the platform."),
    "webhooks": Entry(
        "payments_pipeline.webhooks.command:webhooks", "Take in what the bank and processors send over HTTP."
    ),
    "statements": Entry(
        "payments_pipeline.settlement.command:statements", "Read the bank's statements, prove them and store them."
    ),
    "reconcile": Entry(
        "payments_pipeline.reconciliation.command:reconcile", "See what is open on a bank day, and decide about it."
    ),
    "hmda": Entry("payments_pipeline.hmda.command:hmda", "Check HMDA registers by the edits of CFPB's platform."),
    "report": Entry(
        "payments_pipeline.commands.report:report", "Make the reports that finance reads and regulators are owed."
    ),
    "represent": Entry(
        "payments_pipeline.payments.command:represent_command", "Present returned debits again whose day has come."
    ),
    "ingest": Entry("payments_pipeline.ingestion.command:ingest", "Take in the files that have arrived."),
}


@click.group(
    cls=LazyGroup,
    registry=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="payments-pipeline", message="%(version)s")
def payments() -> None:
    """Mortgage payments, from the bank's events to a reconciled day.

    State lives in PAYMENTS_HOME (.payments beside the Makefile, unless you say otherwise); .env.example lists all
    settings. The embedded database runs as long as a command uses it: `payments db start` keeps it running.
    """


def main() -> None:
    """Run the command of this process's arguments; an error that a person can mend is printed without a traceback."""
    apply_process_environment()
    try:
        payments(prog_name="payments")
    except PaymentsError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except OSError as error:  # click ends quietly by itself where the reader of a pipe has gone
        logging.getLogger(__name__).debug("refused by the system", exc_info=error)  # it may be a bug of ours
        _forget_output()
        _tell(_refused(error))
        sys.exit(1)


def _tell(error: PaymentsError) -> None:
    click.echo(f"error: {error.message}\nwhat to do: {error.remedy}", err=True)


def _refused(error: OSError) -> PaymentsError:
    """What the system did not let us do; the output is what has no name."""
    where = error.filename if error.filename is not None else "the output"
    remedies = {
        errno.ENOSPC: "make room there, or choose another place",
        errno.EDQUOT: "make room there, or choose another place",
        errno.EROFS: "choose another place",
    }
    remedy = remedies.get(error.errno or 0, "let this account read and write there, or choose another place")
    return PaymentsError(
        f"{where} cannot be used: {error.strerror or error}",
        f"{remedy}: PAYMENTS_HOME for what we keep, --out for what a command writes.",
    )


def _forget_output() -> None:
    """What could not be written would be tried once more when Python ends, and that failure be told as well."""
    with suppress(OSError, ValueError):  # it may be closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
