"""The environment, read and validated once.

Every setting is a variable `PAYMENTS_<FIELD>`, in the environment or in a `.env` file; the environment wins. All that is
wrong is reported together, since whoever sets up a machine should not have to find the mistakes one start at a time.
"""

import difflib
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

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

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        home = home.expanduser().absolute()
        if home.exists() and not home.is_dir():
            raise ValueError("it is a file")
        return home

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
        environ = {PREFIX + name.upper(): str(value) for name, value in self if value is not None}
        if self.database_url is not None:
            environ[PREFIX + "DATABASE_URL"] = self.database_url.get_secret_value()
        return environ


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
        faults += [_fault(PREFIX + str(e["loc"][0]).upper(), e["msg"], given) for e in error.errors()]
    if faults:
        raise SettingsError(
            "the settings are wrong:\n" + "\n".join(f"  {fault}" for fault in faults),
            "correct them in the environment or in .env; .env.example explains each one.",
        )
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
    field = Settings.model_fields[name.removeprefix(PREFIX).lower()]
    reason = reason.removeprefix("Value error, ")
    if name == PREFIX + "DATABASE_URL":
        return f"{name}: {reason}"
    return f"{name}: found {given[name]!r} ({reason[0].lower()}{reason[1:]}); expected {field.description}"
