"""`payments represent`: presents returned debits again whose day has come."""

from datetime import date

import click

from payments_pipeline import clock
from payments_pipeline.bank import bank_of
from payments_pipeline.commands.dates import DAY
from payments_pipeline.errors import PaymentsError, SettingsError
from payments_pipeline.payments.representment import represent
from payments_pipeline.postgres.connect import open_database
from payments_pipeline.rules.calendar import business_date
from payments_pipeline.settings import begin


@click.command("represent")
@click.option(
    "--day",
    type=DAY,
    help="Only those whose day had come by this business date. What is allowed is judged as of today.",
)
def represent_command(day: date | None) -> None:
    """Present returned debits again whose day has come: this collects money.

    Only debits that came back for want of funds, at most twice each, as data/representment_rules.csv and the rules of the
    ACH network allow. Doing it again does nothing twice.
    """
    settings = begin()
    bank = bank_of(settings)
    if bank is None:
        raise SettingsError(
            "there is no bank to present debits to",
            "set PAYMENTS_COLUMN_URL and PAYMENTS_COLUMN_API_KEY; .env.example explains them.",
        )
    today = business_date(clock.now(settings.home))
    on = day or today
    if on > today:
        raise PaymentsError(f"{on} has not come: today is {today}", "present what is due today, or wait.")
    bank.require_open()
    with (
        open_database(settings).connect(application_name="payments represent") as connection,
        bank.client() as client,
    ):
        done = represent(connection, client, today, due_by=on)
    click.echo(
        f"{on}: {done.sent} sent, {done.refused} refused by the bank, {done.withdrawn} withdrawn, {done.waiting} waiting"
    )
