"""Numbers that carriers write in several ways: each has one normal form, and nobody shares another's."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language.phones.same_numbers import normal_form, ways_to_write

COUNTRIES = ("+52", "+521", "+54", "+549", "+55", "+1", "+34", "+57")
NUMBERS = st.one_of(
    st.builds("{}{}".format, st.sampled_from(COUNTRIES), st.from_regex(r"[1-9]\d{7,10}", fullmatch=True)),
    st.from_regex(r"\+521?(55|33|81)[1-9]\d{7}", fullmatch=True),
    st.from_regex(r"\+549?(11|341|2932)[2-9]\d{5,7}", fullmatch=True),
    st.from_regex(r"\+55(11|21|31|71)9?[2-9]\d{7}", fullmatch=True),
)


NEAR = NUMBERS.flatmap(
    lambda number: st.tuples(
        st.just(number),
        st.one_of(
            # A digit more, another, or one less, where carriers put theirs and elsewhere.
            st.builds(
                lambda place, digit, over: f"{number[:place]}{digit}{number[place + over :]}",
                st.integers(3, len(number) - 1),
                st.sampled_from(("", "1", "9", "15", "7")),
                st.integers(0, 2),
            ),
            NUMBERS,
        ),
    )
)
"""Two numbers, mostly such as are easily mistaken for one."""


def subscriber(number: str) -> str:
    """What the numbering plans say is one line, written down once more and otherwise: digits to the right.

    Mexico and Argentina: the last ten. Brazil: the area and the last eight.
    """
    digits = number[1:]
    if digits.startswith("52") and len(digits) in (12, 13):
        return f"52 {digits[-10:]}"
    if digits.startswith("54") and len(digits) in (12, 13):
        return f"54 {digits[-10:]}"
    if digits.startswith("55") and len(digits) in (12, 13):
        return f"55 {digits[2:4]} {digits[-8:]}"
    return number


@given(NUMBERS)
def test_a_normal_form_is_its_own(number: str) -> None:
    assert normal_form(normal_form(number)) == normal_form(number)


@given(NUMBERS)
def test_all_ways_to_write_a_number_know_of_each_other(number: str) -> None:
    ways = ways_to_write(number)
    assert number in ways
    assert all(ways_to_write(way) == ways for way in ways)


@given(NEAR)
def test_two_lines_are_never_taken_for_one(two: tuple[str, str]) -> None:
    one, other = two
    if one != other and normal_form(one) == normal_form(other):
        assert subscriber(one) == subscriber(other)
        # Two that could both be dialled today are two phones; Argentina's 9 is no part of the number.
        assert one.startswith("+54") or not (is_dialled(one) and is_dialled(other))


def is_dialled(number: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(number))


@given(NUMBERS)
def test_of_the_ways_only_one_is_dialled_today_but_in_argentina(number: str) -> None:
    today, *older = ways_to_write(number)
    if older:
        assert is_dialled(today)
    if not number.startswith("+54"):
        assert not any(map(is_dialled, older))


@pytest.mark.parametrize(
    ("number", "today"),
    [
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+525512345678"),
        ("+541123456789", "+5491123456789"),
        ("+5493412345678", "+5493412345678"),
        ("+551188765432", "+5511988765432"),
        ("+5511988765432", "+5511988765432"),
        # A landline, a trunked radio of old, a mobile that never had eight digits, and other countries.
        ("+551133334444", "+551133334444"),
        ("+551178123456", "+551178123456"),
        ("+5511978123456", "+5511978123456"),
        ("+15125550123", "+15125550123"),
        ("+34612345678", "+34612345678"),
        ("US.AB12CD34", "US.AB12CD34"),
    ],
)
def test_the_ways_that_carriers_use(number: str, today: str) -> None:
    assert normal_form(number) == today
