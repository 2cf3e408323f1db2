"""Requests to the bank: who we are, how long we wait, when we ask again, and what an error says.

Nothing here shows the key, a body or a query: errors name the method, the path, the status and the bank's error code,
which is what a person needs to act and all that is safe in a log.
"""

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx
import orjson
from pydantic import SecretStr

from payments_pipeline.column.parsing import parse
from payments_pipeline.errors import PaymentsError

Json = dict[str, Any]
Params = Mapping[str, Any]

RETRIED_STATUS: Final = frozenset({408, 429, *range(500, 600)})
IDEMPOTENCY_KEY: Final = re.compile(r"[ -~]{1,255}")

_TIMEOUT: Final = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=30.0)
_ATTEMPTS: Final = 8
_PATIENCE_SECONDS: Final = 120.0
_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 15.0
_REFUSED_UNDONE: Final = frozenset({429})
_CODE: Final = re.compile(r"[\w.-]{1,80}", re.ASCII)
_REPEATED_SAFELY: Final = frozenset({"GET", "PATCH", "DELETE"})
_LIVE_KEY: Final = "live_"
_OK: Final = 200


class ColumnError(PaymentsError):
    """The bank refused a request, or could not be reached. Branch on `status` and `code`, never on the message."""

    def __init__(
        self,
        message: str,
        remedy: str,
        *,
        status: int | None = None,
        code: str = "",
        documentation_url: str = "",
        is_retryable: bool = False,
    ) -> None:
        super().__init__(message, remedy)
        self.status = status
        """Of the last answer; None where there was none."""
        self.code = code
        self.documentation_url = documentation_url
        self.is_retryable = is_retryable
        """Whether the same request may succeed later. Where it is a payment, ask with the same idempotency key."""


class Connection:
    """Authenticated requests over kept-alive connections, repeated where that is safe. Threads may share one."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr | str,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout | float = _TIMEOUT,
        attempts: int = _ATTEMPTS,
        patience_seconds: float = _PATIENCE_SECONDS,
        requests_per_second: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = _checked_url(url)
        self._key = _checked_key(api_key)
        if self._url.startswith("http:") and self._key.get_secret_value().startswith(_LIVE_KEY):
            raise ColumnError(
                "PAYMENTS_COLUMN_URL begins with http://, over which anybody between us and the bank could read the key.",
                "Write https://; a key that begins with live_ goes over nothing else.",
            )
        self._attempts = attempts
        self._patience = patience_seconds
        self._sleep = sleep
        self._monotonic = monotonic
        self._pace = _Pace(requests_per_second, monotonic)
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._http = httpx.Client(
            base_url=self._url,
            auth=("", self._key.get_secret_value()),
            timeout=timeout,
            transport=transport,
            headers={"Accept": "application/json", "User-Agent": "payments-pipeline"},
            trust_env=False,  # a proxy or a netrc of the machine must not decide where a key goes
        )
        _quieten_httpx()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    @property
    def is_test(self) -> bool:
        """Whether the key is one of the sandbox."""
        return self._key.get_secret_value().startswith("test_")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Json | None = None,
        idempotency_key: str | None = None,
        is_harmless_twice: bool = False,
    ) -> Any:
        """The parsed answer.

        A request is repeated with a growing, jittered pause on 408, 429, 5xx, timeouts, lost connections and answers
        that break off. A POST without an idempotency key that is not harmless twice is repeated only where the bank
        certainly did nothing.
        """
        headers = {} if idempotency_key is None else {"Idempotency-Key": _checked_idempotency_key(idempotency_key)}
        content = None
        if body is not None:
            content, headers["Content-Type"] = orjson.dumps(body), "application/json"
        request = self._http.build_request(method, path, params=_flat(params), content=content, headers=headers)
        can_repeat = method in _REPEATED_SAFELY or idempotency_key is not None or is_harmless_twice
        return self._exchange(f"{method} {path}", request, can_repeat, self._send)

    def download(self, url: str, write: Callable[[bytes], Any], restart: Callable[[], Any]) -> None:
        """Streams a document, fetched without our key; `restart` is called before each new attempt."""
        try:
            address = urljoin(f"{self._url}/", url)
            request = httpx.Request("GET", address, extensions={"timeout": self._http.timeout.as_dict()})
        except (httpx.InvalidURL, ValueError):
            # said in our words: the error quotes the address, whose query is as good as a key
            raise ColumnError(
                "The bank's address of a document is none.",
                "Ask for the report again; if it lasts, report it to the bank.",
            ) from None

        def fetch(request: httpx.Request) -> None:
            restart()
            response = self._http.send(request, stream=True, auth=None)
            try:
                if response.status_code != _OK:
                    response.read()
                    raise _RefusedError(response)
                for chunk in response.iter_bytes():
                    write(chunk)
            finally:
                response.close()

        self._exchange("GET of a document", request, True, fetch)

    def _send(self, request: httpx.Request) -> Any:
        response = self._http.send(request)
        if not response.is_success:
            raise _RefusedError(response)
        return parse(response.content) if response.content else {}

    def _exchange(
        self, what: str, request: httpx.Request, can_repeat: bool, once: Callable[[httpx.Request], Any]
    ) -> Any:
        started = self._monotonic()
        for attempt in range(1, self._attempts + 1):
            if wait := self._pace.wait_for_turn():
                self._sleep(wait)
            try:
                return once(request)
            except (_RefusedError, httpx.TransportError, httpx.DecodingError, orjson.JSONDecodeError) as error:
                failure = _Failure.of(error)
            if not (failure.is_retryable and (can_repeat or failure.was_undone)):
                break
            pause = self._pause(attempt, failure.retry_after)
            if attempt == self._attempts or self._monotonic() - started + pause > self._patience:
                break
            self._sleep(pause)
        raise failure.as_error(what, attempt, self._monotonic() - started)

    def _pause(self, attempt: int, retry_after: float | None) -> float:
        if retry_after is not None:
            # a little more than asked, and not all clients at once
            return retry_after + self._jitter.uniform(0, 0.1 * retry_after)
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
        return self._jitter.uniform(_FIRST_PAUSE_SECONDS / 2, longest)


class _RefusedError(Exception):
    """An answer that is not a success."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response = response


