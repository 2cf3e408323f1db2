"""Errors that a person is meant to read: what is wrong, and what to do about it.

Everything else that is raised is a bug of ours and keeps its traceback.
"""

from typing import ClassVar


class PaymentsError(Exception):
    """Something the caller can mend. `message` says what was found, `remedy` what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}"


class SettingsError(PaymentsError):
    """The environment does not describe a platform that can be started."""

    exit_code: ClassVar[int] = 2


class DatabaseError(PaymentsError):
    """The database cannot be started, reached or used as asked."""


class MigrationError(PaymentsError):
    """The migrations on disk and those the database knows do not form one forward-only line."""


class StatementError(PaymentsError):
    """A statement of `sql/` is missing or was refused by the database."""
