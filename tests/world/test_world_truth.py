import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from payments_pipeline.rules.calendar import add_bank_days, is_bank_day
from payments_pipeline.rules.envelope import idempotency_key, normalised_reference
from payments_pipeline.rules.settlement import RULES, fee_cents, settles_on
from payments_pipeline.world import World, generate, noise
from payments_pipeline.world.arrivals import _quoted_loans
from payments_pipeline.world.deliveries import DELIVERY, Account, Spelling
from payments_pipeline.world.doubts import (
    ALIKE,
    CERTAIN,
    LEFT_OVER,
    OF_DAY,
    WITHIN_DAYS,
    Doubts,
    Leftovers,
    rail_and_day,
)
from payments_pipeline.world.faults import HEADER
from payments_pipeline.world.identifiers import RAILS
from tests.conftest import WorldOf

NEW_YORK = ZoneInfo("America/New_York")
# Long enough that whatever befalls a payment of the first days can be seen: returns come up to forty days later.
WORLD = World(loans=24_000, seed=3, first_day=date(2026, 6, 15), days=80, chunk_loans=10_000)
EARLY_UNTIL = date(2026, 7, 20)
COMPLETED: Final = ("payment", "late", "missed", "out_of_order", "partial", "overpayment", "unknown_loan")


@dataclass(frozen=True)
class Made:
    """A world as delivered, beside its truth."""

    folder: Path
    items: pd.DataFrame
    """The truth about rows, each with the fields that were delivered in columns named told_*; good rows only."""
    bank: pd.DataFrame
    statement: pd.DataFrame

    @property
    def good(self) -> pd.DataFrame:
        return self.items[self.items["truth"] != "malformed"]

    @property
    def payments(self) -> pd.DataFrame:
        """Each completed payment once."""
        return self.items[self.items["truth"].isin(COMPLETED)]

    @property
    def early(self) -> pd.DataFrame:
        """Payments to which everything that can happen had time to happen."""
        return self.payments[self.payments["value_date"] <= EARLY_UNTIL]


@pytest.fixture(scope="module")
def made(world_of: WorldOf) -> Made:
    folder = world_of(WORLD)
    items = pd.read_parquet(folder / "truth" / "items.parquet")
    bank = pd.read_parquet(folder / "truth" / "bank.parquet")
    told = pd.DataFrame(
        ((*where, row) for *where, row in delivered(folder)), columns=["arrival_day", "file", "line", "told"]
    )
    items = items.merge(told, on=["arrival_day", "file", "line"], how="outer", validate="1:1", indicator="seen")
    good = items["truth"] != "malformed"
    fields = pd.DataFrame(items[good]["told"].tolist(), index=items.index[good], columns=[f"told_{c}" for c in HEADER])
    statement = pd.concat(pd.read_csv(file, dtype={"bank_day": str}) for file in sorted((folder / "bank").iterdir()))
    return Made(folder, items.join(fields), bank, statement)


def delivered(folder: Path) -> Iterator[tuple[date, str, int, list[str]]]:
    """Day, file, line and fields of each delivered row."""
    for file in sorted((folder / "arrivals").glob("*/*.csv")):
        if file.name == "_manifest.csv":
            continue
        with file.open(newline="") as text:
            header, *rows = csv.reader(text)
        assert tuple(header) == HEADER
        for line, row in enumerate(rows, start=1):
            yield date.fromisoformat(file.parent.name), file.name, line, row


