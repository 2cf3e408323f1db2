"""Files that nobody here wrote, against our readers: valid ones are proven, invalid ones are refused with the record.

They lie beside a checkout, in `shared/fixtures`; elsewhere these tests are skipped.
"""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from payments_pipeline.formats import bai2, camt053, mt940, nacha
from payments_pipeline.formats.sniff import Format, reader
from payments_pipeline.formats.statements import Fault, Reading, collect
from payments_pipeline.paths import PROJECT_ROOT

FIXTURES = PROJECT_ROOT.parent / "shared" / "fixtures"

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"there is no folder {FIXTURES.name} beside the checkout")


def path_of(name: str) -> Path:
    path = FIXTURES / name
    if not path.is_file():
        pytest.skip(f"{name} is not among the fixtures")
    return path


def read(name: str, format_: Format, *, is_lenient: bool = False) -> Reading:
    with path_of(name).open("rb") as file:
        return collect(reader(format_)(file, is_lenient=is_lenient))


VALID: dict[str, tuple[Format, int, int]] = {
    # counts and control totals agree, as its README says; its balances are not given
    "bai2/moov-sample1.bai2": ("bai2", 2, 17),
    # counts and control totals agree; the one line is a cent that the balances do not show, which is a warning
    "bai2/moj-citi_example.bai2": ("bai2", 1, 1),
    "mt940/betterplace/sepa_mt9401.sta": ("mt940", 20, 97),
    "mt940/betterplace/with_binary_character.sta": ("mt940", 2, 4),
    "mt940/jejik/generic.sta": ("mt940", 2, 2),
    "mt940/jejik/rabobank-iban.sta": ("mt940", 2, 4),
    "mt940/jejik/sns.sta": ("mt940", 2, 2),
    "camt053/genkgo-camt053.v2.multi.statement.xml": ("camt053", 2, 2),
}
"""File: format, statements, lines. All of these are proven strictly."""


@pytest.mark.parametrize("name", VALID)
def test_a_valid_statement_is_read_and_proven(name: str) -> None:
    format_, statements, lines = VALID[name]
    found = read(name, format_)
    assert found.is_sound, [str(one) for one in found.faults]
    assert (len(found.statements), len(found.lines)) == (statements, lines)
    if format_ != "bai2":
        assert all(one.is_proven for one in found.statements)


# What is wrong with each, and the first record of it. Names were taken out of real files and amounts with them: balances
# do not follow from the lines any more.
INVALID: dict[str, tuple[Format, str, int]] = {
    # several records on a line: strictly, that is not BAI2
    "bai2/moov-sample3.bai2": ("bai2", "structure", 1),
    # control totals and counts that were never right (and one 88 with a colon)
    "bai2/moov-sample5-issue113.bai2": ("bai2", "total", 22),
    # single fields, cut out of messages to try a parser of fields
    "mt940/betterplace/amount_formats.sta": ("mt940", "structure", 1),
    "mt940/betterplace/currency_in_25.sta": ("mt940", "structure", 1),
    "mt940/betterplace/empty_86.sta": ("mt940", "not_the_format", 1),
    "mt940/betterplace/empty_entry_date.sta": ("mt940", "structure", 1),
    "mt940/betterplace/empty_line.sta": ("mt940", "missing", 1),
    "mt940/betterplace/missing_crlf_at_end.sta": ("mt940", "structure", 1),
    # the snippet lost lines of its second statement
    "mt940/betterplace/sepa_snippet.sta": ("mt940", "balance", 33),
    # an :86: that was turned into a second :25:
    "mt940/betterplace/sepa_snippet_broken.sta": ("mt940", "structure", 6),
    # opening plus lines is not closing
    "mt940/jejik/abnamro.sta": ("mt940", "balance", 21),
    "mt940/jejik/ing.sta": ("mt940", "balance", 19),
    "mt940/jejik/knab.sta": ("mt940", "balance", 16),
    "mt940/jejik/postfinance.sta": ("mt940", "balance", 18),
    "mt940/jejik/rabobank.sta": ("mt940", "balance", 10),
    "mt940/jejik/triodos.sta": ("mt940", "balance", 9),
    # closing balances in other currencies than the account's
    "camt053/genkgo-camt053.v2.minimal.xml": ("camt053", "currency", 3),
    "camt053/genkgo-camt053.v4.xml": ("camt053", "currency", 3),
    "camt053/genkgo-camt053.v8.xml": ("camt053", "currency", 3),
    # a header and no statement
    "camt053/genkgo-camt053.v2.wrong.xml": ("camt053", "structure", 1),
}
"""File: format, code of a fault, record that it names."""

