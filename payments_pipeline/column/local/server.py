"""HTTP: Column's API over the local bank, and below /local the bank's own controls.

A request passes the key, then the faults, then its handler. The list of events goes past the router, since it is what
is asked for a million times; all else is Starlette's.
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from payments_pipeline.column.connection import IDEMPOTENCY_KEY
from payments_pipeline.column.local.bank import Bank
from payments_pipeline.column.local.directory import Listing
from payments_pipeline.column.local.faults import FaultsError, Strike
from payments_pipeline.column.local.objects import Json, instant, nanoseconds
from payments_pipeline.column.local.timeline import Place, Query, UnknownCursorError
from payments_pipeline.column.local.transfers import RefusedError, invalid, not_found

Handler = Callable[[Request], Awaitable[Response]]
Params = dict[str, list[str]]

_MAX_PAGE: Final = 100
_DEFAULT_PAGE: Final = 10
_MAX_BODY: Final = 1 << 20
_ACH_BEGINS: Final = frozenset({"ach.outgoing_transfer.initiated", "ach.incoming_transfer.scheduled"})
_BEGINS: Final = {
    "ach": _ACH_BEGINS,
    "wire": frozenset({"wire.incoming_transfer.completed", "wire.outgoing_transfer.initiated"}),
    "realtime": frozenset({"realtime.incoming_transfer.completed", "realtime.outgoing_transfer.completed"}),
    "book": frozenset({"book.transfer.initiated"}),
    "international-wire": frozenset({"swift.incoming_transfer.completed"}),
    "checks": frozenset({"check.outgoing_debit.initiated", "check.incoming_debit.initiated"}),
}
_ACH_RETURNS: Final = frozenset({"ach.outgoing_transfer.returned", "ach.incoming_transfer.returned"})
_TYPES: Final = {
    "acht": "ach_{}",
    "wire": "wire",
    "rttr": "realtime",
    "book": "book",
    "swift": "swift",
    "chkt": "check_{}",
}
_JSON: Final = "application/json"


class Api:
    """The application."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        key = f":{bank.customer.api_key}".encode()
        self._authorization = b"Basic " + base64.b64encode(key)
        self._replays: dict[str, tuple[int, bytes]] = {}
        self._router = Router(list(self._routes()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path, method = scope["path"], scope["method"]
        is_ours = not path.startswith("/local/")
        if not path.startswith("/files/") and not self._is_authorized(scope):
            await _send(send, 401, b"{}")
            return
        strike = self._bank.faults.strike(method, path) if is_ours else None
        self._bank.requests += is_ours
        if strike and strike.kind in {"rate_limited", "server_error"}:
            await _refuse(send, strike)
            return
        if strike and strike.kind == "slow":
            await asyncio.sleep(strike.seconds)
        if strike and strike.kind in {"half", "lost_answer"}:
            send = _broken(send, strike.kind)
        if path == "/events" and method == "GET":
            await _send(send, *self._events(scope["query_string"]))
        else:
            await self._routed(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._bank.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _is_authorized(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return hmac.compare_digest(given, self._authorization) or _key_of(given) == self._bank.customer.api_key

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # or else Starlette answers what is not found by itself, in plain text
        try:
            await self._router(scope, receive, send)
        except RefusedError as refused:
            await _send(send, refused.status, orjson.dumps(refused.body))
        except HTTPException as error:
            code = "resource_not_found" if error.status_code == 404 else "method_not_allowed"
            body = RefusedError(error.status_code, code, "There is nothing at this address.").body
            await _send(send, error.status_code, orjson.dumps(body))

    # Events.

    def _events(self, query_string: bytes) -> tuple[int, bytes]:
        """A page of events: a slice of the world's text wherever nothing stands against it."""
        bank, faults = self._bank, self._bank.faults.faults
        try:
            query = _events_query(query_string)
            if not faults.duplicate and not faults.reorder and (found := bank.timeline.slice(query)):
                piece, has_more = found
                return 200, b"".join((b'{"events":[', piece, b'],"has_more":', b"true}" if has_more else b"false}"))
            places, has_more = bank.timeline.page(query)
        except RefusedError as refused:
            return refused.status, orjson.dumps(refused.body)
        except UnknownCursorError as unknown:
            return 404, orjson.dumps(not_found(str(unknown)).body)
        if faults.duplicate:
            places = [one for place in places for one in [place] * (1 + bank.faults.happens("duplicate"))]
        if faults.reorder and bank.faults.happens("reorder"):
            bank.faults.shuffle(places)
        return 200, _list("events", map(bank.timeline.text, places), has_more)

    async def _event(self, request: Request) -> Response:
        place = self._bank.timeline.find(request.path_params["id"])
        if place is None:
            raise not_found(request.path_params["id"])
        return Response(self._bank.timeline.text(place), media_type=_JSON)

    # Transfers.

    async def _transfers(self, request: Request) -> Response:
        """Transfers of a rail, or of all in a form of their own, newest first."""
        rail = request.path_params.get("rail")
        if rail is not None and rail not in _BEGINS:
            raise not_found(rail)
        begins = _BEGINS[rail] if rail else frozenset().union(*_BEGINS.values())
        begun, has_more = self._page_of_objects(request, begins)
        objects = [self._object(place) for place in begun]
        states = [self._bank.timeline.state_of(one["id"]) or b"{}" for one in objects]
        if rail is None:
            states = [orjson.dumps(_of_any_rail(orjson.loads(state))) for state in states]
        return Response(_list("transfers", states, has_more), media_type=_JSON)

    async def _transfer(self, request: Request) -> Response:
        transfer_id = request.path_params["id"]
        state = self._bank.timeline.state_of(transfer_id)
        if state is None:
            raise not_found(transfer_id)
        return Response(state, media_type=_JSON)

    async def _ach_returns(self, request: Request) -> Response:
        returned, has_more = self._page_of_objects(request, _ACH_RETURNS)
        returns = [_return_of(self._object(place)) for place in returned]
        return Response(_list("ach_returns", map(orjson.dumps, returns), has_more), media_type=_JSON)

    async def _ach_return(self, request: Request) -> Response:
        state = self._bank.timeline.state_of(request.path_params["id"])
        if state is None or not (transfer := orjson.loads(state)).get("return_details"):
            raise not_found(request.path_params["id"])
        return _answer(_return_of(transfer))

    def _page_of_objects(self, request: Request, types: frozenset[str]) -> tuple[list[Place], bool]:
        """The events of some types on a page whose cursors are objects, not events."""
        timeline = self._bank.timeline
        query = _query(_params(request.scope["query_string"]))

        def event_of(object_id: str | None) -> str | None:
            found = object_id and timeline.event_of(object_id, types)
            if object_id and not found:
                raise not_found(object_id)
            return found or None

        cursors = event_of(query.newer_than), event_of(query.older_than)
        return timeline.page(replace(query, types=types, newer_than=cursors[0], older_than=cursors[1]))

    def _object(self, place: Place) -> Json:
        data: Json = orjson.loads(self._bank.timeline.text(place))["data"]
        return data

    async def _reverse_ach(self, request: Request) -> Response:
        body, key = await _body(request), request.headers.get("Idempotency-Key", "")
        return _answer(self._bank.transfers.reverse(request.path_params["id"], body, key))

    async def _return_ach(self, request: Request) -> Response:
        return _answer(self._bank.transfers.return_incoming(request.path_params["id"], await _body(request)))

    async def _cancel_ach(self, request: Request) -> Response:
        return _answer(self._bank.transfers.cancel(request.path_params["id"]))

    async def _simulate(self, request: Request) -> Response:
        """What others do, in the sandbox. The answer names nothing: it must be found by its events."""
        body, transfers = await _body(request), self._bank.transfers
        played: dict[str, Callable[[], None]] = {
            "receive-ach-credit": lambda: transfers.receive_ach(body, "CREDIT"),
            "receive-ach-debit": lambda: transfers.receive_ach(body, "DEBIT"),
            "receive-wire": lambda: transfers.receive_wire(body),
            "receive-international-wire": lambda: transfers.receive_international_wire(body),
            "receive-realtime-transfer": lambda: transfers.receive_realtime(body),
            "transfers/ach/settle": lambda: transfers.settle(str(body.get("ach_transfer_id"))),
            "transfers/wire/settle": lambda: transfers.settle_wire(str(body.get("wire_transfer_id"))),
            "transfers/checks/settle": lambda: transfers.settle_check_deposit(str(body.get("check_transfer_id"))),
            "transfers/checks/deposit": lambda: transfers.deposit_issued_check(str(body.get("check_transfer_id"))),
        }
        what = request.path_params["what"]
        if what not in played:
            raise not_found(what)
        played[what]()
        return _answer({})

    # Accounts.

    async def _bank_accounts(self, request: Request) -> Response:
        return Response(_list("bank_accounts", [orjson.dumps(self._bank.bank_account())], False), media_type=_JSON)

    async def _bank_account(self, request: Request) -> Response:
        account = self._bank.bank_account()
        if request.path_params["id"] != account["id"]:
            raise RefusedError(404, "bank_account_not_found", "The bank account was not found.")
        return _answer(account)

    def _listing(self, name: str) -> Listing:
        return self._bank.account_numbers if name == "account-numbers" else self._bank.counterparties

    async def _directory(self, request: Request) -> Response:
        name = request.path_params["name"]
        query = _query(_params(request.scope["query_string"]))
        try:
            items, has_more = self._listing(name).page(query.limit, query.older_than, query.newer_than)
        except LookupError as unknown:
            raise not_found(str(unknown)) from None
        return Response(_list(name.replace("-", "_"), map(orjson.dumps, items), has_more), media_type=_JSON)

    async def _directory_entry(self, request: Request) -> Response:
        found = self._listing(request.path_params["name"]).get(request.path_params["id"])
        if found is None:
            raise not_found(request.path_params["id"])
        return _answer(found)

    async def _add_account_number(self, request: Request) -> Response:
        return _answer(self._bank.add_account_number(await _body(request)))

    async def _add_counterparty(self, request: Request) -> Response:
        return _answer(self._bank.add_counterparty(await _body(request)))

    # Webhook endpoints.

    async def _endpoints(self, request: Request) -> Response:
        if request.method == "POST":
            return _answer(self._bank.add_endpoint(await _body(request)).as_json(with_secret=True))
        shown = [one.as_json(with_secret=False) for one in reversed(self._bank.deliveries.endpoints)]
        return Response(_list("webhook_endpoints", map(orjson.dumps, shown), False), media_type=_JSON)

    async def _endpoint(self, request: Request) -> Response:
        endpoint = self._bank.endpoint(request.path_params["id"])
        if request.method == "DELETE":
            self._bank.deliveries.endpoints.remove(endpoint)
            return _answer({})
        if request.method == "PATCH":
            body = await _body(request)
            for name in ("url", "enabled_events", "description", "is_disabled"):
                if name in body:
                    setattr(endpoint, name, body[name])
            endpoint.updated_at = instant(self._bank.timeline.now)
        return _answer(endpoint.as_json(with_secret=False))

    async def _verify_endpoint(self, request: Request) -> Response:
        endpoint = self._bank.endpoint(request.path_params["id"])
        event_type = str((await _body(request)).get("event_type"))
        test = {
            "id": self._bank.new_id("evnt", "a test"),
            "created_at": instant(self._bank.timeline.now),
            "type": event_type,
            "data": {"id": ""},
        }
        if not await self._bank.deliveries.verify(endpoint, event_type, orjson.dumps(test)):
            raise RefusedError(400, "webhook_delivery_failed", "The endpoint did not take the event.")
        return _answer({})

    # Reports and documents.

    async def _reports(self, request: Request) -> Response:
        if request.method == "POST":
            return _answer(self._bank.order_report(await _body(request)).as_json())
        params = _params(request.scope["query_string"])
        shown = [report.as_json() for report in reversed(self._bank.reports.values())]
        for name in ("type", "from_date", "to_date"):
            if wanted := params.get(name):
                shown = [one for one in shown if _within(name, one, wanted[0])]
        return Response(_list("reports", map(orjson.dumps, shown), False), media_type=_JSON)

    async def _report(self, request: Request) -> Response:
        report = self._bank.reports.get(request.path_params["id"])
        if report is None:
            raise not_found(request.path_params["id"])
        return _answer(report.as_json())

    async def _document(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        self._bank.document(wanted)
        url = request.base_url.replace(
            path=f"/files/{wanted}", query=f"X-Signature={self._bank.document_signature(wanted)}"
        )
        return _answer({"id": wanted, "url": str(url)})

    async def _file(self, request: Request) -> Response:
        """A document's file: whoever has its address may read it, without a key."""
        wanted = request.path_params["id"]
        given = request.query_params.get("X-Signature", "")
        if not hmac.compare_digest(given.encode(), self._bank.document_signature(wanted).encode()):
            raise RefusedError(403, "forbidden", "The address has expired.")
        return FileResponse(self._bank.document(wanted))

    # The controls.

    async def _status(self, request: Request) -> Response:
        return _answer(self._bank.status())

    async def _clock(self, request: Request) -> Response:
        return _answer(await self._bank.move_clock(_instant((await _body(request)).get("now"), "now")))

    async def _faults(self, request: Request) -> Response:
        """Chance by a specification (`set`), demands for the next requests (`next`), events to withhold (`withhold`)."""
        body = await _body(request)
        answer: Json = {}
        try:
            if "set" in body:
                self._bank.set_faults(str(body["set"]))
            for demand in body.get("next", []):
                self._bank.faults.demand(demand)
        except (FaultsError, KeyError, TypeError, ValueError) as error:
            raise invalid("set" if isinstance(error, FaultsError) else "next", str(error)) from None
        for wanted in body.get("withhold", []):
            until = _instant(wanted["until"], "until") if wanted.get("until") else None
            answer["withheld"] = answer.get("withheld", 0) + self._bank.withhold(
                wanted.get("event_ids", []), wanted.get("object_ids", []), until
            )
        return _answer(answer)

    async def _tell(self, request: Request) -> Response:
        """Puts any event into the timeline: type, data, and if wanted created_at."""
        body = await _body(request)
        created_at = _instant(body["created_at"], "created_at") if body.get("created_at") else None
        return _answer(self._bank.transfers.tell(str(body["type"]), dict(body["data"]), created_at))

    # The paths.

    def _routes(self) -> Iterable[Route]:
        once, transfers = self._once, self._bank.transfers
        for path, methods, handler in (
            ("/events/{id}", "GET", self._event),
            ("/transfers", "GET", self._transfers),
            ("/transfers/ach", "POST", once(_creates(transfers.create))),
            ("/transfers/wire", "POST", once(_creates(transfers.send_wire))),
            ("/transfers/checks/deposit", "POST", once(_creates(transfers.deposit_check))),
            ("/transfers/checks/issue", "POST", once(_creates(transfers.issue_check))),
            ("/transfers/ach/returns", "GET", self._ach_returns),
            ("/transfers/ach/returns/{id}", "GET", self._ach_return),
            ("/transfers/ach/{id}/reverse", "POST", once(self._reverse_ach)),
            ("/transfers/ach/{id}/return", "POST", once(self._return_ach)),
            ("/transfers/ach/{id}/cancel", "POST", once(self._cancel_ach)),
            ("/transfers/{rail}", "GET", self._transfers),
            ("/transfers/{rail}/{id}", "GET", self._transfer),
            ("/simulate/{what:path}", "POST", once(self._simulate)),
            ("/bank-accounts", "GET", self._bank_accounts),
            ("/bank-accounts/{id}", "GET", self._bank_account),
            ("/account-numbers", "POST", once(self._add_account_number)),
            ("/counterparties", "POST", once(self._add_counterparty)),
            ("/webhook-endpoints", "GET POST", self._endpoints),
            ("/webhook-endpoints/{id}", "GET PATCH DELETE", self._endpoint),
            ("/webhook-endpoints/{id}/verify", "POST", self._verify_endpoint),
            ("/reporting", "GET POST", self._reports),
            ("/reporting/{id}", "GET", self._report),
            ("/documents/{id}", "GET", self._document),
            ("/files/{id}", "GET", self._file),
            ("/local/status", "GET", self._status),
            ("/local/clock", "POST", self._clock),
            ("/local/faults", "POST", self._faults),
            ("/local/events", "POST", once(self._tell)),
        ):
            yield Route(path, handler, methods=methods.split())
        for name in ("account-numbers", "counterparties"):
            yield Route(f"/{name}", self._named(name, self._directory), methods=["GET"])
            yield Route(f"/{name}/{{id}}", self._named(name, self._directory_entry), methods=["GET"])

    def _named(self, name: str, handler: Handler) -> Handler:
        async def named(request: Request) -> Response:
            request.path_params["name"] = name
            return await handler(request)

        return named

    def _once(self, handler: Handler) -> Handler:
        """Answers a repeated request with the answer of the first, if that was a success, and delivers what it did."""

        async def once(request: Request) -> Response:
            given = request.headers.get("Idempotency-Key")
            if given is not None and not IDEMPOTENCY_KEY.fullmatch(given):
                raise invalid("Idempotency-Key", "An idempotency key has 1 to 255 characters of ASCII.")
            key = f"{request.url.path} {given}"
            if given is not None and key in self._replays:
                status, body = self._replays[key]
                return Response(body, status, media_type=_JSON)
            before = self._bank.timeline.now
            response = await handler(request)
            if given is not None:
                self._replays[key] = response.status_code, bytes(response.body)
            await self._bank.deliver_what_just_happened(before)
            return response

        return once


async def _send(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    length = str(len(body)).encode("ascii")
    heads = [(b"content-type", b"application/json"), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": heads})
    await send({"type": "http.response.body", "body": body})


async def _refuse(send: Send, strike: Strike) -> None:
    if strike.kind == "rate_limited":
        headers = [(b"retry-after", strike.retry_after.encode("ascii"))] if strike.retry_after is not None else []
        refused = RefusedError(429, "rate_limit_exceeded", "Too many requests.")
        await _send(send, 429, orjson.dumps(refused.body), headers)
    else:
        await _send(send, strike.status, b"upstream is not there")


def _broken(send: Send, kind: str) -> Send:
    """Sends half of an answer, or its head alone, and then nothing: the server closes the connection."""

    async def broken(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = bytes(message.get("body", b""))
            half = body[: len(body) // 2] if kind == "half" else b""
            if half:
                await send({"type": "http.response.body", "body": half, "more_body": True})
        elif kind == "half" or message["type"] != "http.response.start":
            await send(message)
        else:
            await send({**message, "headers": [*_without_length(message), (b"content-length", b"1000000")]})

    return broken


def _without_length(message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in message.get("headers", []) if name.lower() != b"content-length"]


def _key_of(authorization: bytes) -> str | None:
    """The password of Basic credentials with an empty user, however they were encoded."""
    scheme, _, encoded = authorization.partition(b" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if scheme.lower() == b"basic" and not user else None


def _params(query_string: bytes) -> Params:
    """The parameters of a query; lists come under their name, or with brackets behind it."""
    params: Params = {}
    for part in query_string.decode("ascii", "replace").split("&"):
        if part:
            name, _, value = part.partition("=")
            params.setdefault(unquote_plus(name).removesuffix("[]"), []).append(unquote_plus(value))
    return params


def _events_query(query_string: bytes) -> Query:
    params = _params(query_string)
    query = _query(params)
    return replace(query, types=frozenset(params.get("types", ())), object_ids=tuple(params.get("object_ids", ())))


def _query(params: Params) -> Query:
    def one(name: str) -> str | None:
        return params[name][0] if name in params else None

    older, newer = one("starting_after"), one("ending_before")
    if older and newer:
        raise RefusedError(
            400, "mutually_exclusive_parameters", "Only one cursor can be given.",
            {"starting_after": older, "ending_before": newer},
        )  # fmt: skip
    limit = one("limit")
    if limit is not None and not (limit.isdecimal() and 1 <= int(limit) <= _MAX_PAGE):
        raise invalid("limit", "The limit is a number from 1 to 100.")
    since, until = 0, 2**63 - 1
    for name, after in (("gte", 0), ("gt", 1)):
        if given := one(f"created.{name}"):
            since = max(since, _nanos(given, f"created.{name}") + after)
    for name, before in (("lte", 0), ("lt", 1)):
        if given := one(f"created.{name}"):
            until = min(until, _nanos(given, f"created.{name}") - before)
    return Query(int(limit) if limit else _DEFAULT_PAGE, newer or None, older or None, since, until)


def _nanos(text: str, field: str) -> int:
    """Nanoseconds since 1970 of an instant with any number of decimals."""
    whole, point, rest = text.partition(".")
    digits = rest.rstrip("Zz").partition("+")[0].partition("-")[0] if point else ""
    if point and not digits.isdecimal():
        raise invalid(field, "Expected an instant.")
    zone = rest[len(digits) :] if point else ""
    return nanoseconds(_instant(whole + zone, field)) + int(f"{digits:0<9}"[:9])


def _instant(text: object, field: str) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise invalid(field, "Expected an instant.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def _body(request: Request) -> Json:
    """The fields of a request, from JSON or from a form."""
    given = b""
    async for chunk in request.stream():
        given += chunk
        if len(given) > _MAX_BODY:
            raise RefusedError(413, "request_too_large", "The request is too large.")
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return {name: int(value) if name == "amount" and value.isdecimal() else value
                for name, value in parse_qsl(given.decode("utf-8", "replace"))}  # fmt: skip
    try:
        body = orjson.loads(given) if given else {}
    except orjson.JSONDecodeError:
        raise RefusedError(400, "invalid_json", "The request is not JSON.") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "invalid_json", "The request is not a JSON object.")
    return body


def _creates(create: Callable[[Json, str], Json]) -> Handler:
    """Makes a transfer out of what the request says."""

    async def handle(request: Request) -> Response:
        return _answer(create(await _body(request), request.headers.get("Idempotency-Key", "")))

    return handle


def _answer(body: Json) -> Response:
    return Response(orjson.dumps(body), media_type=_JSON)


def _list(key: str, items: Iterable[bytes], has_more: bool) -> bytes:
    tail = b"true}" if has_more else b"false}"
    return b"".join((b'{"', key.encode("ascii"), b'":[', b",".join(items), b'],"has_more":', tail))


def _return_of(transfer: Json) -> Json:
    details = transfer["return_details"]
    return {
        "ach_transfer_id": transfer["id"],
        "created_at": details[0]["created_at"],
        "updated_at": details[-1]["updated_at"],
        "status": details[-1]["status"],
        "is_incoming": not transfer["is_incoming"],
        "details": details,
    }


def _of_any_rail(transfer: Json) -> Json:
    """What the list of all rails says of a transfer."""
    prefix = transfer["id"].partition("_")[0]
    ours = {
        "bank_account_id": transfer.get("bank_account_id") or transfer.get("receiver_bank_account_id"),
        "account_number_id": transfer.get("account_number_id") or transfer.get("receiver_account_number_id"),
    }
    is_issued = transfer.get("positive_pay_amount") is not None  # a check; one that we deposit has none
    is_incoming = bool(transfer.get("is_incoming", not is_issued))
    amounts = (transfer.get(name) for name in ("amount", "deposited_amount", "positive_pay_amount"))
    theirs = {"bank_name": "", "sender_name": "", "counterparty_id": transfer.get("counterparty_id", "")}
    return {
        "id": transfer["id"],
        "type": _TYPES[prefix].format(str(transfer.get("type", "debit" if is_issued else "credit")).lower()),
        "status": transfer["status"],
        "amount": next(amount for amount in amounts if amount is not None),
        "currency_code": transfer["currency_code"],
        "created_at": transfer["created_at"],
        "updated_at": transfer["updated_at"],
        "description": transfer["description"],
        "is_incoming": is_incoming,
        "sender_internal_account": None if is_incoming else ours,
        "receiver_internal_account": ours if is_incoming else None,
        "external_source": theirs if is_incoming else None,
        "external_destination": None if is_incoming else theirs,
    }


def _within(name: str, report: Json, wanted: str) -> bool:
    if name == "type":
        return bool(report["type"] == wanted)
    return bool(report["from_date"] >= wanted if name == "from_date" else report["to_date"] <= wanted)
