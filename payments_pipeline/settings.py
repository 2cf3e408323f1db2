"""The environment, read and validated once.

Every setting is a variable `PAYMENTS_<FIELD>`, in the environment or in a `.env` file; the environment wins. All that is
wrong is reported together, since whoever sets up a machine should not have to find the mistakes one start at a time.
"""

import difflib
import logging
import os
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal, Self

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from payments_pipeline.errors import SettingsError
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.postgres import url as database_urls

PREFIX: Final = "PAYMENTS_"

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Settings(BaseModel):
    """What the platform needs to know about the machine it runs on."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    home: Path = Field(
        default=PROJECT_ROOT / ".payments",
        description="the folder that holds all state: the embedded database, Dagster's home, logs, reports",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="an external PostgreSQL 15 or later, as postgresql://user:password@host:port/database",
    )
    dagster_port: int = Field(
        default=3000, ge=1, le=65535, description="the port of the Dagster UI, a number from 1 to 65535"
    )
    log_level: LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    first_day: date = Field(
        default=date(2026, 6, 29),
        description="the first business date of the books, the day after the portfolio was boarded, as YYYY-MM-DD",
    )
    inbox: Path | None = Field(
        default=None, description="the folder into which files are delivered; by default the demo's, in PAYMENTS_HOME"
    )
    statements_url: str | None = Field(
        default=None,
        description=(
            "where banks leave their statements: a folder, or an address such as s3://bucket/folder without a key in it; "
            "by default statements/ in the inbox"
        ),
    )
    column_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/@?#]+/?$",
        description="the address of Column's API, such as https://api.column.com, without a path or a key in it",
    )
    column_api_key: SecretStr | None = Field(
        default=None, min_length=8, description="the key of Column's API: test_... or live_..."
    )
    column_webhook_secret: SecretStr | None = Field(
        default=None, min_length=8, description="the secret with which Column signs what it sends to our endpoint"
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="the secret with which processors sign their webhooks, 16 characters up",
    )
    webhook_allow: str = Field(
        default="", description="networks that may call the webhook service, as 10.0.0.0/8,192.168.1.7; empty for all"
    )
    webhook_proxies: str = Field(
        default="", description="networks of proxies before the webhook service, whose X-Forwarded-For is believed"
    )
    webhook_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="the token with which payments are looked up at the webhook service, 16 characters up",
    )
    webhook_client_limit: int = Field(
        default=60_000, ge=1, description="the most webhooks that one client may send in a minute, over all workers"
    )
    webhook_channel_limit: int = Field(
        default=120_000, ge=1, description="the most webhooks that may come for one channel in a minute"
    )
    webhook_port: int = Field(default=3010, ge=1, le=65535, description="the port of the webhook service")
    bank_port: int = Field(default=3011, ge=1, le=65535, description="the port of the local bank, where there is one")
    pii_key: SecretStr | None = Field(
        default=None, min_length=32, description="the key that encrypts personal data: 32 random bytes in base64"
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        home = home.expanduser().absolute()
        if home.exists() and not home.is_dir():
            raise ValueError("it is a file")
        return home

    @field_validator("inbox")
    @classmethod
    def _folder(cls, inbox: Path | None) -> Path | None:
        if inbox is None:
            return None
        inbox = inbox.expanduser().absolute()
        if not inbox.is_dir():
            raise ValueError("there is no such folder")
        return inbox

    @field_validator("statements_url")
    @classmethod
    def _reachable_store(cls, url: str | None) -> str | None:
        """Whether this environment can reach such a place; whether it is there now is seen when it is read."""
        if url is None:
            return None
        import fsspec  # what few have set should not cost everyone's start

        scheme, found, rest = url.partition("://")
        if not found or scheme == "file":
            folder = Path(rest if found else url).expanduser().absolute()
            if not folder.is_dir():
                raise ValueError("there is no such folder")
            return str(folder)
        if "@" in rest.partition("/")[0]:
            raise ValueError("it holds a user or a key: give those to the store's own settings")
        try:
            fsspec.get_filesystem_class(scheme)
        except ImportError as error:
            raise ValueError(f"{scheme}:// needs a package that is not installed: {error}") from None
        except ValueError:
            raise ValueError(f"{scheme}:// is no store that is known") from None
        return url

    @field_validator("webhook_allow", "webhook_proxies")
    @classmethod
    def _networks(cls, networks: str) -> str:
        for network in filter(None, map(str.strip, networks.split(","))):
            ip_network(network)
        return networks

    @model_validator(mode="after")
    def _bank_has_its_key(self) -> Self:
        if (self.column_url is None) != (self.column_api_key is None):
            raise ValueError("PAYMENTS_COLUMN_URL and PAYMENTS_COLUMN_API_KEY belong together: set both or neither")
        return self

    @field_validator("database_url")
    @classmethod
    def _normalised(cls, url: SecretStr | None) -> SecretStr | None:
        return None if url is None else SecretStr(database_urls.normalise(url.get_secret_value()))

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    def as_environ(self) -> dict[str, str]:
        """The variables that give another process these very settings, wherever it runs."""
        return {
            PREFIX + name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in self
            if value is not None
        }


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or one `SettingsError` that names everything wrong with them.

    Without an argument: the process's environment over the `.env` file. With one: that mapping and nothing else.
    A variable that is set but empty counts as not set.
    """
    if environ is None:
        environ = {**_read_dotenv(), **os.environ}
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
    known = {PREFIX + field.upper(): field for field in Settings.model_fields}
    faults = [_unknown(name, list(known)) for name in sorted(given.keys() - known.keys())]
    try:
        settings = Settings.model_validate({field: given[name] for name, field in known.items() if name in given})
    except ValidationError as error:
        faults += [
            _fault(PREFIX + str(e["loc"][0]).upper() if e["loc"] else "", e["msg"], given) for e in error.errors()
        ]
    if faults:
        raise SettingsError(
            "the settings are wrong:\n" + "\n".join(f"  {fault}" for fault in faults),
            "correct them in the environment or in .env; .env.example explains each one.",
        )
    return settings


def begin() -> Settings:
    """What every command does first: read the settings, and log as they say."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every request otherwise
    return settings


def _read_dotenv() -> dict[str, str]:
    """The `.env` of the current folder, or else the one beside the Makefile."""
    for folder in (Path.cwd(), PROJECT_ROOT):
        if (file := folder / ".env").is_file():
            return {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}
    return {}


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"{name} is no setting" + (f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}")


def _fault(name: str, reason: str, given: Mapping[str, str]) -> str:
    """One line for one wrong setting. An address is shown by its own validator, which hides the password."""
    reason = reason.removeprefix("Value error, ")
    if not name:
        return reason
    field = Settings.model_fields[name.removeprefix(PREFIX).lower()]
    if name == PREFIX + "DATABASE_URL":
        return f"{name}: {reason}"
    if field.annotation == SecretStr | None or field.annotation == str | None:
        return f"{name}: {reason[0].lower()}{reason[1:]}; expected {field.description}"
    return f"{name}: found {given[name]!r} ({reason[0].lower()}{reason[1:]}); expected {field.description}"
