"""COPY: a member's own words, once each, a few texts at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from assistant.circles.actions.effects import Tell
from assistant.circles.trust.copying import AT_ONCE
from assistant.store.tables import Goal, GoalStep, Member, Note, Person
from tests.circles.town import Town


def note(town: Town, writer: Member, reader: Member, words: str) -> None:
    row = Note(
        circle_id=writer.circle_id,
        from_member_id=writer.id,
        to_member_id=reader.id,
        kind="kind",
        words=words,
        at=town.now,
    )
    town.session.add(row)
    town.session.flush()


def copy_of(town: Town, person: Person, **values: Any) -> list[Mapping[str, str]]:
    effects = town.do("send_copy", person, **values).effects
    return [effect.placeholders for effect in effects if isinstance(effect, Tell)]


def test_a_copy_holds_the_members_own_words_once_each_and_nobody_elses(town: Town) -> None:
    circle, ana, rosa = town.circle(), town.person("Ana"), town.person("Rosa")
    mine, hers = town.seat(ana, circle), town.seat(rosa, circle)
    town.answer(town.question(ana, mine), "two interviews")
    goal = Goal(member_id=mine.id, words="two interviews", set_at=town.now)
    town.session.add(goal)
    town.session.flush()
    town.now += dt.timedelta(hours=1)
    town.session.add(GoalStep(goal_id=goal.id, words="call the shop", set_at=town.now))
    note(town, mine, hers, "you are kind")
    note(town, hers, mine, "you are brave")
    town.answer(town.question(rosa, hers), "rosa's own")
    copied = copy_of(town, ana)
    assert copied[0] == {"circle": "Bold Moves"}
    assert [placeholders["words"] for placeholders in copied[1:]] == [
        "two interviews",
        "call the shop",
        "you are kind",
    ]


def test_a_copy_still_comes_from_a_circle_that_is_over_or_was_left(town: Town) -> None:
    ana = town.person("Ana")
    seat = town.seat(ana, town.circle(state="closed"))
    town.answer(town.question(ana, seat), "a bus pass")
    seat.state = "left"
    assert town.do("find_copy", ana).outcome == "copy"
    ana.plain = True
    assert town.do("find_copy", ana).outcome == "plain"


def test_a_long_copy_comes_in_parts_and_nothing_of_it_twice(town: Town) -> None:
    ana = town.person("Ana")
    seat = town.seat(ana, town.circle())
    for number in range(AT_ONCE + 2):
        town.answer(town.question(ana, seat), f"line number {number} of mine")
        town.now += dt.timedelta(minutes=1)
    first = town.do("send_copy", ana)
    assert (first.outcome, first.values["count"]) == ("more", "2")
    parts = [copy_of(town, ana), copy_of(town, ana, copied=first.values["copied"])]
    said = [each["words"] for part in parts for each in part if "words" in each]
    assert said == [f"line number {number} of mine" for number in range(AT_ONCE + 2)]
