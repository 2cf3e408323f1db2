"""Business dates, by which the graph is cut; and the tax years of what is reported by the year.

A business date is a calendar day in New York, weekends and holidays included: a borrower's money counts on the day on
which it is received, whether banks are open or not. On which bank day it reaches our account is settlement's affair
(`settlement.calendar`), and no partition of its own. Days in New York have 23, 24 or 25 hours: nothing here adds hours.

The first day is a setting (`PAYMENTS_FIRST_DAY`), since Dagster must know it when the definitions load. The last one is
today: what arrives during a day may be run before the day is over, and again when it is closed. Tax years follow from
the same setting and the same calendar.
"""

from datetime import timedelta
from typing import Final

import dagster as dg

from payments_pipeline.rules.calendar import NEW_YORK
from payments_pipeline.rules.form_1098 import FIRST_TAX_YEAR
from payments_pipeline.settings import load_settings

business_days: Final = dg.DailyPartitionsDefinition(
    start_date=load_settings().first_day.isoformat(),
    timezone=NEW_YORK.key,
    end_offset=1,
)

# Tax years of which we report, each by itself: a year is computed again long after its last day. The first is the one
# before the books, whose forms are due after them if the former system's postings came along; the last is the current.
tax_years: Final = dg.TimeWindowPartitionsDefinition(
    start=str(max(load_settings().first_day.year - 1, FIRST_TAX_YEAR)),
    fmt="%Y",
    cron_schedule="0 0 1 1 *",
    timezone=NEW_YORK.key,
    end_offset=1,
)
one_period_a_run: Final = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)

# A backfill over a range is one run, days in order: a run of its own for each day would cost seconds of overhead a day.
one_run_a_range: Final = dg.BackfillPolicy.single_run()

# For what finance opens in the morning: red if the evening's run has not come. (A day that is run again makes it green,
# too: Dagster knows the freshness of an asset, not of its partitions. A day that was left out asks to be run, in
# operations.day_requests.)
read_every_morning: Final = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=26), fail_window=timedelta(hours=36)
)
