"""Knows the ways in which carriers write one and the same number.

Mexico's mobile phones had a 1 after the country code (until 2019), Argentina's have a 9 there that some leave
out, and Brazil's got a ninth digit (2012 to 2016) that WhatsApp still leaves out where an account is older.
Whoever is known by one of them is known by the other. Where both ways could be numbers of two phones they are
two numbers: Brazil's eight digits that begin with 7 were trunked radios, and those with 2 to 5 are landlines.
"""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException

_WAYS: Final = (
    # Mexico's numbers begin with no 1, and have ten digits without it.
    (re.compile(r"\+521?([2-9]\d{9})"), (r"+52\1", r"+521\1")),
    # A number of an area and a phone in it, ten digits together, is given to one phone, be it a mobile.
    (re.compile(r"\+549?(11\d{8}|[23]\d{9})"), (r"+549\1", r"+54\1")),
    (re.compile(r"\+55([1-9]\d)9?([689]\d{7})"), (r"+55\g<1>9\2", r"+55\1\2")),
)
"""What is written in several ways -> those ways, today's first."""


def ways_to_write(number: str) -> tuple[str, ...]:
    """Return all ways in which carriers write a number, today's first; most have one.

    Args:
        number: As a carrier gives it: "+5215512345678". What is no number has one way: itself.
    """
    for pattern, ways in _WAYS:
        if found := pattern.fullmatch(number):
            written = tuple(found.expand(way) for way in ways)
            return written if _is_given_out(written[0]) else (number,)
    return (number,)


def normal_form(number: str) -> str:
    """Return the way that stands for all of them."""
    return ways_to_write(number)[0]


def _is_given_out(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except NumberParseException:
        return False
