"""What is delivered to us on each day: kept word for word, checked row by row, each word about a payment taken up once.

A partition here is the day of delivery. A row may speak of a payment of another day: that day then asks to be run again
(`operations.day_requests`), and the sensor `late_arrivals` sees to it.
"""

from typing import Final

import dagster as dg

from payments_pipeline.daily import Done, Turn, daily_step, table
from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.checks import GUARDS
from payments_pipeline.ingestion.ingest import ingest_pending

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
    """Takes in the files delivered on each day. A file that was taken in before is recognised by its bytes."""
    # Each file and each batch is a transaction of its own: one that fails holds up no other, and its failure is noted.
    turn.connection.commit()
    files = load_arrivals(turn.connection, turn.platform.world, turn.day)
    ingest_pending(turn.connection)
    refused = sum(file.batch_id is None for file in files)  # each has a case that says why
    return {"ingestion.batches": {"added": len(files) - refused, "refused": refused}}


ASSETS: Final[tuple[dg.AssetSpec | dg.AssetsDefinition, ...]] = (arrivals,)
