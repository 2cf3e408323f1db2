"""Connections to the database, and the roles that they are made under.

`owner` is the login of the address: it migrates. `pipeline` is what everything else runs as: the role
`payments_pipeline`, whose grants do not include changing or deleting a fact. `webhooks` is what the service at the edge
runs as: it may add to the queue of what was received, and look payments up. `compliance` makes the reports to
regulators: it alone may read personal data that is encrypted.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from payments_pipeline.errors import DatabaseError
from payments_pipeline.postgres import url as urls
from payments_pipeline.settings import Settings

Role = Literal["owner", "pipeline", "webhooks", "compliance"]

PIPELINE_ROLE: Final = "payments_pipeline"
WEBHOOKS_ROLE: Final = "payments_webhooks"
COMPLIANCE_ROLE: Final = "payments_compliance"
ROLES: Final = (PIPELINE_ROLE, WEBHOOKS_ROLE, COMPLIANCE_ROLE)
"""Roles without a login, which a connection takes."""
OLDEST_VERSION: Final = 15


@dataclass(frozen=True)
class Database:
    """One PostgreSQL database, by its address. Dagster's own tables live beside it, in `dagster_name`."""

    url: str = field(repr=False)
    dagster_name: str

    def __str__(self) -> str:
        return urls.mask(self.url)

    def connect(
        self, role: Role = "pipeline", *, application_name: str = "payments", autocommit: bool = False
    ) -> psycopg.Connection[TupleRow]:
        """A connection in UTC under this role; as a context manager it commits, or rolls back on error, and closes.

        Parameters are bound on the client, so that the planner sees each day's values and DDL can take them too.
        """
        try:
            return psycopg.Connection.connect(
                self.url,
                autocommit=autocommit,
                application_name=application_name,
                options=self._options(role),
                prepare_threshold=None,
                cursor_factory=psycopg.ClientCursor,
            )
        except psycopg.OperationalError as error:
            raise self._refused(error) from error

    async def connect_async(
        self, role: Role = "webhooks", *, application_name: str = "payments", autocommit: bool = False
    ) -> psycopg.AsyncConnection[TupleRow]:
        """A connection as `connect` makes it, for a program that does many things at once.

        Parameters are bound on the server, which takes bytes as they are and still plans with their values.
        """
        try:
            return await psycopg.AsyncConnection.connect(
                self.url,
                autocommit=autocommit,
                application_name=application_name,
                options=self._options(role),
                prepare_threshold=None,
                connect_timeout=5,
            )
        except psycopg.OperationalError as error:
            raise self._refused(error) from error

    def for_sqlalchemy(self, application_name: str) -> tuple[str, dict[str, str]]:
        """The address, and the `connect_args` of an engine whose connections are those of the pipeline."""
        arguments = {"application_name": application_name, "options": self._options("pipeline")}
        return urls.compose(urls.parse(self.url), scheme="postgresql+psycopg"), arguments

    def dagster_url(self) -> str:
        """The address of Dagster's storage, whose database is made if it is missing.

        The driver is named because Dagster's storage works with psycopg2 only, and SQLAlchemy 2.1 no longer chooses it.
        """
        parameters = urls.parse(self.url) | {"dbname": self.dagster_name}
        address = urls.compose(parameters)
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:  # missing, most likely; if it is something else, making it fails as well
            self._create_dagster_database()
        return urls.compose(parameters, scheme="postgresql+psycopg2")

    def _create_dagster_database(self) -> None:
        statement = sql.SQL("create database {}").format(sql.Identifier(self.dagster_name))
        try:
            with self.connect("owner", autocommit=True) as connection:
                connection.execute(statement)
        except psycopg.errors.DuplicateDatabase:
            pass  # another start was quicker
        except psycopg.Error as error:
            raise DatabaseError(
                f"the database {self.dagster_name!r} for Dagster's own tables is not there and could not be made: "
                + _first_line(error),
                f'let an administrator run: create database "{self.dagster_name}" owner <the user of the address>',
            ) from error

    def _refused(self, error: psycopg.OperationalError) -> DatabaseError:
        for role in ROLES:
            if role in str(error):
                return DatabaseError(
                    f"{self} does not let us take the role {role}: {_first_line(error)}", "run: payments db migrate"
                )
        return unreachable(self.url, error)

    def _options(self, role: Role) -> str:
        """The `options` for libpq: those of the address, the settings every connection has, and the role."""
        given = urls.parse(self.url).get("options", "")
        return " ".join(
            [
                *([given] if given else []),
                # ids are hashed from text, dates among it; compiling a day's statement costs more than it saves
                "-c timezone=UTC -c datestyle=ISO -c search_path=public -c jit=off",
                # what posting works on is a day's rows in temporary tables; a session can set their room only at its start
                *([f"-c role={PIPELINE_ROLE} -c temp_buffers=256MB"] if role == "pipeline" else []),
                # a year of a book is gathered in temporary tables
                *([f"-c role={COMPLIANCE_ROLE} -c temp_buffers=128MB"] if role == "compliance" else []),
                # what we have acknowledged must survive a crash, however the server is set; nobody waits for ever
                *(
                    [f"-c role={WEBHOOKS_ROLE} -c synchronous_commit=on -c statement_timeout=5s"]
                    if role == "webhooks"
                    else []
                ),
            ]
        )


def open_database(settings: Settings) -> Database:
    """The database that the settings name, running and reachable: the external one, or else the embedded one.

    The embedded server then runs at least until this process ends (see `lease`).
    """
    if settings.database_url is not None:
        return _open_external(settings.database_url.get_secret_value())
    from payments_pipeline.postgres.lease import use_embedded_server
    from payments_pipeline.postgres.server import DAGSTER_DATABASE

    server = use_embedded_server(settings.home / "postgres")
    return Database(server.url(), dagster_name=DAGSTER_DATABASE)


def _open_external(url: str) -> Database:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        raise unreachable(url, error) from error
    if version < OLDEST_VERSION:
        raise DatabaseError(
            f"{urls.mask(url)} is PostgreSQL {version}", f"PostgreSQL {OLDEST_VERSION} or later is needed."
        )
    return Database(url, dagster_name=f"{urls.parse(url)['dbname']}_dagster")


def unreachable(url: str, error: psycopg.OperationalError) -> DatabaseError:
    """What to tell a person when no connection can be made."""
    return DatabaseError(
        f"cannot connect to {urls.mask(url)}: {_first_line(error)}",
        "check that it runs (payments db status), and its address, user and password in PAYMENTS_DATABASE_URL.",
    )


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().split("\n", 1)[0]
