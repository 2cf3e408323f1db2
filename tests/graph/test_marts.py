"""The marts agree with the tables that they are made of, whichever day was run last and whoever else is filling them."""

import threading
from collections.abc import Callable
from datetime import timedelta

from payments_pipeline.operations.requests import due_days
from tests.graph.conftest import House
from tests.graph.test_runs import TOMORROW

BuildHouse = Callable[..., House]

# Each returns the days on which a mart tells something else than its tables.
OTHERWISE = {
    "delinquency_by_bucket": """
        select distinct business_date from (
            (select business_date, bucket, count(*)::int, sum(fees_cents)::bigint, sum(suspense_cents)::bigint
             from servicing.delinquency group by business_date, bucket
             except select business_date, bucket, loans, fees_cents, suspense_cents from reporting.delinquency_by_bucket)
            union all
            (select business_date, bucket, loans, fees_cents, suspense_cents from reporting.delinquency_by_bucket
             except select business_date, bucket, count(*)::int, sum(fees_cents)::bigint, sum(suspense_cents)::bigint
             from servicing.delinquency group by business_date, bucket)
        ) as other
    """,
    "suspense_ageing": """
        select d.business_date from ledger.days as d
        where (select coalesce(sum(s.cents), 0) from reporting.suspense_ageing as s where s.business_date = d.business_date)
            <> (select coalesce(sum(a.suspense_cents), 0) from ledger.allocations as a where a.effective_on <= d.business_date)
    """,
}


def test_days_after_one_that_is_run_again_for_what_came_late_are_told_anew(build_house: BuildHouse) -> None:
    house = build_house(loans=400, days=5, noise=0)
    first, last = house.days[0], house.days[-1]
    withheld = house.platform.inbox / "arrivals" / first.isoformat()
    aside = withheld.rename(withheld.with_name("withheld"))
    assert house.run(first, last, without=["expectations"]).success
    late = last + timedelta(days=1)
    aside.rename(withheld.with_name(late.isoformat()))
    assert house.run(late, late).success

    assert house.run(first, first, without=["expectations"]).success

    with house.platform.database.connect() as connection:
        asking = {due.day for due in due_days(connection, first, TOMORROW)}
    otherwise = {mart: {day for (day,) in house.rows(query)} - asking for mart, query in OTHERWISE.items()}
    assert not any(otherwise.values()), otherwise


def test_a_run_waits_for_another_that_is_filling_the_same_days(build_house: BuildHouse) -> None:
    house = build_house(days=6)
    first, saturday = house.days[0], house.days[-1]  # has no rows of its own on which it would wait
    assert house.run(first, saturday, without=["expectations"]).success
    with house.platform.database.connect() as other:  # as the run of a day beside this one does
        other.execute("create temporary table kept as select * from reporting.daily_reconciliation")
        other.execute("delete from reporting.daily_reconciliation")
        other.execute("insert into reporting.daily_reconciliation select * from kept")
        succeeded: list[bool] = []
        running = threading.Thread(
            target=lambda: succeeded.append(house.run(saturday, saturday, without=["expectations"]).success)
        )
        running.start()
        with house.platform.database.connect("owner", autocommit=True) as watcher:
            blocked = b"select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like '%daily_reconciliation%')"
            while running.is_alive() and watcher.execute(blocked).fetchone() == (False,):
                running.join(0.2)
        other.commit()
    running.join()
    assert succeeded == [True]
