"""Who has a report made in the graph: the name by which four eyes are told apart."""

import getpass

import dagster as dg


class Preparation(dg.Config):
    """Who has the report made."""

    prepared_by: str = ""
    """By default who the process runs as. Whoever it is may not approve it."""

    @property
    def actor(self) -> str:
        """The name for the audit log."""
        return self.prepared_by.strip() or getpass.getuser()
