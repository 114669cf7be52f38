"""Makes what members give news for each of those who may hear it, and plans when it is told to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from assistant.circles.people.reachability import best_addresses
from assistant.circles.sharing.second_halves import HALF
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.schedule.planning import LocalClock
from assistant.store import looks
from assistant.store.insert import insert_new
from assistant.store.tables import Break, Circle, Member, News, Outbox, Person, Share

AT_ONCE: Final = 200
"""Shares that one sweep makes news of."""
HEARS: Final = ("active", "reading")
"""Members who are told; who is away hears nothing of what passes meanwhile, and finds it by READ."""
TOLD_BY: Final = "notices/news_heading"
"""The wording of a text that tells news."""
_MONDAY: Final = 0
_LONGEST_BREAK: Final = 120


WORK: Final = (select(Share.id).where(Share.spread_at.is_(None), Share.at <= looks.moment(-HALF)),)
"""Whether `spread` would find anything: one look into a short index."""
NEXT: Final = looks.Next(
    select(func.min(Share.at)).where(Share.spread_at.is_(None), Share.at > looks.moment(-HALF)), HALF
)
"""When the next share may become news."""


def spread(session: Session, now: dt.datetime) -> int:
    """Make what was shared news for everyone else in its circle; return how many shares that were.

    A handful of statements, however many members there are. What may still get a second half waits; what a
    reader has found by READ already is no news.
    """
    shares = session.scalars(
        _unspread(now).order_by(Share.id).limit(AT_ONCE).with_for_update(skip_locked=True)
    ).all()
    if not shares:
        return 0
    readers: dict[int, list[Member]] = {}
    seats = select(Member).where(
        Member.circle_id.in_({share.circle_id for share in shares}),
        Member.state.in_(HEARS),
        Member.promised_at.is_not(None),
    )
    for member in session.scalars(seats.order_by(Member.id)):
        readers.setdefault(member.circle_id, []).append(member)
    due = due_for(session, [each for seats in readers.values() for each in seats], now)
    rows = [
        {
            "member_id": reader.id,
            "from_member_id": share.member_id,
            "kind": "share",
            "share_id": share.id,
            "state": "waiting",
            "due_at": due[reader.id],
            "at": now,
        }
        for share in shares
        if share.words is not None
        for reader in readers.get(share.circle_id, ())
        if reader.id != share.member_id
    ]
    if rows:
        insert_new(session, News, rows)
    for share in shares:
        share.spread_at = now
    session.flush()
    return len(shares)


def due_for(
    session: Session,
    readers: Collection[Member],
    now: dt.datetime,
    after: Mapping[int, dt.datetime] | None = None,
) -> Mapping[int, dt.datetime | None]:
    """Return when news of now is told to each of these seats, by its own clock and wish; None: by READ.

    Args:
        session: Any session.
        readers: The seats.
        now: Aware UTC.
        after: Of some seats, the moment after which it may be told.
    """
    after = after or {}
    people = {
        person.id: person
        for person in session.scalars(
            select(Person).where(Person.id.in_({each.person_id for each in readers}))
        )
    }
    circles = {
        circle.id: circle
        for circle in session.scalars(
            select(Circle).where(Circle.id.in_({each.circle_id for each in readers}))
        )
    }
    addresses = best_addresses(session, list(people))
    breaks = _breaks(session, circles.values())
    due = {}
    for member in readers:
        person, circle = people[member.person_id], circles[member.circle_id]
        address = addresses.get(person.id)
        uri = address.uri if address is not None else None
        clock = LocalClock(home(zone_of(person.zone, circle.zone, uri)), hours_for(uri), person.hour)
        since = after.get(member.id, now)
        due[member.id] = due_at(member.news, clock, since, breaks.get(circle.id, ()))
    return due


def due_at(
    mode: str, clock: LocalClock, now: dt.datetime, breaks: Sequence[tuple[dt.date, dt.date]] = ()
) -> dt.datetime | None:
    """Return when something of now is told to a member who hears by this mode; None: only by READ."""
    if mode == "each":
        return next_allowed(now, (clock.zone,), clock.hours)
    if mode == "read":
        return None
    today = clock.today(now)
    for ahead in range(_LONGEST_BREAK):
        day = today + dt.timedelta(days=ahead)
        if mode == "weekly" and day.weekday() != _MONDAY:
            continue
        at = clock.on(day)
        if at > now and not any(first <= day <= last for first, last in breaks):
            return at
    return None


def add_news(
    session: Session, readers: Iterable[Member], writer: Member | None, now: dt.datetime, **about: Any
) -> None:
    """Let something of a member's be news for these readers; what waits already is not added twice.

    Args:
        session: Inside one writing transaction.
        readers: Other seats of the circle.
        writer: Whose it is; None: nobody's.
        now: Aware UTC.
        about: `kind`, and `goal_id` or `step_id`; `due_at` if it is not the reader's own hour.
    """
    readers = list(readers)
    fixed = "due_at" in about
    due = {} if fixed else due_for(session, readers, now + HALF)
    same = [getattr(News, name) == value for name, value in about.items() if name != "due_at"]
    same += [News.from_member_id == (writer.id if writer else News.member_id), News.state == "waiting"]
    waiting = set(session.scalars(select(News.member_id).where(*same)))
    for reader in readers:
        if reader.id not in waiting:
            whose = (writer or reader).id
            made = News(member_id=reader.id, from_member_id=whose, state="waiting", at=now, **about)
            made.due_at = made.due_at if fixed else due[reader.id]
            session.add(made)
    session.flush()


def replan_news(session: Session, member: Member, now: dt.datetime) -> None:
    """Plan what waits for a member anew, after the member chose to hear it otherwise."""
    due = due_for(session, [member], now)[member.id]
    session.execute(
        update(News)
        .where(News.member_id == member.id, News.state == "waiting")
        .values(due_at=due)
        .execution_options(synchronize_session=False)
    )


def tell_again(session: Session, circle_id: int, now: dt.datetime) -> None:
    """Let what stood beside words that were called back wait anew: its text has not left, and will not."""
    called_back = select(Outbox.id).where(
        Outbox.circle_id == circle_id, Outbox.wording == TOLD_BY, Outbox.state == "cancelled"
    )
    session.execute(
        update(News)
        .where(News.state == "told", News.outbox_id.in_(called_back))
        .values(state="waiting", due_at=now, at=now, outbox_id=None)
        .execution_options(synchronize_session=False)
    )


def _unspread(now: dt.datetime) -> Any:
    return select(Share).where(Share.spread_at.is_(None), Share.at <= now - HALF)


def _breaks(session: Session, circles: Iterable[Circle]) -> Mapping[int, list[tuple[dt.date, dt.date]]]:
    circles = list(circles)
    rows = session.scalars(
        select(Break).where(
            or_(
                Break.circle_id.in_([circle.id for circle in circles]),
                Break.cohort_id.in_([circle.cohort_id for circle in circles if circle.cohort_id is not None]),
            )
        )
    ).all()
    return {
        circle.id: [
            (each.first_on, each.last_on)
            for each in rows
            if each.circle_id == circle.id
            or (each.cohort_id is not None and each.cohort_id == circle.cohort_id)
        ]
        for circle in circles
    }
