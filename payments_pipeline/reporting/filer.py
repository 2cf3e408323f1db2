"""Who files: the filer, the transmitter and whom borrowers may ask, from data/filer.toml."""

import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from payments_pipeline.errors import PaymentsError
from payments_pipeline.paths import DATA_DIR

FILER_FILE: Final = DATA_DIR / "filer.toml"


class FilerError(PaymentsError):
    """The file that says who files does not say it."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(_Section):
    """The filer, as the authority knows it."""

    name: str = Field(min_length=1, max_length=75)
    tin: str = Field(pattern=r"^\d{9}$")
    street: str = Field(min_length=1, max_length=40)
    city: str = Field(min_length=1, max_length=40)
    state: str = Field(pattern=r"^[A-Z]{2}$")
    zip: str = Field(pattern=r"^\d{5}(\d{4})?$")
    phone: str = Field(pattern=r"^\d{10}$")


class Transmitter(_Section):
    """Who sends the files, by the codes of both systems."""

    fire_control_code: str = Field(pattern=r"^[0-9A-Z]{5}$")
    iris_control_code: str = Field(pattern=r"^[0-9A-Z]{5}$")
    iris_software_id: str = Field(pattern=r"^[0-9A-Z]{10}$")
    iris_schema: Path | None = None
    """The main file of the authority's schema, where the filer has got it; without it, ours is used."""
    contact_name: str = Field(min_length=1, max_length=35)
    contact_phone: str = Field(pattern=r"^\d{10}$")
    contact_email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=50)


class Help(_Section):
    """Whom a borrower may ask about a statement."""

    help_phone: str
    help_hours: str
    website: str


class Filer(_Section):
    """All three."""

    filer: Party
    transmitter: Transmitter
    statement: Help


def read_filer(path: Path = FILER_FILE) -> Filer:
    """The file, checked."""
    try:
        return Filer.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FilerError(f"{path} cannot be read: {error.strerror}", "name a file that is there: --filer") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        faults = (
            "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            if isinstance(error, ValidationError)
            else str(error)
        )
        raise FilerError(
            f"{path} does not say who files: {faults}", "correct it; data/filer.toml is an example."
        ) from error
