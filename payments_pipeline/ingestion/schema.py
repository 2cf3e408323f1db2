"""The shape of a delivered row, by pandera: what each column must hold for the row to be a word about a payment.

Texts become values first, by whole columns: what cannot be read as an amount, an instant or a date becomes a null, which
the schema then refuses like any other value that is out of its range. Amounts go from text to cents in decimal
arithmetic. Each column has one sentence that says what it must hold; it is the reason given for every row refused there.
"""

import json
import re
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.compute as pc
from pandera.typing.pandas import Series

from payments_pipeline.rules.envelope import METHODS

HEADER: Final = (
    "event",
    "reference_number",
    "loan_account_number",
    "cif",
    "amount",
    "currency",
    "payment_date",
    "value_date",
    "payment_channel",
    "provider",
    "return_code",
    "transfer_id",
    "metadata",
)
"""The columns of a delivered file, in whatever order."""

WHOLE_ROW: Final = "row"
"""Stands for the column where a row cannot be cut into columns."""

EVENTS: Final = ("initiated", "settled", "completed", "captured", "returned", "recalled", "canceled")

OLDEST_DAYS: Final = 400
NEWEST_DAYS: Final = 35
LARGEST_CENTS: Final = 10**11 - 1
LONGEST_METADATA: Final = 65_536

EXPECTED: Final = {
    "event": f"expected one of {', '.join(EVENTS)}",
    "reference_number": "expected a reference of 1 to 255 characters that are not all blanks",
    "loan_account_number": "expected a loan number of 1 to 20 characters without '|'",
    "cif": "expected a customer number of at most 20 characters, or nothing",
    "amount": "expected dollars above 0 and below 1000000000, with at most two decimals, such as 1234.56",
    "currency": "expected USD",
    "payment_date": (
        f"expected an instant with its zone, such as 2026-03-02T15:04:05Z, not over {OLDEST_DAYS} days before receipt "
        "and not over a day after it"
    ),
    "value_date": f"expected a date as yyyy-mm-dd, from {OLDEST_DAYS} days before receipt to {NEWEST_DAYS} days after it",
    "payment_channel": f"expected one of {', '.join(METHODS)}",
    "provider": "expected at most 100 characters, or nothing",
    "return_code": "expected at most 10 letters and digits, or nothing",
    "transfer_id": "expected at most 255 characters, or nothing",
    "metadata": "expected a JSON object in which artifacts, if any, are a list of type, uri and hash (sha256), or nothing",
}

_Text = Annotated[pd.ArrowDtype, arrow.string()]
_Whole = Annotated[pd.ArrowDtype, arrow.int64()]
_BLANKS: Final = " \t\n\r\f\v"
_CENTS_OF_TEXT: Final = arrow.decimal128(11, 2)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


class Arrival(pa.DataFrameModel):
    """A delivered row, column by column, once its texts are read (`read_values`)."""

    event: Series[_Text] = pa.Field(isin=EVENTS)
    reference_number: Series[_Text] = pa.Field(str_length={"min_value": 1, "max_value": 255})
    loan_account_number: Series[_Text] = pa.Field(str_length={"min_value": 1, "max_value": 20}, str_matches=r"^[^|]*$")
    cif: Series[_Text] = pa.Field(nullable=True, str_length={"max_value": 20})
    amount: Series[_Whole] = pa.Field(ge=1, le=LARGEST_CENTS)
    currency: Series[_Text] = pa.Field(eq="USD")
    payment_date: Series[_Whole] = pa.Field(ge=-OLDEST_DAYS, le=1)
    value_date: Series[_Whole] = pa.Field(ge=-OLDEST_DAYS, le=NEWEST_DAYS)
    payment_channel: Series[_Text] = pa.Field(isin=METHODS)
    provider: Series[_Text] = pa.Field(nullable=True, str_length={"max_value": 100})
    return_code: Series[_Text] = pa.Field(nullable=True, str_matches=r"^[0-9A-Z]{1,10}$")
    transfer_id: Series[_Text] = pa.Field(nullable=True, str_length={"max_value": 255})
    metadata: Series[_Text] = pa.Field(nullable=True)

    @pa.check("reference_number")
    @classmethod
    def _is_not_blank(cls, references: "pd.Series[str]") -> "pd.Series[bool]":
        return references.str.strip(_BLANKS).str.len() > 0

    @pa.check("metadata")
    @classmethod
    def _is_metadata(cls, texts: "pd.Series[str]") -> "pd.Series[bool]":
        return texts.isin([text for text in texts.unique() if is_metadata(text)])  # senders repeat themselves


_SCHEMA: Final = Arrival.to_schema()


def read_values(texts: arrow.Table) -> dict[str, arrow.Array]:
    """The columns of a file as values: null where a text is empty or cannot be read.

    Blanks around a text and the case of codes carry nothing and are dropped here, once. The reference alone stays as it
    was received; the key of the payment looks past its blanks and case.
    """
    values = {name: _trimmed(texts[name]) for name in HEADER}
    values["reference_number"] = _or_null(texts["reference_number"])
    for name in ("event", "payment_channel"):
        values[name] = pc.ascii_lower(values[name])
    for name in ("loan_account_number", "return_code"):
        values[name] = pc.ascii_upper(values[name])
    values["amount"] = _cents(values["amount"])
    values["payment_date"] = _instants(values["payment_date"])
    values["value_date"] = _dates(values["value_date"])
    return values


