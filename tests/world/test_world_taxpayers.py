"""What a world tells the tax authority of its people: nobody real, everything that the form has a rule for, encrypted."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from payments_pipeline.formats.tax_identity import (
    Address,
    Identity,
    address_place,
    co_borrower_place,
    identity_place,
)
from payments_pipeline.formats.us_states import zip_is_in
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.connect import Database
from payments_pipeline.world import World
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.taxpayers import FOLDER, TABLES
from tests.conftest import WorldOf

WORLD = World(loans=20_000, seed=3, first_day=date(2026, 6, 29), days=5, chunk_loans=8_000)
KEY = PersonalData(bytes(range(32)))
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def folder(world_of: WorldOf) -> Path:
    return world_of(WORLD)


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    return {name: pd.read_parquet(folder / FOLDER / f"{name}.parquet") for name in TABLES}


def test_no_number_could_be_anybody_s_and_none_comes_twice(tables: Tables) -> None:
    people = tables["tax_identities"]
    ssns = people.loc[people["tin_type"] == "ssn", "tin"]
    assert ssns.str.fullmatch(r"9\d\d[0-4]\d{5}").all()  # no SSN begins with 9, no ITIN has such a group
    eins = people.loc[people["tin_type"] == "ein", "tin"]
    assert eins.str.fullmatch(r"07\d{7}").all()  # no EIN does
    assert ssns.is_unique
    assert eins.is_unique
    assert len(people) == WORLD.loans // 2


def test_people_have_first_and_last_names_apart_and_businesses_one(tables: Tables) -> None:
    people = tables["tax_identities"]
    is_person = people["payer_kind"] == "individual"
    assert people.loc[is_person, ["first_name", "last_name"]].notna().all().all()
    assert people.loc[is_person, "business_name"].isna().all()
    assert people.loc[~is_person, "business_name"].notna().all()
    assert is_person.mean() == pytest.approx(0.97, abs=0.01)
    assert set(people["payer_kind"]) == {"individual", "corporation", "partnership", "trust", "estate", "association"}


def test_everything_that_the_form_has_a_rule_for_occurs(tables: Tables) -> None:
    people, terms, refunds = (tables[name] for name in ("tax_identities", "loan_tax_terms", "interest_refunds"))
    assert (people["tin_type"] == "unknown").any()
    assert (people["country"] != "US").any()
    assert people["last_name"].str.contains("-").any()
    for column in ("acquired_on", "property_description", "owner_name", "points_paid_on", "premium_contract_on"):
        assert terms[column].notna().any(), column
    assert (terms["properties"] > 1).any()
    assert (terms["monthly_premium_cents"] > 0).any()
    assert set(pd.to_datetime(refunds["refunded_on"]).dt.year - refunds["received_in_year"]) == {0, 1}
    assert 0.3 < len(tables["co_borrowers"]) / WORLD.loans < 0.6


def test_addresses_of_this_country_have_postal_codes_of_their_states(tables: Tables) -> None:
    here = tables["tax_identities"].query("country == 'US'")
    assert all(zip_is_in(code, state) for code, state in zip(here["zip"], here["state"], strict=True))


def test_what_is_loaded_is_encrypted_and_reads_back(database: Database, folder: Path, tables: Tables) -> None:
    with database.connect() as connection:
        load_portfolio(connection, folder, personal_data=KEY)
    people = {int(row["borrower_id"]): row for row in tables["tax_identities"].to_dict("records")}
    with database.connect("compliance") as connection:
        rows = connection.execute(
            "select borrower_id, version, identity_encrypted, tin_index, address_encrypted, address_index "
            "from servicing.tax_identities order by borrower_id limit 200"
        ).fetchall()
        others = connection.execute(
            "select loan_id, seq, identity_encrypted from servicing.co_borrowers limit 20"
        ).fetchall()
        clear = connection.execute("select string_agg(i::text, '') from servicing.tax_identities as i").fetchone()
    for borrower, version, encrypted, index, encrypted_address, address_index in rows:
        identity = Identity.of_text(KEY.decrypt(bytes(encrypted), identity_place(borrower, version)))
        truth = people[borrower]
        assert identity.tin == (truth["tin"] or "")
        assert identity.last == (truth["last_name"] or "")
        assert index is None or bytes(index) == KEY.index(identity.tin, "tin")
        address = Address.of_text(KEY.decrypt(bytes(encrypted_address), address_place(borrower, version)))
        assert (address.street, address.zip, address.country) == (truth["street"], truth["zip"], truth["country"])
        assert bytes(address_index) == KEY.index(address.place, "address")
    for loan, seq, encrypted in others:
        assert Identity.of_text(KEY.decrypt(bytes(encrypted), co_borrower_place(loan, seq))).last
    assert clear is not None
    for column in ("tin", "street"):
        assert not any(text in clear[0] for text in tables["tax_identities"][column].dropna().head(50))
