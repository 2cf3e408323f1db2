import copy
import hashlib
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payments_pipeline.rules.envelope import METHODS, envelope_faults, idempotency_key

Tuple = tuple[str, str, date, int, str]

tuples: st.SearchStrategy[Tuple] = st.tuples(
    st.sampled_from(METHODS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.dates(),
    st.integers(1, 10**12),
    st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), min_size=1),
)


def envelope() -> dict[str, Any]:
    """A good envelope with every optional field."""
    return {
        "schema": "loanserve.payments.v1",
        "message_id": "0b8f8f2e-7a60-4c0e-9f5e-1c7a2b3d4e5f",
        "correlation_id": "1c9f8f2e-7a60-4c0e-9f5e-1c7a2b3d4e5f",
        "idempotency_key": idempotency_key("ach", "Trc1", date(2026, 7, 1), 135_000, "LN0000000001").hex(),
        "occurred_at": "2026-07-01T09:30:00Z",
        "source": {"channel": "ach", "provider": "column", "batch_id": "b1"},
        "borrower": {"loan_id": "LN0000000001", "name": "Ivy Novak", "external_ids": {"cif": "CIF000000001"}},
        "payment": {
            "amount_cents": 135_000,
            "currency": "USD",
            "method": "ach",
            "value_date": "2026-07-01",
            "reference": "Trc1",
            "details": {"sec": "PPD"},
        },
        "artifacts": [{"type": "wire_receipt", "uri": "file:///r.pdf", "hash": "0" * 64}],
        "risk": {"flags": ["velocity"], "score": 0.2},
        "external": {"column_transfer_id": "acht_1", "column_event_id": "evnt_1", "psp_id": "x"},
    }


def test_the_key_is_the_hash_of_the_plan_s_string() -> None:
    told = "ach|abc|2025-08-20|135000|LOAN-1"
    key = idempotency_key("ACH", " Abc ", date(2025, 8, 20), 135_000, "loan-1 ")
    assert key == hashlib.sha256(told.encode()).digest()


@given(tuples)
def test_the_same_tuple_always_yields_the_same_key(told: Tuple) -> None:
    assert idempotency_key(*told) == idempotency_key(*copy.deepcopy(told))
    assert len(idempotency_key(*told)) == 32


@given(tuples, st.sampled_from(["", " ", "\t", "\r\n"]))
def test_case_and_padding_of_the_reference_and_the_loan_do_not_matter(told: Tuple, padding: str) -> None:
    method, reference, value_date, cents, loan = told
    shouted = "".join(letter.upper() if letter.isascii() else letter for letter in reference)
    murmured = "".join(letter.lower() if letter.isascii() else letter for letter in loan)
    again = (method.upper(), padding + shouted + padding, value_date, cents, padding + murmured + padding)
    assert idempotency_key(*again) == idempotency_key(*told)


@given(tuples, tuples, st.integers(0, 4))
def test_changing_any_component_yields_another_key(told: Tuple, other: Tuple, component: int) -> None:
    changed = list(told)
    changed[component] = other[component]
    assume(_folded(told[component]) != _folded(other[component]))
    assert idempotency_key(*changed) != idempotency_key(*told)  # type: ignore[arg-type]


def _folded(component: object) -> object:
    """A text as the key sees it, written otherwise: through bytes, whose methods know ASCII only."""
    return component.encode().strip(b" \t\n\r\f\v").lower() if isinstance(component, str) else component


@given(tuples, tuples)
def test_bars_in_a_reference_do_not_make_two_tuples_one(told: Tuple, other: Tuple) -> None:
    method, reference, value_date, cents, loan = told
    longer = f"{reference}|{other[2]}|{other[3]}|{other[4]}"
    assume(longer.strip() != reference.strip())
    assert idempotency_key(method, longer, value_date, cents, loan) != idempotency_key(*told)


