"""Every fill has a value, for everyone, that is no longer than was measured."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.circles.actions.placeholders import FINDERS, PLACEHOLDERS, placeholders_for, shorten
from assistant.language.sms.gsm7 import is_gsm7, to_gsm7
from tests.circles.town import NOW, Town


def test_every_fill_can_be_found_and_shown() -> None:
    assert FINDERS.keys() <= PLACEHOLDERS.keys()
    for placeholder in PLACEHOLDERS.values():
        for texts in (placeholder.sample, placeholder.plain):
            assert texts.keys() in ({"en", "es"}, set())
            assert all(len(to_gsm7(text)) <= placeholder.longest for text in texts.values()), placeholder.name
            assert all(is_gsm7(to_gsm7(text)) for text in texts.values()), placeholder.name


def test_a_member_reads_her_circle_her_host_and_her_goal(town: Town) -> None:
    circle, ana, luz = (
        town.circle(starts_on=dt.date(2026, 6, 8)),
        town.person("Ana", hour=18),
        town.person("Luz"),
    )
    town.role(luz, "host", circle)
    member = town.seat(ana, circle)
    town.goal(member, "two job interviews")
    known = {
        "name": "Ana",
        "other_name": "someone",
        "host": "Luz",
        "circle": "Bold Moves",
        "cohort": "your groups",
        "goal": "two job interviews",
        "service": "Circle",
        "contact": "help@circle.example",
        "number": "+14155550100",
        "code": "MAPLE",
        "day": "Monday",
        "date": "June 8",
        "time": "6pm",
        "city": "Chicago",
        "options": "",
        "said": "",
        "step": "your step",
        "first": "someone",
        "second": "someone",
        "third": "someone",
        **dict.fromkeys(("week", "count", "total", "words", "writer", "question"), ""),
    }
    assert placeholders_for(town.ctx(ana, member), known) == known


@pytest.mark.parametrize(("language", "host"), [("en", "your host"), ("es", "tu guía")])
def test_what_nobody_knows_yet_is_said_kindly(town: Town, language: str, host: str) -> None:
    ana = town.person(language=language)
    circle = town.circle()
    town.role(town.person("Luz"), "host", circle, accepted=False)
    placeholders = placeholders_for(town.ctx(ana, town.seat(ana, circle)), PLACEHOLDERS)
    assert placeholders["host"] == host
    assert placeholders["name"] in ("friend", "compa")
    assert placeholders_for(town.ctx(ana), ["host"]) == {"host": host}


def test_a_conversations_own_values_stand_first(town: Town) -> None:
    ana = town.person("Ana", language="en")
    ctx = town.ctx(ana, town.seat(ana, town.circle()), circle="New Moms", code="OAK", said=None)
    assert placeholders_for(ctx, ["circle", "code", "unheard_of"]) == {"circle": "New Moms", "code": "OAK"}


def test_another_members_goal_is_not_hers(town: Town) -> None:
    circle, ana, rosa = town.circle(), town.person("Ana"), town.person("Rosa")
    town.goal(town.seat(rosa, circle), "a secret")
    assert placeholders_for(town.ctx(ana, town.seat(ana, circle)), ["goal"]) == {"goal": "your goal"}


def test_a_first_day_that_has_passed_is_never_named(town: Town) -> None:
    ana = town.person("Ana", language="es")
    member = town.seat(ana, town.circle(starts_on=NOW.date() - dt.timedelta(days=20)))
    assert placeholders_for(town.ctx(ana, member), ["day", "date"]) == {"day": "lunes", "date": "1 de junio"}


@given(value=st.text(max_size=200), longest=st.integers(1, 40))
def test_a_value_is_never_longer_than_was_measured(value: str, longest: int) -> None:
    short = shorten(value, longest)
    assert len(short) <= longest
    assert bool(short) == bool(value.split())


def test_a_long_name_is_cut_between_words() -> None:
    assert shorten("María Guadalupe", 12) == "María"
    assert shorten("Wilhelminabertha", 12) == "Wilhelminabe"
