"""Check digits of a loan identifier: generated as the regulation has it, and found wrong when a character is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments_pipeline.rules.uli import (
    MAX_LENGTH,
    MIN_LENGTH,
    check_digits,
    check_digits_hold,
    is_uli,
    make_uli,
    make_ulis,
)

LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LEI = "10BX939C5543TQA1144M"
IDENTIFIERS = st.text(LETTERS_AND_DIGITS, min_size=MIN_LENGTH - 2, max_size=MAX_LENGTH - 2)


def test_the_regulations_own_example() -> None:
    """12 CFR 1003, appendix C: LEI 10Bx939c5543TqA1144M, loan 999143X, check digits 38."""
    assert check_digits("10Bx939c5543TqA1144M999143X") == "38"
    assert make_uli("10Bx939c5543TqA1144M", "999143X") == "10Bx939c5543TqA1144M999143X38"
    assert is_uli("10Bx939c5543TqA1144M999143X38")


@given(IDENTIFIERS)
def test_what_is_generated_verifies_whatever_the_case(identifier: str) -> None:
    uli = identifier + check_digits(identifier)
    assert is_uli(uli)
    assert is_uli(uli.swapcase())


@given(IDENTIFIERS, st.integers(0, MAX_LENGTH), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_found(identifier: str, place: int, digit: str) -> None:
    uli = identifier + check_digits(identifier)
    at = place % len(uli)
    wrong = uli[:at] + digit + uli[at + 1 :]
    assert is_uli(wrong) is (wrong == uli or (not uli[at].isdigit() and _same_remainder(uli, wrong)))


def _same_remainder(one: str, other: str) -> bool:
    """A letter for a digit changes the length of the number, and may by chance leave the same remainder."""
    return _number(one) % 97 == _number(other) % 97


def _number(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text))


@pytest.mark.parametrize("text", ["", "10Bx939c5", "10Bx939c5543TqA1144M9@9143X38", "1" * 46, "é" * 25])
def test_what_is_no_identifier_does_not_verify(text: str) -> None:
    assert not is_uli(text)


@pytest.mark.parametrize("identifier", ["", "10Bx9#9c5543TqA1144M9@9143X", "1" * 20, "1" * 44])
def test_no_check_digits_are_made_for_what_cannot_have_them(identifier: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        check_digits(identifier)


def test_many_are_verified_at_once() -> None:
    good = "10Bx939c5543TqA1144M999143X38"
    assert check_digits_hold([good, good[:-1] + "9", "", good.lower()]) == [True, False, False, True]
    assert check_digits_hold([]) == []


def test_many_identifiers_get_the_check_digits_that_each_would_get() -> None:
    loans = ["1", "A0000000042", "Z" * 23, "00000000000000000000001"]
    assert make_ulis(LEI, loans) == [make_uli(LEI, loan) for loan in loans]
    assert make_ulis(LEI, []) == []
    for refused in ("", "A" * 24, "A-1"):
        with pytest.raises(ValueError, match="letters and digits"):
            make_ulis(LEI, ["1", refused])
