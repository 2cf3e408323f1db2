"""Who files reports with an authority: files of `data/`, read and checked against what each must say."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from payments_pipeline.errors import PaymentsError


class WhoFilesError(PaymentsError):
    """The file that says who files does not say it."""


class Section(BaseModel):
    """A part of such a file: what it must say, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Whole = TypeVar("Whole", bound=Section)


def read_who_files(what: type[Whole], path: Path, *, example: Path, option: str) -> Whole:
    """The file, checked."""
    try:
        return what.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise WhoFilesError(
            f"{path} cannot be read: {error.strerror}", f"name a file that is there: {option}"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        faults = (
            "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            if isinstance(error, ValidationError)
            else str(error)
        )
        raise WhoFilesError(
            f"{path} does not say who files: {faults}", f"correct it; data/{example.name} is an example."
        ) from error
