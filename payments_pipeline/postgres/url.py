"""PostgreSQL addresses: read as libpq reads them, written without a secret.

libpq's own messages quote the address they could not read, password included. Nothing here lets such a message out.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

EXPECTED = "postgresql://user:password@host:port/database"

_SCHEME = re.compile(r"^postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)


class InvalidUrlError(ValueError):
    """The text is not the address of a PostgreSQL database; the message is safe to show."""


def normalise(url: str) -> str:
    """The address in the one form used everywhere: scheme `postgresql`, no driver, each part where libpq puts it."""
    return compose(parse(url))


def parse(url: str) -> dict[str, str]:
    """The connection parameters that the address stands for, by libpq's names."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    if not _SCHEME.match(url):
        raise InvalidUrlError(f"found {mask(url)}, expected {EXPECTED}")
    try:
        found = conninfo_to_dict(_SCHEME.sub("postgresql://", url.strip()))
    except psycopg.Error:
        raise InvalidUrlError(f"{mask(url)} cannot be read as {EXPECTED}") from None
    parameters = {key: str(value) for key, value in found.items() if value not in (None, "")}
    if "dbname" not in parameters:
        raise InvalidUrlError(f"{mask(url)} names no database, expected {EXPECTED}")
    return parameters


def compose(parameters: Mapping[str, str], *, scheme: str = "postgresql") -> str:
    """The address for these parameters. A socket's folder, or several hosts, go into the query, as libpq allows."""
    rest = dict(parameters)
    user, password, port = rest.pop("user", ""), rest.pop("password", ""), rest.pop("port", "")
    database = rest.pop("dbname", "")
    host = rest.get("host", "")
    if _is_plain_host(host) and "," not in port:
        rest.pop("host", None)
        location = f"[{host}]" if ":" in host else host
        location += f":{port}" if port else ""
    else:
        location = ""
        rest |= {"port": port} if port else {}
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = f"?{urlencode(rest, quote_via=quote)}" if rest else ""
    return f"{scheme}://{login}{'@' if login else ''}{location}/{quote(database, safe='')}{query}"


def mask(url: str) -> str:
    """The address with its secrets hidden; of one that cannot be read, only what surely is no secret."""
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    scheme = match.group() if (match := _SCHEME.match(url)) else ""
    try:
        found = conninfo_to_dict(_SCHEME.sub("postgresql://", url.strip())) if scheme else {}
    except Error:
        found = {}
    if not found:
        return f"{scheme}***" if scheme else "an address of another kind"
    parameters = {key: str(value) for key, value in found.items() if value not in (None, "")}
    hidden = {key: "***" for key in ("password", "sslpassword") if key in parameters}
    return compose(parameters | hidden).replace(quote("***", safe=""), "***")


def _is_plain_host(host: str) -> bool:
    return bool(host) and not host.startswith(("/", "@")) and "," not in host
