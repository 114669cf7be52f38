"""Gathers, of many readers at once, the news that is due: who may still hear it, and in which order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Line
from assistant.circles.people.inactivity import left_alone
from assistant.circles.people.reachability import reach
from assistant.circles.people.row_locks import lock_free_people
from assistant.circles.people.weekly_texts import CAPPED, NEWS_A_WEEK, crowded
from assistant.circles.sharing.news_lines import Given, lines_of, may_be_told, read_given
from assistant.circles.sharing.news_planning import HEARS, due_for
from assistant.circles.sharing.second_halves import HALF
from assistant.language.languages import spoken
from assistant.safety.alert_holding import talking_until
from assistant.store import looks
from assistant.store.tables import (
    Address,
    Alert,
    Apart,
    Circle,
    Inbox,
    Member,
    News,
    Outbox,
    Pair,
    PairMember,
    Person,
)
from assistant.store.tables.operation_tables import URGENT

AT_ONCE: Final = 200
"""Readers of one batch."""
FOR_BUDDIES: Final = ("goal", "step", "went")
UNHANDLED: Final = dt.timedelta(seconds=30)
"""A reader's own text goes first."""
SIGN_AGAIN: Final = dt.timedelta(days=3)
"""So long after a shared phone was told that something waits, and nobody read it, it is not told again."""
COUNTED: Final = ("notices/news_%", "notices/buddy_left%", "notices/buddy_now%")
"""The wordings of texts of news: digests, and changes of buddies, which cannot wait for one."""
WEEK: Final = dt.timedelta(days=7) - dt.timedelta(hours=2)
"""Less what a sweep may be late, and clocks put forward: at the same hour a week later it is over."""
LAST_AFTER: Final = dt.timedelta(days=3, hours=12)
"""So long after the first of a week the last may come, at the next hour of its reader: on the fifth day. Else
the first three days would take them all."""
TOMORROW: Final = dt.timedelta(hours=20)
"""Later than any hour of today that a reader may like, and before that of tomorrow."""
NOT_SENT: Final = ("cancelled", "dropped", "failed")


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of news for one reader, in lines."""

    id: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """All that one reader is to hear now, in the order in which it was given."""

    member: Member
    person: Person
    circle: Circle
    address: Address
    pieces: tuple[Piece, ...]
    sign: bool
    """On a shared phone only that something came is said; False: and that was said lately."""


WORK: Final = (select(News.id).where(News.state == "waiting", News.due_at <= looks.moment()),)
"""Whether `take_due` would find anything: one look into a short index."""
NEXT: Final = looks.Next(
    select(func.min(News.due_at)).where(News.state == "waiting", News.due_at > looks.moment())
)
"""When the next news is due."""


def take_due(session: Session, sender: str, now: dt.datetime) -> tuple[int, list[Digest]]:
    """Return how many readers were looked at, and what each of them is to hear, in a handful of statements.

    What its reader may not hear any more is dropped; whoever is looked after hears later. The caller says
    with `settle` what became of the rest.
    """
    seats = session.execute(
        select(News.member_id, Member.person_id)
        .join(Member, Member.id == News.member_id)
        .where(News.state == "waiting", News.due_at <= now)
        .group_by(News.member_id, Member.person_id)
        .order_by(func.min(News.due_at), News.member_id)
        .limit(AT_ONCE)
    ).all()
    people = lock_free_people(session, {row.person_id for row in seats})
    mine = [row.member_id for row in seats if row.person_id in people]
    later = _postponed(session, people, now)
    waiting: dict[int, list[News]] = {}
    rows = session.scalars(
        select(News)
        .where(News.member_id.in_(mine), News.state == "waiting", News.due_at.is_not(None))
        .order_by(News.id)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        waiting.setdefault(row.member_id, []).append(row)
    readers = {
        member.id: (member, circle)
        for member, circle in session.execute(
            select(Member, Circle).join(Circle, Circle.id == Member.circle_id).where(Member.id.in_(waiting))
        )
    }
    given, reaches = read_given(session, rows), reach(session, list(people), sender)
    apart, bonds = _apart(session, people), _bonds(session, readers)
    resting = left_alone(session, [member for member, _ in readers.values()], now)
    told_lately = _signed_lately(session, people.values(), now)
    full = _full_weeks(session, [member for member, _ in readers.values()], now)
    digests = []
    for member_id, theirs in waiting.items():
        member, circle = readers[member_id]
        person = people[member.person_id]
        if person.id in later:
            for each in theirs:
                each.due_at = later[person.id]
            continue
        address = reaches[person.id].address
        if member_id in resting or reaches[person.id].out_of_reach:
            for each in theirs:
                each.due_at = None
            continue
        if member.state not in HEARS or circle.state == "closed" or address is None:
            _drop(theirs, now)
            continue
        if member_id in full:
            for each in theirs:
                each.due_at = full[member_id]
            continue
        pieces = _pieces(member, person, circle, theirs, given, apart, bonds, now)
        if pieces:
            sign = person.plain and member_id not in told_lately
            digests.append(Digest(member, person, circle, address, tuple(pieces), sign))
    session.flush()
    return len(seats), digests


def settle(session: Session, became: Sequence[Mapping[str, Any]]) -> None:
    """Write down what became of news: `id`, `state`, `at`, `outbox_id` of each row."""
    if became:
        session.execute(update(News), [dict(each) for each in became])


def _pieces(
    member: Member,
    person: Person,
    circle: Circle,
    waiting: Iterable[News],
    given: Given,
    apart: Mapping[int, set[int]],
    bonds: Mapping[int, set[int]],
    now: dt.datetime,
) -> list[Piece]:
    """Return what a reader may hear of what waits, and drop the rest."""
    language = spoken(person.language or circle.language)
    pieces = []
    for each in waiting:
        _, whose = given.writers[each.from_member_id]
        may_hear = may_be_told(each, given) and whose.id not in apart.get(person.id, ())
        if each.kind in FOR_BUDDIES:
            may_hear = may_hear and each.from_member_id in bonds.get(member.id, ())
        lines = lines_of(each, given, language) if may_hear else ()
        if not lines:
            _drop([each], now)
        elif not _is_half_written(each, given, now):
            pieces.append(Piece(each.id, lines))
    return pieces


def _is_half_written(news: News, given: Given, now: dt.datetime) -> bool:
    """Whether a second text may still add to it."""
    step, goal = given.steps.get(news.step_id or 0), given.goals.get(news.goal_id or 0)
    moments = [each.set_at for each in (step, goal) if each is not None]
    return any(moment > now - HALF for moment in moments)


def _drop(news: Iterable[News], now: dt.datetime) -> None:
    for each in news:
        each.state, each.at = "dropped", now


def _postponed(session: Session, people: Collection[int], now: dt.datetime) -> Mapping[int, dt.datetime]:
    """Return until when news waits for whoever wrote to us just now, or is being looked after."""
    unhandled = select(Inbox.person_id).where(Inbox.state == "new", Inbox.person_id.in_(people))
    later = {each: now + UNHANDLED for each in session.scalars(unhandled) if each is not None}
    in_alerts = select(Alert.person_id).where(
        Alert.person_id.in_(people), Alert.kind.in_(URGENT), Alert.closed_at.is_(None)
    )
    for person_id in set(session.scalars(in_alerts)):
        until = talking_until(session, person_id) if person_id is not None else None
        if person_id is not None and until is not None and until > now:
            later[person_id] = until
    return later


def _full_weeks(
    session: Session, readers: Collection[Member], now: dt.datetime
) -> Mapping[int, dt.datetime | None]:
    """Return the seats that have had their texts of news for now, and when each of them hears again.

    Three in a week; the third is kept for its second half. Whose week has no room is looked at the next day.
    """
    daily = {member.id: member for member in readers if member.news == CAPPED}
    texts = session.execute(
        select(Outbox.member_id, Outbox.created_at)
        .where(
            Outbox.person_id.in_({member.person_id for member in daily.values()}),
            Outbox.member_id.in_(daily),
            Outbox.created_at > now - WEEK,
            or_(*(Outbox.wording.like(wording) for wording in COUNTED)),
            Outbox.state.not_in(NOT_SENT),
        )
        .order_by(Outbox.created_at.desc())
    ).all()
    newest: dict[int, list[dt.datetime]] = {}
    for member_id, at in texts:
        assert member_id is not None
        newest.setdefault(member_id, []).append(at)
    free: dict[int, dt.datetime] = {}
    for member_id, moments in newest.items():
        if len(moments) >= NEWS_A_WEEK:
            free[member_id] = moments[NEWS_A_WEEK - 1] + WEEK
        elif len(moments) == NEWS_A_WEEK - 1 and moments[-1] + LAST_AFTER > now:
            free[member_id] = moments[-1] + LAST_AFTER
    for member_id in crowded(session, list(daily.values()), now) - set(free):
        free[member_id] = now + TOMORROW
    return due_for(session, [daily[each] for each in free], now, free) if free else {}


def _apart(session: Session, people: Collection[int]) -> Mapping[int, set[int]]:
    rows = session.execute(
        select(Apart.one_id, Apart.other_id).where(or_(Apart.one_id.in_(people), Apart.other_id.in_(people)))
    )
    apart: dict[int, set[int]] = {}
    for one, other in rows:
        apart.setdefault(one, set()).add(other)
        apart.setdefault(other, set()).add(one)
    return apart


def _bonds(session: Session, readers: Collection[int]) -> Mapping[int, set[int]]:
    """Return each reader's buddies of now: of the newest round that the reader was told about."""
    rows = session.execute(
        select(PairMember.member_id, Pair.id, Pair.round_id, Pair.ended_at)
        .join(Pair, Pair.id == PairMember.pair_id)
        .where(PairMember.member_id.in_(readers), PairMember.told_at.is_not(None))
    ).all()
    newest: dict[int, int] = {}
    for row in rows:
        newest[row.member_id] = max(row.round_id, newest.get(row.member_id, 0))
    pairs = {
        (row.member_id, row.id)
        for row in rows
        if row.round_id == newest[row.member_id] and row.ended_at is None
    }
    together: dict[int, set[int]] = {}
    others = session.execute(
        select(PairMember.pair_id, PairMember.member_id).where(
            PairMember.pair_id.in_({pair_id for _, pair_id in pairs})
        )
    )
    for pair_id, member_id in others:
        together.setdefault(pair_id, set()).add(member_id)
    bonds: dict[int, set[int]] = {}
    for member_id, pair_id in pairs:
        bonds.setdefault(member_id, set()).update(together.get(pair_id, set()) - {member_id})
    return bonds


def _signed_lately(session: Session, people: Iterable[Person], now: dt.datetime) -> set[int]:
    """Return the seats on shared phones that know already that something waits, and were not here since."""
    shared = {person.id: person for person in people if person.plain}
    if not shared:
        return set()
    signs = session.execute(
        select(Outbox.member_id, Outbox.person_id, func.max(Outbox.created_at))
        .where(
            Outbox.person_id.in_(shared),
            Outbox.wording == "notices/news_waits",
            Outbox.created_at > now - SIGN_AGAIN,
            Outbox.state.not_in(NOT_SENT),
        )
        .group_by(Outbox.member_id, Outbox.person_id)
    )
    return {
        member_id
        for member_id, person_id, at in signs
        if member_id is not None and ((heard := shared[person_id].heard_at) is None or heard < at)
    }
