"""Messages that mean harm, or were damaged on their way: none becomes a payment, none is our failure.

SOAK_PAYLOADS says how many; a few hundred take seconds.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from payments_pipeline.ingestion.webhook_queue import take_up_webhooks
from payments_pipeline.postgres.connect import Database
from tests.ingestion.files import fetch
from tests.webhooks.senders import GOOD, PAYMENTS, SECRET, body, post, serving, signed

COUNT: Final = int(os.environ.get("SOAK_PAYLOADS", "400"))
REQUIRED: Final = ("reference_number", "loan_account_number", "cif", "amount", "payment_date", "payment_channel")

Sent = tuple[bytes, dict[str, str]]
"""A body and its headers."""


def truncated(rng: random.Random, content: bytes) -> Sent:
    cut = content[: rng.randrange(len(content))]
    return cut, signed(cut)


def altered_in_transit(rng: random.Random, content: bytes) -> Sent:
    """Another payment under the signature of the one that was sent."""
    changed = bytearray(content)
    spot = rng.randrange(len(changed))
    changed[spot] ^= 1 << rng.randrange(8)
    return bytes(changed), signed(content)


def raised(rng: random.Random, content: bytes) -> Sent:
    return content.replace(b"1000.5", b"9%d.5" % rng.randrange(10**6)), signed(content)


def wrong_type(rng: random.Random, content: bytes) -> Sent:
    wrong = rng.choice([None, True, [], {}, [GOOD], {"$gt": ""}, "", 10**30, -1, "\0", "\ud83d"])
    fields = json.loads(content) | {rng.choice(REQUIRED): wrong}
    dumped = json.dumps(fields).encode()
    return dumped, signed(dumped)


def missing(rng: random.Random, content: bytes) -> Sent:
    fields = json.loads(content)
    del fields[rng.choice(REQUIRED)]
    dumped = json.dumps(fields).encode()
    return dumped, signed(dumped)


def huge(rng: random.Random, content: bytes) -> Sent:
    kind = rng.randrange(3)
    if kind == 0:
        dumped = json.dumps(json.loads(content) | {"metadata": {"x": "y" * rng.randrange(70_000, 400_000)}}).encode()
    elif kind == 1:
        dumped = content.replace(b"1000.5", b"1" * rng.randrange(11, 20_000))
    else:
        dumped = json.dumps(json.loads(content) | {"reference_number": "r" * rng.randrange(256, 5_000)}).encode()
    return dumped, signed(dumped)


def other_charset(rng: random.Random, content: bytes) -> Sent:
    text = content.decode().replace("Auth", "Auth\u00e9\u20ac")
    dumped = text.encode(rng.choice(["utf-16", "utf-16-be", "utf-32", "cp1252", "utf-7"]))
    if dumped.startswith(b"{+ACI"):  # UTF-7 is ASCII, and its quotes are none
        return dumped, signed(dumped)
    return (dumped, signed(dumped)) if b"+AOk" not in dumped else truncated(rng, content)


def deep(rng: random.Random, content: bytes) -> Sent:
    levels = rng.choice([40, 500, 2_000, 60_000])
    opening, closing = rng.choice([(b"[", b"]"), (b'{"a":', b"}")])
    inner = opening * levels + b"1" + closing * levels
    where = rng.choice([b'"TXN-001"', b"1000.5"])
    dumped = content.replace(where, inner)
    return dumped, signed(dumped)


def noise(rng: random.Random, content: bytes) -> Sent:
    dumped = rng.randbytes(rng.randrange(2_000))
    return dumped, signed(dumped)


def injected(rng: random.Random, content: bytes) -> Sent:
    harm = rng.choice(["'; drop table ingestion.webhook_queue; --", "{{7*7}}", "$(id)", "\r\nx-signature: a", "|" * 5])
    fields = json.loads(content) | {rng.choice(["amount", "payment_date", "payment_channel", "value_date"]): harm}
    dumped = json.dumps(fields).encode()
    return dumped, signed(dumped)


def said_twice(rng: random.Random, content: bytes) -> Sent:
    dumped = content[:-1] + b', "amount": %d}' % rng.randrange(1, 10**6)
    return dumped, signed(dumped)


def unsigned(rng: random.Random, content: bytes) -> Sent:
    wrong = rng.choice(
        ["", "sha256=", "sha256=" + "0" * 64, "md5=" + "0" * 32, signed(content, SECRET[1:])["x-signature"]]
    )
    return content, {"x-signature": wrong, "content-type": "application/json"}


MUTATIONS: Final[tuple[Callable[[random.Random, bytes], Sent], ...]] = (
    truncated,
    altered_in_transit,
    raised,
    wrong_type,
    missing,
    huge,
    other_charset,
    deep,
    noise,
    injected,
    said_twice,
    unsigned,
)


def mutated(count: int) -> Iterator[tuple[str, Sent]]:
    """So many damaged messages, each of a payment of its own."""
    for seed in range(count):
        rng = random.Random(seed)
        mutation = MUTATIONS[seed % len(MUTATIONS)]
        yield f"{mutation.__name__}, seed {seed}", mutation(rng, body(reference_number=f"Auth-{seed}"))


def test_no_damaged_message_is_stored_and_none_is_a_failure_of_ours(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path, webhook_client_limit=10**9, webhook_channel_limit=10**9) as client:
        for what, (content, headers) in mutated(COUNT):
            answer = _send(client, content, headers)
            assert 400 <= answer.status_code < 500, f"{what}: {answer.status_code} {answer.text}"
            assert answer.json()["success"] is False, what
        with database.connect() as connection:
            assert fetch(connection, "select count(*) from ingestion.webhook_queue") == [(0,)]
        assert post(client, body()).status_code == 201


def test_what_random_bits_leave_valid_is_what_its_sender_signed(database: Database, tmp_path: Path) -> None:
    """Signed bytes with random changes: what is accepted is a payment by the border's rules too, and told as one."""
    accepted = 0
    with serving(database, tmp_path) as client:
        for seed in range(COUNT // 4):
            rng = random.Random(seed)
            content = bytearray(body(reference_number=f"Auth-{seed}"))
            for _ in range(rng.randrange(1, 3)):
                spot = rng.randrange(len(content))
                content[spot : spot + rng.randrange(2)] = rng.randbytes(1)
            answer = _send(client, bytes(content), signed(bytes(content)))
            assert answer.status_code in (201, 400, 422), f"seed {seed}: {answer.text}"
            accepted += answer.status_code == 201
    with database.connect() as connection:
        assert take_up_webhooks(connection).rows == accepted
        assert fetch(connection, "select count(*) from ingestion.staged where not is_accepted") == [(0,)]


def _send(client: httpx.Client, content: bytes, headers: dict[str, str]) -> Any:
    return client.post(PAYMENTS, content=content, headers=headers)
