from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from payments_pipeline.ingestion.schema import EXPECTED, HEADER, faults, is_metadata, read_values
from tests.ingestion.files import DAY, RECEIVED_AT, row


def judged(*rows: dict[str, str]) -> tuple[dict[str, list[object]], list[tuple[int, str]]]:
    """The values of rows, and what is wrong as pairs of place and column."""
    texts = pa.table({name: pa.array([one[name] for one in rows], pa.string()) for name in HEADER})
    values = read_values(texts)
    wrong = faults(values, RECEIVED_AT, DAY)
    pairs = list(zip(wrong["place"].to_pylist(), wrong["column_name"].to_pylist(), strict=True))
    return {name: column.to_pylist() for name, column in values.items()}, pairs


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1234.56", 123456),
        ("0.01", 1),
        ("7", 700),
        ("7.5", 750),
        ("0007.05", 705),
        (" 12.30 ", 1230),
        ("999999999.99", 99999999999),
        ("90071992.54", 9007199254),
        ("0.29", 29),
        ("1.15", 115),
        ("81402.57", 8140257),
    ],
)
def test_an_amount_is_read_to_the_cent(text: str, cents: int) -> None:
    values, wrong = judged(row(amount=text))
    assert (values["amount"], wrong) == ([cents], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "-1.00",
        "+1.00",
        "1.005",
        "1,234.56",
        "$1",
        "1e3",
        "abc",
        ".5",
        "5.",
        "1 2",
        "NaN",
        "1000000000",
        "\uff11",
    ],
)
def test_what_is_no_amount_above_zero_and_below_a_billion_is_refused(text: str) -> None:
    assert judged(row(amount=text))[1] == [(0, "amount")]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-02T15:04:05Z", datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)),
        ("2026-03-02 10:04:05.25-05:00", datetime(2026, 3, 2, 15, 4, 5, 250000, tzinfo=UTC)),
        ("2026-03-02T15:04:05.123456+0000", datetime(2026, 3, 2, 15, 4, 5, 123456, tzinfo=UTC)),
        ("2026-03-04T01:30:00Z", datetime(2026, 3, 4, 1, 30, tzinfo=UTC)),  # a day after receipt, to the second
    ],
)
def test_an_instant_needs_its_zone_and_may_have_any(text: str, instant: datetime) -> None:
    values, wrong = judged(row(payment_date=text))
    assert (values["payment_date"], wrong) == ([instant], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-02T15:04:05",
        "2026-03-02",
        "2026-13-32T15:04:05Z",
        "2026-02-30T00:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-04T01:30:01Z",
        "2024-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
        "yesterday",
    ],
)
def test_what_is_no_instant_around_the_receipt_is_refused(text: str) -> None:
    assert judged(row(payment_date=text))[1] == [(0, "payment_date")]


@pytest.mark.parametrize("text", ["2026-03-02", "2026-04-06", "2025-01-26", "2026-02-28"])
def test_value_dates_from_400_days_before_receipt_to_35_after_are_taken(text: str) -> None:
    values, wrong = judged(row(value_date=text))
    assert (values["value_date"], wrong) == ([date.fromisoformat(text)], [])


@pytest.mark.parametrize("text", ["", "2026-04-07", "2025-01-25", "2026-02-30", "20260302", "21126-03-02", "2026-3-2"])
def test_other_value_dates_are_refused(text: str) -> None:
    assert judged(row(value_date=text))[1] == [(0, "value_date")]


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("event", [" Settled ", "CANCELED"], ["", "cancelled", "paid"]),
        ("reference_number", ["x" * 255, " x ", "日本"], ["", "x" * 256, " \t\n "]),
        ("loan_account_number", ["ln0000000001 ", "anything at all", "x" * 20], ["", "x" * 21, "LN|1", "  "]),
        ("cif", ["", "C" * 20], ["C" * 21]),
        ("currency", ["USD"], ["", "EUR", "usd"]),
        ("payment_channel", ["ACH", "venmo"], ["", "pigeon"]),
        ("provider", ["", "x" * 100], ["x" * 101]),
        ("return_code", ["", "r01", "FRAD"], ["R01; R02", "x" * 11]),
        ("transfer_id", ["", "x" * 255], ["x" * 256]),
        ("metadata", ["", "{}", '{"a":[1.5,null,"é"]}'], ["[]", "{", '"x"', "null"]),
    ],
)
def test_each_column_takes_what_it_is_for_and_nothing_else(column: str, good: list[str], bad: list[str]) -> None:
    assert judged(*(row(**{column: text}) for text in good))[1] == []
    assert judged(*(row(**{column: text}) for text in bad))[1] == [(place, column) for place in range(len(bad))]


def test_every_fault_of_a_row_is_found_and_each_column_once() -> None:
    assert judged(row(), row(amount="x", currency="EUR", metadata="x"), row(event="x" * 300))[1] == [
        (1, "amount"),
        (1, "currency"),
        (1, "metadata"),
        (2, "event"),
    ]


def test_codes_and_loan_numbers_lose_case_and_blanks_and_the_reference_keeps_both() -> None:
    values, _ = judged(
        row(
            event=" SETTLED",
            payment_channel="ACH ",
            loan_account_number=" ln1 ",
            return_code="r01",
            reference_number=" Ab ",
        )
    )
    names = ("event", "payment_channel", "loan_account_number", "return_code", "reference_number")
    assert [values[name][0] for name in names] == ["settled", "ach", "LN1", "R01", " Ab "]


@pytest.mark.parametrize(
    "text",
    [
        r'{"a":"\u0000"}',
        r'{"a":"\ud800"}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":1e999}',
        '{"a":' * 5000,
        "{" * 70000,
        '{"artifacts":{}}',
        '{"artifacts":[{"type":"check_image_front","uri":"s3://x"}]}',
        '{"artifacts":["x"]}',
        '{"artifacts":[{"type":"t","uri":"s3://x","hash":"ABC"}]}',
        '{"a":1} trailing',
        '{"a":%s}' % ("9" * 5000),
    ],
)
def test_metadata_that_the_database_could_not_hold_or_with_artifacts_out_of_shape_is_refused(text: str) -> None:
    assert not is_metadata(text)


def test_metadata_with_artifacts_in_shape_is_taken() -> None:
    assert is_metadata('{"artifacts":[{"type":"check_image_front","uri":"s3://x/y","hash":"%s"}]}' % ("0a" * 32))


def test_every_column_says_what_it_must_hold() -> None:
    assert list(EXPECTED) == list(HEADER)
