"""The past of a world: each loan's postings lead, by its own schedule, to what it is boarded with."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from payments_pipeline.world import World, WorldError, generate
from payments_pipeline.world.history import FOLDER
from tests.conftest import WorldOf

WORLD = World(loans=3_000, seed=4, first_day=date(2026, 6, 29), days=1, noise=0, history_years=1)
PARTS = [
    "late_charges_cents", "service_fees_cents", "interest_cents", "principal_cents", "escrow_cents", "suspense_cents",
    "returned_cents",
]  # fmt: skip


@pytest.fixture(scope="module")
def world_dir(world_of: WorldOf) -> Path:
    return world_of(WORLD)


@pytest.fixture(scope="module")
def loans(world_dir: Path) -> pd.DataFrame:
    return pd.read_parquet(world_dir / "portfolio" / "loans.parquet").set_index("loan_id")


@pytest.fixture(scope="module")
def converted(world_dir: Path) -> pd.DataFrame:
    return pd.read_parquet(world_dir / FOLDER / "converted_loans.parquet").set_index("loan_id")


@pytest.fixture(scope="module")
def postings(world_dir: Path) -> pd.DataFrame:
    return pd.read_parquet(world_dir / FOLDER / "conversions.parquet")


def test_every_loan_is_led_to_what_it_is_boarded_with(
    world_dir: Path, loans: pd.DataFrame, converted: pd.DataFrame, postings: pd.DataFrame
) -> None:
    moved = postings.groupby("loan_id")[PARTS].sum().reindex(converted.index, fill_value=0)
    boarded = loans.loc[converted.index]
    escrow = pd.read_parquet(world_dir / "portfolio" / "escrow.parquet").set_index("loan_id")["opening_balance_cents"]
    assert (converted["principal_cents"] - moved["principal_cents"] == boarded["principal_cents"]).all()
    assert (converted["escrow_cents"] + moved["escrow_cents"] == escrow.reindex(converted.index).fillna(0)).all()
    assert (converted["suspense_cents"] + moved["suspense_cents"] == 0).all()
    assert (moved["returned_cents"] == 0).all()
    assert (postings["cash_cents"] == postings[PARTS].sum(axis=1)).all()


def test_postings_lie_within_the_books_of_their_loan_and_are_numbered_by_date(
    converted: pd.DataFrame, postings: pd.DataFrame
) -> None:
    begins = converted["books_from"].reindex(postings["loan_id"]).to_numpy()
    assert (postings["effective_on"].to_numpy() >= begins).all()
    assert postings["effective_on"].max() <= WORLD.boarded_on
    assert postings["due_on"].dropna().max() <= WORLD.boarded_on
    numbered = postings.groupby("loan_id")["posting_no"]
    assert (numbered.max() == numbered.size()).all()
    assert postings.groupby("loan_id")["effective_on"].apply(lambda days: days.is_monotonic_increasing).all()


def test_each_instalment_paid_the_interest_on_what_was_left_before_it(
    loans: pd.DataFrame, converted: pd.DataFrame, postings: pd.DataFrame
) -> None:
    """Interest is the balance before times the monthly rate, instalment by instalment, by the schedule of the note."""
    old = loans[pd.to_datetime(loans["originated_on"]) < pd.Timestamp("2024-06-01")].head(40)
    checked = 0
    for loan_id, rate_ppm, payment in zip(old.index.tolist(), old["rate_ppm"], old["payment_cents"], strict=True):
        receipts = postings[(postings["loan_id"] == loan_id) & (postings["interest_cents"] > 0)].sort_values("due_on")
        if loan_id not in converted.index or receipts.empty:
            continue
        (balance,) = converted["principal_cents"][converted.index == loan_id].tolist()
        for interest, principal in zip(receipts["interest_cents"], receipts["principal_cents"], strict=True):
            assert interest + principal == payment
            assert abs(interest - balance * rate_ppm / 12_000_000) <= 2  # the schedule rounds the balance
            balance -= principal
        checked += len(receipts)
    assert checked > 300


def test_everything_that_form_1098_has_a_rule_for_has_happened(
    world_dir: Path, loans: pd.DataFrame, converted: pd.DataFrame, postings: pd.DataFrame
) -> None:
    days = pd.to_datetime(postings["effective_on"])
    ahead = postings[(postings["suspense_cents"] > 0) & (days.dt.month == 12)]
    assert len(ahead) > 0, "paid in December for January"
    assert (converted["suspense_cents"] > 0).any(), "the same a year before"
    assert (postings["late_charges_cents"] > 0).sum() > 50
    returned = postings[postings["kind"] == "return"]
    assert len(returned) > 50
    assert (returned["interest_cents"] == 0).all()
    again = postings[postings["service_fees_cents"] > 0]
    assert set(again["loan_id"]) == set(returned["loan_id"])
    begun = pd.to_datetime(converted["books_from"])
    assert (begun > pd.Timestamp("2025-01-01")).sum() > 50, "made or acquired within the span"
    ended = loans[loans["term_instalments"] == 0]
    assert len(ended) > 10
    last = postings.groupby("loan_id").last().loc[ended.index]
    assert (pd.to_datetime(last["effective_on"]).dt.year == 2025).any()
    terms = pd.read_parquet(world_dir / "taxpayers" / "loan_tax_terms.parquet").set_index("loan_id")
    acquired = pd.to_datetime(terms["acquired_on"].dropna())
    assert acquired.dt.year.isin([2023, 2024, 2025, 2026]).all()
    assert (acquired.dt.year == 2025).any()
    assert terms.index.is_unique
    assert set(terms.index) == set(loans.index)


def test_the_past_changes_nothing_of_what_comes_after(world_dir: Path, tmp_path: Path, loans: pd.DataFrame) -> None:
    manifest = generate(replace(WORLD, history_years=0), tmp_path / "world")
    same = (
        "portfolio/borrowers",
        "portfolio/properties",
        "portfolio/escrow",
        "truth/items",
        "taxpayers/tax_identities",
    )
    for name in same:
        ours, theirs = (folder / f"{name}.parquet" for folder in (world_dir, tmp_path / "world"))
        assert ours.read_bytes() == theirs.read_bytes(), name
    without = pd.read_parquet(tmp_path / "world" / "portfolio" / "loans.parquet").set_index("loan_id")
    pd.testing.assert_frame_equal(loans.loc[without.index], without)
    assert "conversions" not in manifest.counts


def test_the_same_seed_has_the_same_past(world_dir: Path, tmp_path: Path) -> None:
    generate(WORLD, tmp_path / "again")
    for path in (world_dir / FOLDER).iterdir():
        assert path.read_bytes() == (tmp_path / "again" / FOLDER / path.name).read_bytes()


def test_a_past_of_a_century_is_refused() -> None:
    with pytest.raises(WorldError, match="history of 0 to 5 years"):
        World(history_years=100)
