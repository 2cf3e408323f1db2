"""The benchmark `labelled`: what the reconciliation finds in worlds of which the truth is known.

A world's days pass one after the other, as they would: what arrives is taken in and posted, the bank's lines are read, the
day is reconciled, and the days that it asks for are run again. In the end each match is held against the truth about
lines, which the platform never reads: is it right, and is everything found that can be found without a guess?
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd
import psycopg
from rich.console import Console
from rich.table import Table

from payments_pipeline.bench.databases import scratch
from payments_pipeline.errors import PaymentsError
from payments_pipeline.ingestion.border import load_arrivals
from payments_pipeline.ingestion.ingest import ingest_pending
from payments_pipeline.ledger.posting import board, post_day
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.postgres.connect import Database, open_database
from payments_pipeline.postgres.migrate import migrate
from payments_pipeline.postgres.run import run
from payments_pipeline.reconciliation.days import reconcile_day
from payments_pipeline.reference_data import follow_the_book, load_reference_data
from payments_pipeline.settings import Settings
from payments_pipeline.settlement.bank_lines import load_bank_lines
from payments_pipeline.settlement.batches import settle_day
from payments_pipeline.words import counted
from payments_pipeline.world.generation import generate
from payments_pipeline.world.identifiers import transfer_ids
from payments_pipeline.world.load import load_portfolio
from payments_pipeline.world.manifest import read_manifest
from payments_pipeline.world.parameters import World

NOISES: Final = (1.0, 3.0)
FIRST_DAY: Final = date(2026, 6, 26)
"""The end of a month and a holiday are in the two weeks from here."""
RECALL: Final = {1.0: 0.995, 3.0: 0.98}
"""What must be found of what can be found, by noise."""

DOCUMENT: Final = PROJECT_ROOT / "docs" / "reconciliation.md"

_BEGIN: Final = "<!-- written by `payments bench labelled --publish`: begin -->"
_END: Final = "<!-- end -->"
_RAN_BY: Final = "labelled"
_EXAMPLES: Final = 5
_TEXTS: Final = (0, 1)  # columns of the table
_TEMPLATE: Final = "bench_labelled"
_MOVEMENT: Final = ["identity", "is_return"]
_GOES_BACK: Final = ("return", "chargeback")

console = Console()


class FalseMatchError(PaymentsError):
    """Something was matched that is not the same money."""


@dataclass(frozen=True)
class Judged:
    """The matches of some worlds, held against the truth."""

    movements: pd.DataFrame
    """Our movements, a row each: seed, channel, identity, is_return, is_matchable, method (none where it is open) and
    is_right."""
    false_matches: pd.DataFrame
    """Matches that are not so."""

    @property
    def recall(self) -> float:
        """Of what can be matched without a guess, the share that was."""
        matchable = self.movements[self.movements["is_matchable"]]
        return float(matchable["is_right"].mean()) if len(matchable) else 1.0

    @property
    def open(self) -> int:
        """Movements that were not matched."""
        return int(self.movements["method"].isna().sum())

    @property
    def matched(self) -> float:
        """The share of all movements that were matched, whether or not anyone could."""
        return float(self.movements["method"].notna().mean())

    @property
    def precision(self) -> float:
        """Of the matches, the share that is right."""
        right = int(self.movements["is_right"].sum())
        return right / (right + len(self.false_matches)) if right else 1.0

    @property
    def missed(self) -> pd.DataFrame:
        """What could have been matched and was not."""
        return self.movements[self.movements["is_matchable"] & ~self.movements["is_right"]]


def measure_labelled(settings: Settings, *, seeds: int, loans: int, days: int, is_published: bool = False) -> None:
    """Live through the worlds, and print what was found, tier by tier; a false match ends it with an error.

    Published, the table of the documentation is written anew too.
    """
    database = open_database(settings)
    judged: dict[float, Judged] = {}
    with furnished(database) as template:
        methods = _methods(template)
        for noise in NOISES:
            found = []
            for seed in range(1, seeds + 1):
                found.append(lived(template, World(loans, seed, FIRST_DAY, days, noise)))
                console.print(f"noise {noise:g}, seed {seed}: {_in_words(found[-1])}", highlight=False)
            judged[noise] = together(found)
    about = f"{counted(seeds, 'world')} for each noise, of {counted(loans, 'loan')} and {counted(days, 'day')}"
    header, *rows = _rows(judged, methods)
    table = Table(title=about)
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number in _TEXTS else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for noise, of_noise in judged.items():
        _show_missed(noise, of_noise)
    if is_published:
        _publish(
            [f"`payments bench labelled --seeds {seeds} --loans {loans} --days {days}`: {about}.", ""], header, rows
        )
    wrong = pd.concat([one.false_matches for one in judged.values()])
    if len(wrong):
        raise FalseMatchError(
            f"{counted(len(wrong), 'match is', 'matches are')} false: {wrong.head(_EXAMPLES).to_dict('records')}",
            "Find the tier that guesses; a tie is suggested, never matched.",
        )


# Worlds -----------------------------------------------------------------------------------------------------------------


def lived(template: Database, world: World) -> Judged:
    """What came of a world, in a copy of a database that holds reference data and nothing else."""
    with tempfile.TemporaryDirectory(prefix="payments-labelled-") as scratch, copy_of(template) as copy:
        folder = Path(scratch) / "world"
        generate(world, folder)
        live(copy, folder)
        return judge(copy, folder)


def live(database: Database, folder: Path) -> None:
    """All days of a world in a database with reference data, from an empty book to the last reconciled day."""
    manifest = read_manifest(folder)
    with database.connect() as connection:
        load_portfolio(connection, folder)
        follow_the_book(connection)
        board(connection)
        connection.commit()
        days = [manifest.first_day + timedelta(days=number) for number in range(manifest.world.days)]
        for day in days:
            load_arrivals(connection, folder, day)
            ingest_pending(connection)
            load_bank_lines(connection, folder, day)
            connection.commit()
            _close(connection, day)
            for other in _asked_for(connection, day):
                _close(connection, other)


def _close(connection: psycopg.Connection[Any], day: date) -> None:
    """Post and reconcile a day."""
    with connection.transaction():
        run(connection, "operations/begin_day", day=day, run_id=_RAN_BY)
        post_day(connection, day)
        settle_day(connection, day)
        reconcile_day(connection, day)
        run(connection, "operations/finish_day", day=day, run_id=_RAN_BY)
    connection.commit()


def _asked_for(connection: psycopg.Connection[Any], through: date) -> list[date]:
    asked = connection.execute(
        "select distinct business_date from operations.day_requests "
        "where satisfied_at is null and business_date <= %s order by business_date",
        (through,),
    ).fetchall()
    connection.commit()
    return [day for (day,) in asked]


# The judgement ----------------------------------------------------------------------------------------------------------


def judge(database: Database, folder: Path) -> Judged:
    """The matches of a database that has lived through a world."""
    seed = read_manifest(folder).world.seed
    truth = pd.read_parquet(folder / "truth" / "bank.parquet")
    group = truth.dropna(subset="line_id").drop_duplicates("line_id").set_index("line_id")["group"]
    truth = truth[truth["identity"] > 0].assign(is_return=truth["truth"].isin(_GOES_BACK))
    matches = _matches(database, truth)
    matches["group"] = matches["line_id"].map(group)

    pairs = truth[["group", *_MOVEMENT]].drop_duplicates()
    matches = matches.merge(pairs.assign(is_right=True), on=["group", *_MOVEMENT], how="left")
    matches["is_right"] = matches["is_right"].notna()
    found = matches.sort_values("is_right").drop_duplicates(_MOVEMENT)[[*_MOVEMENT, "method", "is_right"]]

    # a deposit in two lines has its payments twice; a chargeback is no movement of ours
    ours = truth[truth["truth"] != "chargeback"].drop_duplicates(_MOVEMENT)
    movements = ours.merge(found, on=_MOVEMENT, how="left").assign(seed=seed)
    movements["is_right"] = movements["is_right"].eq(True)
    return Judged(movements, matches[~matches["is_right"]].assign(seed=seed))


def _matches(database: Database, truth: pd.DataFrame) -> pd.DataFrame:
    """Each match, with the world's own number of the payment; 0 where the world has no such payment."""
    named: dict[str, int] = {}
    for channel in truth["channel"].unique():
        identities = truth.loc[truth["channel"] == channel, "identity"].unique()
        named |= zip(transfer_ids(str(channel), identities).to_pylist(), identities.tolist(), strict=True)
    with database.connect() as connection:
        rows = connection.execute(
            "select m.bank_day, m.line_id, p.channel, p.transfer_id, m.kind, m.method, m.bank_cents, m.our_cents "
            "from reconciliation.matches as m "
            "inner join payments.payments as p on m.loan_id = p.loan_id and m.payment_id = p.payment_id "
            "order by m.line_id, p.transfer_id, m.kind"
        ).fetchall()
    columns = ["bank_day", "line_id", "channel", "transfer_id", "kind", "method", "bank_cents", "our_cents"]
    matches = pd.DataFrame(rows, columns=columns)
    matches["identity"] = matches["transfer_id"].map(named).fillna(0).astype("int64")
    matches["is_return"] = matches["kind"] == "return"
    return matches


