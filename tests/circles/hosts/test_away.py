"""AWAY: until a day is over, whoever else is on call gets the alerts; BACK ends it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Lines, Tell
from assistant.circles.people.memberships import hosts_of
from assistant.store.tables import Alert, AlertStep, Audit, Circle, Person, Role
from tests.circles.town import NOW, Town

BACK_AT = dt.datetime(2026, 6, 6, 14, 0, tzinfo=dt.UTC)
"""9:00 in Chicago on the Saturday after Friday, June 5."""


class Stage:
    """Luz hosts MAPLE, which Eva backs up, and OAK alone, both in Mia's cohort; and ELM, in none."""

    def __init__(self, town: Town) -> None:
        self.town = town
        spring = town.cohort()
        self.luz = town.person("Luz", zone="America/Chicago")
        self.eva, self.mia, self.ana = (town.person(name) for name in ("Eva", "Mia", "Ana"))
        self.maple = town.circle(cohort_id=spring.id)
        self.oak = town.circle("OAK", "New Moms", cohort_id=spring.id)
        self.elm = town.circle("ELM", "Quiet Ones")
        for circle in (self.maple, self.oak, self.elm):
            town.role(self.luz, "host", circle)
        town.role(self.eva, "backup", self.maple)
        town.role(self.mia, "organizer", spring)
        for person in (self.luz, self.eva, self.mia, self.ana):
            town.consent(person)

    def away(self, by: Person | None = None) -> ActionResult:
        return self.town.do("go_away", by or self.luz, away_until="2026-06-05")

    def until(self, person: Person) -> set[dt.datetime | None]:
        return set(self.town.session.scalars(select(Role.away_until).where(Role.person_id == person.id)))

    def alert(self, circle: Circle, *paged: Person, **columns: object) -> Alert:
        columns = {"next_page_at": NOW + dt.timedelta(minutes=9), **columns}
        alert = Alert(kind="danger", circle_id=circle.id, person_id=self.ana.id, opened_at=NOW, **columns)
        self.town.session.add(alert)
        self.town.session.flush()
        for person in paged:
            self.town.session.add(
                AlertStep(alert_id=alert.id, at=NOW, what="host paged", person_id=person.id)
            )
        self.town.session.flush()
        return alert


@pytest.fixture
def stage(town: Town) -> Stage:
    return Stage(town)


def lines(done: ActionResult) -> list[tuple[str, str | None, str | None]]:
    said = [line for each in done.effects if isinstance(each, Lines) for line in each.lines]
    return [
        (line.notice, line.placeholders.get("other_name"), line.placeholders.get("circle")) for line in said
    ]


def test_a_host_who_goes_away_reads_who_gets_alerts_circle_by_circle(stage: Stage) -> None:
    assert lines(stage.away()) == [
        ("away_set", None, None),
        ("away_to", "Eva", "Bold Moves"),
        ("away_to_organizer", "Mia", "New Moms"),
        ("away_to_nobody", None, "Quiet Ones"),
    ]
    assert stage.until(stage.luz) == {BACK_AT}
    row = stage.town.session.scalars(select(Audit)).one()
    assert (row.action, row.person_id, row.details) == ("away", stage.luz.id, {"until": "2026-06-05"})


def test_until_that_morning_others_host_and_then_the_host_does(stage: Stage) -> None:
    stage.away()
    for moment, host in ((BACK_AT - dt.timedelta(seconds=1), stage.eva), (BACK_AT, stage.luz)):
        assert hosts_of(stage.town.session, stage.maple.id, moment) == [host]


def test_only_whoever_takes_over_hears_of_it(stage: Stage) -> None:
    told = [each for each in stage.away().effects if isinstance(each, Tell)]
    placeholders = {"circle": "Bold Moves", "other_name": "Luz", "date": "June 5"}
    assert told == [Tell(stage.eva.id, "host_away", placeholders, circle_id=stage.maple.id)]


