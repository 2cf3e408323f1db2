import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments_pipeline.ingestion import rows as reading
from payments_pipeline.ingestion.rows import NOT_CSV, NOT_TEXT, UnreadableError, read_blocks, read_header

WIDTH = 3


def read(data: bytes, block_bytes: int = 1 << 20) -> list[tuple[int, str, list[str] | None, str | None]]:
    """Every row: number, text, fields, fault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BLOCK_BYTES", block_bytes)
        found = []
        for block in read_blocks(io.BytesIO(data), WIDTH):
            fields = dict(zip(block.whole, block.fields, strict=True))
            assert not fields.keys() & block.broken.keys()
            found += [
                (block.first_row + place, raw, fields.get(place), block.broken.get(place))
                for place, raw in enumerate(block.raw)
            ]
        return found


def test_a_row_keeps_its_text_character_for_character() -> None:
    lines = ["a,b,c", ' x ,"q ""z""",', "é,日本,\U0001f600", '"line\r\nbreak",2,3']
    assert [raw for _, raw, _, _ in read("\r\n".join(lines).encode())] == lines


def test_rows_are_counted_from_one_without_blank_lines() -> None:
    assert [(number, raw) for number, raw, _, _ in read(b"a,b,c\n\n\nd,e,f\n")] == [(1, "a,b,c"), (2, "d,e,f")]


def test_a_stray_quote_costs_its_own_row_and_no_other() -> None:
    found = read(b'1,a,b\n"2,a,b\n3,a,b\n4,"a",b\n5,a,b\n')
    assert [fields[0] if fields else None for _, _, fields, _ in found] == ["1", None, "3", "4", "5"]
    assert found[1][1:] == ('"2,a,b', None, NOT_CSV)


def test_a_quote_that_is_never_closed_costs_its_own_row_and_no_other() -> None:
    lines = [b"%d,a,b" % n for n in range(500)]
    lines[7] = b'7,"a,b'
    found = read(b"\n".join(lines))
    assert len(found) == 500
    assert [number for number, _, fields, _ in found if fields is None] == [8]


def test_what_is_not_text_is_kept_as_escapes_and_costs_its_own_row() -> None:
    found = read(b"1,a,b\n2,\xff\xfe,b\n3,\x00,b\n4,\xc3\xa9,b\n")
    assert [raw for _, raw, _, _ in found] == ["1,a,b", r"2,\xff\xfe,b", r"3,\x00,b", "4,é,b"]
    assert [fault for *_, fault in found] == [None, NOT_TEXT, NOT_TEXT, None]


def test_a_wrong_number_of_columns_is_a_fault_of_the_row() -> None:
    assert [fault for *_, fault in read(b"1,2\n1,2,3\n1,2,3,4\n")] == [
        "expected 3 columns, found 2",
        None,
        "expected 3 columns, found 4",
    ]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(UnreadableError, match="line of more than"):
        read(b"1,2,3\n" + b"x" * 1000, block_bytes=64)


@pytest.mark.parametrize("header", [b"", b"\n", b"\xff\xfea,b\n", b'"a,b\n'])
def test_a_first_line_that_is_no_header_is_refused(header: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_header(io.BytesIO(header))


def test_a_header_may_have_a_byte_order_mark_blanks_and_capitals() -> None:
    assert read_header(io.BytesIO("\ufeffEvent, Amount \r\n".encode())) == ["event", "amount"]


fields = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(fields, min_size=WIDTH, max_size=WIDTH), max_size=12), st.integers(8, 200))
def test_any_rows_that_a_csv_writer_wrote_are_read_back(rows: list[list[str]], block_bytes: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode()
    assert [found for _, _, found, _ in read(data, max(block_bytes, len(data)))] == rows


@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=400) | st.text('a,"\n\r\0é ', max_size=200).map(str.encode), st.integers(1, 64))
def test_any_bytes_give_the_same_rows_whatever_the_blocks(data: bytes, block_bytes: int) -> None:
    whole = read(data)
    try:
        assert read(data, block_bytes) == whole
    except UnreadableError:
        assert max(map(len, data.split(b"\n"))) > block_bytes


@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=400) | st.text('a,"\n\r\0é ', max_size=200).map(str.encode))
def test_of_any_bytes_nothing_is_lost_but_line_ends_and_blank_lines(data: bytes) -> None:
    kept = "".join(raw for _, raw, _, _ in read(data))
    expected = data.decode(errors="backslashreplace").replace("\0", "\\x00")
    assert [c for c in kept if c not in "\r\n"] == [c for c in expected if c not in "\r\n"]


def test_a_file_broken_at_random_loses_only_the_rows_that_were_broken() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        lines = [b"%d,plain,x" % n if n % 3 else b'%d,"quoted, and ""so""",x' % n for n in range(60)]
        broken = set(rng.sample(range(60), 5))
        for n in broken:
            spot = rng.randrange(len(lines[n]) + 1)
            lines[n] = lines[n][:spot] + rng.choice([b'"', b"\xff", b"\0", b","]) + lines[n][spot:]
        found = read(b"\n".join(lines) + b"\n", block_bytes=rng.choice([64, 300, 1 << 20]))
        intact = [n for n in range(60) if n not in broken]
        whole = {int(f[0]): raw for _, raw, f, _ in found if f and f[0].isdigit()}
        lost = [n for n in intact if whole.get(n) != lines[n].decode()]
        assert not lost, f"seed {seed}: rows {lost} were lost to their neighbours"
