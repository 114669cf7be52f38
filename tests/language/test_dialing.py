"""Reading numbers fast where they are plain gives what reading them at length gives."""

from __future__ import annotations

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.language.phones.dialing import read_written

MARKS = st.sampled_from(("", " ", "-", "."))
DIGITS = st.text("0123456789", min_size=10, max_size=10)


@settings(max_examples=400)
@given(DIGITS, MARKS, MARKS, st.sampled_from(("", "1", "+1", "+1 ", "1-")), st.booleans())
def test_a_plain_american_number_is_what_the_library_takes_it_for(
    digits: str, first: str, second: str, prefix: str, brackets: bool
) -> None:
    area = f"({digits[:3]})" if brackets else digits[:3]
    written = f"{prefix}{area}{first}{digits[3:6]}{second}{digits[6:]}"
    try:
        number = phonenumbers.parse(written, "US")
    except phonenumbers.NumberParseException:
        return  # "0114220000" begins as calls abroad do, and no country is behind it.
    if phonenumbers.is_valid_number(number):
        expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert read_written(written, "US") == expected
        assert read_written(written, "ca") == expected
