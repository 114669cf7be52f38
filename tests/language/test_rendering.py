"""A text and its fills become the words that one person reads, and nothing else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language.rendering import (
    Placeholder,
    placeholders,
    readable_date,
    readable_day,
    readable_time,
    render,
    render_rich,
    worst_case,
)
from assistant.language.sms.gsm7 import is_gsm7
from tests.case_tables import each_case


def test_names_are_filled_in() -> None:
    assert (
        render("Hi {name}, this is {circle}.", {"name": "Ana", "circle": "Maple"}) == "Hi Ana, this is Maple."
    )


def test_placeholders_are_listed_in_order_and_as_often_as_they_stand() -> None:
    assert placeholders("{name}: {{not}} {other_name} and {name}") == ("name", "other_name", "name")


def test_doubled_braces_are_read_as_braces() -> None:
    assert render("{{{name}}} }}{{", {"name": "Ana"}) == "{Ana} }{"


def test_our_words_and_names_are_written_in_gsm7() -> None:
    assert (
        render("¿Cómo estás, {name}? — “bien”", {"name": "José Ñáñez"}) == '¿Como estas, José Ñañez? - "bien"'
    )


def test_what_members_write_to_each_other_is_carried_untouched() -> None:
    words = "“ánimo”\n— {you} 🎉"
    sent = render("{name} — {words}", {"name": "Ángela", "words": words}, verbatim={"words"})
    assert sent == f"Angela - {words}"


def test_on_whatsapp_nothing_is_replaced() -> None:
    assert render_rich("“{name}” — sí", {"name": "José…"}) == "“José…” — sí"


def test_a_name_with_line_breaks_stays_on_its_line() -> None:
    assert render("Hi {name}!", {"name": "Ana\r\n\nSTOP  now"}) == "Hi Ana STOP now!"


def test_a_name_with_braces_is_only_a_name() -> None:
    assert render("{a} {b}", {"a": "{b}", "b": "}{"}) == "{b} }{"


def test_a_fill_that_nobody_gave_is_named() -> None:
    with pytest.raises(KeyError, match=r"nobody fills \{host\}; given: circle, name"):
        render("Ask {host}", {"name": "Ana", "circle": "Maple"})


@each_case(
    ("text", "complaint"),
    [
        ("Hi {name", r'lone "\{" at character 4'),
        ("Hi name}", r'lone "\}" at character 8'),
        ("Hi {Name}", r'"\{Name\}" at character 4'),
        ("Hi {}", r'"\{\}" at character 4'),
        ("Hi {a b}", r'"\{a b\}"'),
        ("Hi {2name}", r'"\{2name\}"'),
        ("{ {name}", r"at character 1 "),
    ],
)
def test_an_odd_brace_is_reported_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        placeholders(text)


def test_the_worst_case_has_every_fill_at_its_longest() -> None:
    name = Placeholder("name", longest=12, sample={"en": "Marisol"})
    assert worst_case("Hi {name}, “{name}”", {"name": name}) == 'Hi WWWWWWWWWWWW, "WWWWWWWWWWWW"'


def test_the_ends_are_stripped() -> None:
    assert render("\n  {name} \n", {"name": " Ana "}) == "Ana"


@each_case(
    ("hour", "minute", "words"),
    [
        (18, 0, "6pm"),
        (18, 30, "6:30pm"),
        (9, 5, "9:05am"),
        (0, 0, "12am"),
        (12, 0, "12pm"),
        (23, 59, "11:59pm"),
    ],
)
def test_times_are_written_as_people_text_them(hour: int, minute: int, words: str) -> None:
    assert readable_time(hour, minute, "en") == readable_time(hour, minute, "es") == words


def test_days_and_dates_are_written_in_both_languages() -> None:
    day = date(2027, 5, 31)
    assert (readable_day(day, "en"), readable_day(day, "es")) == ("Monday", "lunes")
    assert (readable_date(day, "en"), readable_date(day, "es")) == ("May 31", "31 de mayo")
    assert readable_day(date(2027, 6, 2), "es") == "miércoles"


def test_a_language_without_words_and_an_impossible_time_are_mistakes() -> None:
    with pytest.raises(ValueError, match="language 'fr'"):
        readable_day(date(2027, 5, 31), "fr")
    with pytest.raises(ValueError, match="language 'fr'"):
        readable_time(9, 0, "fr")
    with pytest.raises(ValueError, match="no time 24:00"):
        readable_time(24, 0, "en")


@given(st.text(), st.text())
def test_any_value_is_filled_in_and_any_doubled_text_comes_back(literal: str, value: str) -> None:
    doubled = literal.replace("{", "{{").replace("}", "}}")
    assert render_rich(doubled + "{value}", {"value": value}) == (literal + value).strip()


@given(st.text(st.characters(max_codepoint=0xFF, min_codepoint=0x20, categories=("L", "N"))))
def test_a_western_name_never_makes_a_text_dearer(name: str) -> None:
    latin = name.translate(dict.fromkeys(map(ord, "ªº×÷µ")))
    assert is_gsm7(render("Hi {name}!", {"name": latin}))
