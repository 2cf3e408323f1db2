from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.column import ids

AT = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


def test_an_id_of_the_bank_tells_when_it_was_made() -> None:
    """The id of an event that the bank documents, with a `created_at` of 23:05:36."""
    made = ids.decode("evnt_1vEdMiZ5pmkmrKZfNZ8LeqF2KFP")
    assert (made.prefix, made.made_at) == ("evnt", datetime(2021, 7, 12, 23, 5, 35, tzinfo=UTC))


def test_the_same_content_has_the_same_id_and_other_content_another() -> None:
    assert ids.make("acht", AT, "a") == ids.make("acht", AT, "a") != ids.make("acht", AT, "b")
    assert ids.decode(ids.make("acht", AT, "a")).made_at == AT


def test_ids_sort_by_the_second_in_which_they_were_made() -> None:
    made = [ids.make("evnt", datetime.fromtimestamp(at, UTC), "x") for at in range(1_780_000_000, 1_780_000_200)]
    assert made == sorted(made)


@given(st.integers(ids.EPOCH, ids.EPOCH + 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_ids_made_by_the_column_decode_to_their_parts(second: int, high: int, low: int) -> None:
    (row,) = ids.digits_of(np.array([second]), np.array([high], dtype=np.uint64), np.array([low], dtype=np.uint64))
    made = ids.decode(f"evnt_{row.tobytes().decode('ascii')}")
    assert made.made_at == datetime.fromtimestamp(second, UTC)
    assert made.payload == high.to_bytes(8, "big") + low.to_bytes(8, "big")


@pytest.mark.parametrize(
    "text", ["", "evnt_", "evnt_1vEd", "1vEdMiZ5pmkmrKZfNZ8LeqF2KFP", "evnt_" + "z" * 27, "a_" + "é" * 27]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|beyond"):
        ids.decode(text)
