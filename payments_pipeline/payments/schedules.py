"""When returned debits are presented again: on bank days in the morning, once somebody has turned the schedule on."""

import dagster as dg

from payments_pipeline import clock
from payments_pipeline.daily import remedies_shown
from payments_pipeline.payments.representment import represent
from payments_pipeline.resources import Platform
from payments_pipeline.rules.calendar import NEW_YORK, business_date, is_bank_day


@dg.op(description="Presents debits again that came back for want of funds and whose day has come.")
@remedies_shown()
def present_again(context: dg.OpExecutionContext, platform: dg.ResourceParam[Platform]) -> None:
    """As `payments represent`; doing it again does nothing twice."""
    if platform.bank is None:
        raise dg.Failure(
            "No bank is connected.\n\nWhat to do: set PAYMENTS_COLUMN_URL and PAYMENTS_COLUMN_API_KEY.",
            allow_retries=False,
        )
    today = business_date(clock.now(platform.home))
    with platform.connect("present_again") as connection, platform.bank.client() as client:
        done = represent(connection, client, today)
    context.log.info(f"{done.sent} sent, {done.refused} refused, {done.withdrawn} withdrawn, {done.waiting} waiting")


@dg.job(description="Collects money: presents returned debits again, at most twice each, as the ACH rules allow.")
def present_returned_debits() -> None:
    """One step."""
    present_again()


@dg.schedule(
    job=present_returned_debits,
    cron_schedule="0 9 * * 1-5",
    execution_timezone=NEW_YORK.key,
    default_status=dg.DefaultScheduleStatus.STOPPED,
)
def every_bank_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Well before the last of the bank's cut-offs for the next day. It collects money, so a person turns it on."""
    day = business_date(context.scheduled_execution_time)
    if not is_bank_day(day):
        return dg.SkipReason(f"{day} is no bank day.")
    return dg.RunRequest(run_key=f"present {day}")
