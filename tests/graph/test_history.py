"""What a day costs does not grow with the days behind it: seven years of them are there."""

from collections.abc import Callable
from datetime import timedelta

from tests.graph.conftest import House

BuildHouse = Callable[..., House]

LONG_PAST = 200
"""Days ago. Return rates look at sixty, a reconciliation at two weeks, a late fee at the days of grace."""

# What was told of money from before the first day of the books lies in the days before it, of which there are few.
_ASKED_OF_ALL_DAYS = {"ingestion.payment_ingestions"}

_OPENED = """
    select t.table_name, s.seq_scan + coalesce(s.idx_scan, 0)
    from operations.day_tables as t
    inner join pg_stat_all_tables as s
        on s.relid = operations.day_partition(t.table_name, %s)::regclass
"""


def test_an_evening_opens_no_day_long_past(build_house: BuildHouse) -> None:
    house = build_house(days=1)
    (today,) = house.days
    past = today - timedelta(days=LONG_PAST)
    house.execute("select operations.open_day(table_name, %s) from operations.day_tables", past)
    house.execute("select operations.close_day(table_name, %s) from operations.day_tables", past)
    before = set(house.rows(_OPENED, past))

    result = house.run(today, today, without=())

    assert result.success
    opened = {table for table, _ in set(house.rows(_OPENED, past)) - before}
    assert len(before) > 10
    assert opened <= _ASKED_OF_ALL_DAYS