LENIENTLY: dict[str, tuple[int, int]] = {
    "bai2/moov-sample3.bai2": (15, 26),
    "bai2/moov-sample5-issue113.bai2": (5, 20),
    "mt940/betterplace/sepa_snippet.sta": (2, 11),
    "mt940/jejik/abnamro.sta": (2, 10),
    "mt940/jejik/ing.sta": (1, 7),
    "mt940/jejik/knab.sta": (2, 3),
    "mt940/jejik/postfinance.sta": (1, 4),
    "mt940/jejik/rabobank.sta": (4, 5),
    "mt940/jejik/triodos.sta": (1, 2),
    "camt053/genkgo-camt053.v2.minimal.xml": (1, 1),
    "camt053/genkgo-camt053.v4.xml": (1, 1),
    "camt053/genkgo-camt053.v8.xml": (1, 1),
}
"""Those of them that are read all the same when asked: statements and lines."""


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_statement_is_refused_and_the_record_is_named(name: str) -> None:
    format_, code, record = INVALID[name]
    found = read(name, format_)
    assert (code, record) in {(one.code, one.record) for one in found.faults}, [str(one) for one in found.faults]
    lenient = read(name, format_, is_lenient=True)
    if name in LENIENTLY:
        assert lenient.is_sound
        assert lenient.warnings
        assert (len(lenient.statements), len(lenient.lines)) == LENIENTLY[name]
    else:
        assert lenient.faults


def test_every_statement_fixture_is_one_or_the_other() -> None:
    folders = {"bai2": "*.bai2", "camt053": "*.xml", "mt940": "*/*.sta"}
    found = {
        str(path.relative_to(FIXTURES)) for folder, files in folders.items() for path in (FIXTURES / folder).glob(files)
    }
    judged = VALID.keys() | INVALID.keys()
    assert found <= judged, found - judged


def test_a_text_of_the_banks_is_kept_whole() -> None:
    found = read("bai2/moov-sample5-issue113.bai2", "bai2", is_lenient=True)
    wire = next(one for one in found.lines if one.bank_reference == "GI2321400000090")
    assert wire.text.startswith('Outgoing Wire,To: TEST COMPANY, Remittance Info: "QWERTIOP"')
    assert wire.text.endswith("CRNM: TEST COMPANY\nDBNM: SAMPLE TEST")
    citi = read("bai2/moj-citi_example.bai2", "bai2").lines[0]
    assert "PY:RP1231231231231200                 A1234BC 22/03/66" in citi.text


def test_several_fields_of_text_of_one_line_are_put_together() -> None:
    found = read("mt940/jejik/rabobank.sta", "mt940", is_lenient=True)
    assert found.lines[0].text == "Terugboeking\nNIET AKKOORD MET AFSCHRIJVING\nKOSTEN KINDEROPVANG JUNI\n20095731"


# NACHA ------------------------------------------------------------------------------------------------------------------

VALID_ACH: dict[str, tuple[int, int, int, str]] = {
    "origination/ppd-debit.ach": (1, 100_000_000, 0, "forward"),
    "origination/ctx-debit.ach": (1, 100_000_000, 0, "forward"),
    "origination/ccd-debit.ach": (2, 500_125, 0, "forward"),
    "origination/ppd-credit.ach": (1, 0, 100_000_000, "forward"),
    "origination/web-credit.ach": (2, 0, 10_799, "forward"),
    "origination/loan-credit.ach": (1, 0, 100_000_000, "forward"),
    "origination/same-day-ach-ppd-credit.ach": (1, 0, 100_000_000, "forward"),
    "origination/ppd-mixedDebitCredit.ach": (3, 200_000_000, 200_000_000, "forward"),
    "origination/flattenBatchesMultipleBatchHeaders.ach": (12, 0, 1_200_000, "forward"),
    "returns/return-WEB.ach": (2, 12_354, 4_565, "return"),
    "returns/dishonored-return.ach": (2, 48_000, 0, "dishonored"),
    "noc/cor-example.ach": (1, 0, 0, "change"),
}
"""File: entries, debits, credits, kind. Controls, hashes, counts, blocks and check digits agree strictly."""

PARTIAL_ACH: dict[str, tuple[int, str, int]] = {
    # blanks at the end of the header and of the file control were cut off
    "returns/return-PPD-custom-reason-code.ach": (1, "length", 1),
    # two batches without their controls and without a file around them
    "returns/return-no-batch-controls.ach": (2, "unfinished", 1),
}
"""Refused strictly and read leniently: entries, code, record."""

