"""Mutated files: whatever they are, a reader ends, quickly and in little memory, with lines and named faults.

SOAK_FILES says how many; a failure tells the seed with which its file is made again.
"""

import io
import os
import resource
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from payments_pipeline.formats import statement_csv
from payments_pipeline.formats.sniff import FORMATS, Format, reader, sniff
from payments_pipeline.formats.statements import CODES, MAX_FAULTS, Fault, Line, Statement
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.postgres.connect import Database
from payments_pipeline.settlement.statements import Options, load_statement
from tests.formats.samples import CSV_MAPPING, VALID, bai2_file, line, mutated, nacha_file, statement

FILES = int(os.environ.get("SOAK_FILES", "3000"))
STORED_OF = 20
"""One file in so many is brought to a database."""

MAPPING = statement_csv.mapping_of_toml(CSV_MAPPING, "house")
FIXTURES = PROJECT_ROOT.parent / "shared" / "fixtures"
_PATTERNS: dict[Format, str] = {
    "bai2": "bai2/*.bai2",
    "mt940": "mt940/*/*.sta",
    "camt053": "camt053/*.xml",
    "nacha": "nacha/*/*.ach",
}


def bases() -> dict[Format, list[bytes]]:
    """Valid files of ours, and the fixtures where they are."""
    found: dict[Format, list[bytes]] = {format_: list(VALID[format_]) for format_ in FORMATS}
    found["bai2"].append(
        bai2_file([statement([line(number, number * 100, text="A TEXT") for number in range(1, 200)])])
    )
    found["nacha"].append(nacha_file(range(1, 200)))
    for format_, pattern in _PATTERNS.items():
        found[format_] += [path.read_bytes() for path in sorted(FIXTURES.glob(pattern))]
    return found


def file_of(seed: int, made_from: dict[Format, list[bytes]]) -> tuple[Format, bytes]:
    random = Random(seed)
    format_ = random.choice(FORMATS)
    content = random.choice(made_from[format_])
    if len(content) > 20_000:
        start = random.randrange(len(content) - 20_000)
        content = content[:200] + content[start : start + 20_000]
    return random.choice(FORMATS) if random.random() < 0.05 else format_, mutated(content, random)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def test_no_file_breaks_hangs_or_bloats_a_reader() -> None:
    made_from = bases()
    before, outcomes = peak(), Counter[str]()
    slowest = (0.0, 0)
    for seed in range(FILES):
        format_, content = file_of(seed, made_from)
        sniff(content[:8192], [MAPPING])
        begun = time.process_time()
        for is_lenient in (False, True):
            severe = lines = 0
            try:
                for item in reader(format_, MAPPING)(io.BytesIO(content), is_lenient=is_lenient):
                    if isinstance(item, Fault):
                        severe += not item.is_forgiven
                        assert item.code in CODES
                        assert item.record >= 1
                        assert item.file_line >= 1
                        assert len(str(item)) < 1_000
                    elif isinstance(item, Line):
                        lines += 1
                        assert isinstance(item.amount_cents, int)
                        assert "\x00" not in item.text
                    else:
                        assert isinstance(item, Statement)
            except Exception as error:
                raise AssertionError(f"seed {seed}, {format_}, lenient {is_lenient}") from error
            assert severe <= MAX_FAULTS + 10, f"seed {seed}, {format_}"
            outcomes["refused" if severe else "read" if lines else "empty"] += 1
        slowest = max(slowest, (time.process_time() - begun, seed))
    assert slowest[0] < 5, f"seed {slowest[1]} took {slowest[0]:.1f} s"
    assert peak() - before < 200 << 20
    assert outcomes["refused"] > FILES // 4
    assert outcomes["read"] > FILES // 20


def test_no_file_is_stored_in_half(database: Database) -> None:
    made_from = bases()
    outcomes = Counter[str]()
    with database.connect() as connection:

        def stored() -> tuple[Any, ...]:
            found = connection.execute(
                "select (select count(*) from settlement.bank_lines), (select count(*) from settlement.statements), "
                "(select count(*) from settlement.line_corrections), "
                "(select count(*) from settlement.bank_lines as b where not exists "
                "(select from settlement.statements as s where s.statement_id = b.statement_id))"
            ).fetchone()
            assert found is not None
            return found

        lines, statements, corrections, _ = stored()
        for seed in range(0, FILES, STORED_OF):
            format_, content = file_of(seed, made_from)
            random = Random(seed)
            account = (
                f"{random.randrange(FILES):06}"  # mostly one of its own, so that files seldom contradict each other
            )
            content = content.replace(b"000123", account.encode())
            options = Options(
                format=random.choice([None, format_]), mappings=[replace(MAPPING, account=account)],
                is_lenient=random.random() < 0.6, account=account, currency="EUR" if b"EUR" in content else "USD",
                replaces=random.random() < 0.3,
            )  # fmt: skip
            try:
                loaded = load_statement(
                    connection,
                    io.BytesIO(content),
                    f"seed-{seed}",
                    received_at=datetime(2026, 3, 4, tzinfo=UTC),
                    options=options,
                )
            except Exception as error:
                raise AssertionError(f"seed {seed}, {format_}") from error
            after = stored()
            if loaded.is_refused or loaded.is_known:
                assert after == (lines, statements, corrections, 0), f"seed {seed}"
            else:
                assert after[0] == lines + loaded.added, f"seed {seed}"
                assert after[1] == statements + len(loaded.statements), f"seed {seed}"
                assert after[3] == 0, f"seed {seed}"
            lines, statements, corrections, _ = after
            outcomes["refused" if loaded.is_refused else "stored"] += 1
        (cases,) = connection.execute(
            "select count(*) from operations.exception_cases where category = 'statement'"
        ).fetchone() or (0,)
    assert cases == outcomes["refused"]
    assert outcomes["stored"] > FILES // STORED_OF // 20


@pytest.mark.parametrize("format_", FORMATS)
def test_every_beginning_of_a_file_is_read_to_an_end(format_: Format) -> None:
    content = VALID[format_][0]
    step = max(1, len(content) // 150)
    for end in range(0, len(content), step):
        found = list(reader(format_, MAPPING)(io.BytesIO(content[:end])))
        if format_ != "csv":  # a CSV that ends with a row is a CSV
            is_cut = any(isinstance(item, Fault) and not item.is_forgiven for item in found)
            assert is_cut or not content[end:].strip(b"\n-9 :64CUSD,0123}"), end
