"""Knows between which two a call may be: in an hour of two, or of an alert and whoever holds it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.at_hand.hour_span import TOGETHER_FOR
from assistant.circles.buddies.groups import are_apart
from assistant.circles.people.reachability import Reach, reach
from assistant.safety.alert_holding import hands_of
from assistant.safety.alert_way import way_to
from assistant.safety.call_wishes import call_for, can_ring
from assistant.store.tables import Alert, Approach, PageCall, Person, Talk

FRESH: Final = dt.timedelta(minutes=10)
"""A yes is as good as that: nobody is rung who said it longer ago."""
SOON: Final = dt.timedelta(minutes=3)
"""So long after the second yes it may still ring."""
LONGEST: Final = 30 * 60
"""Seconds that two may talk."""
AT_MOST: Final = LONGEST + 120
"""Seconds of the call to the first: with the key, and until the second is there."""
OPEN: Final = ("asked", "ringing")


@dataclass(frozen=True, slots=True)
class Between:
    """Two who may talk. The first came, or looks after the other."""

    first_id: int
    second_id: int
    circle_id: int | None
    approach_id: int | None = None
    alert_id: int | None = None

    def other_of(self, person_id: int) -> int:
        """Return who the other of the two is."""
        return self.second_id if person_id == self.first_id else self.first_id


def between(talk: Talk) -> Between:
    """Return the two of a talk."""
    return Between(talk.first_id, talk.second_id, talk.circle_id, talk.approach_id, talk.alert_id)


def may_talk(session: Session, two: Between, sender: str, now: dt.datetime) -> str:
    """Return "" where the two may be asked and rung now; else why not: over, apart, away, phone, unsafe."""
    why = _why_over(session, two, now)
    if why:
        return why
    one, other = (session.get_one(Person, each) for each in (two.first_id, two.second_id))
    if are_apart(session, one, other):
        return "apart"
    reached = reach(session, [one.id, other.id], sender)
    if not all(each.hears for each in reached.values()):
        return "away"
    if not all(_rings(each) for each in reached.values()):
        return "phone"
    if two.alert_id is not None:
        alert = session.get_one(Alert, two.alert_id)
        if way_to(session, alert, sender, now) != "open":
            return "unsafe"
    return ""


def why_not_ring(session: Session, talk: Talk, sender: str, now: dt.datetime) -> str:
    """Return why a talk must not ring now, "" when it may: asked as it is about to."""
    if talk.state != "ringing":
        return "over"
    return may_talk(session, between(talk), sender, now) or ("" if is_fresh(talk, now) else "too late")


def is_cut(session: Session, talk: Talk, sender: str, now: dt.datetime) -> bool:
    """Return whether a call under way must end: one of the two has stopped, gone, or ended the hour.

    The end of an hour that lasted is none, nor is that an alert is closed or goes to another: nobody in need
    is hung up on.
    """
    one, other = (session.get_one(Person, each) for each in (talk.first_id, talk.second_id))
    reached = reach(session, [one.id, other.id], sender)
    if are_apart(session, one, other) or any(each.out_of_reach for each in reached.values()):
        return True
    approach = session.get(Approach, talk.approach_id) if talk.approach_id is not None else None
    if approach is None or approach.link_ends_at is None or approach.linked_at is None:
        return False
    return approach.link_ends_at <= now and approach.link_ends_at < approach.linked_at + TOGETHER_FOR


def last_between(session: Session, two: Between) -> Talk | None:
    """Return the newest talk of these two of this hour or alert, locked."""
    of = Talk.approach_id == two.approach_id if two.approach_id else Talk.alert_id == two.alert_id
    pair = (Talk.first_id == two.first_id, Talk.second_id == two.second_id)
    return session.scalar(
        select(Talk).where(of, *pair).order_by(Talk.id.desc()).limit(1).with_for_update(of=Talk)
    )


def talk_of_call(session: Session, call: PageCall) -> Talk | None:
    """Return the talk that a call is of, if it is of one."""
    if call.alert_id is not None:
        return None
    return session.scalar(select(Talk).where(Talk.call_id == call.id))


def say_yes(talk: Talk, person_id: int, now: dt.datetime) -> None:
    """Note that one of the two has said yes just now."""
    if person_id == talk.first_id:
        talk.first_yes_at = now
    else:
        talk.second_yes_at = now


def is_fresh(talk: Talk, now: dt.datetime) -> bool:
    """Return whether both have said yes within the last minutes."""
    return all(at is not None and at > now - FRESH for at in (talk.first_yes_at, talk.second_yes_at))


def let_ring(session: Session, talk: Talk, now: dt.datetime) -> None:
    """Make the one call of a talk: it rings as soon as it is worded."""
    call = call_for(talk.first_id, now, now + SOON)
    session.add(call)
    session.flush()
    talk.state, talk.call_id = "ringing", call.id
    session.flush()


def end_talk(talk: Talk, outcome: str, now: dt.datetime) -> None:
    """Nothing comes of a talk any more, or it is over."""
    talk.state, talk.outcome, talk.ended_at = "over", outcome, now


def _why_over(session: Session, two: Between, now: dt.datetime) -> str:
    if two.approach_id is not None:
        approach = session.get(Approach, two.approach_id)
        lasts = approach is not None and approach.link_ends_at is not None and approach.link_ends_at > now
        return "" if lasts else "over"
    alert = session.get(Alert, two.alert_id)
    held = alert is not None and alert.closed_at is None and hands_of(session, alert).holder == two.first_id
    return "" if held else "over"


def _rings(reached: Reach) -> bool:
    return reached.address is not None and can_ring(reached.address)
