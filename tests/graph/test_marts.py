"""The marts agree with the tables that they are made of, whoever else is filling them."""

import threading
from collections.abc import Callable

from tests.graph.conftest import House

BuildHouse = Callable[..., House]


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
