"""Ways to reach someone, found among words that are passed on; and what makes words those for a buddy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.commands.command_reading import (
    CommandPattern,
    CommandReading,
    parse_phrase,
    read_command,
)
from assistant.language.phones.contacts import has_contact, without_contacts
from tests.case_tables import each_case

RELAY = [
    CommandPattern("relay", {"en": ("@ {text}",), "es": ("@ {text}",)}),
    CommandPattern("join", {"en": ("join {code}",)}),
]


@each_case(
    ("text", "without"),
    [
        ("call me at 512-555-0188 tonight", "call me at ... tonight"),
        ("(512) 555 0188 or +34 612 345 678!", "... or ...!"),
        ("write to ana.ruiz@mail.example.com please", "write to ... please"),
        ("here: https://wa.me/15125550188", "here: ..."),
        ("I'm instagram.com/ana_r, say hi", "I'm ... say hi"),
        ("t.me/anaruiz", "..."),
    ],
)
def test_a_way_to_reach_someone_is_found_and_left_out(text: str, without: str) -> None:
    assert has_contact(text, "US")
    assert without_contacts(text, "US") == without


@each_case(
    "text",
    [
        "see you at 6:30 on 12/05",
        "rent is $1,250",
        "read https://example.com/resume-tips",
        "3 jobs, 2 interviews, 1 offer",
        "@rosa hi",
        "",
    ],
)
def test_what_leads_to_nobody_is_left_alone(text: str) -> None:
    assert not has_contact(text, "US")
    assert without_contacts(text, "US") == text


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_nothing_is_left_to_find(text: str) -> None:
    assert has_contact(text, "US") == (without_contacts(text, "US") != text) or "..." in text


@each_case(
    ("text", "words"),
    [
        ("@ hi there", " hi there"),
        ("  @hi\nthere ", "hi\nthere"),
        ("@ join maple", " join maple"),
        ("＠hola", "hola"),
        ("@ ¿Cómo te fue? 💪", " ¿Cómo te fue? 💪"),
        ("@", None),
    ],
)
def test_what_begins_with_an_at_sign_is_for_the_buddy_whatever_it_says(text: str, words: str | None) -> None:
    assert read_command(RELAY, text, "en") == CommandReading("relay", words, True, "@")


def test_an_at_sign_further_on_is_none() -> None:
    assert read_command(RELAY, "meet me @ noon", "en") is None


def test_without_buddies_an_at_sign_is_no_command() -> None:
    assert read_command(RELAY[1:], "@ join maple", "en") is None


def test_the_at_sign_is_a_keyword_of_its_own() -> None:
    assert parse_phrase("@ {text}") == (("@",), "text", ())