def together(judged: Sequence[Judged]) -> Judged:
    """Several worlds as one."""
    return Judged(
        pd.concat([one.movements for one in judged], ignore_index=True),
        pd.concat([one.false_matches for one in judged], ignore_index=True),
    )


# What is printed --------------------------------------------------------------------------------------------------------


def _methods(template: Database) -> dict[str, tuple[int, int]]:
    with template.connect() as connection:
        rows = connection.execute("select method, tier, confidence from reconciliation.methods").fetchall()
    return {method: (tier, confidence) for method, tier, confidence in rows}


def _in_words(judged: Judged) -> str:
    return (
        f"{len(judged.movements):,} movements, {judged.matched:.2%} matched, recall {judged.recall:.2%}, "
        f"{len(judged.false_matches)} false"
    )


def _rows(judged: Mapping[float, Judged], methods: Mapping[str, tuple[int, int]]) -> list[list[str]]:
    """The table of what was found by which method, beside each other for all noises; its header first."""
    right = [one.movements[one.movements["is_right"]]["method"].value_counts() for one in judged.values()]
    false = [one.false_matches["method"].value_counts() for one in judged.values()]
    used = sorted(
        {name for counts in (*right, *false) for name in counts.index}, key=lambda name: (methods[name], name)
    )
    table = [["tier", "method", "of 100", *(text for noise in judged for text in (f"noise {noise:g}", "false"))]]
    for name in used:
        counts = [
            text
            for rights, falses, one in zip(right, false, judged.values(), strict=True)
            for text in (_share(int(rights.get(name, 0)), one), f"{falses.get(name, 0):,}")
        ]
        table.append([str(methods[name][0]), name, str(methods[name][1]), *counts])
    sums: dict[str, Callable[[Judged], str]] = {
        "open": lambda one: _share(one.open, one),
        "movements": lambda one: f"{len(one.movements):,}",
        "matched": lambda one: f"{one.matched:.2%}",
        "recall": lambda one: f"{one.recall:.2%}",
        "precision": lambda one: f"{one.precision:.2%}",
    }
    table += [
        ["", name, "", *(text for one in judged.values() for text in (told(one), ""))] for name, told in sums.items()
    ]
    return table


