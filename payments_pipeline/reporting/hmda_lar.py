"""The HMDA register of a year or a quarter: made from what the origination system says, versioned, and read back.

What a field says of each outcome is in `sql/reporting/hmda_applications.sql`; the fields about people are put in here,
since only here they can be read. A version of a row is kept encrypted as it is filed and never rewritten. Payments are
not read: servicing is asked only where it and origination differ, and its answer changes no row.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any, Final

import psycopg

from payments_pipeline.errors import PaymentsError
from payments_pipeline.hmda.applicants import Answers, applicant_place, reported
from payments_pipeline.hmda.institution import Filer
from payments_pipeline.hmda.layout import SEPARATOR
from payments_pipeline.hmda.records import Person
from payments_pipeline.pii import PersonalData
from payments_pipeline.postgres.locks import hold
from payments_pipeline.postgres.run import query, run
from payments_pipeline.reporting.lifecycle import Report, add_report, find_reports
from payments_pipeline.reporting.whole_books import stream
from payments_pipeline.rules.hmda import ActivityPeriod

KIND: Final = "hmda_lar"
_INDEX: Final = "hmda lar"

_ROWS_AT_A_TIME: Final = 5_000
_SHOWN: Final = 10


class RegisterError(PaymentsError):
    """A register that cannot be made, or is not what it was."""


def draft(
    connection: psycopg.Connection[Any],
    personal_data: PersonalData,
    period: ActivityPeriod,
    filer: Filer,
    prepared_by: str,
    *,
    today: date,
) -> Report:
    """The register of the period as the origination system has it now, as the next version of the report.

    Where nothing differs from the last version, that is given and nothing is added. What servicing says differently is
    noted anew each time.
    """
    hold(connection, "compliance.hmda_lar")  # two at once would number the versions of a register alike
    days = _days(period)
    _refuse_incomplete(connection, period)
    _gather(connection, personal_data, period, filer.institution.lei)
    known = find_reports(connection, KIND, str(period))
    version = known[-1].version + 1 if known else 1
    changed = run(connection, "reporting/hmda_lar", period=str(period), report_version=version)
    if changed:
        # without it the rows just added count as none, and reading them back takes a nested loop over all of them
        connection.execute("select operations.analyze_table('compliance.hmda_lar')")
    run(connection, "reporting/hmda_differences", period=str(period), **days)
    content = query(connection, "reporting/hmda_content", period=str(period), report_version=version)[0]
    if not content["applications"]:
        raise RegisterError(
            f"no action was taken on any application in {period}",
            "a register of no rows is not filed; check that the origination system's applications were loaded.",
        )
    parameters = filer.parameters()
    is_over = today > period.last_day
    is_same = bool(known) and not changed and known[-1].parameters == parameters
    # what was a preview becomes a report when the period is over
    if is_same and (known[-1].preview_because is None or not is_over):
        return known[-1]
    return add_report(
        connection,
        kind=KIND,
        period=str(period),
        version=version,
        parameters=parameters,
        summary={
            "preview_because": None if is_over else f"the period ends on {period.last_day}",
            "rows": content["applications"],
            "changed_rows": changed,
            "actions": content["actions"],
        },
        content_hash=bytes(content["content_hash"]),
        prepared_by=prepared_by,
        retain_until=period.retain_until,
    )


def differences(connection: psycopg.Connection[Any], period: ActivityPeriod) -> dict[str, int]:
    """In how many loans origination and servicing differ, by what differs."""
    rows = query(connection, "reporting/hmda_difference_counts", period=str(period))
    return {row["field"]: row["loans"] for row in rows}


def lines(connection: psycopg.Connection[Any], personal_data: PersonalData, report: Report) -> Iterator[str]:
    """The rows of a version as they are filed, in order. Memory holds a few thousand."""
    rows = stream(connection, "reporting/hmda_lines", period=report.period, report_version=report.version)
    for application, hash_, encrypted in rows:
        yield personal_data.decrypt(bytes(encrypted), _line_place(report.period, application, bytes(hash_)))


def require_agreement(connection: psycopg.Connection[Any], report: Report) -> None:
    """The rows of a version are what was hashed when it was made."""
    content = query(connection, "reporting/hmda_content", period=report.period, report_version=report.version)[0]
    if bytes(content["content_hash"]) != report.content_hash:
        raise RegisterError(
            f"the rows of {report} are not what they were when it was drafted",
            "somebody changed the table compliance.hmda_lar: restore it from a backup.",
        )


def _gather(connection: psycopg.Connection[Any], personal_data: PersonalData, period: ActivityPeriod, lei: str) -> None:
    """Into a temporary table: every row of the period, encrypted, with the hash that tells whether it changed."""
    connection.execute(
        "create temporary table wanted_lar (application_id bigint, loan_id bigint, action_taken smallint, "
        "action_taken_on date, hash bytea, line_encrypted bytea) on commit drop"
    )
    rows = stream(
        connection, "reporting/hmda_applications", lei=lei, first_day=period.first_day, last_day=period.last_day
    )
    while batch := list(islice(rows, _ROWS_AT_A_TIME)):
        sealed = "".join(_sealed(personal_data, str(period), row) for row in batch)
        with connection.cursor() as cursor, cursor.copy("copy wanted_lar from stdin") as copy:
            copy.write(sealed)
    connection.execute("analyze wanted_lar")


def _sealed(personal_data: PersonalData, period: str, row: tuple[Any, ...]) -> str:
    """A row as COPY takes it."""
    application, loan, action, action_on, applied_on, loan_part, price_part, decision_part, first, second = row
    people = [
        reported(_answers(personal_data, application, seq, stored), action, applied_on, is_co_applicant=seq > 1)
        for seq, stored in ((1, first), (2, second))
    ]
    line = SEPARATOR.join(
        [loan_part, *_told(people[0], people[1]), price_part, *_scored(people[0], people[1]), decision_part]
    )
    hash_ = personal_data.index(line, _INDEX)
    encrypted = personal_data.encrypt(line, _line_place(period, application, hash_))
    loan_text = r"\N" if loan is None else loan
    return f"{application}\t{loan_text}\t{action}\t{action_on}\t\\\\x{hash_.hex()}\t\\\\x{encrypted.hex()}\n"


def _answers(personal_data: PersonalData, application: int, seq: int, stored: bytes | None) -> Answers | None:
    if stored is None:
        return None
    return Answers.of_text(personal_data.decrypt(bytes(stored), applicant_place(application, seq)))


def _told(one: Person, two: Person) -> Iterator[str]:
    """Fields 19 to 56: ethnicity, race, sex and age of both, in the order in which the register mixes them."""
    for person in (one, two):
        yield from ("" if code is None else str(code) for code in person.ethnicities)
        yield _text(person.ethnicity_other)
    yield from (str(one.ethnicity_observed), str(two.ethnicity_observed))
    for person in (one, two):
        yield from ("" if code is None else str(code) for code in person.races)
        yield from map(_text, (person.race_native, person.race_asian, person.race_islander))
    numbers = (
        one.race_observed, two.race_observed, one.sex, two.sex, one.sex_observed, two.sex_observed, one.age, two.age,
    )  # fmt: skip
    yield from map(str, numbers)


def _scored(one: Person, two: Person) -> Iterator[str]:
    """Fields 62 to 67: the scores of both, then their models."""
    yield from (str(one.credit_score), str(two.credit_score))
    for person in (one, two):
        yield from (str(person.scoring_model), _text(person.scoring_model_other))


def _text(free: str) -> str:
    """A free text as a register may hold it: at most 100 characters, none of them the file's own."""
    return free.translate(_OF_THE_FILE)[:100].strip() if free else free


_OF_THE_FILE: Final = str.maketrans(dict.fromkeys('|"\r\n\t', " "))


def _line_place(period: str, application: int, hash_: bytes) -> str:
    """Where a row of a register is stored: a ciphertext is bound to it."""
    return f"compliance.hmda_lar {period}/{application}/{hash_.hex()}"


def _refuse_incomplete(connection: psycopg.Connection[Any], period: ActivityPeriod) -> None:
    found = query(connection, "reporting/hmda_incomplete", most=_SHOWN, **_days(period))
    if found:
        shown = ", ".join(row["uli"] for row in found)
        raise RegisterError(
            f"applications of {period} lack their terms or their property: {shown}",
            "load servicing.application_terms and servicing.application_properties for them.",
        )


def _days(period: ActivityPeriod) -> dict[str, date]:
    return {"first_day": period.first_day, "last_day": period.last_day}
