"""Addresses: Twilio's and ours, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.carriers.twilio_addresses import from_uri, to_uri

PAIRS = [
    ("+14155550123", "sms:+14155550123"),
    ("22395", "sms:22395"),
    ("CIRCLE", "sms:CIRCLE"),
    ("whatsapp:+5215555550123", "whatsapp:+5215555550123"),
    ("whatsapp:US.ABC123XYZ", "whatsapp:US.ABC123XYZ"),
    ("rcs:+14155550123", "rcs:+14155550123"),
    ("rcs:circle_agent", "rcs:circle_agent"),
    ("messenger:1234567890", "messenger:1234567890"),
]


@pytest.mark.parametrize(("theirs", "ours"), PAIRS)
def test_every_kind_of_address_goes_there_and_back(theirs: str, ours: str) -> None:
    assert to_uri(theirs) == ours
    assert from_uri(ours) == theirs


def test_a_scheme_is_written_small_and_what_follows_it_as_it_came() -> None:
    assert to_uri("WhatsApp:US.AbC") == "whatsapp:US.AbC"
    assert to_uri(" +14155550123 ") == "sms:+14155550123"


def test_a_colon_alone_makes_no_scheme() -> None:
    assert to_uri("Circle: Austin") == "sms:Circle: Austin"


@pytest.mark.parametrize("odd", ["", "  ", "whatsapp:", "sms: ", "+1\n2", "\x00", "1" * 200])
def test_what_is_no_address_is_refused_without_being_repeated(odd: str) -> None:
    with pytest.raises(ValueError, match="1 to 150 printable characters") as refused:
        to_uri(odd)
    assert "111" not in str(refused.value)


@pytest.mark.parametrize("odd", ["", "+14155550123", "sms:", "mail:ana@example.org"])
def test_only_our_own_addresses_go_back(odd: str) -> None:
    with pytest.raises(ValueError, match="sms:"):
        from_uri(odd)


@given(st.integers(10**6, 10**15 - 1), st.sampled_from(["", "whatsapp:", "rcs:"]))
def test_every_number_comes_back_as_it_was(number: int, prefix: str) -> None:
    assert from_uri(to_uri(f"{prefix}+{number}")) == f"{prefix}+{number}"
