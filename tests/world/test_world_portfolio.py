from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from payments_pipeline.rules.amortisation import Terms, balance_after, due_on, factors, instalments_due, level_payment
from payments_pipeline.rules.amortisation import balance as scheduled_balance
from payments_pipeline.world import World, generate
from tests.conftest import WorldOf

WORLD = World(loans=20_000, seed=11, first_day=date(2026, 6, 10), days=30, chunk_loans=8_000)
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables(world_of: WorldOf) -> Tables:
    """The portfolio of one world."""
    files = sorted((world_of(WORLD) / "portfolio").glob("*.parquet"))
    return {file.stem: pd.read_parquet(file) for file in files}


def test_every_loan_has_its_borrower_and_its_property(tables: Tables) -> None:
    loans = tables["loans"]
    assert loans["loan_id"].tolist() == list(range(1, WORLD.loans + 1))
    assert set(loans["borrower_id"]) == set(tables["borrowers"]["borrower_id"])
    assert set(loans["property_id"]) == set(tables["properties"]["property_id"])
    assert len(tables["borrowers"]) * 2 == len(loans)


def test_numbers_of_loans_and_customers_are_their_ids_in_digits(tables: Tables) -> None:
    loans = tables["loans"]
    assert (loans["loan_number"] == "LN" + loans["loan_id"].astype(str).str.zfill(10)).all()
    assert (loans["cif"] == "CIF" + loans["borrower_id"].astype(str).str.zfill(9)).all()


def test_nobody_in_the_book_could_be_a_real_person(tables: Tables) -> None:
    borrowers = tables["borrowers"]
    assert borrowers["email"].str.fullmatch(r"[a-z]+\.[a-z]+\.\d+@example\.com").all()
    assert borrowers["phone"].str.fullmatch(r"\+1-\d{3}-555-01\d\d").all()
    assert borrowers["email"].is_unique


def test_addresses_are_whole(tables: Tables) -> None:
    for name in ("borrowers", "properties"):
        assert tables[name]["zip"].str.fullmatch(r"\d{5}").all()
        assert tables[name]["state"].str.fullmatch(r"[A-Z]{2}").all()
        assert not tables[name].isna().any().any()
    assert tables["properties"]["county_fips"].str.fullmatch(r"\d{5}").all()


def test_most_borrowers_live_in_a_property_of_theirs(tables: Tables) -> None:
    first_loans = tables["loans"].drop_duplicates("borrower_id").merge(tables["properties"], on="property_id")
    both = first_loans.merge(tables["borrowers"], on="borrower_id", suffixes=("", "_of_borrower"))
    assert (both["street"] == both["street_of_borrower"]).mean() == pytest.approx(0.8, abs=0.02)


def test_rates_are_eighths_of_a_percent_of_their_times(tables: Tables) -> None:
    loans = tables["loans"]
    assert (loans["rate_ppm"] % 1_250 == 0).all()
    assert loans["rate_ppm"].between(27_500, 77_500).all()
    thirties = loans[loans["product"] == "fixed30"]
    average = thirties.groupby(pd.to_datetime(thirties["originated_on"]).dt.year)["rate_ppm"].mean()
    assert average[2021] == pytest.approx(30_500, abs=1_500)
    assert average[2024] == pytest.approx(67_500, abs=1_500)


def test_loans_amortise_from_their_origination_to_the_balance_they_are_boarded_with(tables: Tables) -> None:
    terms = {"fixed30": 360, "fixed20": 240, "fixed15": 180}
    for loan in tables["loans"].sample(300, random_state=1).to_dict("records"):
        term, rate, original = terms[str(loan["product"])], int(loan["rate_ppm"]), int(loan["original_principal_cents"])
        paid = term - int(loan["term_instalments"])
        _, growth, annuity = factors(rate, term)[paid]
        assert abs(level_payment(original, rate, term) - loan["payment_cents"]) <= 1
        assert scheduled_balance(original, int(loan["payment_cents"]), growth, annuity) == loan["principal_cents"]
        first_payment_on = due_on(pd.Timestamp(loan["first_due_on"]).date().replace(day=1), 1 - paid)
        months = 12 * (first_payment_on.year - loan["originated_on"].year)
        assert months + first_payment_on.month - loan["originated_on"].month == 2


def test_schedules_pay_the_balance_down_to_nothing_but_rounding(tables: Tables) -> None:
    for loan in tables["loans"].sample(200, random_state=2).to_dict("records"):
        terms = Terms(
            principal_cents=int(loan["principal_cents"]),
            rate_ppm=int(loan["rate_ppm"]),
            payment_cents=int(loan["payment_cents"]),
            first_due_on=loan["first_due_on"],
            term_instalments=int(loan["term_instalments"]),
            last_instalment=int(loan["last_instalment"]),
        )
        assert 0 < balance_after(terms, terms.term_instalments - 1) <= terms.payment_cents * 1.02
        assert abs(balance_after(terms, terms.term_instalments)) <= 1_500


