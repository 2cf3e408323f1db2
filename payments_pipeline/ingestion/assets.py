"""What is delivered to us on each day: kept word for word, checked row by row, each word about a payment taken up once.

A partition here is the day of delivery. A row may speak of a payment of another day: that day then asks to be run again
(`operations.day_requests`), and the sensor `late_arrivals` sees to it.
"""

from contextlib import nullcontext
from typing import Final

import dagster as dg

from payments_pipeline import clock
from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.ingestion.border import Staged, load_arrivals
from payments_pipeline.ingestion.checks import GUARDS
from payments_pipeline.ingestion.follow import follow_the_bank
from payments_pipeline.partitions import business_days

_FILES: Final = frozenset({"csv", "postgres"})


@daily_step(
    "arrivals",
    [
        table(
            "ingestion.batches",
            "The files that banks, processors and the lockbox delivered on this day.",
            owner="payments-operations",
            nature="facts",
            kinds=_FILES,
            look_next="ingestion.staging_process_log",
        ),
        table(
            "ingestion.payment_artifacts",
            "The documents behind the payments, each with the hash that it must have.",
            deps=["ingestion.batches"],
            owner="payments-operations",
            nature="facts",
            look_next="ingestion.batches",
        ),
        table(
            "ingestion.staged",
            "Every row that arrived, exactly as it was received, and what we read from it.",
            deps=["ingestion.batches"],
            owner="payments-operations",
            nature="facts",
            kinds=frozenset({"postgres", "pandera"}),
            look_next="ingestion.rejects",
        ),
        table(
            "ingestion.rejects",
            "Rows that are no payment event, each with the column at fault and what was expected there.",
            deps=["ingestion.staged"],
            owner="payments-operations",
            nature="facts",
            kinds=frozenset({"postgres", "pandera"}),
            look_next="operations.exception_cases",
        ),
        table(
            "ingestion.duplicates",
            "Deliveries of something that had been delivered before, each naming its original.",
            deps=["ingestion.staged"],
            owner="payments-operations",
            nature="facts",
            look_next="ingestion.payment_ingestions",
        ),
        table(
            "ingestion.earlier_words",
            "Repeats that tell an earlier instant than what they repeat: the earliest counts, whichever was heard first.",
            deps=["ingestion.staged"],
            owner="payments-operations",
            nature="facts",
            look_next="ingestion.duplicates",
        ),
        table(
            "ingestion.payment_ingestions",
            "What was said about each payment, once, however often it was delivered.",
            deps=["ingestion.staged"],
            owner="payments-operations",
            nature="facts",
            look_next="payments.payments",
        ),
        table(
            "ingestion.staging_process_log",
            "The account of every delivery: rows received = accepted + duplicates + rejected.",
            deps=["ingestion.rejects", "ingestion.duplicates", "ingestion.payment_ingestions"],
            owner="payments-operations",
            nature="facts",
            look_next="operations.exception_cases",
        ),
    ],
    guards=GUARDS,
)
def arrivals(turn: Turn) -> Done:
    """Takes in what was delivered on each day: files, webhooks, and the events for which the bank is asked.

    What was taken in before is recognised: a file by its bytes, an event by its id, a word about a payment by its key.
    """
    # Each file and each batch is a transaction of its own: one that fails holds up no other, and its failure is noted.
    turn.connection.commit()
    platform, files = turn.platform, list[Staged]()
    with nullcontext() if platform.bank is None else platform.bank.client() as client:
        for received_at in platform.bank.evenings(turn.day) if platform.bank else [clock.now(platform.home)]:
            files += load_arrivals(turn.connection, platform.inbox, turn.day)
            follow_the_bank(turn.connection, client, received_at=received_at, since=business_days.start.date())
    refused = sum(file.batch_id is None for file in files)  # each has a case that says why
    return {"ingestion.batches": {"added": len(files) - refused, "refused": refused}}


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (arrivals,)
