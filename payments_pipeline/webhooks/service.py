"""The webhook service: an ASGI application over the queue.

In this order: may this address send (403), is the message small enough (413) and signed by who has the secret (401), is
it a word about a payment (400, 422), is its sender within its limits (429); then it is stored, and only when that has
been committed is it acknowledged. What the bank sends is stored as it is and read later: a message of theirs that we
cannot read is ours to look at, not theirs to send again.
"""

import asyncio
import hmac
import itertools
import logging
import os
import re
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Final

import orjson
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from payments_pipeline import clock
from payments_pipeline.column import signature as column_signature
from payments_pipeline.formats.webhook_payload import Fault, PayloadError, Word, read_word
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.rules.envelope import METHODS
from payments_pipeline.settings import Settings, load_settings
from payments_pipeline.webhooks import openapi
from payments_pipeline.webhooks.clients import Clients, networks
from payments_pipeline.webhooks.lookups import BY_LOAN, BY_REFERENCE, Lookups
from payments_pipeline.webhooks.metrics import CONTENT_TYPE, Metrics
from payments_pipeline.webhooks.store import Answer, Limits, Received, Store, UnavailableError

MOST_BYTES: Final = 262_144
BODY_SECONDS: Final = 10.0
MOST_ROWS: Final = 1_000
STATS_DAYS: Final = 7
HEALTH_SECONDS: Final = 1.0
"""How old the figures of a probe may be: anybody may ask for it, as often as they like."""

_SIGNATURE_PREFIX: Final = "sha256="
_REQUEST_ID: Final = re.compile(rb"[\w.-]{1,64}")
_LOAN: Final = re.compile(r"LN([0-9]{10})")

log = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """A request that is answered with what is wrong with it."""

    def __init__(self, status: int, error: str, faults: list[Fault] | None = None, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.faults = faults
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def from_settings() -> Starlette:
    """The service of the environment's settings; what each worker starts with."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    return create_service(settings, open_database(settings))


def create_service(settings: Settings, database: Database) -> Starlette:
    """The service over a database."""
    service = Service(settings, database)
    routes = [
        # what comes most stands first: addresses are tried in this order
        Route("/api/v1/payments/webhook", service.payment_webhook, methods=["POST"]),
        Route("/api/v1/payments/webhook/{channel}", service.payment_webhook, methods=["POST"]),
        Route("/api/column/webhook", service.column_webhook, methods=["POST"]),
        Route("/api/v1/payments/webhook/stats", service.webhook_stats),
        Route("/api/v1/payments/webhook/duplicate/{reference:path}", service.duplicate),
        Route("/api/v1/payments/webhook/payment/{reference:path}", service.payment),
        Route("/api/v1/monitoring/payments/loan/{loan}", service.payments_of_loan),
        Route("/api/v1/monitoring/payments/summary/{loan}", service.summary_of_loan),
        Route("/health", service.health),
        Route("/ready", service.ready),
        Route("/api/v1/monitoring/health", service.health),
        Route("/api/v1/monitoring/ready", service.ready),
        Route("/api/v1/monitoring/metrics", service.metrics_page),
        Route("/api/v1/monitoring/stats", service.stats),
        Route("/api/v1/monitoring/partitions", service.partitions),
        Route("/api/v1/monitoring/jobs/status", service.jobs_status),
        Route("/openapi.json", _openapi_document),
        Route("/docs", _openapi_page),
    ]
    application = Starlette(
        routes=routes,
        lifespan=service.lifespan,
        exception_handlers={
            Refusal: _refused,
            HTTPException: _http_error,
            UnavailableError: _unavailable,
        },
    )
    application.add_middleware(Observed, metrics=service.metrics)
    return application


class Clock:
    """What time it is for what we receive. A demo world's clock is a file, too slow to open for every request."""

    SECONDS: Final = 0.05

    def __init__(self, home: Path) -> None:
        self._home = home
        self.now()

    def now(self) -> datetime:
        """The instant."""
        self._now = clock.now(self._home)
        self._looked_at = monotonic()
        return self._now

    def lately(self) -> datetime:
        """The instant, or one at most so much ago."""
        return self._now if monotonic() - self._looked_at <= self.SECONDS else self.now()


class Service:
    """What the addresses of the service do."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._clock = Clock(settings.home)
        self.metrics = Metrics()
        self._clients = Clients(networks(settings.webhook_allow), networks(settings.webhook_proxies))
        self._column_secret = settings.column_webhook_secret
        self._secret = settings.webhook_secret
        self._token = settings.webhook_token
        limits = Limits(settings.webhook_client_limit, settings.webhook_channel_limit)
        self._store = Store(database, limits, self._clock.now, self.metrics.stored)
        self._lookups = Lookups(database, self._clock.lately)

    @asynccontextmanager
    async def lifespan(self, _application: Starlette) -> AsyncIterator[None]:
        """The store works as long as the service runs."""
        storing = asyncio.create_task(self._store.run())
        try:
            yield
        finally:
            storing.cancel()
            with suppress(asyncio.CancelledError):
                await storing
            await self._lookups.close()

    # Messages -------------------------------------------------------------------------------------------------------

    async def column_webhook(self, request: Request) -> Response:
        """The bank's events."""
        began = perf_counter()
        secret = _configured(self._column_secret, "PAYMENTS_COLUMN_WEBHOOK_SECRET")
        body = await _read(request)
        if not column_signature.verify(secret, body, request.headers.get(column_signature.HEADER)):
            self.metrics.processed.labels("column", "unauthorised").inc()
            raise Refusal(401, f"{column_signature.HEADER} is not the signature of this body")
        answer = await self._accept(Received("column", self._client(request), body=body))
        self.metrics.duration.labels("column").observe(perf_counter() - began)
        return _success({"status": answer.verdict})

    async def payment_webhook(self, request: Request) -> Response:
        """A processor's word about a payment."""
        began = perf_counter()
        client = self._client(request)
        if not self._clients.may_send(client):
            self.metrics.processed.labels("webhook", "forbidden").inc()
            raise Refusal(403, "webhooks are not taken from this address")
        secret = _configured(self._secret, "PAYMENTS_WEBHOOK_SECRET")
        channel = _channel(request)
        body = await _read(request)
        given = request.headers.get("x-signature", "")
        is_signed = given.startswith(_SIGNATURE_PREFIX) and column_signature.verify(
            secret, body, given.removeprefix(_SIGNATURE_PREFIX)
        )
        if not is_signed:
            self.metrics.processed.labels("webhook", "unauthorised").inc()
            raise Refusal(401, "X-Signature is not sha256= and the signature of this body")
        word, refusal = self._read_word(request, body, channel)
        answer = await self._accept(
            Received("payments", client, word.channel, body, word) if word else Received("payments", client, channel)
        )
        if answer.verdict in ("client_limited", "channel_limited"):
            whose = "this client" if answer.verdict == "client_limited" else "this channel"
            raise Refusal(429, f"too many requests for {whose}", Retry_After=str(answer.retry_after))
        if word is None:
            raise refusal or Refusal(422, "Validation failed")
        self.metrics.duration.labels("webhook").observe(perf_counter() - began)
        return _success(
            {"status": answer.verdict, "payment_id": str(word.payment_id)}, 201 if answer.verdict == "created" else 200
        )

    def _read_word(self, request: Request, body: bytes, channel: str | None) -> tuple[Word | None, Refusal | None]:
        """What the body says, or the answer to one that is not in order, to be given once it has been counted."""
        if not _is_json(request.headers.get("content-type", "application/json")):
            return None, Refusal(415, "expected application/json in UTF-8")
        try:
            try:
                return read_word(body, self._clock.lately(), channel), None
            except PayloadError:
                return read_word(body, self._clock.now(), channel), None  # a world's clock may just have leapt ahead
        except PayloadError as error:
            return None, Refusal(422 if error.is_readable else 400, "Validation failed", error.faults)

    async def _accept(self, received: Received) -> Answer:
        source = "webhook" if received.endpoint == "payments" else "column"
        try:
            answer = await self._store.accept(received)
        except UnavailableError:
            self.metrics.processed.labels(source, "error").inc()
            raise
        verdict = "invalid" if answer.verdict == "counted" else answer.verdict
        self.metrics.processed.labels(source, verdict).inc()
        return answer

    def _client(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        return self._clients.client(peer, request.headers.getlist("x-forwarded-for"))

    # Questions ------------------------------------------------------------------------------------------------------

    async def duplicate(self, request: Request) -> Response:
        """Whether a reference is known."""
        self._authorise(request)
        payments = await self._lookups.by_reference(_reference(request))
        return _success(
            {
                "is_duplicate": bool(payments),
                "payment_ids": [payment["payment_id"] for payment in payments],
                "days_covered": BY_REFERENCE.days,
            }
        )

    async def payment(self, request: Request) -> Response:
        """The payments of a reference."""
        self._authorise(request)
        payments = await self._lookups.by_reference(_reference(request))
        if not payments:
            raise Refusal(404, f"no payment of this reference in the last {BY_REFERENCE.days} days")
        return _success({"payments": [_shown(payment) for payment in payments], "days_covered": BY_REFERENCE.days})

    async def payments_of_loan(self, request: Request) -> Response:
        """A page of the payments of a loan."""
        self._authorise(request)
        limit = _whole_number(request, "limit", 100, 1, MOST_ROWS)
        offset = _whole_number(request, "offset", 0, 0, 1_000_000)
        payments, total = await self._lookups.by_loan(_loan_id(request), limit, offset)
        return _success(
            {
                "payments": [_shown(payment) for payment in payments],
                "total": total,
                "limit": limit,
                "offset": offset,
                "days_covered": BY_LOAN.days,
            }
        )

    async def summary_of_loan(self, request: Request) -> Response:
        """What a loan was paid, by channel."""
        self._authorise(request)
        rows = await self._lookups.summary(_loan_id(request))
        kept = [row for row in rows if not row["went_back"]]
        back = [row for row in rows if row["went_back"]]
        return _success(
            {
                "loan_account_number": request.path_params["loan"].strip().upper(),
                "payments": sum(row["payments"] for row in kept),
                "amount_cents": sum(row["amount_cents"] for row in kept),
                "went_back": sum(row["payments"] for row in back),
                "went_back_cents": sum(row["amount_cents"] for row in back),
                "first_value_date": min((row["first_value_date"] for row in kept), default=None),
                "last_value_date": max((row["last_value_date"] for row in kept), default=None),
                "channels": rows,
                "days_covered": BY_LOAN.days,
            }
        )

    async def webhook_stats(self, request: Request) -> Response:
        """What became of messages."""
        self._authorise(request)
        return _success(
            {
                "since_start": self.metrics.answered(),
                "taken_up": await self._lookups.received(STATS_DAYS),
                "days_covered": STATS_DAYS,
                "waiting": await self._lookups.waiting(),
            }
        )

    async def stats(self, request: Request) -> Response:
        """What became of messages, and how much waits."""
        return await self.webhook_stats(request)

    async def partitions(self, request: Request) -> Response:
        """The tables that are partitioned by the day."""
        self._authorise(request)
        return _success({"tables": await self._lookups.partitions()})

    async def jobs_status(self, request: Request) -> Response:
        """What the pipeline behind the service has done and has to do; Dagster tells of its runs."""
        self._authorise(request)
        return _success(
            {"ingestion": await self._lookups.waiting(), "days_waiting": await self._lookups.days_waiting()}
        )

    async def metrics_page(self, request: Request) -> Response:
        """The figures for Prometheus."""
        self._authorise(request)
        backlog = None
        with suppress(UnavailableError):  # what was counted is told without the database too
            waiting = await self._lookups.waiting()
            backlog = waiting["messages"] + waiting["batches"]
        return Response(self.metrics.page(backlog), media_type=CONTENT_TYPE)

    async def health(self, _request: Request) -> Response:
        """That the process lives, and what it sees. Starting it anew would not bring a database back, so this is 200."""
        checks: dict[str, Any] = {"database": "error"}
        with suppress(UnavailableError):
            waiting = await self._lookups.waiting(HEALTH_SECONDS)
            checks = {
                "database": "ok",
                "staging_backlog": waiting["messages"] + waiting["batches"],
                "last_staging_run": waiting["last_taken_up_at"],
            }
        status = "healthy" if checks["database"] == "ok" else "degraded"
        return _success({"status": status, "checks": checks, "timestamp": self._clock.now()})

    async def ready(self, _request: Request) -> Response:
        """Whether messages can be stored."""
        if not await self._lookups.is_reachable():
            raise UnavailableError
        return _success({"status": "ready"})

    def _authorise(self, request: Request) -> None:
        """Payments are personal data, and figures are business: both are for who has the token."""
        token = _configured(self._token, "PAYMENTS_WEBHOOK_TOKEN")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not is_right:
            raise Refusal(401, "expected Authorization: Bearer and the token", WWW_Authenticate="Bearer")


# What requests hold -----------------------------------------------------------------------------------------------------


async def _read(request: Request) -> bytes:
    """The body, of bounded size and in bounded time."""
    announced = request.headers.get("content-length", "0")
    too_large = Refusal(413, f"expected at most {MOST_BYTES} bytes", Connection="close")
    if announced.isdecimal() and int(announced) > MOST_BYTES:
        raise too_large
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    raise too_large
                chunks.append(chunk)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive within {BODY_SECONDS:.0f} seconds", Connection="close") from None
    except ClientDisconnect:
        raise Refusal(400, "the body broke off") from None
    return b"".join(chunks)


def _configured(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise Refusal(503, f"{name} is not set, so nothing is accepted here")
    return secret.get_secret_value()


def _channel(request: Request) -> str | None:
    given = request.path_params.get("channel")
    if given is None:
        return None
    channel = str(given).strip().lower()
    if channel not in METHODS:
        raise Refusal(404, "no such channel", [Fault("channel", f"expected one of {', '.join(METHODS)}")])
    return channel


def _is_json(content_type: str) -> bool:
    kind, _, parameters = content_type.partition(";")
    name, _, charset = parameters.strip().partition("=")
    is_utf8 = name.strip().lower() != "charset" or charset.strip(' "').lower() in ("utf-8", "utf8")
    return kind.strip().lower() == "application/json" and is_utf8


def _reference(request: Request) -> str:
    reference = str(request.path_params["reference"])
    if not 1 <= len(reference) <= 255 or not reference.strip() or not _is_text(reference):
        raise Refusal(422, "Validation failed", [Fault("reference_number", "expected 1 to 255 characters")])
    return reference


def _is_text(text: str) -> bool:
    return "\0" not in text and text.isprintable()


def _loan_id(request: Request) -> int:
    found = _LOAN.fullmatch(str(request.path_params["loan"]).strip().upper())
    if found is None:
        raise Refusal(422, "Validation failed", [Fault("loan_account_number", "expected LN and ten digits")])
    return int(found[1])


def _whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and least <= int(text) <= most):
        raise Refusal(422, "Validation failed", [Fault(name, f"expected a whole number from {least} to {most}")])
    return int(text)


# Answers ----------------------------------------------------------------------------------------------------------------


def _success(data: object, status: int = 200) -> Response:
    return _json({"success": True, "data": data}, status)


def _json(content: object, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")


def _failure(
    status: int, error: str, faults: list[Fault] | None = None, headers: dict[str, str] | None = None
) -> Response:
    content: dict[str, object] = {"success": False, "error": error}
    if faults:
        content["details"] = [{"field": fault.field, "message": fault.message} for fault in faults]
    return _json(content, status, headers)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _failure(error.status, error.error, error.faults, error.headers)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _failure(error.status_code, error.detail, headers=dict(error.headers or {}))


async def _unavailable(_request: Request, _error: Exception) -> Response:
    return _failure(503, "not possible at the moment; send it again", headers={"Retry-After": "5"})


def _shown(payment: dict[str, Any]) -> dict[str, Any]:
    """A payment as others know it."""
    cents: int | None = payment["amount_cents"]
    value_date: date | None = payment["value_date"]
    payment_date: datetime | None = payment["payment_date"]
    return {
        "payment_id": payment["payment_id"],
        "reference_number": payment["reference"],
        "loan_account_number": payment["loan_number"],
        "amount": None if cents is None else f"{cents // 100}.{cents % 100:02}",
        "amount_cents": cents,
        "payment_channel": payment["channel"],
        "value_date": value_date,
        "payment_date": payment_date,
        "received_at": payment["received_at"],
        "events": payment["events"],
        "status": payment["status"],
    }


async def _openapi_document(_request: Request) -> Response:
    return _json(openapi.DOCUMENT, 200)


async def _openapi_page(_request: Request) -> Response:
    return HTMLResponse(openapi.page())


class Observed:
    """Counts every answer, gives each request an id, and lets no error out but as an answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._requests = metrics.requests
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            # where it arose, without its text: that may quote what was sent
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("request %s: %s\n%s", request_id.decode(), type(error).__name__, place)
            if status:
                raise  # too late for another answer
            await _failure(500, "the service made a mistake; its log tells which")(scope, receive, noted)
        finally:
            endpoint = scope.get("endpoint")
            self._requests.labels(getattr(endpoint, "__name__", "none"), str(status)).inc()
            if status >= 400:
                log.info("request %s was answered with %d", request_id.decode(), status)

    def _request_id(self, scope: Scope) -> bytes:
        """The sender's own id of the request, so that both logs speak of the same, or one of ours."""
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                return bytes(value)
        return f"{os.getpid()}-{next(self._numbers)}".encode()