class _Failure:
    """What went wrong in one attempt, without anything that must not be shown."""

    def __init__(self, found: str, *, is_retryable: bool, was_undone: bool) -> None:
        self.found = found
        self.is_retryable = is_retryable
        self.was_undone = was_undone
        """Whether the bank certainly did nothing."""
        self.status: int | None = None
        self.code = ""
        self.documentation_url = ""
        self.retry_after: float | None = None

    @classmethod
    def of(cls, error: Exception) -> "_Failure":
        if isinstance(error, _RefusedError):
            return cls._refused(error.response)
        if isinstance(error, httpx.TransportError):
            never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            return cls(_transport_fault(error), is_retryable=True, was_undone=never_sent)
        return cls("an answer that is not JSON, or only half of it", is_retryable=True, was_undone=False)

    @classmethod
    def _refused(cls, response: httpx.Response) -> "_Failure":
        status = response.status_code
        failure = cls(f"status {status}", is_retryable=status in RETRIED_STATUS, was_undone=status in _REFUSED_UNDONE)
        failure.status = status
        failure.retry_after = _seconds(response.headers.get("Retry-After"))
        body = _error_body(response.content)
        failure.code = _matching(_CODE, body.get("code"))
        url = body.get("documentation_url")
        failure.documentation_url = url if isinstance(url, str) and url.startswith("https://") else ""
        if failure.code:
            failure.found += f", code {failure.code}"
        return failure

    def as_error(self, what: str, attempts: int, seconds: float) -> ColumnError:
        tried = f" after {attempts} attempts in {seconds:.0f} s" if attempts > 1 else ""
        return ColumnError(
            f"The bank answered {what} with {self.found}{tried}."
            if self.status
            else f"The bank did not answer {what}: {self.found}{tried}.",
            self._remedy(),
            status=self.status,
            code=self.code,
            documentation_url=self.documentation_url,
            is_retryable=self.is_retryable,
        )

    def _remedy(self) -> str:
        see = f" {self.documentation_url} explains the code." if self.documentation_url else ""
        if self.status in {401, 403}:
            return "Check PAYMENTS_COLUMN_API_KEY: it must be a key of this bank, with the right to do this." + see
        if self.status is None:
            return "Check PAYMENTS_COLUMN_URL and the network. A payment may have been taken: ask with the same key."
        if self.is_retryable:
            return "The bank is busy or down. Try again later; ask with the same idempotency key." + see
        return "Asking again will not help: correct the request." + see


class _Pace:
    """Spreads requests so that there are no more a second than asked for, over all threads."""

    def __init__(self, per_second: float | None, monotonic: Callable[[], float]) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._monotonic = monotonic
        self._next = 0.0
        self._lock = threading.Lock()

    def wait_for_turn(self) -> float:
        """Seconds until the caller may send."""
        if not self._gap:
            return 0.0
        with self._lock:
            now = self._monotonic()
            turn = max(self._next, now)
            self._next = turn + self._gap
            return turn - now


class _NoQueries(logging.Filter):
    """Keeps the queries of addresses out of httpx's own log: those of documents are as good as keys."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(a.copy_with(query=None) if isinstance(a, httpx.URL) else a for a in record.args)
        return True


def _quieten_httpx() -> None:
    """Its line for every request would drown all others; whoever wants it sets its level, and sees no query."""
    log = logging.getLogger("httpx")
    if log.level == logging.NOTSET:
        log.setLevel(logging.WARNING)
    if not any(isinstance(given, _NoQueries) for given in log.filters):
        log.addFilter(_NoQueries())


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password or parts.query:
        raise ColumnError(
            "PAYMENTS_COLUMN_URL is no address of a bank.",
            "Expected https://host or http://host:port, without a user, a password or a query.",
        )
    return url.rstrip("/")


def _checked_key(api_key: SecretStr | str) -> SecretStr:
    key = api_key.get_secret_value() if isinstance(api_key, SecretStr) else api_key
    if not re.fullmatch(r"[!-~]+", key):
        raise ColumnError(
            "PAYMENTS_COLUMN_API_KEY is no key: it is empty, or holds a blank or a character beyond ASCII.",
            "Copy the key from the bank's dashboard again; it begins with test_ or live_.",
        )
    return SecretStr(key)


def _checked_idempotency_key(key: str) -> str:
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise ColumnError(
            "An idempotency key is not one that the bank takes.",
            "Expected 1 to 255 characters from blank to tilde of ASCII; derive it from what is being paid.",
        )
    return key


def _flat(params: Params | None) -> httpx.QueryParams:
    """Query parameters; lists are repeated, what is None is left out."""
    flat: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in (params or {}).items():
        if value is not None:
            values = value if isinstance(value, list | tuple) else [value]
            flat += [(name, _written(one)) for one in values]
    return httpx.QueryParams(flat)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def _seconds(retry_after: str | None) -> float | None:
    """What a Retry-After header asks for: seconds, or the date until which to wait."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _error_body(content: bytes) -> Json:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _transport_fault(error: httpx.TransportError) -> str:
    """Said in our words: httpx's may quote an address."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "a timeout"
    return "a connection that broke off"