def _share(count: int, judged: Judged) -> str:
    return f"{count:,} ({count / len(judged.movements):.2%})"


def _publish(about: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Writes the table into the documentation, between its two marks."""
    before, found, rest = DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise PaymentsError(
            f"{DOCUMENT} has no place for the table.", f"Put the lines {_BEGIN} and {_END} where it goes."
        )
    ruled = ["---" if number in _TEXTS else "---:" for number in range(len(header))]
    table = [f"| {' | '.join(row)} |" for row in (header, ruled, *rows)]
    DOCUMENT.write_text("\n".join([f"{before}{_BEGIN}", *about, *table, f"{_END}{after}"]), encoding="utf-8")


def _show_missed(noise: float, judged: Judged) -> None:
    for (channel, truth), of_kind in judged.missed.groupby(["channel", "truth"]):
        seen = of_kind.drop_duplicates("line_id").head(_EXAMPLES)
        examples = ", ".join(f"seed {row.seed} {row.line_id}" for row in seen.itertuples())
        console.print(f"missed at noise {noise:g}: {len(of_kind)} of {channel}, {truth}: {examples}", highlight=False)


# Databases --------------------------------------------------------------------------------------------------------------


@contextmanager
def furnished(database: Database) -> Iterator[Database]:
    """A database with reference data and nothing else, beside the one given; loading it takes longer than a world."""
    with scratch(database, _TEMPLATE) as template:
        migrate(template)
        with template.connect() as connection:
            load_reference_data(connection)
        yield template


def copy_of(template: Database) -> AbstractContextManager[Database]:
    """A database like the one given."""
    return scratch(template, f"{_TEMPLATE}_run", _TEMPLATE)