def test_letters_beyond_ascii_are_left_alone_as_the_c_collation_leaves_them() -> None:
    shouted, murmured = (idempotency_key("ach", letter, date(2026, 7, 1), 1, "L") for letter in "Éé")
    assert shouted != murmured


def test_a_good_envelope_has_no_faults() -> None:
    assert envelope_faults(envelope()) == []


def test_what_is_optional_may_be_absent() -> None:
    least = envelope()
    for name in ("risk", "external"):
        del least[name]
    del least["source"]["batch_id"], least["borrower"]["name"], least["borrower"]["external_ids"]
    del least["payment"]["details"]
    least["artifacts"] = []
    assert envelope_faults(least) == []


_REQUIRED = [
    *((name,) for name in ("schema", "message_id", "correlation_id", "idempotency_key", "occurred_at")),
    *((name,) for name in ("source", "borrower", "payment", "artifacts")),
    ("source", "channel"),
    ("source", "provider"),
    ("borrower", "loan_id"),
    *(("payment", name) for name in ("amount_cents", "currency", "method", "value_date", "reference")),
]


@pytest.mark.parametrize("path", _REQUIRED, ids=".".join)
def test_a_missing_field_is_named(path: tuple[str, ...]) -> None:
    broken = envelope()
    holder = broken
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    (fault,) = envelope_faults(broken)
    assert fault.startswith(".".join(path) + ": expected ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "loanserve.payments.v2"),
        ("message_id", "42"),
        ("idempotency_key", "ABC"),
        ("occurred_at", "2026-07-01T09:30:00"),
        ("occurred_at", "yesterday"),
        ("source", "ach"),
        ("source.channel", "pigeon"),
        ("source.provider", " "),
        ("borrower.loan_id", ""),
        ("borrower.loan_id", "LN1|2"),
        ("borrower.external_ids", {"cif": 1}),
        ("payment.amount_cents", 0),
        ("payment.amount_cents", -1),
        ("payment.amount_cents", 12.5),
        ("payment.amount_cents", True),
        ("payment.amount_cents", "100"),
        ("payment.currency", "EUR"),
        ("payment.method", None),
        ("payment.value_date", "2026-02-30"),
        ("payment.value_date", "20260701"),
        ("payment.reference", "  "),
        ("payment.details", []),
        ("artifacts", {}),
        ("risk.score", "high"),
        ("risk.flags", "velocity"),
        ("external.psp_id", 7),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected_and_found(path: str, value: Any) -> None:
    broken = envelope()
    *holders, name = path.split(".")
    holder = broken
    for part in holders:
        holder = holder[part]
    holder[name] = value
    (fault,) = envelope_faults(broken)
    assert fault.startswith(f"{path}: expected ")
    assert fault.endswith(f"found {value!r}")


def test_every_fault_is_told_and_not_only_the_first() -> None:
    broken = envelope()
    broken["payment"]["amount_cents"] = 0
    broken["artifacts"].append({"type": "", "uri": "u", "hash": "h"})
    broken["surprise"] = 1
    assert [fault.split(":")[0] for fault in envelope_faults(broken)] == [
        "surprise",
        "payment.amount_cents",
        "artifacts[1].type",
        "artifacts[1].hash",
    ]


def test_a_key_that_is_not_the_payment_s_is_a_fault() -> None:
    broken = envelope()
    broken["payment"]["amount_cents"] += 1
    (fault,) = envelope_faults(broken)
    assert fault.startswith("idempotency_key: expected the key of this payment")


def test_a_method_that_is_not_the_source_s_channel_is_a_fault() -> None:
    broken = envelope()
    broken["source"]["channel"] = "wire"
    (fault,) = envelope_faults(broken)
    assert fault == "payment.method: expected the source's channel, 'wire', found 'ach'"


def test_what_is_no_object_at_all_is_a_fault() -> None:
    (fault,) = envelope_faults([])  # type: ignore[arg-type]
    assert fault == "envelope: expected an object, found []"
