"""In which language a stranger writes: what can be told is told, and nothing is guessed from one word."""

from __future__ import annotations

from assistant.language.written_language import written_in
from tests.case_tables import each_case


@each_case(
    ("text", "language"),
    [
        ("alguien sabe cómo dejar de querer morirme", "es"),
        ("¿hay alguien ahí?", "es"),
        ("ya no quiero vivir", "es"),
        ("me quiero morir", "es"),
        ("mi esposo me pega y tengo miedo", "es"),
        ("I don't want to be here anymore", "en"),
        ("is anyone there please", "en"),
        ("my husband hits me", "en"),
        ("he hit me again and I am scared", "en"),
        ("necesito ayuda", "es"),
        ("quién eres", "es"),
        ("hola me pasaron este número", "es"),
        ("hi who is this", "en"),
        ("ok", None),
        ("Maple", None),
        ("", None),
        ("my mi", None),
    ],
)
def test_the_language_that_a_text_is_written_in(text: str, language: str | None) -> None:
    assert written_in(text) == language
