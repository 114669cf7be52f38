"""What is handed on is known by its marks, and our own words by what we sent."""

from __future__ import annotations

from assistant.language.signals.forwards import is_forwarded, is_ours, own_words
from tests.case_tables import each_case

OURS = (
    "I'm glad you said it, Ana. You matter. Call or text 988 now: free, 24/7. "
    "In danger? Call 911. I'm also telling Luz."
)
FORWARDED = (
    "Fwd: I can't go on",
    "FW: see you",
    "RV: nos vemos",
    "---------- Forwarded message ---------\nhi",
    "> hola\n> adiós",
)
OWN = (
    "forward is my word",
    "fw 5 km today",
    "> 5 years\nis what I want",
    "I forwarded: it to her",
    "rv park by the lake",
    "I > them",
)


@each_case("text", FORWARDED)
def test_what_is_marked_so_is_forwarded(text: str) -> None:
    assert is_forwarded(text)


@each_case("text", OWN)
def test_words_of_ones_own_are_not(text: str) -> None:
    assert not is_forwarded(text)


def test_quoted_lines_are_left_out_where_something_else_is_said() -> None:
    assert own_words("> How are you, Ana?\n> Reply OK\nNOT OK") == "NOT OK"
    assert own_words("> only this") == "> only this"


@each_case("text", (OURS, f"Fwd: {OURS}", f"> {OURS}", OURS.upper(), OURS[:70]))
def test_our_own_text_is_known_when_it_comes_back(text: str) -> None:
    assert is_ours(text, ["Hello", OURS])


@each_case("text", ("You matter", "I'm glad you said it, Ana", f"{OURS} I want to die", "I want to die"))
def test_a_piece_of_ours_or_more_than_it_is_the_writers_own(text: str) -> None:
    assert not is_ours(text, ["Hello", OURS])