def faults(values: dict[str, arrow.Array], received_at: datetime, received_on: date) -> arrow.Table:
    """What is wrong, as rows of `place` (in the block) and `column_name`, in that order; each pair once."""
    measured = values | {
        "payment_date": _days_after(values["payment_date"], received_at),
        "value_date": _calendar_days_after(values["value_date"], received_on),
    }
    frame = arrow.table(measured).to_pandas(types_mapper=pd.ArrowDtype)
    try:
        with warnings.catch_warnings():
            # pandera concatenates frames of failures some of which are empty; pandas 2.3 warns of a change in 3
            warnings.simplefilter("ignore", FutureWarning)
            _SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["index", "column"]].drop_duplicates().sort_values(["index", "column"])
        places, columns = cases["index"].astype("int64"), cases["column"].astype(str)
    else:
        places, columns = [], []
    return arrow.table(
        {"place": arrow.array(places, arrow.int64()), "column_name": arrow.array(columns, arrow.string())}
    )


def is_metadata(text: str) -> bool:
    """Whether it is an object that PostgreSQL can hold as jsonb, with artifacts of the right shape if it names any."""
    if not text.startswith("{") or len(text) > LONGEST_METADATA:
        return False
    try:
        found = _JSON.decode(text)
    except (ValueError, RecursionError):
        return False
    # jsonb holds neither NUL nor half a surrogate pair, both of which JSON can spell
    if "\\u" in text and (r"\u0000" in text or re.search(r"[\ud800-\udfff]", json.dumps(found, ensure_ascii=False))):
        return False
    return all(map(_is_artifact, artifacts)) if isinstance(artifacts := found.get("artifacts", []), list) else False


def _is_artifact(artifact: Any) -> bool:
    return (
        isinstance(artifact, dict)
        and all(isinstance(artifact.get(name), str) and artifact[name].strip() for name in ("type", "uri", "hash"))
        and re.fullmatch(r"[0-9a-f]{64}", artifact["hash"]) is not None
    )


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("too large a number")
    return number


_JSON: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def _or_null(texts: arrow.Array) -> arrow.Array:
    return pc.if_else(pc.equal(texts, ""), arrow.scalar(None, arrow.string()), texts)


def _trimmed(texts: arrow.Array) -> arrow.Array:
    return _or_null(pc.utf8_trim(texts, characters=_BLANKS))


def _matching(texts: arrow.Array, pattern: str) -> arrow.Array:
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, arrow.scalar(None, arrow.string()))


def _cents(texts: arrow.Array) -> arrow.Array:
    dollars = pc.cast(_matching(texts, r"^[0-9]{1,9}(\.[0-9]{1,2})?$"), _CENTS_OF_TEXT)
    return pc.cast(pc.multiply(dollars, arrow.scalar(100, arrow.decimal128(3, 0))), arrow.int64())


def _instants(texts: arrow.Array) -> arrow.Array:
    pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})$"
    return _cast_or_null(_matching(texts, pattern), arrow.timestamp("us", "UTC"))


def _dates(texts: arrow.Array) -> arrow.Array:
    return _cast_or_null(_matching(texts, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), arrow.date32())


def _cast_or_null(texts: Any, type_: arrow.DataType) -> arrow.Array:
    """The cast, with nulls for what it refuses. Arrow refuses whole arrays; halving finds those few to blame."""
    try:
        return pc.cast(texts, type_)
    except arrow.ArrowInvalid:
        if len(texts) == 1:
            return arrow.nulls(1, type_)
        half = len(texts) // 2
        parts = [_cast_or_null(texts[:half], type_), _cast_or_null(texts[half:], type_)]
        return arrow.chunked_array([chunk for part in parts for chunk in _chunks(part)], type_).combine_chunks()


def _chunks(values: Any) -> list[arrow.Array]:
    return values.chunks if isinstance(values, arrow.ChunkedArray) else [values]


def _days_after(instants: arrow.Array, received_at: datetime) -> arrow.Array:
    """Days from receipt to the instant, begun ones counted whole: 1 is up to a day after it, -400 up to 400 before.

    Doubles are exact where it matters, up to some 285 years.
    """
    received = (received_at - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND
    ahead = pc.subtract(pc.cast(instants, arrow.int64()), arrow.scalar(received))
    return pc.cast(pc.ceil(pc.divide(pc.cast(ahead, arrow.float64(), safe=False), _DAY / _MICROSECOND)), arrow.int64())


def _calendar_days_after(dates: arrow.Array, received_on: date) -> arrow.Array:
    days = pc.cast(pc.cast(dates, arrow.int32()), arrow.int64())
    return pc.subtract(days, arrow.scalar((received_on - date(1970, 1, 1)).days))
