"""Hooks hear that something happened in their cohort, once, and never whose it was or what was said."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.tools import tool_upkeep
from assistant.circles.tools.hook_events import SETTLES, keep, look
from assistant.circles.tools.hook_targets import add_target, all_targets, remove_target
from assistant.errors import NotPossible
from assistant.store import looks
from assistant.store.tables import (
    Alert,
    Approach,
    Circle,
    Cohort,
    Listing,
    Member,
    Person,
    WebhookSend,
    WebhookTarget,
)
from assistant.store.tables.tool_tables import EVENTS
from tests.circles.town import Town

URL = "https://tools.example.org/circle"


def gather(session: Session, now: dt.datetime, real: dt.datetime) -> int:
    """Look for every hook, and keep what was found; return for how many."""
    found = list(look(session, now, real))
    return sum(keep(session, each) for each in found)


def told(town: Town) -> list[tuple[str, dict[str, Any]]]:
    sends = town.session.scalars(select(WebhookSend).order_by(WebhookSend.kind, WebhookSend.fact))
    return [(each.kind, each.content) for each in sends]


def at(town: Town, minutes: float) -> dt.datetime:
    return town.now + dt.timedelta(minutes=minutes)


class Scene:
    """A cohort with the circle MAPLE and a hook, and another with ELM."""

    def __init__(self, town: Town, events: tuple[str, ...] = EVENTS) -> None:
        self.town = town
        self.mine, self.other = town.cohort("Spring"), town.cohort("Autumn")
        self.maple = town.circle("MAPLE", cohort_id=self.mine.id)
        self.elm = town.circle("ELM", cohort_id=self.other.id)
        self.hook = add_target(town.session, self.mine, URL, events, town.now, local=False)

    def everything_happens_in(self, circle: Circle) -> None:
        """A member joins, answers and is helped, and somebody may need a person."""
        town = self.town
        seats = [town.seat(town.person("Ana"), circle) for _ in range(5)]
        for seat in seats[:4]:
            seat.promised_at = at(town, -60)
        seats[4].promised_at = at(town, 1)
        for seat in seats:
            self.answers(seat)
        town.session.add_all(
            Alert(kind=kind, circle_id=circle.id, person_id=seats[0].person_id, opened_at=at(town, 2))
            for kind in ("danger", "unsent")
        )
        ask = Listing(
            kind="ask",
            circle_id=circle.id,
            member_id=seats[0].id,
            words="a secret wish",
            state="open",
            created_at=town.now,
        )
        town.session.add(ask)
        town.session.flush()
        town.session.add_all(
            Approach(
                listing_id=ask.id,
                member_id=seat.id,
                wave="circle",
                due_at=town.now,
                helped=helped,
                helped_at=at(town, 3),
            )
            for seat, helped in ((seats[1], "yes"), (seats[2], "not_yet"))
        )
        town.session.flush()

    def answers(self, seat: Member, flow: str = "weekly_reflection", visible_to: str = "circle") -> None:
        person = self.town.session.get_one(Person, seat.person_id)
        question = self.town.question(person, seat, "open", visible_to)
        question.flow = flow
        self.town.answer(question, "my secret words")


def test_a_hook_hears_of_its_own_cohort_once(town: Town) -> None:
    scene = Scene(town)
    scene.everything_happens_in(scene.maple)
    scene.everything_happens_in(scene.elm)
    for minutes in (4, 5, 16, 16 + 70, 16 + 75):
        gather(town.session, at(town, minutes), at(town, minutes))
    assert told(town) == [
        ("alert_opened", {}),
        ("answered", {"circle": "MAPLE", "question": "weekly", "people": 5}),
        ("ask_helped", {"circle": "MAPLE"}),
        ("joined", {"circle": "MAPLE"}),
    ]
    names = town.session.scalars(select(WebhookSend.name)).all()
    assert len(set(names)) == 4
    assert not any("secret" in json.dumps(content) for _, content in told(town))


def test_of_few_who_answered_no_number_is_told_and_what_is_private_is_not_told_at_all(town: Town) -> None:
    scene = Scene(town)
    seats = [town.seat(town.person(), scene.maple) for _ in range(3)]
    scene.answers(seats[0], "group_check_in", "host")
    scene.answers(seats[0], "group_check_in", "us")
    scene.answers(seats[1], "danger", "us")
    scene.answers(seats[2], "onboarding", "circle")
    gather(town.session, town.now + dt.timedelta(hours=2) + SETTLES, town.now)
    assert [each for each in told(town) if each[0] == "answered"] == [
        ("answered", {"circle": "MAPLE", "question": "check_in", "people": None})
    ]


def test_what_was_committed_late_is_told_all_the_same(town: Town) -> None:
    scene = Scene(town, ("joined",))
    gather(town.session, at(town, 5), at(town, 5))
    assert told(town) == []
    town.seat(town.person(), scene.maple).promised_at = at(town, 4)
    gather(town.session, at(town, 6), at(town, 6))
    assert told(town) == [("joined", {"circle": "MAPLE"})]


def test_a_hook_hears_only_what_it_was_added_for_and_nothing_from_before(town: Town) -> None:
    scene = Scene(town, ("alert_opened",))
    town.session.add(Alert(kind="danger", circle_id=scene.maple.id, opened_at=at(town, -1)))
    scene.everything_happens_in(scene.maple)
    gather(town.session, at(town, 5), at(town, 5))
    assert told(town) == [("alert_opened", {})]


def test_a_removed_hook_hears_nothing_any_more(town: Town) -> None:
    scene = Scene(town)
    scene.everything_happens_in(scene.maple)
    gather(town.session, at(town, 5), at(town, 5))
    remove_target(town.session, scene.hook.id, at(town, 6))
    assert gather(town.session, at(town, 90), at(town, 90)) == 0
    town.session.expire_all()
    (standing,) = all_targets(town.session)
    assert (standing.waiting, standing.given_up) == (0, 3)
    with pytest.raises(NotPossible, match="no hook"):
        remove_target(town.session, scene.hook.id, at(town, 7))


def test_what_was_told_is_kept_for_a_week(town: Town) -> None:
    scene = Scene(town)
    scene.everything_happens_in(scene.maple)
    gather(town.session, at(town, 5), at(town, 5))
    remove_target(town.session, scene.hook.id, at(town, 6))
    later = town.now + dt.timedelta(days=8)
    assert not looks.any_due(town.session, at(town, 7), *tool_upkeep.WORK)
    assert looks.any_due(town.session, later, *tool_upkeep.WORK)
    tool_upkeep.drop_old(town.session, later)
    assert told(town) == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_cannot_be_a_hook_is_refused_with_all_that_is_wrong(town: Town) -> None:
    cohort: Cohort = town.cohort()
    with pytest.raises(NotPossible) as wrong:
        add_target(
            town.session, cohort, "http://tools.example.org", ["joined", "words"], town.now, local=False
        )
    assert len(wrong.value.reasons) == 2
    for _ in range(10):
        add_target(town.session, cohort, URL, ["joined"], town.now, local=False)
    with pytest.raises(NotPossible, match="10 hooks"):
        add_target(town.session, cohort, URL, ["joined"], town.now, local=False)
    assert len(set(town.session.scalars(select(WebhookTarget.secret)))) == 10


def test_of_two_workers_that_look_at_once_one_keeps_what_it_found(town: Town) -> None:
    scene = Scene(town)
    scene.everything_happens_in(scene.maple)
    looks_of_two = [list(look(town.session, at(town, 5), at(town, 5))) for _ in range(2)]
    assert [keep(town.session, each) for found in looks_of_two for each in found] == [True, False]
    assert len(told(town)) == 3
