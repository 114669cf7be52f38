"""BEGIN: a season starts on the next Monday, and everyone hears the date once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Effect, Tell
from assistant.conversations.action_catalogue import all_actions
from assistant.store.tables import Audit, Circle, Person
from tests.circles.town import NOW, Town

MONDAY = dt.date(2026, 6, 8)
"""NOW is a Monday; this is the next."""


def begin(town: Town, host: Person, circle: Circle, **values: Any) -> ActionResult:
    ctx = town.ctx(host, **values)
    ctx = replace(ctx, circle=circle)
    done = all_actions()["begin_circle"].run(ctx)
    town.session.flush()
    return done


def promise(town: Town, name: str, circle: Circle) -> tuple[Effect, ...]:
    person = town.person(name)
    return town.do("keep_promise", person, town.seat(person, circle, "joining")).effects


def ready(effects: tuple[Effect, ...]) -> list[int]:
    return [e.person_id for e in effects if isinstance(e, Tell) and e.notice == "ready_to_begin"]


@pytest.fixture
def circle(town: Town) -> Circle:
    circle = town.circle(state="gathering")
    town.role(town.person("Luz"), "host", circle)
    return circle


@pytest.fixture
def luz(town: Town, circle: Circle) -> Person:
    return next(each for each in town.session.query(Person) if each.name == "Luz")


def fill(town: Town, circle: Circle, *names: str) -> list[Person]:
    people = [town.person(name) for name in names or ("Ana", "Rosa", "Mia", "Omar")]
    for person in people:
        town.seat(person, circle)
    return people


def test_a_season_begins_on_the_next_monday_and_never_today(town: Town, circle: Circle, luz: Person) -> None:
    people = fill(town, circle)
    done = begin(town, luz, circle)
    assert (done.outcome, circle.state, circle.starts_on) == ("begun", "running", MONDAY)
    assert [e.person_id for e in done.effects if isinstance(e, Tell)] == [person.id for person in people]
    assert {e.notice for e in done.effects if isinstance(e, Tell)} == {"season_begins"}
    audit = town.session.scalars(select(Audit)).one()
    assert (audit.action, audit.person_id, audit.circle_id) == ("start circle", luz.id, circle.id)
    again = begin(town, luz, circle)
    assert (again.outcome, again.values, again.effects) == ("dated", {"date": "June 8"}, ())
    town.now = NOW + dt.timedelta(weeks=2)
    assert begin(town, luz, circle).outcome == "running"


def test_today_is_where_the_circle_is(town: Town, circle: Circle, luz: Person) -> None:
    fill(town, circle)
    circle.zone = "Pacific/Auckland"
    town.now = dt.datetime(2026, 6, 7, 14, 0, tzinfo=dt.UTC)  # Monday already, down there
    begin(town, luz, circle)
    assert circle.starts_on == dt.date(2026, 6, 15)


def test_a_later_day_that_was_planned_stands(town: Town, circle: Circle, luz: Person) -> None:
    fill(town, circle)
    circle.starts_on = dt.date(2026, 7, 6)
    assert begin(town, luz, circle).outcome == "begun"
    assert circle.starts_on == dt.date(2026, 7, 6)


def test_three_are_no_circle(town: Town, circle: Circle, luz: Person) -> None:
    fill(town, circle, "Ana", "Rosa", "Mia")
    town.seat(town.person("Omar"), circle, "joining")
    town.seat(town.person("Eva"), circle, "left")
    done = begin(town, luz, circle)
    assert (done.outcome, done.values, circle.state) == ("few", {"count": "3"}, "gathering")


def test_who_has_paused_counts_and_is_not_texted(town: Town, circle: Circle, luz: Person) -> None:
    fill(town, circle, "Ana", "Rosa", "Mia")
    omar = town.person("Omar")
    town.seat(omar, circle, "paused")
    done = begin(town, luz, circle)
    assert done.outcome == "begun"
    assert omar.id not in {e.person_id for e in done.effects if isinstance(e, Tell)}


def test_a_host_with_a_seat_hears_it_as_host_and_other_hosts_hear_it_too(
    town: Town, circle: Circle, luz: Person
) -> None:
    town.seat(luz, circle)
    people = fill(town, circle, "Ana", "Rosa", "Mia")
    second, eva = town.person("Second"), town.person("Eva")
    town.role(second, "host", circle)
    town.role(eva, "backup", circle)
    done = begin(town, eva, circle)  # a backup may do what a host may
    told = [e.person_id for e in done.effects if isinstance(e, Tell)]
    assert sorted(told) == sorted([luz.id, second.id, *(person.id for person in people)])


def test_a_program_that_is_gone_starts_nothing(town: Town, circle: Circle, luz: Person) -> None:
    fill(town, circle)
    circle.program = "gone"
    assert (begin(town, luz, circle).outcome, circle.state) == ("no_program", "gathering")


@pytest.mark.parametrize("text", ["", "on Monday", "el lunes"])
def test_begin_may_say_monday(town: Town, circle: Circle, luz: Person, text: str) -> None:
    fill(town, circle)
    assert begin(town, luz, circle, text=text).outcome == "begun"


def test_more_than_begin_begins_nothing(town: Town, circle: Circle, luz: Person) -> None:
    fill(town, circle)
    assert begin(town, luz, circle, text="with love").outcome == "unsure"


def test_nobody_else_begins_it(town: Town, circle: Circle, luz: Person) -> None:
    ana, *_ = fill(town, circle)
    mia = town.person("Mia")
    town.role(mia, "host", town.circle("OAK", "New Moms"))
    for other in (ana, mia, town.person("Omar")):
        assert begin(town, other, circle).outcome == "none"
    circle.state = "closed"
    town.session.flush()
    assert begin(town, luz, circle).outcome == "none"


def test_the_fourth_promise_is_told_to_the_host_once(town: Town, circle: Circle, luz: Person) -> None:
    for name in ("Ana", "Rosa", "Mia"):
        assert ready(promise(town, name, circle)) == []
    assert ready(promise(town, "Omar", circle)) == [luz.id]
    assert ready(promise(town, "Eva", circle)) == []
    actions = town.session.scalars(select(Audit.action).where(Audit.circle_id == circle.id)).all()
    assert list(actions) == ["enough to begin"]


def test_nothing_is_said_of_beginning_where_a_day_is_set(town: Town, circle: Circle) -> None:
    circle.starts_on = MONDAY
    for name in ("Ana", "Rosa", "Mia", "Omar", "Eva"):
        assert ready(promise(town, name, circle)) == []


def test_where_nobody_hosts_it_is_told_once_somebody_does(town: Town) -> None:
    oak = town.circle("OAK", "New Moms", state="gathering")
    for name in ("Ana", "Rosa", "Mia", "Omar"):
        assert ready(promise(town, name, oak)) == []
    eva = town.person("Eva")
    town.role(eva, "host", oak)
    assert ready(promise(town, "Kim", oak)) == [eva.id]
