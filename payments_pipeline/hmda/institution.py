"""Who files registers: what the transmittal sheet says of the institution, from data/institution.toml."""

from pathlib import Path
from typing import Any, Final

from pydantic import Field

from payments_pipeline.hmda.edits.model import Institution
from payments_pipeline.hmda.records import TransmittalSheet
from payments_pipeline.paths import DATA_DIR
from payments_pipeline.rules.hmda import ActivityPeriod
from payments_pipeline.who_files import Section, read_who_files

INSTITUTION_FILE: Final = DATA_DIR / "institution.toml"
_WHOLE_YEAR: Final = 4


class _Named(Section):
    name: str = Field(min_length=1, max_length=100)
    lei: str = Field(pattern=r"^[0-9A-Z]{20}$")
    federal_agency: int
    tax_id: str = Field(pattern=r"^\d{2}-\d{7}$")


class _Contact(Section):
    name: str = Field(min_length=1)
    phone: str = Field(pattern=r"^\d{3}-\d{3}-\d{4}$")
    email: str = Field(pattern=r"^[^@\s|]+@[^@\s|]+$")
    street: str = Field(min_length=1)
    city: str = Field(min_length=1)
    state: str = Field(pattern=r"^[A-Z]{2}$")
    zip: str = Field(pattern=r"^\d{5}(-\d{4})?$")


class Filer(Section):
    """The institution, and whom the regulator may ask."""

    institution: _Named
    contact: _Contact

    @property
    def known_as(self) -> Institution:
        """The institution that signs in to file."""
        return Institution(self.institution.lei, self.institution.federal_agency, self.institution.tax_id)

    def sheet(self, period: ActivityPeriod, entries: int) -> TransmittalSheet:
        """The transmittal sheet of a register of so many rows."""
        return TransmittalSheet(
            institution_name=self.institution.name,
            calendar_year=period.year,
            calendar_quarter=period.quarter or _WHOLE_YEAR,
            contact_name=self.contact.name,
            contact_phone=self.contact.phone,
            contact_email=self.contact.email,
            office_street=self.contact.street,
            office_city=self.contact.city,
            office_state=self.contact.state,
            office_zip_code=self.contact.zip,
            federal_agency=self.institution.federal_agency,
            total_entries=entries,
            tax_id=self.institution.tax_id,
            lei=self.institution.lei,
        )

    def parameters(self) -> dict[str, Any]:
        """What of it enters a report: another contact makes another version."""
        return self.model_dump()


def read_institution(path: Path = INSTITUTION_FILE) -> Filer:
    """The file, checked."""
    return read_who_files(Filer, path, example=INSTITUTION_FILE, option="--institution")
