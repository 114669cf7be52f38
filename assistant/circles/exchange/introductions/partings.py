"""Lets go of introductions when someone leaves, two are kept apart, or a season ends: nobody is told."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from assistant.circles.exchange.introductions.two_sides import (
    end,
    introductions_between,
    let_go,
    person_of,
    sentence_of,
    sides_of,
)
from assistant.store.tables import Circle, Introduced, Introduction, Member, Outbox

TOLD: Final = "notices/introduced"
"""The wording of the text that brings the other's name."""


def give_up_introductions(session: Session, member: Member, now: dt.datetime) -> None:
    """Let go of a member who leaves: what they asked for ends; whoever said yes hears on its day."""
    mine = (
        select(Introduction)
        .join(Introduced, Introduced.introduction_id == Introduction.id)
        .where(Introduced.member_id == member.id)
    )
    for introduction in session.scalars(mine).all():
        _close_line(introduction, now)
        sides = sides_of(session, introduction)
        if introduction.kind == "own" and introduction.by_person_id == member.person_id:
            end(introduction, "gone", now)
        unheard = [side for side in sides if introduction.outcome == "gone" and side.reply is None]
        let_go(session, introduction, [side for side in sides if side.member_id == member.id] + unheard, now)


def end_introductions_of(session: Session, circle: Circle, now: dt.datetime) -> None:
    """End everything that is open in a circle whose season is over."""
    here = select(Introduction).where(Introduction.circle_id == circle.id, Introduction.ended_at.is_(None))
    for introduction in session.scalars(here).all():
        end(introduction, "gone", now)
        let_go(session, introduction, sides_of(session, introduction), now)


def part_introductions(session: Session, mine: Select[int], theirs: Select[int], now: dt.datetime) -> None:
    """Let nothing be between people who are kept apart now: no question, no yes, no line.

    It still ends when it would have, in the same words as any that came to nothing.
    """
    for introduction in session.scalars(introductions_between(mine, theirs)).all():
        _close_line(introduction, now)
        sides = sides_of(session, introduction)
        let_go(session, introduction, [side for side in sides if side.reply is None], now)
        said = [found[1] for side in sides if (found := sentence_of(session, side)) is not None]
        unread = update(Outbox).where(
            Outbox.state == "queued",
            Outbox.person_id.in_({person_of(session, side).id for side in sides}),
            Outbox.wording == TOLD,
            Outbox.carries.in_(said),
        )
        session.execute(unread.values(state="cancelled", reason="kept apart"))


def _close_line(introduction: Introduction, now: dt.datetime) -> None:
    if introduction.link_ends_at is not None:
        introduction.link_ends_at = min(introduction.link_ends_at, now)