def test_a_backup_who_does_not_hear_us_takes_nothing_over(stage: Stage) -> None:
    stage.town.say_stop(stage.eva)
    done = stage.away()
    assert lines(done)[1] == ("away_to_organizer", "Mia", "Bold Moves")
    assert not [each for each in done.effects if isinstance(each, Tell)]


def test_when_the_backup_is_away_the_host_hears_that_nobody_stands_in(stage: Stage) -> None:
    done = stage.away(stage.eva)
    assert lines(done)[1:] == [("away_to", "Luz", "Bold Moves")]
    assert [(each.person_id, each.notice) for each in done.effects if isinstance(each, Tell)] == [
        (stage.luz.id, "backup_away")
    ]
    assert (stage.until(stage.eva), stage.until(stage.luz)) == ({BACK_AT}, {None})


def test_back_ends_it_and_whoever_stood_in_hears_so(stage: Stage) -> None:
    assert stage.town.do("end_away", stage.luz).outcome == "here"
    stage.away()
    done = stage.town.do("end_away", stage.luz)
    assert (done.outcome, stage.until(stage.luz)) == ("back", {None})
    placeholders = {"circle": "Bold Moves", "other_name": "Luz"}
    assert done.effects == (Tell(stage.eva.id, "host_back", placeholders, circle_id=stage.maple.id),)
    stage.away()
    stage.town.now = BACK_AT
    assert stage.town.do("end_away", stage.luz).outcome == "here"
    assert stage.town.do("end_away", stage.ana).outcome == "no"


def test_a_page_that_waits_for_a_host_who_goes_away_goes_on_at_once(stage: Stage) -> None:
    waits = stage.alert(stage.maple, stage.luz)
    stage.away()
    assert waits.next_page_at == NOW
    steps = stage.town.session.scalars(select(AlertStep.what).where(AlertStep.alert_id == waits.id))
    assert list(steps) == ["host paged", "went away"]


def test_pages_of_others_and_answered_ones_stay_as_they_are(stage: Stage) -> None:
    later = NOW + dt.timedelta(minutes=9)
    cedar = stage.town.circle("CEDAR")
    stay = [
        stage.alert(cedar, stage.luz),
        stage.alert(stage.maple, stage.eva),
        stage.alert(stage.oak, stage.luz, answered_at=NOW, answered_by=stage.luz.id),
        stage.alert(stage.elm, stage.luz, closed_at=NOW),
    ]
    stage.away()
    assert [each.next_page_at for each in stay] == [later] * 4


@pytest.mark.parametrize(
    ("said", "outcome", "day"),
    [
        ("Fri", "heard", "2026-06-05"),
        ("today", "heard", "2026-06-01"),
        ("el viernes", "heard", "2026-06-05"),
        ("2 weeks", "heard", "2026-06-15"),
        ("dos semanas", "heard", "2026-06-15"),
        ("2026-06-20", "heard", "2026-06-20"),
        ("May 30", "unclear", None),
        ("yesterday", "unclear", None),
        ("soon", "unclear", None),
        (None, "ask", None),
    ],
)
def test_a_day_is_heard_in_many_ways(stage: Stage, said: str | None, outcome: str, day: str | None) -> None:
    heard = stage.town.do("hear_away", stage.luz, **({"date": said} if said else {}))
    assert (heard.outcome, heard.values.get("away_until")) == (outcome, day)


def test_only_whoever_hosts_can_be_away(stage: Stage) -> None:
    fay = stage.town.person("Fay")
    stage.town.role(fay, "host", stage.maple, accepted=False)
    stage.town.role(fay, "backup", stage.oak).ended_at = NOW
    for person, runs in ((stage.luz, "yes"), (stage.eva, "yes"), (stage.mia, "no"), (fay, "no")):
        assert stage.town.do("runs_a_circle", person).outcome == runs
    assert stage.away(fay).outcome == "none"
    assert stage.until(fay) == {None}
