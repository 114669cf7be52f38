"""Links that open a page once, within minutes, and the sessions that came of them.

What a link or a cookie holds is random and stands in no table: only its hash does.
"""

from __future__ import annotations

import datetime as dt
import secrets
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.store import looks
from assistant.store.tables import PageLink, PageSession, Person, Upload

LINK_HOLDS: Final = dt.timedelta(minutes=10)
SIGNED_IN_FOR: Final = dt.timedelta(hours=12)
FRESH_FOR: Final = dt.timedelta(minutes=15)
"""So long after a link was opened words are shown, and what cannot be mended is done, without a new one."""
KEPT_FOR: Final = dt.timedelta(days=7)
"""So long the row of a link or session stays after its end."""
KEY_BYTES: Final = 16
PATH: Final = "/go/"
"""Where links lead, before their secret part."""


def make_link(session: Session, person_id: int, landing: str, now: dt.datetime) -> str:
    """Make a link and return its secret part."""
    key = secrets.token_urlsafe(KEY_BYTES)
    session.add(
        PageLink(
            person_id=person_id,
            key_hash=_hash(key),
            landing=landing,
            made_at=now,
            expires_at=now + LINK_HOLDS,
        )
    )
    return key


def links_since(session: Session, person_id: int, since: dt.datetime) -> int:
    """Return how many links a person was given since a moment (aware UTC)."""
    given = select(func.count(PageLink.id)).where(PageLink.person_id == person_id, PageLink.made_at > since)
    return session.scalar(given) or 0


def link_of(session: Session, key: str, now: dt.datetime) -> PageLink | None:
    """Return the link that this is the secret part of, if it still opens."""
    return session.scalars(
        select(PageLink).where(
            PageLink.key_hash == _hash(key), PageLink.used_at.is_(None), PageLink.expires_at > now
        )
    ).first()


def open_link(session: Session, key: str, now: dt.datetime) -> tuple[PageLink, str] | None:
    """Use a link up; return it with what the browser's cookie is to hold from now on. None: it opens no more.

    Of two who press Continue in the same moment, one gets in.
    """
    link = link_of(session, key, now)
    if link is None:
        return None
    used = session.execute(
        update(PageLink).where(PageLink.id == link.id, PageLink.used_at.is_(None)).values(used_at=now),
        execution_options={"synchronize_session": False},
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return None
    cookie = secrets.token_urlsafe(2 * KEY_BYTES)
    session.add(
        PageSession(
            person_id=link.person_id,
            key_hash=_hash(cookie),
            began_at=now,
            expires_at=now + SIGNED_IN_FOR,
        )
    )
    record(session, "page opened", now, by=link.person_id)
    return link, cookie


def session_of(session: Session, cookie: str, now: dt.datetime) -> tuple[PageSession, Person] | None:
    """Return the session that a cookie stands for, and whose it is."""
    row = session.execute(
        select(PageSession, Person)
        .join(Person, Person.id == PageSession.person_id)
        .where(
            PageSession.key_hash == _hash(cookie),
            PageSession.ended_at.is_(None),
            PageSession.expires_at > now,
            Person.erased_at.is_(None),
        )
    ).first()
    return None if row is None else (row[0], row[1])


def end_session(session: Session, cookie: str, now: dt.datetime) -> None:
    """Sign one browser out."""
    session.execute(
        update(PageSession)
        .where(PageSession.key_hash == _hash(cookie), PageSession.ended_at.is_(None))
        .values(ended_at=now),
        execution_options={"synchronize_session": False},
    )


def end_sessions(session: Session, person_id: int, now: dt.datetime) -> int:
    """Sign a person out of every browser, and let no link of theirs open any more; return how many."""
    quietly = {"synchronize_session": False}
    ended = session.execute(
        update(PageSession)
        .where(
            PageSession.person_id == person_id, PageSession.ended_at.is_(None), PageSession.expires_at > now
        )
        .values(ended_at=now),
        execution_options=quietly,
    )
    unused = session.execute(
        update(PageLink)
        .where(PageLink.person_id == person_id, PageLink.used_at.is_(None), PageLink.expires_at > now)
        .values(used_at=now),
        execution_options=quietly,
    )
    return int(ended.rowcount + unused.rowcount)  # type: ignore[attr-defined]


def forget_sessions(session: Session, person_id: int) -> None:
    """Leave nothing of a person's links and sessions, nor of files that they brought."""
    for table in (PageLink, PageSession, Upload):
        session.execute(delete(table).where(table.person_id == person_id))


WORK: Final = (
    *(
        select(table.id).where(table.expires_at < looks.moment(-KEPT_FOR))
        for table in (PageLink, PageSession)
    ),
    select(Upload.id).where(Upload.expires_at < looks.moment()),
)
"""Whether rows of links, sessions or files are kept for nothing."""


def drop_old_sessions(session: Session, now: dt.datetime) -> int:
    """Delete the rows of links and sessions that ended long ago, and of files whose hour is over."""
    gone = [
        session.execute(delete(table).where(table.expires_at < now - KEPT_FOR))
        for table in (PageLink, PageSession)
    ]
    gone.append(session.execute(delete(Upload).where(Upload.expires_at < now)))
    return sum(each.rowcount for each in gone)  # type: ignore[attr-defined]


def _hash(key: str) -> str:
    # The key is random and long: nothing has to be made slow to guess.
    return sha256(key.encode()).hexdigest()
