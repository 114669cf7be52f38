"""What is not meant for us, or not from the member, is known by all of its words."""

from __future__ import annotations

from assistant.language.signals.signal_reading import signal
from assistant.language.signals.wrong_numbers import is_astray
from tests.case_tables import each_case
from tests.language.test_cases import table

CASES = table("astray")


@each_case("text", CASES["astray"])
def test_what_is_for_another_or_from_another_is_astray_and_stops_nothing(text: str) -> None:
    assert is_astray(text)
    assert signal(text).kind == "words"


@each_case("text", CASES["meant"])
def test_what_only_sounds_like_it_is_meant(text: str) -> None:
    assert not is_astray(text)
