"""The description of the service, as OpenAPI 3.1 and as a page for people."""

from html import escape
from typing import Any, Final

from payments_pipeline.formats.webhook_payload import EVENTS, EXPECTED
from payments_pipeline.rules.envelope import METHODS

_Schema = dict[str, Any]


def _object(properties: dict[str, _Schema], required: list[str] | None = None) -> _Schema:
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required}


def _success(data: _Schema) -> _Schema:
    return _object({"success": {"const": True}, "data": data})


def _answer(description: str, schema: _Schema) -> _Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _failure(description: str) -> _Schema:
    return _answer(description, {"$ref": "#/components/schemas/Failure"})


_UUID: Final = {"type": "string", "format": "uuid"}
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_DATE: Final = {"type": "string", "format": "date"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_ANYTHING: Final[_Schema] = {"type": "object"}


def _or_null(schema: _Schema) -> _Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_ARTIFACT: Final = _object(
    {"type": _TEXT, "uri": _TEXT, "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
)

_FIELDS: Final[dict[str, _Schema]] = {
    "reference_number": {"type": "string", "minLength": 1, "maxLength": 255},
    "loan_account_number": {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^[^|]*$"},
    "cif": {"type": "string", "minLength": 1, "maxLength": 20},
    "amount": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1_000_000_000, "multipleOf": 0.01},
    "currency": {"enum": ["USD"]},
    "payment_date": _INSTANT,
    "payment_channel": {"enum": list(METHODS)},
    "event": {"enum": list(EVENTS)},
    "value_date": _DATE,
    "provider": {"type": "string", "maxLength": 100},
    "return_code": {"type": "string", "pattern": "^[0-9A-Za-z]{1,10}$"},
    "transfer_id": {"type": "string", "maxLength": 255},
    "metadata": {"type": "object", "properties": {"artifacts": {"type": "array", "items": _ARTIFACT}}},
}
_REQUIRED: Final = ["reference_number", "loan_account_number", "cif", "amount", "payment_date"]

_EXAMPLE: Final = {
    "reference_number": "PAY-2026-001",
    "loan_account_number": "LN0000000042",
    "cif": "CIF000000042",
    "amount": 1000.50,
    "payment_date": "2026-07-01T10:30:00Z",
    "payment_channel": "card",
    "metadata": {"transaction_id": "TXN-001"},
}


def _message(required: list[str]) -> _Schema:
    properties = {name: schema | {"description": EXPECTED[name]} for name, schema in _FIELDS.items()}
    return _object(properties, required) | {"additionalProperties": False, "examples": [_EXAMPLE]}


_SCHEMAS: Final[dict[str, _Schema]] = {
    "PaymentWebhook": _message([*_REQUIRED, "payment_channel"]),
    "PaymentWebhookOfChannel": _message(_REQUIRED),
    "Accepted": _success(
        _object(
            {
                "status": {
                    "enum": ["created", "duplicate"],
                    "description": "created: this word about this payment is new to us; duplicate: it was told before",
                },
                "payment_id": _UUID,
            }
        )
    ),
    "Failure": _object(
        {
            "success": {"const": False},
            "error": _TEXT,
            "details": {"type": "array", "items": _object({"field": _TEXT, "message": _TEXT})},
        },
        ["success", "error"],
    ),
    "Payment": _object(
        {
            "payment_id": _UUID,
            "reference_number": _TEXT,
            "loan_account_number": _or_null(_TEXT),
            "amount": _or_null({"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"}),
            "amount_cents": _or_null(_COUNT),
            "payment_channel": {"enum": list(METHODS)},
            "value_date": _or_null(_DATE),
            "payment_date": _or_null(_INSTANT),
            "received_at": _INSTANT,
            "events": _or_null({"type": "array", "items": {"enum": list(EVENTS)}}),
            "status": {"enum": ["waiting", "received", "pending", "completed", "reversed", "canceled"]},
        }
    ),
}

_UNAVAILABLE: Final = {"503": _failure("Not possible at the moment, or not configured; send it again.")}
_UNAUTHORISED: Final = {"401": _failure("Not signed by who has the secret, or without the token.")}
_INVALID: Final = {"422": _failure("Fields at fault, each with what was expected.")}
_BODY: Final = {
    "400": _failure("Not one JSON object."),
    "408": _failure("The body did not arrive in time."),
    "413": _failure("Too large a body."),
}


def _payment_webhook(operation: str, schema: str, parameters: list[_Schema]) -> _Schema:
    return {
        "post": {
            "operationId": operation,
            "tags": ["Messages"],
            "summary": "A processor's word about a payment",
            "description": (
                "Stored durably before it is answered; taken up a few seconds later. The same payment told again, in the "
                "same bytes or others, is a duplicate and names the payment. A payment is told by its rail, reference, "
                "value date, amount and loan."
            ),
            "security": [{"signature": []}],
            "parameters": parameters,
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
            },
            "responses": {
                "200": _answer("Told before.", {"$ref": "#/components/schemas/Accepted"}),
                "201": _answer("New.", {"$ref": "#/components/schemas/Accepted"}),
                "403": _failure("The address may not send."),
                "404": _failure("No such channel."),
                "415": _failure("Not JSON in UTF-8."),
                "429": _failure("More than its limit; Retry-After says when to come back.")
                | {"headers": {"Retry-After": {"schema": _COUNT}}},
                **_BODY,
                **_UNAUTHORISED,
                **_INVALID,
                **_UNAVAILABLE,
            },
        }
    }


def _question(
    operation: str,
    summary: str,
    data: _Schema,
    parameters: list[_Schema] | None = None,
    *,
    refusals: _Schema | None = None,
) -> _Schema:
    return {
        "get": {
            "operationId": operation,
            "tags": ["Questions"],
            "summary": summary,
            "security": [{"token": []}],
            "parameters": parameters or [],
            "responses": {
                "200": _answer("The answer.", _success(data)),
                **(refusals or {}),
                **_UNAUTHORISED,
                **_UNAVAILABLE,
            },
        }
    }


def _open(operation: str, summary: str, data: _Schema) -> _Schema:
    responses = {"200": _answer("The answer.", _success(data)), **_UNAVAILABLE}
    return {"get": {"operationId": operation, "tags": ["Probes"], "summary": summary, "responses": responses}}


def _in_path(name: str, schema: _Schema) -> _Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_REFERENCE: Final = _in_path("reference_number", {"type": "string", "minLength": 1, "maxLength": 255})
_LOAN: Final = _in_path("loan_account_number", {"type": "string", "pattern": "^LN[0-9]{10}$"})
_CHANNEL: Final = _in_path("channel", {"enum": list(METHODS)})
_PAYMENTS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/Payment"}}
_ROWS: Final = {"type": "array", "items": _ANYTHING}
_HEALTH: Final = _object({"status": {"enum": ["healthy", "degraded"]}, "checks": _ANYTHING, "timestamp": _INSTANT})
_READY: Final = _object({"status": {"const": "ready"}})
_STATS: Final = _object(
    {
        "since_start": {"type": "object", "additionalProperties": _COUNT},
        "taken_up": _ROWS,
        "days_covered": _COUNT,
        "waiting": _ANYTHING,
    }
)


def _paging(name: str, least: int, most: int, default: int) -> _Schema:
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return {"name": name, "in": "query", "schema": schema}


_MONITORING: Final = "/api/v1/monitoring"
_WEBHOOK: Final = "/api/v1/payments/webhook"

DOCUMENT: Final[_Schema] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Payment webhooks",
        "version": "1",
        "description": (
            "Takes in what the bank and processors tell about payments, and answers questions about them. Messages are "
            "signed; questions need a token. Look-ups by reference cover the last 90 days, those by loan the last 400."
        ),
    },
    "paths": {
        "/api/column/webhook": {
            "post": {
                "operationId": "column_webhook",
                "tags": ["Messages"],
                "summary": "The bank's events",
                "description": "Any body is stored as it is, if it is signed; the same bytes again are a duplicate.",
                "security": [{"column_signature": []}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
                "responses": {
                    "200": _answer("Stored.", _success(_object({"status": {"enum": ["created", "duplicate"]}}))),
                    **_BODY,
                    **_UNAUTHORISED,
                    **_UNAVAILABLE,
                },
            }
        },
        _WEBHOOK: _payment_webhook("payment_webhook", "PaymentWebhook", []),
        f"{_WEBHOOK}/{{channel}}": _payment_webhook(
            "payment_webhook_of_channel", "PaymentWebhookOfChannel", [_CHANNEL]
        ),
        f"{_WEBHOOK}/stats": _question("webhook_stats", "What became of messages", _STATS),
        f"{_WEBHOOK}/duplicate/{{reference_number}}": _question(
            "duplicate",
            "Whether a reference is known, of the last 90 days",
            _object(
                {
                    "is_duplicate": {"type": "boolean"},
                    "payment_ids": {"type": "array", "items": _UUID},
                    "days_covered": _COUNT,
                }
            ),
            [_REFERENCE],
            refusals=_INVALID,
        ),
        f"{_WEBHOOK}/payment/{{reference_number}}": _question(
            "payment",
            "The payments of a reference, of the last 90 days",
            _object({"payments": _PAYMENTS, "days_covered": _COUNT}),
            [_REFERENCE],
            refusals={"404": _failure("No such payment in that time."), **_INVALID},
        ),
        f"{_MONITORING}/payments/loan/{{loan_account_number}}": _question(
            "payments_of_loan",
            "The payments of a loan, the latest value date first, of the last 400 days",
            _object(
                {"payments": _PAYMENTS, "total": _COUNT, "limit": _COUNT, "offset": _COUNT, "days_covered": _COUNT}
            ),
            [_LOAN, _paging("limit", 1, 1000, 100), _paging("offset", 0, 1_000_000, 0)],
            refusals=_INVALID,
        ),
        f"{_MONITORING}/payments/summary/{{loan_account_number}}": _question(
            "summary_of_loan",
            "What a loan was paid in the last 400 days, by channel",
            _object(
                {
                    "loan_account_number": _TEXT,
                    "payments": _COUNT,
                    "amount_cents": _COUNT,
                    "went_back": _COUNT,
                    "went_back_cents": _COUNT,
                    "first_value_date": _or_null(_DATE),
                    "last_value_date": _or_null(_DATE),
                    "channels": _ROWS,
                    "days_covered": _COUNT,
                }
            ),
            [_LOAN],
            refusals=_INVALID,
        ),
        "/health": _open("health", "That the process lives, and what it sees", _HEALTH),
        "/ready": _open("ready", "Whether messages can be stored", _READY),
        f"{_MONITORING}/health": _open("monitoring_health", "The same as /health", _HEALTH),
        f"{_MONITORING}/ready": _open("monitoring_ready", "The same as /ready", _READY),
        f"{_MONITORING}/metrics": {
            "get": {
                "operationId": "metrics",
                "tags": ["Questions"],
                "summary": "Figures for Prometheus, of all workers together",
                "security": [{"token": []}],
                "responses": {
                    "200": {"description": "The figures.", "content": {"text/plain": {"schema": _TEXT}}},
                    **_UNAUTHORISED,
                    **_UNAVAILABLE,
                },
            }
        },
        f"{_MONITORING}/stats": _question("stats", "What became of messages, and how much waits", _STATS),
        f"{_MONITORING}/partitions": _question(
            "partitions", "Tables that are partitioned by the day, and their size", _object({"tables": _ROWS})
        ),
        f"{_MONITORING}/jobs/status": _question(
            "jobs_status",
            "What the pipeline has taken up, and which days wait for a run",
            _object({"ingestion": _ANYTHING, "days_waiting": _ROWS}),
        ),
    },
    "components": {
        "schemas": _SCHEMAS,
        "securitySchemes": {
            "signature": {
                "type": "apiKey",
                "in": "header",
                "name": "X-Signature",
                "description": "sha256= and the lower-case hexadecimal HMAC-SHA256 of the raw body under the secret",
            },
            "column_signature": {
                "type": "apiKey",
                "in": "header",
                "name": "Column-Signature",
                "description": "the lower-case hexadecimal HMAC-SHA256 of the raw body under the endpoint's secret",
            },
            "token": {"type": "http", "scheme": "bearer", "description": "the token of PAYMENTS_WEBHOOK_TOKEN"},
        },
    },
}


