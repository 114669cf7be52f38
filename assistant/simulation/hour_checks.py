"""Holds circle hours of a season to what was said: who comes hears when it begins, who speaks was there."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.delivery.verdicts import OPENER
from assistant.simulation.exchange_checks import AWAY
from assistant.simulation.invariants import Score
from assistant.simulation.text_checks import Passed, Watcher
from assistant.simulation.world import World
from assistant.store.tables import Address, Alert, Answer, CircleHour, HourSeat, Member, Question

OPENS: Final = "circle_hour/open/"
WITHIN: Final = dt.timedelta(minutes=15)
"""So long after an hour began whoever comes has heard it; the queue before it may have to go first."""
LASTS: Final = dt.timedelta(hours=1)


def check_hours(world: World, score: Score, watcher: Watcher) -> None:
    """Check every circle hour that has been, seat by seat."""
    now = world.clock.now()
    with world.database.read() as session:
        uris = dict(session.execute(select(Address.person_id, Address.uri)).all())
        rows = session.execute(
            select(CircleHour, HourSeat, Member)
            .join(HourSeat, HourSeat.hour_id == CircleHour.id)
            .join(Member, Member.id == HourSeat.member_id)
            .where(CircleHour.state == "set", CircleHour.starts_at < now - WITHIN)
        ).all()
        in_danger = dict(session.execute(select(Alert.person_id, Alert.opened_at)).all())
        for hour, seat, member in rows:
            name = world.name(uris.get(member.person_id, "").partition(":")[2])
            said_before = seat.replied_at is not None and seat.replied_at <= hour.starts_at
            left_alone = in_danger.get(member.person_id, now) <= hour.starts_at
            if seat.reply == "coming" and said_before and member.state not in AWAY and not left_alone:
                heard = any(_opens(text, name, member.id, hour.starts_at) for text in watcher.passed)
                kept = heard or name in watcher.stopped
                score.hold("hours", kept, hour.starts_at, name, "said they come, and heard nothing")
            spoke = session.scalar(
                select(Answer.id)
                .join(Question, Question.id == Answer.question_id)
                .where(
                    Answer.member_id == member.id,
                    Question.flow == "circle_hour",
                    Question.step == "open",
                    Answer.outcome == "text",
                    Answer.at >= hour.starts_at,
                    Answer.at <= hour.starts_at + LASTS,
                )
                .limit(1)
            )
            there = spoke is None or bool(seat.came)
            score.hold("hours", there, hour.starts_at, name, "spoke, and is not counted as there")


def _opens(text: Passed, name: str, seat: int, starts_at: dt.datetime) -> bool:
    """Whether this is the text by which the hour begins for that seat.

    To a chat whose window is closed it is the opener, which is all that the carrier lets through.
    """
    return (
        text.name == name
        and text.seat == seat
        and text.row is not None
        and (text.row.wording.startswith(OPENS) or text.row.wording == OPENER)
        and starts_at - WITHIN <= text.at <= starts_at + WITHIN
    )
