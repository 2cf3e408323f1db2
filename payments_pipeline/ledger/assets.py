"""Posting: payments and everything the ledger says of them, in one step because they are one transaction.

The step fills tables of two wings, `payments` and `ledger`. The graph shows each of them; none can be run alone.
"""

from typing import Final

import dagster as dg

from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.ledger.checks import GUARDS
from payments_pipeline.ledger.posting import POSTING_LOCK, post_day
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import run


@daily_step(
    "posting",
    [
        table(
            "payments.payments",
            "The money that borrowers sent, each payment once, on the day from which it counts for them.",
            deps=["ingestion.payment_ingestions", "servicing.loans"],
            owner="payments-operations",
            nature="facts",
            look_next="payments.transitions",
        ),
        table(
            "payments.transitions",
            "The life of each payment: pending, completed once the money is there, reversed if it went back.",
            deps=["payments.payments", "ingestion.earlier_words"],
            owner="payments-operations",
            nature="facts",
            look_next="ledger.allocations",
        ),
        table(
            "ledger.fees",
            "Late fees and returned-payment fees that were charged, and those that were taken back.",
            deps=["payments.transitions", "servicing.instalments"],
            owner="finance",
            nature="facts",
            look_next="ledger.entries",
        ),
        table(
            "ledger.allocations",
            "Where every cent of a payment went: fees, interest, principal, escrow, or suspense.",
            deps=["payments.transitions", "servicing.instalments", "servicing.loan_statuses", "ledger.fees"],
            owner="finance",
            nature="facts",
            look_next="ledger.entries",
        ),
        table(
            "ledger.entries",
            "The double-entry books: every business event as debits and credits that sum to zero.",
            deps=["ledger.allocations"],
            owner="finance",
            nature="facts",
            look_next="reconciliation.days",
        ),
        table(
            "ledger.turnover",
            "What each run debited and credited to each account: from here the trial balance of any date is read.",
            deps=["ledger.entries"],
            owner="finance",
            nature="facts",
            look_next="ledger.entries",
        ),
        table(
            "ledger.suspense",
            "What came into suspense and went out of it, loan by loan: from here is read since when money waits.",
            deps=["ledger.allocations"],
            owner="finance",
            nature="facts",
            look_next="ledger.allocations",
        ),
        table(
            "ledger.events",
            "The history behind the books, chained by hashes so that nothing in it can be altered unseen.",
            deps=["ledger.allocations"],
            owner="compliance",
            nature="facts",
            look_next="ledger.seals",
        ),
        table(
            "ledger.seals",
            "One seal for each run that added to the books, chained to the seal before it.",
            deps=["ledger.events"],
            owner="compliance",
            nature="facts",
            look_next="ledger.events",
        ),
        table(
            "ledger.outbox",
            "The events that must be told to the world outside, and whether they have been.",
            deps=["ledger.events"],
            owner="payments-operations",
            nature="view",
            look_next="ledger.events",
        ),
    ],
    guards=GUARDS,
)
def posting(turn: Turn) -> Done:
    """Posts what has been ingested for each day and is unposted, in one transaction a day.

    Running a day again adds nothing; running it after a late arrival adds the difference. Other days whose figures
    change by that are asked for, so that what is derived from them follows.
    """
    # The same lock that post_day takes: requests are noted in the order in which days are posted.
    hold(turn.connection, POSTING_LOCK)
    run(turn.connection, "operations/begin_day", day=turn.day, run_id=turn.run_id)
    added = post_day(turn.connection, turn.day, turn.platform.database)
    run(turn.connection, "operations/request_changed_days", day=turn.day, run_no=added.run_no, run_id=turn.run_id)
    return {
        "payments.payments": {"added": added.payments},
        "payments.transitions": {"added": added.transitions},
        "ledger.allocations": {"added": added.allocations},
        "ledger.fees": {"added": added.fees},
        "ledger.entries": {"added": added.entries},
        "ledger.events": {"added": added.events},
        "ledger.outbox": {"added": added.events},
        "ledger.seals": {"added": int(added.is_sealed)},
    }


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (posting,)
