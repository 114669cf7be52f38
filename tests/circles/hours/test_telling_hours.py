"""Everyone who ought to hear of a circle hour does, once, and the newest word of each counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest
from sqlalchemy import select

from assistant.circles.actions.effects import Effect, Line, Lines, Start, Tell
from assistant.circles.hours import hour_upkeep
from assistant.circles.hours.hour_polls import lapse
from assistant.circles.hours.hour_upkeep import look_after_hours
from assistant.circles.hours.telling_hours import LOOK_AGAIN, invitations
from assistant.store.looks import any_due, soonest
from assistant.store.tables import Apart, Circle, CircleHour, HourSeat, Member, Person
from tests.circles.town import NOW, SENDER, Town

SOON = NOW + dt.timedelta(days=1, hours=10)
"""Tomorrow, 7pm in Chicago."""


class Evening:
    """A circle with a host and members, and an hour that is set for tomorrow."""

    def __init__(self, town: Town, *names: str) -> None:
        self.town, self.session = town, town.session
        self.circle = town.circle(state="running")
        self.host = town.person("Luz")
        town.role(self.host, "host", self.circle)
        town.consent(self.host)
        self.people = {name: town.person(name) for name in names}
        self.seats = {name: town.seat(person, self.circle) for name, person in self.people.items()}
        for person in self.people.values():
            town.consent(person)
        self.hour = CircleHour(
            circle_id=self.circle.id,
            set_by=self.host.id,
            state="set",
            starts_at=SOON,
            created_at=NOW,
            look_at=NOW + LOOK_AGAIN,
        )
        self.session.add(self.hour)
        self.session.flush()

    def invite(self, now: dt.datetime = NOW) -> dict[str, str]:
        """Who is told now, and as what."""
        starts = list(invitations(self.session, self.circle, self.hour, SENDER, now))
        return told(self.town, starts)

    def hear(self, name: str) -> str:
        about = {"circle_hour": self.hour.id, "at": self.hour.starts_at.isoformat()}
        return self.town.do("open_invite", self.people[name], self.seats[name], **about).outcome

    def say(self, name: str, reply: str) -> str:
        values = {"circle_hour": self.hour.id, "reply": reply}
        return self.town.do("note_reply", self.people[name], self.seats[name], **values).outcome

    def shown_to_host(self) -> dict[str, Line]:
        """What HOUR shows the host, by its notices."""
        (lines,) = self.town.hosting("show_hour", self.host, self.circle).effects
        assert isinstance(lines, Lines)
        return {line.notice: line for line in lines.lines}

    def seat(self, name: str) -> HourSeat:
        return self.session.get_one(HourSeat, (self.hour.id, self.seats[name].id))


def told(town: Town, effects: Iterable[Effect]) -> dict[str, str]:
    return {
        town.session.get_one(Person, each.person_id).name or "": str(each.values.get("told", each.flow))
        for each in effects
        if isinstance(each, Start) and each.flow == "hour_invite"
    }


@pytest.fixture
def evening(town: Town) -> Evening:
    return Evening(town, "Ana", "Rosa", "Sol")


def test_each_is_told_once_and_whoever_comes_later_too(evening: Evening) -> None:
    assert evening.invite() == {"Ana": "first", "Rosa": "first", "Sol": "first"}
    assert evening.invite() == {}
    kay = evening.town.person("Kay")
    evening.town.consent(kay)
    evening.town.seat(kay, evening.circle)
    joining = evening.town.person("Mia")
    evening.town.consent(joining)
    evening.town.seat(joining, evening.circle, "joining")
    assert evening.invite() == {"Kay": "first"}


def test_who_is_away_stopped_or_kept_apart_from_the_host_is_not_told_and_hears_when_back(
    evening: Evening,
) -> None:
    town = evening.town
    evening.seats["Ana"].state = "paused"
    town.say_stop(evening.people["Rosa"])
    one, other = sorted((evening.host.id, evening.people["Sol"].id))
    town.session.add(Apart(one_id=one, other_id=other, since=NOW))
    town.session.flush()
    assert evening.invite() == {}
    evening.seats["Ana"].state = "active"
    town.consent(evening.people["Rosa"])
    town.session.flush()
    assert evening.invite() == {"Ana": "first", "Rosa": "first"}


def test_who_was_about_to_be_told_and_went_away_hears_of_it_when_back(evening: Evening) -> None:
    evening.invite()
    evening.seats["Ana"].state = "paused"
    assert evening.hear("Ana") == "over"
    evening.seats["Ana"].state = "active"
    assert evening.invite() == {"Ana": "first"}
    assert evening.hear("Ana") == "ask"


def test_an_hour_that_is_moved_is_told_again_and_nobody_is_taken_to_come(evening: Evening) -> None:
    evening.invite()
    assert evening.hear("Ana") == "ask"
    assert evening.say("Ana", "coming") == "in"
    evening.hour.starts_at = SOON + dt.timedelta(days=1)
    assert evening.invite() == {"Ana": "moved", "Rosa": "moved", "Sol": "moved"}
    assert evening.seat("Ana").reply is None


def test_nobody_is_told_so_late_that_they_cannot_come(evening: Evening) -> None:
    # At night, for an hour that begins as texts may be sent again.
    evening.hour.starts_at = NOW + dt.timedelta(hours=24)  # 9:00 in Chicago
    assert evening.invite(NOW + dt.timedelta(hours=12)) == {}


def test_the_newest_word_counts_and_each_hears_of_it_only_once(evening: Evening) -> None:
    evening.invite()
    assert evening.hear("Ana") == "ask"
    assert [evening.say("Ana", each) for each in ("coming", "not", "coming")] == ["in", "out", "in"]
    assert evening.hear("Ana") == "over"
    # By themselves, before they were asked.
    assert evening.say("Rosa", "coming") == "in"
    assert evening.hear("Rosa") == "over"


def test_a_yes_once_it_has_begun_lets_in_and_one_after_it_comes_too_late(evening: Evening) -> None:
    evening.invite()
    evening.hour.starts_at = NOW - dt.timedelta(minutes=10)
    assert evening.say("Ana", "coming") == "now"
    evening.hour.starts_at = NOW - dt.timedelta(hours=2)
    assert evening.say("Rosa", "coming") == "over"
    evening.hour.state, evening.hour.starts_at = "off", SOON
    assert evening.say("Sol", "coming") == "over"


def test_the_one_reminder_is_for_who_comes_or_has_not_said(evening: Evening) -> None:
    evening.invite()
    about = {"circle_hour": evening.hour.id, "at": evening.hour.starts_at.isoformat()}
    for name in ("Ana", "Rosa", "Sol"):
        evening.hear(name)
    evening.say("Ana", "coming")
    evening.say("Rosa", "not")

    def reminded(name: str) -> str:
        return evening.town.do("open_reminder", evening.people[name], evening.seats[name], **about).outcome

    assert [reminded(name) for name in ("Ana", "Rosa", "Sol")] == ["coming", "over", "ask"]
    evening.seats["Sol"].weekly_only = True
    assert reminded("Sol") == "over"
    evening.hour.state = "off"
    assert reminded("Ana") == "over"


def test_it_is_looked_now_and_then_whether_somebody_has_yet_to_hear(evening: Evening) -> None:
    session, later = evening.session, NOW + LOOK_AGAIN
    assert not any_due(session, NOW, *hour_upkeep.WORK)
    assert soonest(session, NOW, hour_upkeep.NEXT) == later
    assert any_due(session, later, *hour_upkeep.WORK)
    assert set(told(evening.town, look_after_hours(session, SENDER, later))) == {"Ana", "Rosa", "Sol"}
    assert not any_due(session, later, *hour_upkeep.WORK)
    assert look_after_hours(session, SENDER, later) == []
    # Not any more once it is over.
    after = SOON + dt.timedelta(minutes=1)
    evening.hour.look_at = after
    assert look_after_hours(session, SENDER, after) == []
    assert evening.hour.look_at is None


def test_times_of_which_none_was_chosen_lapse_and_whoever_answered_hears_so_once(evening: Evening) -> None:
    session = evening.session
    evening.hour.state = "dropped"
    times = [_asked(evening.circle, SOON), _asked(evening.circle, SOON + dt.timedelta(hours=1))]
    session.add_all(times)
    session.flush()
    session.add(HourSeat(hour_id=times[0].id, member_id=evening.seats["Ana"].id, reply="coming"))
    session.flush()
    assert look_after_hours(session, SENDER, SOON) == []
    (tell,) = look_after_hours(session, SENDER, SOON + dt.timedelta(hours=1))
    assert isinstance(tell, Tell)
    assert (tell.notice, tell.person_id) == ("hour_came_to_none", evening.people["Ana"].id)
    assert {time.state for time in times} == {"dropped"}
    assert not lapse([], NOW)


def _asked(circle: Circle, starts_at: dt.datetime) -> CircleHour:
    return CircleHour(
        circle_id=circle.id, state="asked", poll_id=7, starts_at=starts_at, look_at=starts_at, created_at=NOW
    )


def test_the_host_reads_who_comes_and_each_answer_behind_it_leaves_a_receipt(evening: Evening) -> None:
    evening.invite()
    for name in ("Ana", "Rosa"):
        evening.hear(name)
    evening.say("Ana", "coming")
    evening.say("Rosa", "not")
    evening.seat("Ana").answer_id, evening.seat("Rosa").answer_id = 41, 42
    by_notice = evening.shown_to_host()
    assert by_notice["hour_coming"].placeholders == {"names": "Ana", "count": "1"}
    assert by_notice["hour_coming"].carries == "answer:41"
    assert by_notice["hour_not_coming"].carries == "answer:42"
    evening.host.plain = True
    assert all(line.carries is None for line in evening.shown_to_host().values())


def test_who_left_is_nobody_who_comes(evening: Evening) -> None:
    evening.invite()
    evening.hear("Ana")
    evening.say("Ana", "coming")
    evening.seats["Ana"].state = "left"
    evening.session.flush()
    assert "hour_coming" not in evening.shown_to_host()
    assert evening.session.scalars(select(Member).where(Member.state == "left")).all()
