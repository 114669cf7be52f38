"""Asks and offers in plain words, and the day until which they hold."""

from __future__ import annotations

import datetime as dt

from assistant.language.exchange.openings import names_who_is_asked, read_opening, read_until, sounds_urgent
from tests.case_tables import each_case

NOW = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
"""A Monday."""


@each_case(
    ("text", "kind", "to_all"),
    [
        ("does anybody know about rent help?", "ask", True),
        ("Hi everyone! Does anyone here have a resume I could look at", "ask", True),
        ("I was wondering, can anyone watch my kids friday?", "ask", True),
        ("I'm looking for someone who speaks Spanish", "ask", False),
        ("¿Alguien sabe de ayuda para la renta?", "ask", True),
        ("hola a todas, quién me puede ayudar con un formulario", "ask", True),
        ("busco a alguien que cuide niños", "ask", False),
        ("hay alguien que sepa de visas", "ask", True),
        ("alguien que sepa de impuestos", "ask", True),
        ("need a ride to court friday anyone?", "ask", True),
        ("Necesito una carriola, ¿alguien?", "ask", True),
        ("¿Habrá quién me preste una carriola?", "ask", True),
        ("is there anyone here who knows about visas", "ask", True),
        ("¿hay alguien que necesite pañales?", "offer", True),
        ("I have a spare stroller", "offer", False),
        ("does anyone need diapers", "offer", True),
        ("my boss is hiring", "offer", False),
        ("¿Alguien necesita una carriola?", "offer", True),
        ("tengo una carriola que ya no uso", "offer", False),
        ("tengo ropa de bebé que regalar", "offer", False),
        ("Puedo enseñar inglés", "offer", False),
        ("can somebody please talk to me right now", "now", True),
        ("is anyone awake right now?", "now", True),
        ("necesito a alguien ahora", "now", True),
        ("I just got fired", "now", False),
        ("i got laid off from the bakery today", "now", False),
        ("I'm locked out", "now", False),
        ("my landlord just kicked me out", "now", False),
        ("I have an interview in an hour", "now", False),
        ("me acaban de correr", "now", False),
        ("they cut my lights off today", "now", False),
        ("my ride bailed and court is at 9", "now", False),
        ("need a ride right now", "now", False),
        ("nos cortaron el agua hoy", "now", False),
        ("necesito quien me cuide al niño ahorita", "now", False),
        ("me echaron de la casa hoy", "now", False),
    ],
)
def test_an_opening_says_what_is_meant(text: str, kind: str, to_all: bool) -> None:
    heard = read_opening(text)
    assert heard is not None
    assert (heard.kind, heard.to_all) == (kind, to_all)


@each_case(
    "text",
    [
        "who knows",
        "does anybody know?",
        "someone told me to quit",
        "alguien me dijo que no",
        "I don't have a spare one",
        "I have a job interview on Tuesday",
        "I was fired in March",
        "she got fired and we laughed",
        "me despidieron hace años",
        "they cut my hours last month",
        "my ride home was peaceful",
        "we need food for the party",
        "nos cortaron la luz en 2020 y salimos adelante",
        "is anyone going on Friday?",
        "nobody can help me",
        "I told her that anyone can do it",
        "tengo que pagar la renta",
        "I need help with " + "very " * 80 + "much",
    ],
)
def test_what_opens_with_neither_is_neither(text: str) -> None:
    assert read_opening(text) is None


@each_case(
    ("text", "somebody"),
    [
        ("me tomorrow", True),
        ("my host about it", True),
        ("a ride to court", False),
        ("my resume needs eyes", False),
    ],
)
def test_after_ask_may_stand_who_is_asked(text: str, somebody: bool) -> None:
    assert names_who_is_asked(text) == somebody


def test_what_the_opening_does_not_explain_is_left_over() -> None:
    heard = read_opening("does anybody know about rent help?")
    assert heard is not None
    assert heard.leftover == ("about", "rent", "help")


@each_case(
    ("text", "day"),
    [
        ("practice interview by Tuesday", "2026-06-02"),
        ("front desk job at a dentist's in Austin, closes Friday", "2026-06-05"),
        ("a ride before June 12 please", "2026-06-12"),
        ("clases de inglés para el viernes", "2026-06-05"),
        ("un traje, a más tardar mañana", "2026-06-02"),
        ("a lead for warehouse work, mine is tomorrow at 9", "2026-06-02"),
    ],
)
def test_the_day_after_by_or_closes_is_the_last(text: str, day: str) -> None:
    found = read_until(text, now=NOW, zone="America/Chicago", country="US")
    assert found == dt.date.fromisoformat(day)


@each_case("text", ["I worked Monday to Friday", "a ride on Fridays", "help with rent", "by myself"])
def test_other_days_are_no_last_day(text: str) -> None:
    assert read_until(text, now=NOW, zone="America/Chicago", country="US") is None


@each_case(
    ("text", "urgent"),
    [
        ("interview in an hour, panicking", True),
        ("me corrieron", True),
        ("I see what you mean", False),
        ("sí entendí", False),
    ],
)
def test_after_a_small_now_only_urgent_words_call_for_someone(text: str, urgent: bool) -> None:
    assert sounds_urgent(text) is urgent