def is_on_the_calendar(text: str) -> bool:
    """Whether a text is a date or an instant that there is."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def assert_rate(found: int, of: int, rate: noise.Rate) -> None:
    """Within five standard deviations of what the table says."""
    expected = rate.share * of
    assert abs(found - expected) <= 5 * (expected * (1 - rate.share)) ** 0.5 + 1, (rate, found / of)


def due(payments: pd.DataFrame) -> pd.DataFrame:
    """The payments with the day on which the rules say that the bank shows them."""
    days = zip(payments["channel"], payments["value_date"], strict=True)
    return payments.assign(due=[settles_on(channel, day) for channel, day in days])


def bank_days_apart(one: date, other: date) -> int:
    """How many bank days later the other is, as far as it is one."""
    first, last = sorted((one, other))
    apart = next(count for count in range(10) if add_bank_days(first, count) >= last)
    return apart if one == first else -apart


def test_the_truth_covers_every_delivered_row_and_no_other(made: Made) -> None:
    assert (made.items["seen"] == "both").all()
    assert len(made.items) > 60_000


def test_good_rows_tell_the_truth(made: Made) -> None:
    good = made.good
    assert (good["told_amount"].astype(float).mul(100).round().astype(int) == good["amount_cents"]).all()
    assert good["told_amount"].str.fullmatch(r"\d+\.\d\d").all()
    assert (good["told_event"] == good["event"]).all()
    assert (good["told_payment_channel"] == good["channel"]).all()
    assert (good["told_value_date"] == good["value_date"].astype(str)).all()
    assert (good["told_return_code"] == good["return_code"]).all()
    assert (good["told_currency"] == "USD").all()
    known = good[good["loan_id"] > 0]
    assert (known["told_loan_account_number"].str.upper() == "LN" + known["loan_id"].astype(str).str.zfill(10)).all()


def test_files_hold_the_rows_of_their_source(made: Made) -> None:
    source = made.items["channel"].map({channel: rail.source for channel, rail in RAILS.items()})
    assert (made.items["file"] == source + ".csv").all()


def test_metadata_is_empty_or_json(made: Made) -> None:
    for text in made.good["told_metadata"].unique():
        assert text == "" or isinstance(json.loads(text), dict)


def test_receipts_tell_the_rows_and_the_hash_of_each_file(made: Made) -> None:
    for receipts in made.folder.glob("arrivals/*/_manifest.csv"):
        day = date.fromisoformat(receipts.parent.name)
        with receipts.open(newline="") as text:
            rows = list(csv.DictReader(text))
        assert {row["file"] for row in rows} == {file.name for file in receipts.parent.iterdir()} - {receipts.name}
        for row in rows:
            content = (receipts.parent / row["file"]).read_bytes()
            assert row["sha256"] == hashlib.sha256(content).hexdigest()
            assert int(row["rows"]) == content.count(b"\n") - 1
            received = datetime.fromisoformat(row["received_at"]).astimezone(NEW_YORK)
            assert received.date() == day
            assert received.hour >= 20


def test_distinct_payments_have_distinct_tuples_and_repeats_have_the_same(made: Made) -> None:
    good = made.good
    keys = [
        idempotency_key(channel, reference, day, cents, loan)
        for channel, reference, day, cents, loan in zip(
            good["channel"],
            good["told_reference_number"],
            good["value_date"],
            good["amount_cents"],
            good["told_loan_account_number"],
            strict=True,
        )
    ]
    by_identity = pd.Series(keys).groupby(good["identity"].to_numpy())
    assert (by_identity.nunique() == 1).all()
    assert by_identity.first().is_unique


def test_references_are_unique_by_themselves(made: Made) -> None:
    references = made.good["told_reference_number"].map(normalised_reference).groupby(made.good["identity"]).first()
    assert references.is_unique


def test_a_repeat_says_what_its_original_says(made: Made) -> None:
    repeats = made.items[made.items["truth"].isin(["duplicate", "recased_duplicate"])]
    originals = made.good[~made.good["truth"].isin(["duplicate", "recased_duplicate"])]
    both = repeats.merge(originals, on=["identity", "event"], suffixes=("", "_original"), validate="m:1")
    assert len(both) == len(repeats)
    for column in ("amount", "value_date", "return_code", "transfer_id", "metadata"):
        assert (both[f"told_{column}"] == both[f"told_{column}_original"]).all()
    later = pd.to_datetime(both["told_payment_date"]) - pd.to_datetime(both["told_payment_date_original"])
    assert later.between(pd.Timedelta(0), pd.Timedelta(minutes=90)).all()
    assert 0.1 < (later > pd.Timedelta(0)).mean() < 0.9
    days = (pd.to_datetime(both["arrival_day"]) - pd.to_datetime(both["arrival_day_original"])).dt.days
    assert set(days) == {0, 1}
    spelled_alike = both["told_reference_number"] == both["told_reference_number_original"]
    assert (spelled_alike == (both["truth"] == "duplicate")).all()


def test_a_payment_for_a_loan_that_is_not_ours_quotes_the_same_one_when_it_is_told_in_another_case() -> None:
    """It quoted the loan that was meant: one payment became two, with one reference."""
    rows = np.zeros(2 * len(Account), dtype=DELIVERY)
    rows["identity"], rows["loan_id"] = 9_091, 77
    rows["account"] = [*Account, *Account]
    rows["spelling"][len(Account) :] = Spelling.ALL_RECASED
    quoted = _quoted_loans(rows, 100).to_pylist()
    plain, recased = quoted[: len(Account)], quoted[len(Account) :]
    assert [number.upper() for number in recased] == plain
    assert recased[0] == "ln0000000077"
    assert len(set(plain)) == len(Account)


def test_malformed_rows_are_broken_where_the_truth_says(made: Made) -> None:
    broken = made.items[made.items["truth"] == "malformed"]
    assert broken["fault"].nunique() == 12
    for fault, column, row in zip(broken["fault"], broken["fault_column"], broken["told"], strict=True):
        if column == "row":
            assert len(row) != len(HEADER)
            continue
        found = row[HEADER.index(column)]
        match fault:
            case "amount_not_a_number":
                assert found == "abc"
            case "amount_negative":
                assert float(found) < 0
            case "amount_zero":
                assert float(found) == 0
            case "amount_in_mills":
                assert len(found.split(".")[1]) == 3
            case "reference_empty":
                assert found == ""
            case "value_date_impossible" | "payment_date_impossible":
                assert not is_on_the_calendar(found)
            case "value_date_absurd":
                assert date.fromisoformat(found).year > 2100
            case "currency_foreign":
                assert found == "EUR"
            case "channel_unknown":
                assert found not in RULES
            case _:
                pytest.fail(f"a fault that no test knows: {fault}")


def test_malformed_rows_come_beside_a_good_one(made: Made) -> None:
    broken = made.items[made.items["truth"] == "malformed"]
    both = broken.merge(made.good, on=["identity", "event", "arrival_day"], how="left", suffixes=("", "_good"))
    assert both["truth_good"].notna().all()


def test_loans_that_are_not_ours_are_not_in_the_book(made: Made) -> None:
    strangers = made.items[(made.items["loan_id"] == 0) & (made.items["truth"] != "malformed")]
    for quoted in strangers["told_loan_account_number"].str.upper():
        assert not (quoted[2:].isdecimal() and len(quoted) == 12 and 1 <= int(quoted[2:]) <= WORLD.loans)
    assert strangers["told_loan_account_number"].str.fullmatch(r"LN\d{10}").any()
    assert (~strangers["told_loan_account_number"].str.fullmatch(r"LN\d{10}")).any()


def test_instants_belong_to_the_day_in_new_york_that_they_tell_of(made: Made) -> None:
    instants = pd.to_datetime(made.good["told_payment_date"], utc=True).dt.tz_convert(NEW_YORK).dt.date
    ready = made.good["truth"].isin(COMPLETED)
    assert (instants[ready] == made.good["value_date"][ready]).all()
    otherwise = made.good["truth"].isin(["return", "canceled"])
    assert (instants[otherwise] == made.good["arrival_day"][otherwise]).all()


def test_payments_are_completed_by_the_word_of_their_rail(made: Made) -> None:
    words = made.payments[["channel", "event"]].drop_duplicates()
    assert len(words) == len(RULES)
    assert [RULES[channel].ready_signal for channel in words["channel"]] == list(words["event"])


def test_every_payment_is_completed_once_and_by_the_end_of_the_world(made: Made) -> None:
    assert made.payments["identity"].is_unique
    assert made.payments["arrival_day"].max() <= WORLD.last_day
    days = sorted(folder.name for folder in (made.folder / "arrivals").iterdir())
    assert str(WORLD.first_day) <= days[0] <= days[-1] <= str(WORLD.last_day)


def test_attempts_that_are_canceled_are_never_completed(made: Made) -> None:
    canceled = set(made.items[made.items["truth"] == "canceled"]["identity"])
    assert canceled
    assert canceled.isdisjoint(made.payments["identity"])
    assert canceled.isdisjoint(made.bank["identity"])
    initiated = made.items[made.items["truth"] == "initiated"]
    assert canceled <= set(initiated["identity"])


def test_announcements_come_a_day_or_two_before_the_value_date(made: Made) -> None:
    announced = made.items[
        (made.items["truth"] == "initiated") & made.items["identity"].isin(made.payments["identity"])
    ]
    days = pd.to_datetime(announced["value_date"]) - pd.to_datetime(announced["arrival_day"])
    assert set(days.dt.days) == {1, 2}


def test_returns_follow_their_payment_by_bank_days_and_carry_a_code_of_their_rail(made: Made) -> None:
    returns = made.items[made.items["truth"] == "return"]
    assert set(returns["identity"]) <= set(made.payments["identity"])
    assert returns["identity"].is_unique
    assert returns["arrival_day"].map(is_bank_day).all()
    days = (pd.to_datetime(returns["arrival_day"]) - pd.to_datetime(returns["value_date"])).dt.days
    assert days.min() >= 1
    assert 20 < days.max() <= 40
    codes = {
        "ach": {"R01", "R02", "R03", "R10"},
        "check": {"A", "D"},
        "wire": {"FRAD", "DUPL"},
        "realtime": {""},
    }
    for channel, found in returns.groupby("channel")["return_code"]:
        assert set(found) <= codes[str(channel)]
    assert set(returns["return_code"]) >= codes["ach"]
    assert set(returns[returns["channel"] == "wire"]["event"]) == {"recalled"}
    assert set(returns[returns["channel"] != "wire"]["event"]) == {"returned"}
    went_back = made.good[made.good["event"].isin(["returned", "recalled"])]
    assert ((went_back["return_code"] == "") == (went_back["channel"] == "realtime")).all()


def test_a_payment_out_of_order_arrives_after_its_return(made: Made) -> None:
    late = made.items[made.items["truth"] == "out_of_order"]
    returns = made.items[made.items["truth"] == "return"].set_index("identity")["arrival_day"]
    assert len(late)
    assert (late.set_index("identity")["arrival_day"] > returns.loc[late["identity"]]).all()


def test_late_and_missed_payments_arrive_when_the_table_says(made: Made) -> None:
    late, missed = (made.items[made.items["truth"] == kind]["days_late"] for kind in ("late", "missed"))
    assert (late.min(), late.max()) == (1, 10)
    assert (missed.min(), missed.max()) == (2, 4)
    others = made.items[made.items["truth"].isin(["payment", "partial", "overpayment"])]
    assert (others["arrival_day"] == others["value_date"]).all()


def test_statements_and_their_truth_have_the_same_lines(made: Made) -> None:
    shown = made.bank.dropna(subset="line_id").drop_duplicates("line_id")
    assert made.statement["line_id"].is_unique
    both = made.statement.merge(shown, on="line_id", how="outer", suffixes=("", "_true"), validate="1:1")
    assert len(both) == len(shown) == len(made.statement)
    assert (both["amount_cents"] == both["amount_cents_true"]).all()
    assert (both["channel"] == both["channel_true"]).all()
    assert (both["bank_day"] == both["bank_day_true"].astype(str)).all()
    assert ((both["kind"] == "fee") == (both["truth"] == "fee")).all()
    known = both["truth"].isin(["return", "payment", "split", "unsent"])
    assert ((both["kind"] == "return") == (both["truth"] == "return"))[known].all()
    assert (both["kind"].eq("credit") == both["amount_cents"].gt(0)).all()
    references = both["reference"].dropna()
    assert (references == references.str.upper()).all()


def test_the_bank_shows_every_payment_once_within_a_bank_day_of_when_its_rail_settles(made: Made) -> None:
    """But those that it never shows, and those that settle after the last day."""
    expected = due(made.payments)
    expected = expected[expected["due"] <= WORLD.last_day]
    of_bank = made.bank[~made.bank["truth"].isin(["return", "chargeback"]) & (made.bank["identity"] > 0)]
    of_bank = of_bank.drop_duplicates(["identity", "group"])  # a deposit in two lines
    assert of_bank["identity"].is_unique
    both = expected.merge(of_bank, on="identity", how="outer", suffixes=("", "_bank"), validate="1:1")
    assert len(both) == len(expected) == len(of_bank)
    assert (both["channel"] == both["channel_bank"]).all()
    apart = [bank_days_apart(*days) for days in zip(both["due"], both["bank_day"], strict=True)]
    assert set(apart) == {-1, 0, 1}
    moved = both[np.array(apart) != 0]
    assert not moved["channel"].eq("realtime").any()
    assert not moved["truth"].eq("never_at_bank").any()


def test_the_lines_of_a_group_add_up_to_its_payments_less_fees_and_chargebacks(made: Made) -> None:
    bank = made.bank.merge(
        made.payments[["identity", "amount_cents"]].rename(columns={"amount_cents": "paid"}), on="identity", how="left"
    )
    bank = bank[bank["line_id"].notna() & ~bank["truth"].isin(["duplicate", "unsent"])]
    kind = made.statement.set_index("line_id")["kind"]
    bank = bank[(bank["identity"] > 0) | bank["line_id"].map(kind).eq("fee") & ~bank["channel"].eq("check")]
    shown = bank.drop_duplicates("line_id").groupby("group")["amount_cents"].sum()
    members = bank[bank["identity"] > 0].drop_duplicates(["group", "identity", "truth"])
    sign = np.where(members["truth"].isin(["return", "chargeback"]), -1, 1)
    fees = [
        fee_cents(int(cents), RULES[channel]) if truth != "chargeback" else 0
        for cents, channel, truth in zip(members["paid"], members["channel"], members["truth"], strict=True)
    ]
    owed = (members["paid"] * sign - fees).groupby(members["group"]).sum()
    off = (shown - owed)[shown != owed]
    mistyped = set(members[members["truth"] == "amount_differs"]["group"])
    assert mistyped
    assert set(off.index) == mistyped
    assert (off % 9 == 0).all()


def test_deposits_and_payouts_hold_payments_of_one_rail_and_day(made: Made) -> None:
    members = due(made.payments).merge(
        made.bank[made.bank["identity"] > 0].drop_duplicates(["identity", "group"])[["identity", "group", "truth"]],
        on="identity",
        suffixes=("", "_bank"),
    )
    members = members[members["truth_bank"].isin(["payment", "split", "amount_differs"])]
    batched = members["channel"].map({channel: rule.grouped_by for channel, rule in RULES.items()})
    assert (members[batched == "transfer"].groupby("group").size() == 1).all()
    groups = members[batched != "transfer"].groupby("group")
    assert (groups[["channel", "due"]].nunique() == 1).all(axis=None)
    assert 30 <= groups.size()[groups["channel"].first() == "check"].max() <= 50
    assert groups.size()[groups["channel"].first() == "card"].max() > 50


def test_sources_and_bank_call_a_deposit_or_payout_the_same(made: Made) -> None:
    told = made.payments.assign(
        number=made.payments["told_metadata"].str.extract(r'"(?:deposit|payout)":"(\w+)"', expand=False)
    )
    batched = told[told["channel"].isin(["check", "card", "paypal", "venmo"])]
    assert told[~told["channel"].isin(batched["channel"])]["number"].isna().all()
    credit = made.statement[made.statement["kind"] == "credit"][["line_id", "reference"]]
    lines = made.bank[["line_id", "identity", "truth"]].merge(credit, on="line_id")
    both = batched.merge(lines[lines["truth"] != "chargeback"], on="identity", suffixes=("", "_bank"))
    both = both.dropna(subset=["number", "reference"])
    spelled = both["number"] != both["reference"]
    assert 0 < spelled.mean() < 0.03
    assert set(both[spelled]["reference"]).isdisjoint(batched["number"])
    assert both[~spelled].groupby("number")["reference"].nunique().eq(1).all()


def test_lines_are_on_bank_days_but_for_instant_payments(made: Made) -> None:
    lines = made.bank[made.bank["channel"] != "realtime"]
    assert lines["bank_day"].map(is_bank_day).all()
    assert not made.bank[made.bank["channel"] == "realtime"]["bank_day"].map(is_bank_day).all()


def test_every_return_is_a_line_below_zero_within_a_bank_day_of_its_day(made: Made) -> None:
    returns = made.items[made.items["truth"] == "return"].set_index("identity").sort_index()
    lines = made.bank[made.bank["truth"] == "return"].set_index("identity").sort_index()
    assert lines.index.equals(returns.index)
    assert (lines["amount_cents"] == -returns["amount_cents"]).all()
    apart = [bank_days_apart(*days) for days in zip(returns["arrival_day"], lines["bank_day"], strict=True)]
    assert set(apart) <= {-1, 0, 1}


def test_the_bank_quotes_reference_and_transfer_of_a_single_payment_or_says_less(made: Made) -> None:
    single = made.statement["channel"].isin(["ach", "wire", "realtime", "book"]) | made.statement["kind"].eq("return")
    known = made.bank[made.bank["truth"].isin(["payment", "return", "amount_differs"])][["line_id", "identity"]]
    lines = made.statement[single].merge(known.drop_duplicates("line_id"), on="line_id", validate="1:1")
    told = made.payments[["identity", "told_reference_number", "told_transfer_id"]]
    both = lines.merge(told, on="identity", validate="m:1")
    assert len(both) == len(lines)
    named = both["transaction_id"].notna()
    returns = made.items[made.items["truth"] == "return"].set_index("identity")["told_transfer_id"]
    went_back = both["kind"] == "return"
    told_id = both["told_transfer_id"].where(~went_back, both["identity"].map(returns))
    assert (both["transaction_id"] == told_id)[named].all()
    by_another = (both["transaction_id"] != both["told_transfer_id"])[named & went_back]
    assert set(both["channel"][named & went_back][by_another]) == {"wire", "realtime"}
    assert by_another[both["channel"][named & went_back].isin(["wire", "realtime"])].all()
    assert not both[both["channel"] == "check"]["transaction_id"].notna().any()
    plain = both["reference"] == both["told_reference_number"].str.upper()
    mangled = both[~plain]["reference"].dropna()
    assert {len(reference) - 14 for reference in mangled if reference.startswith(("TRC0910", "TRC"))} >= {-1, 3, 4}
    assert set(mangled.map(normalised_reference)).isdisjoint(
        made.good["told_reference_number"].map(normalised_reference)
    )
    transfers = both[both["channel"] != "check"]
    named, plain = named[transfers.index], plain[transfers.index]
    assert_rate(int((~named & plain).sum()), len(transfers), noise.WITHOUT_TRANSFER_ID)
    assert_rate(int((named & ~plain).sum()), len(transfers), noise.MANGLED_REFERENCE)
    assert_rate(int((~named & ~plain).sum()), len(transfers), noise.BARE_LINE)


def test_what_is_shown_twice_is_shown_twice_word_for_word(made: Made) -> None:
    again = made.bank[made.bank["truth"] == "duplicate"]["line_id"]
    assert len(again)
    said = made.statement.drop(columns="line_id")
    assert said[made.statement["line_id"].isin(again)].apply(tuple, axis=1).isin(
        said[~made.statement["line_id"].isin(again)].apply(tuple, axis=1)
    ).all()  # fmt: skip


def test_money_that_nobody_told_us_of_has_a_reference_that_is_no_payment_s(made: Made) -> None:
    unsent = made.bank[made.bank["truth"] == "unsent"]
    assert len(unsent)
    assert (unsent["identity"] == 0).all()
    references = made.statement[made.statement["line_id"].isin(unsent["line_id"])]["reference"].dropna()
    told = made.good["told_reference_number"].map(normalised_reference)
    assert set(references.map(normalised_reference)).isdisjoint(told)


def test_what_stands_for_nothing_of_ours_cannot_be_matched_and_nearly_all_else_can(made: Made) -> None:
    share = made.bank.groupby("truth")["is_matchable"].mean()
    assert not share[["unsent", "never_at_bank", "fee", "duplicate", "chargeback"]].any()
    assert share["payment"] > 0.97
    named = made.statement[made.statement["transaction_id"].notna()]["line_id"]
    of_payments = made.bank[made.bank["line_id"].isin(named) & (made.bank["identity"] > 0)]
    assert of_payments["is_matchable"].all()


def test_the_bank_s_mistakes_come_at_the_rates_of_the_table(made: Made) -> None:
    lines = made.bank.dropna(subset="line_id").drop_duplicates(["line_id", "truth"])
    channel = lines["channel"]
    first = lines[~lines["truth"].isin(["duplicate", "fee", "unsent", "chargeback"])].drop_duplicates("group")
    count = lines["truth"].value_counts()
    assert_rate(count["duplicate"], len(lines), noise.POSTED_TWICE)
    assert_rate(count["amount_differs"], int((first["truth"] != "return").sum()), noise.OTHER_AMOUNT)
    deposits = first[(first["channel"] == "check") & (first["truth"] != "return")]
    assert_rate(int((deposits["truth"] == "split").sum()), len(deposits), noise.SPLIT_DEPOSIT)
    payouts = first[first["channel"].isin(["card", "paypal", "venmo"])]
    assert_rate(int((lines["truth"].eq("fee") & channel.ne("check")).sum()), len(payouts), noise.FEES_APART)
    whole = lines[lines["channel"].eq("check") & lines["truth"].isin(["payment", "return"])]
    assert_rate(int((lines["truth"].eq("fee") & channel.eq("check")).sum()), len(whole), noise.BANK_FEE)
    paid = made.bank[made.bank["channel"].isin(["card", "paypal", "venmo"]) & (made.bank["truth"] == "payment")]
    assert 0 < (made.bank["truth"] == "chargeback").sum() <= 2 * noise.CHARGEBACK.share * len(paid)
    untold = ~made.payments["told_metadata"].str.contains("deposit|payout")
    batched = made.payments["channel"].isin(["check", "card", "paypal", "venmo"])
    share = (untold & batched).sum() / batched.sum()
    assert 0 < share < 3 * (noise.BATCH_UNTOLD.share + noise.MEMBER_UNTOLD.share)


def test_a_payment_that_no_line_names_is_found_by_its_amount_if_nothing_left_over_is_like_it() -> None:
    def left_over(*rows: tuple[int, int, int, int]) -> Leftovers:
        return Leftovers(np.array(list(rows), dtype=LEFT_OVER), np.zeros(0, dtype=np.int64))

    doubts = Doubts()
    doubts.add(left_over((0, 500, 10, 2), (0, 500, 11, 2), (0, 700, 10, 4), (0, 700, 10, 4)))
    doubts.add(left_over((0, 500, 11 + WITHIN_DAYS, 6), (0, 700, 12, 8), (1, 700, 10, 10), (0, 900, 10, 12)))
    doubts.add(Leftovers(np.zeros(0, dtype=LEFT_OVER), rail_and_day(np.array([3, 3, 4]), np.array([10, 10, 10]))))
    doubt = np.array([ALIKE, ALIKE, ALIKE, OF_DAY, OF_DAY, CERTAIN], dtype=np.uint8)
    channel, day = np.array([0, 0, 0, 3, 4, 3], dtype=np.uint8), np.full(6, 10, dtype=np.int32)
    certain = doubts.settled().holds(doubt, channel, day, np.array([2, 4, 12, 0, 0, 2]))
    assert certain.tolist() == [False, False, True, False, True, True]
    doubts = Doubts()
    doubts.add(left_over((0, 500, 10, 2), (0, 500, 11, 2), (0, 500, 12 + WITHIN_DAYS, 6)))
    assert doubts.settled().holds(doubt[:1], channel[:1], day[:1], np.array([2])).tolist() == [True]


def test_noise_comes_at_the_rates_of_the_table(made: Made) -> None:
    early, items = made.early, made.items
    payments = len(early)
    told = items[~items["truth"].isin(["duplicate", "recased_duplicate", "malformed"])]
    for truth, rate in (
        ("duplicate", noise.DUPLICATE),
        ("recased_duplicate", noise.RECASED_DUPLICATE),
        ("malformed", noise.MALFORMED),
    ):
        assert_rate(int((items["truth"] == truth).sum()), len(told), rate)
    late = early["truth"].eq("late").sum() + (early["truth"].eq("unknown_loan") & early["days_late"].gt(0)).sum()
    assert_rate(int(late), payments, noise.LATE)
    assert_rate(int(early["truth"].eq("missed").sum()), payments, noise.MISSED)
    assert_rate(int(early["loan_id"].eq(0).sum()), payments, noise.UNKNOWN_LOAN)
    for channel, rate in noise.RETURNS.items():
        of_rail = early[early["channel"] == channel]
        returned = items[(items["truth"] == "return") & items["identity"].isin(of_rail["identity"])]
        assert_rate(len(returned), len(of_rail), rate)
    announced = items[items["truth"].eq("initiated") & items["identity"].isin(early["identity"])]
    assert_rate(
        len(announced), int((early["value_date"] > WORLD.first_day + timedelta(days=1)).sum()), noise.INITIATED_FIRST
    )
    never = made.bank[made.bank["identity"].isin(early["identity"])]["truth"].eq("never_at_bank").sum()
    assert_rate(int(never), payments, noise.NEVER_AT_BANK)


def test_borrowers_pay_partly_too_much_and_twice_at_the_rates_of_the_table(made: Made) -> None:
    sizes = made.payments["size"].value_counts()
    firsts = len(made.payments) - sizes["extra"] - sizes["piece"] // 2
    assert_rate(int(sizes["extra"] + sizes["piece"] // 2), int(firsts), noise.SECOND_THAT_DAY)
    assert_rate(int(sizes["partial"]), int(firsts), noise.PARTIAL)
    assert_rate(int(sizes["over"]), int(firsts), noise.OVERPAYMENT)


def test_pieces_make_the_instalment_together(made: Made) -> None:
    loans = pd.read_parquet(made.folder / "portfolio" / "loans.parquet").set_index("loan_id")
    due = loans["payment_cents"] + loans["escrow_cents"] + loans["escrow_shortage_cents"]
    pieces = made.payments[(made.payments["size"] == "piece") & (made.payments["loan_id"] > 0)]
    whole = pieces.groupby(["loan_id", "value_date"])["amount_cents"].agg(["sum", "count"])
    pairs = whole[whole["count"] == 2].reset_index()
    assert len(pairs) > 100
    assert (pairs["sum"] == pairs["loan_id"].map(due)).all()
    full = made.payments[(made.payments["size"] == "full") & (made.payments["loan_id"] > 0)]
    assert (full["amount_cents"] == full["loan_id"].map(due)).all()


def test_without_noise_everything_arrives_once_on_its_day_and_the_bank_agrees(tmp_path: Path) -> None:
    generate(World(loans=2_000, days=20, noise=0.0), tmp_path / "world")
    items = pd.read_parquet(tmp_path / "world" / "truth" / "items.parquet")
    bank = pd.read_parquet(tmp_path / "world" / "truth" / "bank.parquet")
    assert set(items["truth"]) == set(bank["truth"]) == {"payment"}
    assert items["identity"].is_unique
    assert (items["arrival_day"] == items["value_date"]).all()
    assert set(items["size"]) == {"full"}


def test_a_big_source_is_delivered_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments_pipeline.world.arrivals.ROWS_IN_FILE", 50)
    peak = date(2026, 7, 1)
    generate(World(loans=600, first_day=peak, days=1, peak_day=peak, peak_payments=400), tmp_path / "world")
    names = sorted(file.name for file in (tmp_path / "world" / "arrivals" / "2026-07-01").glob("column_ach*"))
    assert names[:2] == ["column_ach-001.csv", "column_ach-002.csv"]
    items = pd.read_parquet(tmp_path / "world" / "truth" / "items.parquet")
    told = {(day, file, line) for day, file, line, _ in delivered(tmp_path / "world")}
    assert told == set(zip(items["arrival_day"], items["file"], items["line"], strict=True))


def test_on_the_peak_day_up_to_eight_in_a_hundred_are_another_payment_of_their_loan(tmp_path: Path) -> None:
    peak = date(2026, 7, 1)
    generate(World(loans=5_000, first_day=peak, days=1, peak_day=peak, peak_payments=2_000), tmp_path / "world")
    items = pd.read_parquet(tmp_path / "world" / "truth" / "items.parquet")
    payments = items[items["truth"].isin(COMPLETED) & (items["loan_id"] > 0)]
    assert payments["loan_id"].duplicated().mean() == pytest.approx(0.08, abs=0.005)
