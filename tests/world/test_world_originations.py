"""What a world's origination system holds: every outcome, and of the loans in the book what servicing has."""

from datetime import date
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from payments_pipeline.hmda.applicants import Answers, applicant_place
from payments_pipeline.hmda.institution import read_institution
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database
from payments_pipeline.rules.uli import is_uli
from payments_pipeline.world import World, generate
from payments_pipeline.world.book import PRODUCTS
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.originations import FOLDER, LEI, ORIGINATORS, TABLES
from tests.conftest import WorldOf

WORLD = World(loans=6_000, seed=3, first_day=date(2026, 6, 29), days=1, noise=0, chunk_loans=4_000)
KEY = PersonalData(bytes(range(32)))
Tables = dict[str, pd.DataFrame]


def _read(folder: Path) -> Tables:
    return {name: pd.read_parquet(folder / FOLDER / f"{name}.parquet") for name in TABLES}


@pytest.fixture(scope="module")
def folder(world_of: WorldOf) -> Path:
    return world_of(WORLD)


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    return _read(folder)


@pytest.fixture(scope="module")
def book(folder: Path) -> pd.DataFrame:
    loans = pd.read_parquet(folder / "portfolio" / "loans.parquet")
    terms = pd.read_parquet(folder / "taxpayers" / "loan_tax_terms.parquet")
    homes = pd.read_parquet(folder / "portfolio" / "properties.parquet")
    return loans.merge(terms, on="loan_id").merge(homes, on="property_id", suffixes=("", "_home"))


def test_every_outcome_happens_in_every_year(tables: Tables) -> None:
    applications = tables["applications"]
    years = pd.to_datetime(applications["action_taken_on"]).dt.year
    assert set(zip(years, applications["action_taken"], strict=True)) == {
        (year, action) for year in (2024, 2025, 2026) for action in range(1, 9)
    }
    assert pd.to_datetime(applications["action_taken_on"]).max().date() <= WORLD.boarded_on


def test_each_loan_made_in_those_years_has_its_application_and_they_agree(tables: Tables, book: pd.DataFrame) -> None:
    made = book[book["acquired_on"].isna() & (pd.to_datetime(book["originated_on"]).dt.year >= 2024)]
    applications = tables["applications"].query("action_taken == 1 and loan_id == loan_id")
    whole = applications.merge(tables["application_terms"], on="application_id").merge(
        tables["application_properties"], on="application_id"
    )
    both = made.merge(whole, on="loan_id", suffixes=("", "_applied"))
    assert len(made) == len(applications) == len(both) > 500
    assert (both["original_principal_cents"] == both["amount_cents"]).all()
    assert (both["originated_on"] == both["action_taken_on"]).all()
    assert (both["rate_ppm"] == both["note_rate_ppm"]).all()
    assert (both["product"].map({product.name: product.term for product in PRODUCTS}) == both["term_months"]).all()
    assert (both["street"] == both["street_applied"]).all()
    assert (both["zip"] == both["zip_applied"]).all()
    assert (both["is_purchase"] == (both["loan_purpose"] == 1)).all()
    juniors = set(tables["subordinate_liens"]["loan_id"])
    assert set(both.loc[both["lien_status"] == 2, "loan_id"]) == juniors & set(both["loan_id"]) != set()


def test_what_was_bought_for_ourselves_is_a_purchase_under_its_originator_s_identifier(
    tables: Tables, book: pd.DataFrame
) -> None:
    bought = tables["applications"].query("action_taken == 6 and loan_id == loan_id")
    assert set(bought["loan_id"]) == set(book.loc[book["acquired_on"].notna() & book["owner_name"].isna(), "loan_id"])
    assert bought["applied_on"].isna().all()
    assert set(bought["uli"].str[:20]) == set(ORIGINATORS)
    assert not set(tables["applicants"]["application_id"]) & set(bought["application_id"])


def test_identifiers_are_ours_have_check_digits_and_never_come_twice(tables: Tables) -> None:
    ulis = tables["applications"]["uli"]
    assert ulis.is_unique
    assert all(map(is_uli, ulis))
    assert read_institution().institution.lei == LEI
    assert set(tables["applications"].query("action_taken != 6")["uli"].str[:20]) == {LEI}


def test_the_same_seed_gives_the_same_applications_and_noise_keys_some_differently(tmp_path: Path) -> None:
    for name, noise in (("one", 0), ("two", 0), ("noisy", 5)):
        generate(World(loans=3_000, seed=5, days=1, noise=noise), tmp_path / name)
    one, two, noisy = (_read(tmp_path / name) for name in ("one", "two", "noisy"))
    for name in TABLES:
        pd.testing.assert_frame_equal(one[name], two[name])
    both = one["applications"].merge(noisy["applications"], on="application_id")
    amounts, days = (both[f"{name}_x"] != both[f"{name}_y"] for name in ("amount_cents", "action_taken_on"))
    assert 0 < (amounts | days).mean() < 0.04


def test_a_world_before_2024_has_no_applications(tmp_path: Path) -> None:
    generate(World(loans=200, seed=5, first_day=date(2023, 6, 29), days=1), tmp_path / "early")
    assert {name: len(table) for name, table in _read(tmp_path / "early").items() if name != "subordinate_liens"} == (
        dict.fromkeys([name for name in TABLES if name != "subordinate_liens"], 0)
    )


def test_what_is_loaded_is_encrypted_and_only_compliance_reads_it(
    database: Database, folder: Path, tables: Tables
) -> None:
    with database.connect() as connection:
        load_portfolio(connection, folder, personal_data=KEY)
    truth = {(row["application_id"], row["seq"]): row for row in tables["applicants"].head(300).to_dict("records")}
    with database.connect("compliance") as connection:
        rows = connection.execute(
            "select application_id, seq, answers_encrypted from servicing.applicants "
            "where (application_id, seq) in (select * from unnest(%s::bigint[], %s::int[]))",
            ([int(key[0]) for key in truth], [int(key[1]) for key in truth]),
        ).fetchall()
    assert len(rows) == len(truth)
    for application, seq, encrypted in rows:
        answers = Answers.of_text(KEY.decrypt(bytes(encrypted), applicant_place(application, seq)))
        told = truth[application, seq]
        assert (answers.ethnicities, answers.races, answers.sex) == (told["ethnicities"], told["races"], told["sex"])
        assert answers.born_on == str(told["born_on"])
    with database.connect() as connection:
        for hidden in (
            "select answers_encrypted from servicing.applicants",
            "select income_thousands from servicing.applications",
            "select street from servicing.application_properties",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(hidden)
            connection.rollback()
