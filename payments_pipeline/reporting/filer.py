"""Who files: the filer, the transmitter and whom borrowers may ask, from data/filer.toml."""

from pathlib import Path
from typing import Final

from pydantic import Field

from payments_pipeline.paths import DATA_DIR
from payments_pipeline.who_files import Section, read_who_files

FILER_FILE: Final = DATA_DIR / "filer.toml"


class Party(Section):
    """The filer, as the authority knows it."""

    name: str = Field(min_length=1, max_length=75)
    tin: str = Field(pattern=r"^\d{9}$")
    street: str = Field(min_length=1, max_length=40)
    city: str = Field(min_length=1, max_length=40)
    state: str = Field(pattern=r"^[A-Z]{2}$")
    zip: str = Field(pattern=r"^\d{5}(\d{4})?$")
    phone: str = Field(pattern=r"^\d{10}$")


class Transmitter(Section):
    """Who sends the files, by the codes of both systems."""

    fire_control_code: str = Field(pattern=r"^[0-9A-Z]{5}$")
    iris_control_code: str = Field(pattern=r"^[0-9A-Z]{5}$")
    iris_software_id: str = Field(pattern=r"^[0-9A-Z]{10}$")
    iris_schema: Path | None = None
    """The main file of the authority's schema, where the filer has got it; without it, ours is used."""
    contact_name: str = Field(min_length=1, max_length=35)
    contact_phone: str = Field(pattern=r"^\d{10}$")
    contact_email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=50)


class Help(Section):
    """Whom a borrower may ask about a statement."""

    help_phone: str
    help_hours: str
    website: str


class Filer(Section):
    """All three."""

    filer: Party
    transmitter: Transmitter
    statement: Help


def read_filer(path: Path = FILER_FILE) -> Filer:
    """The file, checked."""
    return read_who_files(Filer, path, example=FILER_FILE, option="--filer")
