"""Finds circle hours, who heard of them and who comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.calendar.breaks import clock_of
from assistant.circles.hours.hour_times import LASTS, week_of, when_values
from assistant.circles.people.carried_words import CARRIED
from assistant.circles.people.known_rows import ASKED
from assistant.circles.people.reachability import uri_of
from assistant.language.languages import spoken
from assistant.language.phones.contacts import contact_spans
from assistant.safety.alert_holding import open_about
from assistant.safety.first_response import is_safety_talk
from assistant.schedule.local_time import Hours, home, hours_for, zone_of
from assistant.store.tables import Circle, CircleHour, Conversation, HourSeat, Member, PendingAction, Person


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """By which clocks somebody is texted."""

    zones: tuple[ZoneInfo, ...]
    hours: Hours

    @property
    def home(self) -> ZoneInfo:
        """The zone that their days are counted in."""
        return home(self.zones)


def whereabouts(session: Session, person: Person, circle: Circle) -> Whereabouts:
    """Return where a person may be, and when texts may arrive there."""
    uri = uri_of(session, person.id)
    return Whereabouts(zone_of(person.zone, circle.zone, uri), hours_for(uri))


def hour_ahead(session: Session, circle_id: int, now: dt.datetime) -> CircleHour | None:
    """Return the circle hour that is set and not over; it may have begun."""
    return hour_to_come(session, circle_id, now - LASTS)


def hour_to_come(session: Session, circle_id: int, now: dt.datetime) -> CircleHour | None:
    """Return the circle hour that is set and has not begun: the one that can be moved and called off."""
    return session.scalars(
        select(CircleHour)
        .where(
            CircleHour.circle_id == circle_id,
            CircleHour.state == "set",
            CircleHour.starts_at > now,
        )
        .order_by(CircleHour.starts_at, CircleHour.id)
        .limit(1)
    ).first()


def has_hour_that_week(
    session: Session, circle: Circle, starts_at: dt.datetime, but: CircleHour | None = None
) -> bool:
    """Whether a circle has an hour, past or to come, in that week: joining promises room for one."""
    week = dt.timedelta(days=7)
    near = session.scalars(
        select(CircleHour).where(
            CircleHour.circle_id == circle.id,
            CircleHour.state == "set",
            CircleHour.starts_at > starts_at - week,
            CircleHour.starts_at < starts_at + week,
        )
    )
    monday = week_of(starts_at, circle.zone)
    return any(week_of(each.starts_at, circle.zone) == monday for each in near if each is not but)


def times_asked_about(session: Session, poll_id: int) -> Sequence[CircleHour]:
    """Return the times of one asking that can still be chosen, the earliest first."""
    return session.scalars(
        select(CircleHour)
        .where(CircleHour.poll_id == poll_id, CircleHour.state == "asked")
        .order_by(CircleHour.starts_at, CircleHour.id)
    ).all()


def open_poll(session: Session, circle_id: int, now: dt.datetime) -> int | None:
    """Return the asking of a circle that is still open, as its pending action; the newest."""
    return session.scalars(
        select(CircleHour.poll_id)
        .where(
            CircleHour.circle_id == circle_id,
            CircleHour.state == "asked",
            CircleHour.starts_at > now,
        )
        .order_by(CircleHour.id.desc())
        .limit(1)
    ).first()


def locked_hour(session: Session, hour_id: int) -> CircleHour | None:
    """Return a circle hour as it stands now, held until the transaction ends."""
    return session.scalars(
        select(CircleHour)
        .where(CircleHour.id == hour_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def seat_in(session: Session, hour: CircleHour, member_id: int) -> HourSeat:
    """Return a member's part in an hour; it is made where there was none."""
    seat = session.get(HourSeat, (hour.id, member_id))
    if seat is None:
        seat = HourSeat(hour_id=hour.id, member_id=member_id)
        session.add(seat)
        session.flush()
    return seat


def seats_in(session: Session, hour: CircleHour) -> Sequence[tuple[HourSeat, Member, Person]]:
    """Return everyone who has a part in an hour and is still in the circle, by their seats."""
    rows = session.execute(
        select(HourSeat, Member, Person)
        .join(Member, Member.id == HourSeat.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(HourSeat.hour_id == hour.id, Member.state.in_(("active", "reading")))
        .order_by(Member.id)
    )
    return [(seat, member, person) for seat, member, person in rows]


def is_left_in_peace(session: Session, person_id: int) -> bool:
    """Whether somebody may be in danger, so that nothing is asked: an alert is open, or a safety talk is."""
    if open_about(session, person_id):
        return True
    asked = [question for question in ASKED.of(session, person_id) if question.state == "open"]
    talks = [session.get_one(Conversation, question.conversation_id) for question in asked]
    return any(is_safety_talk(talk) for talk in talks)


def stands(hour: CircleHour | None, at: str) -> bool:
    """Whether an hour is still on, at the time that somebody was, or is to be, told of."""
    return hour is not None and hour.state == "set" and hour.starts_at.isoformat() == at


def timer_values(hour: CircleHour) -> dict[str, Any]:
    """Return what a conversation about an hour is started with; `at` shows whether it was moved since."""
    return {"circle_hour": hour.id, "at": hour.starts_at.isoformat()}


def local_when(session: Session, hour: CircleHour, person: Person, circle: Circle) -> dict[str, str]:
    """Return `day`, `date` and `time` of an hour where a person is, in the person's language."""
    language = spoken(person.language or circle.language)
    return when_values(hour.starts_at, clock_of(session, person, circle).zone, language)


def way_values(
    session: Session, hour: CircleHour, person: Person, country: str, *, asked: bool = False
) -> dict[str, Any]:
    """Return `way`, how to come, as its host wrote it; `how` says whether there is any.

    On a shared phone only a link or a number stands there, unless its owner `asked` just now: a place may
    name somebody.
    """
    written = session.get(PendingAction, hour.way_id) if hour.way_id is not None else None
    words = written.words if written is not None else None
    if written is None or not words:
        return {"how": "none"}
    if person.plain and not asked and not contact_spans(words, country):
        return {"how": "hidden"}
    way = shorten(words, PLACEHOLDERS["way"].longest)
    return {"how": "said", "way": way, CARRIED: {"way": f"said:{written.id}"}}