def page() -> str:
    """The description as one page, which needs nothing from elsewhere."""
    info = DOCUMENT["info"]
    sections = [
        _section(method, path, operation)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    ]
    fields = "".join(
        f"<tr><td><code>{name}</code></td><td>{'yes' if name in _REQUIRED else ''}</td><td>{escape(text)}</td></tr>"
        for name, text in EXPECTED.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>"
        "<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}"
        "h2{font:600 16px monospace;margin-top:2rem}</style>"
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>"
        '<p>The same for programs: <a href="/openapi.json">/openapi.json</a></p>'
        f"<h2>A payment's fields</h2><table><tr><th>field</th><th>required</th><th></th></tr>{fields}</table>"
        f"{''.join(sections)}</html>"
    )


def _section(method: str, path: str, operation: _Schema) -> str:
    needs = ", ".join(name for requirement in operation.get("security", []) for name in requirement) or "nothing"
    answers = "".join(
        f"<tr><td>{status}</td><td>{escape(answer['description'])}</td></tr>"
        for status, answer in sorted(operation["responses"].items())
    )
    return (
        f"<h2>{method.upper()} {escape(path)}</h2><p>{escape(operation['summary'])}. "
        f"{escape(operation.get('description', ''))}</p><p>Needs: {needs}</p><table>{answers}</table>"
    )