def test_payments_exceed_the_interest_of_a_month(tables: Tables) -> None:
    loans = tables["loans"]
    assert (loans["payment_cents"] * 12_000_000 > loans["principal_cents"] * loans["rate_ppm"]).all()
    assert (loans["principal_cents"] > 0).all()
    assert (loans["principal_cents"] <= loans["original_principal_cents"]).all()
    assert loans["originated_on"].max() < WORLD.first_day


def test_the_book_is_boarded_on_the_eve(tables: Tables) -> None:
    assert set(tables["loans"]["boarded_on"]) == {date(2026, 6, 9)}


def test_about_half_of_the_loans_fall_due_on_the_first_and_none_after_the_28th(tables: Tables) -> None:
    due_day = pd.to_datetime(tables["loans"]["first_due_on"]).dt.day
    assert (due_day == 1).mean() == pytest.approx(0.5, abs=0.02)
    assert due_day.max() == 28
    assert due_day.nunique() == 28


def test_some_loans_are_boarded_behind_by_one_to_eight_months(tables: Tables) -> None:
    loans = tables["loans"]
    eve = date(2026, 6, 9)
    due = [instalments_due(*loan, eve) for loan in zip(loans["first_due_on"], loans["last_instalment"], strict=True)]
    counts = np.bincount(due)
    assert len(counts) - 1 in (8, 9, 10)  # a habit of paying late adds a month or two to what is behind
    assert (counts[1:9] > 0).all()
    assert counts[0] / len(loans) > 0.7
    assert counts[2:].sum() / len(loans) == pytest.approx(0.045, abs=0.02)


def test_grace_is_fifteen_days_for_most_and_ten_for_some(tables: Tables) -> None:
    assert tables["loans"]["grace_days"].value_counts(normalize=True)[15] == pytest.approx(0.9, abs=0.02)
    assert set(tables["loans"]["grace_days"]) == {10, 15}


def test_monthly_escrow_is_a_twelfth_of_the_bills(tables: Tables) -> None:
    both = tables["loans"].merge(tables["escrow"], on="loan_id", how="left").fillna(0)
    bills = both["annual_tax_cents"] + both["annual_insurance_cents"]
    assert ((both["escrow_cents"] * 12 - bills).abs() <= 6).all()
    assert (both[both["escrow_cents"] == 0]["escrow_shortage_cents"] == 0).all()


def test_every_status_occurs_and_some_end_within_the_window(tables: Tables) -> None:
    statuses = tables["loan_statuses"]
    assert set(statuses["status"]) == {
        "active", "bankruptcy", "legal_hold", "stop_pay", "charged_off", "closed", "unknown",
    }  # fmt: skip
    assert not statuses.duplicated(["loan_id", "effective_on"]).any()
    released = statuses[statuses["status"] == "active"]
    assert released["effective_on"].between(WORLD.first_day, WORLD.last_day).all()
    before = statuses[statuses["loan_id"].isin(released["loan_id"]) & (statuses["status"] != "active")]
    assert (before.set_index("loan_id")["effective_on"] < released.set_index("loan_id")["effective_on"]).all()


def test_a_loan_without_a_status_is_active_and_runs_its_term(tables: Tables) -> None:
    loans, statuses = tables["loans"], tables["loan_statuses"]
    closed = set(statuses[statuses["status"] == "closed"]["loan_id"])
    ends_early = loans["last_instalment"] < loans["term_instalments"]
    assert set(loans[ends_early]["loan_id"]) == closed


def test_nothing_falls_due_on_a_closed_loan_after_it_closed(tables: Tables) -> None:
    statuses = tables["loan_statuses"]
    closed = statuses[statuses["status"] == "closed"].merge(tables["loans"], on="loan_id")
    for loan in closed.to_dict("records"):
        due = instalments_due(loan["first_due_on"], int(loan["term_instalments"]), loan["effective_on"])
        assert due == loan["last_instalment"]


def test_a_small_book_shows_every_status_too(tmp_path: Path) -> None:
    generate(World(loans=500), tmp_path / "world")
    statuses = pd.read_parquet(tmp_path / "world" / "portfolio" / "loan_statuses.parquet")
    assert set(statuses["status"]) >= {"bankruptcy", "legal_hold", "stop_pay", "charged_off", "closed", "unknown"}