INVALID_ACH: dict[str, tuple[str, int]] = {
    "invalid/crasher-0.ach": ("unfinished", 1),
    "invalid/crasher-1.ach": ("unfinished", 1),
    "invalid/crasher-2.ach": ("unfinished", 1),
    "invalid/long-line.ach": ("length", 3),
    "invalid/nonascii.ach": ("encoding", 3),
    "invalid/ppd-debit-fixedLengthInvalid.ach": ("value", 1),
    "invalid/ppd-debit-invalid-entryDetail-checkDigit.ach": ("check_digit", 3),
}
"""Refused strictly: code, record."""


def ach(name: str, *, is_lenient: bool = False) -> tuple[list[nacha.Entry], nacha.File | None, list[Fault]]:
    with path_of(f"nacha/{name}").open("rb") as file:
        found = list(nacha.entries(file, is_lenient=is_lenient))
    files = [one for one in found if isinstance(one, nacha.File)]
    faults = [one for one in found if isinstance(one, Fault) and not one.is_forgiven]
    return [one for one in found if isinstance(one, nacha.Entry)], files[-1] if files else None, faults


@pytest.mark.parametrize("name", VALID_ACH)
def test_a_valid_nacha_file_is_read_and_its_controls_agree(name: str) -> None:
    entries, file, faults = ach(name)
    assert not faults
    count, debit, credit, kind = VALID_ACH[name]
    assert file is not None
    assert (file.entries, file.debit_cents, file.credit_cents) == (count, debit, credit)
    assert {one.kind for one in entries} == {kind}


def test_what_the_returns_and_the_change_speak_of_is_read() -> None:
    assert [(one.code, one.original_trace) for one in ach("returns/return-WEB.ach")[0]] == [
        ("R01", "091400600000001"), ("R03", "091400600000003"),
    ]  # fmt: skip
    (change,) = ach("noc/cor-example.ach")[0]
    assert change.reason is not None
    assert (change.code, change.original_trace, change.reason["corrected"].strip()) == (
        "C01",
        "121042880000001",
        "1918171614",
    )
    first = ach("returns/dishonored-return.ach")[0][0]
    assert first.reason is not None
    assert (first.code, first.reason["return_code"], first.reason["information"].strip()) == (
        "R68",
        "01",
        "Untimely Return",
    )


@pytest.mark.parametrize("name", PARTIAL_ACH)
def test_a_part_of_a_return_file_is_read_leniently(name: str) -> None:
    count, code, record = PARTIAL_ACH[name]
    assert (code, record) in {(one.code, one.record) for one in ach(name)[2]}
    entries, _, faults = ach(name, is_lenient=True)
    assert (len(entries), faults) == (count, [])


@pytest.mark.parametrize("name", INVALID_ACH)
def test_an_invalid_nacha_file_is_refused_and_the_record_is_named(name: str) -> None:
    assert INVALID_ACH[name] in {(one.code, one.record) for one in ach(name)[2]}


@pytest.mark.parametrize("name", [name for name in VALID_ACH if name.startswith("origination/")])
def test_a_nacha_file_that_is_read_and_written_is_the_same(name: str) -> None:
    content = path_of(f"nacha/{name}").read_bytes()
    entries, file, _ = ach(name)
    assert file is not None
    assert file.header is not None
    batches = {one.batch.record: one.batch.header for one in entries}
    out = io.BytesIO()
    nacha.write(
        out, file.header,
        [(header, [(one.fields, one.addenda) for one in entries if one.batch.record == record]) for record, header in batches.items()],
    )  # fmt: skip
    assert out.getvalue().split() == content.split()


def test_a_hundred_thousand_entries_add_up() -> None:
    with gzip.open(path_of("nacha/large/PPD-200-batches-100000-entries.ach.gz")) as file:
        count = cents = 0
        last: nacha.AchItem | None = None
        for last in nacha.entries(file):
            assert not isinstance(last, Fault)
            if isinstance(last, nacha.Entry):
                count, cents = count + 1, cents + last.amount_cents
    assert isinstance(last, nacha.File)
    # as counted without any reader, in the README of the folder
    assert (last.entries, last.debit_cents, last.credit_cents) == (100_199, 0, 20_123_398_766) == (count, 0, cents)


def test_the_readers_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def everything() -> Iterator[object]:
        for format_, folder, files in (
            (bai2, "bai2", "*"),
            (mt940, "mt940", "*/*.sta"),
            (camt053, "camt053", "*"),
            (nacha, "nacha", "*/*.ach"),
        ):
            for path in (FIXTURES / folder).glob(files):
                with path.open("rb") as file:
                    yield from format_.read(file, is_lenient=True)

    assert sum(1 for _ in everything())
    assert capsys.readouterr() == ("", "")
