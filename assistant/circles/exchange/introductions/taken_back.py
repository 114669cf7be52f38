"""Takes back a line that was written for an introduction; without it nothing more is said of anyone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.exchange.introductions.two_sides import end, let_go, sides_of
from assistant.circles.people.carried_words import call_back
from assistant.circles.sharing.given_words import Given, Keeper, keeps_words
from assistant.store.tables import Introduced, Introduction, Member


def _last_sentence(session: Session, seats: Sequence[int], only: int | None) -> list[Given]:
    """What a member wrote last for an introduction, for DELETE."""
    people = select(Member.person_id).where(Member.id.in_(seats))
    sides = select(Introduced).where(Introduced.written_by.in_(people), Introduced.words.is_not(None))
    sides = sides.where(Introduced.id == only) if only is not None else sides
    last = session.scalars(
        sides.order_by(Introduced.written_at.desc(), Introduced.id.desc()).limit(1)
    ).first()
    if last is None or last.written_at is None:
        return []
    introduction = session.get_one(Introduction, last.introduction_id)
    mine = select(Member).where(Member.id.in_(seats)).order_by(Member.circle_id != introduction.circle_id)
    member = session.scalars(mine.limit(1)).one()
    return [
        Given(member, last.words or "", last.written_at, last.inbox_id, "buddy", other=f"sentence:{last.id}")
    ]


def _erase_sentence(session: Session, given: Given, now: dt.datetime) -> set[int]:
    """Erase a line, with the yes to it; return whom it has reached. Who else said yes hears at its end."""
    side = session.get_one(Introduced, int((given.other or "").partition(":")[2]))
    introduction = session.get_one(Introduction, side.introduction_id)
    members = [each.member_id for each in sides_of(session, introduction)]
    circles = {
        introduction.circle_id,
        *session.scalars(select(Member.circle_id).where(Member.id.in_(members))),
    }
    reached: set[int] = set()
    for circle_id in circles:
        reached |= call_back(session, circle_id, {f"sentence:{side.id}"}, "taken back", now)
    side.words, side.erased_at = None, now
    if introduction.ended_at is None and side.due_at is None:
        end(introduction, "gone", now)
        unheard = [each for each in sides_of(session, introduction) if each.reply is None]
        let_go(session, introduction, unheard, now)
    elif introduction.ended_at is None:
        let_go(session, introduction, [side], now)
    session.flush()
    return reached


keeps_words(Keeper("sentence", _last_sentence, _erase_sentence))
