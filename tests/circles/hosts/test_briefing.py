"""The Monday brief counts what is true, names nobody, and is for whoever hosts that circle."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.calendar import season_plan
from assistant.circles.hosts.inactive_members import quiet_members
from assistant.store.tables import Alert, Circle, Member, Pair, PairMember, Person, Round, Timer
from tests.circles.town import Town

FIRST = dt.date(2026, 6, 1)
THIRD_MONDAY = dt.datetime(2026, 6, 15, 14, 0, tzinfo=dt.UTC)


@pytest.fixture
def luz(town: Town) -> Person:
    luz = town.person("Luz")
    town.role(luz, "host", town.circle(program="eight_weeks"))
    return luz


@pytest.fixture
def circle(town: Town, luz: Person) -> Circle:
    circle = town.session.query(Circle).one()
    town.now = dt.datetime(2026, 5, 30, 14, 0, tzinfo=dt.UTC)
    for name in ("Ana", "Rosa", "Kim", "Sol"):
        person = town.person(name, heard_at=town.now)
        town.seat(person, circle)
    town.now = dt.datetime(2026, 6, 1, 13, 0, tzinfo=dt.UTC)
    season_plan.begin_season(town.session, circle, FIRST, town.now)
    return circle


def seats(town: Town) -> dict[str, int]:
    rows = town.session.query(Person.name, Member.id).join(Member, Member.person_id == Person.id)
    return {name: seat for name, seat in rows if name}


def opened(town: Town, *weeks: int) -> None:
    """Everyone was asked the questions of these weeks, at 9 on Monday."""
    for seat in seats(town).values():
        for week in weeks:
            at = dt.datetime(2026, 6, 1, 14, 0, tzinfo=dt.UTC) + dt.timedelta(weeks=week - 1)
            member = town.session.query(Timer).filter_by(member_id=seat, key=f"week {week} monday").first()
            timer = member or Timer(kind="prompt", person_id=1, member_id=seat, key=f"opened {week}")
            timer.flow, timer.due_at, timer.done_at, timer.values = "weekly_reflection", at, at, {}
            town.session.add(timer)
    town.session.flush()


def paired(town: Town, circle: Circle, *couples: tuple[str, str, str]) -> None:
    """The pairs of week 2: two names, and what they answered to "did you connect?"."""
    here, made = seats(town), Round(circle_id=circle.id, week=2, made_at=town.now)
    town.session.add(made)
    town.session.flush()
    for *names, did in couples:
        pair = Pair(round_id=made.id, why="first_time", made_at=town.now)
        town.session.add(pair)
        town.session.flush()
        for name in names:
            town.session.add(PairMember(pair_id=pair.id, member_id=here[name], did=did))


def test_the_first_week_has_nothing_to_count(town: Town, luz: Person, circle: Circle) -> None:
    done = town.do("brief", luz, circle=circle.id)
    assert (done.outcome, done.circle) == ("first", circle)
    assert (done.values["count"], done.values["weeks"]) == ("4", "8")


def test_the_counts_of_last_week(town: Town, luz: Person, circle: Circle) -> None:
    here = seats(town)
    opened(town, 1, 2, 3)
    town.now = THIRD_MONDAY - dt.timedelta(days=4)
    for name in ("Ana", "Rosa"):
        town.share(town.session.get_one(Member, here[name]), "words", week=2)
        next(each for each in town.session.query(Person) if each.name == name).heard_at = town.now
    paired(town, circle, ("Ana", "Rosa", "yes"), ("Kim", "Sol", "not_yet"))
    town.seat(town.person("Eva"), circle, "paused")
    town.now = THIRD_MONDAY
    late = town.seat(town.person("Omar"), circle)
    assert late.promised_at == THIRD_MONDAY  # he was not asked last week
    values = town.do("brief", luz, circle=circle.id).values
    expected = {
        "count": "2",
        "prompted": "4",
        "pairs_met": "-",
        "open_requests": "0",
        "quiet_members": "2",
        "needing": "0",
    }
    assert {key: values[key] for key in expected} == expected
    assert values["says"] == "no_asks_some_quiet"


def test_pairs_are_counted_only_where_there_are_enough_not_to_tell_of_one(
    town: Town, luz: Person, circle: Circle
) -> None:
    for name in ("Mia", "Eva"):
        town.seat(town.person(name), circle)
    paired(town, circle, ("Ana", "Rosa", "yes"), ("Kim", "Sol", "not_yet"), ("Mia", "Eva", "yes"))
    town.now = THIRD_MONDAY
    assert town.do("brief", luz, circle=circle.id).values["pairs_met"] == "2"


def test_a_week_that_has_just_begun_is_not_a_quiet_one(town: Town, circle: Circle) -> None:
    opened(town, 1, 2)
    for day in range(7):
        now = dt.datetime(2026, 6, 8, 15, 0, tzinfo=dt.UTC) + dt.timedelta(days=day)
        assert quiet_members(town.session, circle, now) == []
    monday = [(p.name, weeks) for _, p, weeks in quiet_members(town.session, circle, THIRD_MONDAY)]
    assert monday == [("Ana", 2), ("Rosa", 2), ("Kim", 2), ("Sol", 2)]
    opened(town, 3)
    assert {weeks for *_, weeks in quiet_members(town.session, circle, THIRD_MONDAY)} == {2}


def test_needs_are_those_of_others_until_they_are_closed(town: Town, luz: Person, circle: Circle) -> None:
    town.now = THIRD_MONDAY
    ana = next(each for each in town.session.query(Person) if each.name == "Ana")
    alerts = [
        Alert(kind=kind, circle_id=circle.id, person_id=person.id, opened_at=town.now)
        for kind, person in (("danger", ana), ("not_ok", ana), ("set_aside", ana), ("danger", luz))
    ]
    town.session.add_all(alerts)
    alerts[0].answered_at, alerts[0].answered_by = town.now, luz.id
    town.session.flush()
    done = town.do("brief", luz, circle=circle.id)
    assert (done.outcome, done.values["needs"]) == ("needs", 1)
    for alert in alerts:
        alert.closed_at = town.now
    assert town.do("brief", luz, circle=circle.id).outcome == "counts"


def test_a_brief_is_for_whoever_hosts_that_circle_while_it_runs(
    town: Town, luz: Person, circle: Circle
) -> None:
    other = town.circle("OAK", "New Moms")
    ana = next(each for each in town.session.query(Person) if each.name == "Ana")
    assert town.do("brief", luz, circle=other.id).outcome == "none"
    assert town.do("brief", ana, circle=circle.id).outcome == "none"
    town.now -= dt.timedelta(days=4)
    assert town.do("brief", luz, circle=circle.id).outcome == "none"  # its season is yet to begin
