"""Knows what a reader has seen of the circle's news, and marks what READ shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Line
from assistant.circles.sharing.news_lines import lines_of, may_be_told, read_given
from assistant.circles.sharing.shares import apart_from
from assistant.store.insert import insert_new
from assistant.store.tables import Member, News, Person, Share

SEEN: Final = ("told", "read")
"""States of news whose words have reached its reader."""


def seen_by(member_id: int) -> ColumnElement[bool]:
    """Whether a share's words have reached this seat, in a text or by READ."""
    return exists().where(News.share_id == Share.id, News.member_id == member_id, News.state.in_(SEEN))


def mark_read(session: Session, reader: Member, shares: Collection[Share], now: dt.datetime) -> None:
    """Write down that READ shows these shares to their reader: the one place that knows who read what when.

    Also what no text was to tell the reader: a newcomer reads what was shared before.
    """
    if not shares:
        return
    session.flush()
    ids = [share.id for share in shares]
    rows = [
        {
            "member_id": reader.id,
            "from_member_id": share.member_id,
            "kind": "share",
            "share_id": share.id,
            "state": "read",
            "at": now,
        }
        for share in shares
    ]
    insert_new(session, News, rows)
    session.execute(
        update(News)
        .where(News.member_id == reader.id, News.share_id.in_(ids), News.state.not_in(SEEN))
        .values(state="read", at=now)
        .execution_options(synchronize_session=False)
    )


def take_waiting(session: Session, reader: Member, language: str, now: dt.datetime) -> list[tuple[Line, ...]]:
    """Return what waits for a reader besides what the circle shared, and mark it as read."""
    waiting = session.scalars(
        select(News)
        .where(News.member_id == reader.id, News.kind != "share", News.state.in_(("waiting", "signed")))
        .order_by(News.id)
    ).all()
    if not waiting:
        return []
    given, apart = read_given(session, waiting), apart_from(session, reader.person_id)
    shown = []
    for each in waiting:
        _, whose = given.writers[each.from_member_id]
        may_hear = may_be_told(each, given) and whose.id not in apart
        lines = lines_of(each, given, language) if may_hear else ()
        each.state, each.at = ("read" if lines else "dropped"), now
        if lines:
            shown.append(lines)
    session.flush()
    return shown


def who_has(session: Session, share_id: int) -> list[tuple[Person, str, dt.datetime]]:
    """Return who got the words of a share, how (told or read), and when."""
    rows = session.execute(
        select(Person, News.state, News.at)
        .join(Member, Member.person_id == Person.id)
        .join(News, News.member_id == Member.id)
        .where(News.share_id == share_id, News.state.in_(SEEN))
        .order_by(News.at, News.id)
    )
    return [(person, state, at) for person, state, at in rows]
