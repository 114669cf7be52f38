"""A reaction is known by what it quotes: one of our own texts, in any language's wording."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.signals.reactions import has_quotation, quotes_ours
from assistant.language.signals.signal_reading import signal
from tests.case_tables import each_case

TABLE = tomllib.loads((Path(__file__).parent / "cases/reactions.toml").read_text(encoding="utf-8"))
OURS = [*TABLE["others"], TABLE["ours"]]


def filled(kind: str) -> list[str]:
    return [text.replace("<ours>", TABLE["ours"]).replace("<cut>", TABLE["cut"]) for text in TABLE[kind]]


@each_case("text", filled("reactions"))
def test_a_text_that_quotes_ours_and_says_little_else_is_a_reaction(text: str) -> None:
    assert has_quotation(text)
    assert signal(text, ours=OURS).kind == "tapback"


@each_case("text", filled("words"))
def test_words_around_a_quotation_that_ask_or_tell_something_are_the_senders(text: str) -> None:
    assert signal(text, ours=OURS).kind != "tapback"


@each_case("text", ["A reçu « bonjour »", "Понравилось «привет»", "喜欢“你好”"])
def test_a_quotation_of_something_else_is_no_reaction_to_us(text: str) -> None:
    assert not quotes_ours(text, OURS)


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_is_compared_without_failing(text: str, sent: str) -> None:
    assert quotes_ours(text, [sent]) in (True, False)
    assert not quotes_ours(text, [])
