"""Knows who is whose buddy, who may be paired with whom, and who is away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.buddies.matching import Couple
from assistant.circles.buddies.suitability import Seat
from assistant.circles.people.reachability import out_of_reach
from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES, spoken
from assistant.schedule.local_time import home, hours_for, zone_of
from assistant.store.tables import (
    Answer,
    Apart,
    Circle,
    Member,
    Pair,
    PairMember,
    Person,
    Round,
)

NOT_AGAIN = 2
"""Rounds for which a wish for someone new holds: for ever, it would leave people alone in a small circle."""


@dataclass(frozen=True, slots=True)
class Bond:
    """A member's place in one pair, and who else is in it."""

    pair: Pair
    mine: PairMember
    others: tuple[tuple[PairMember, Member, Person], ...]

    @property
    def members(self) -> list[Member]:
        return [member for _, member, _ in self.others]

    @property
    def people(self) -> list[Person]:
        return [person for _, _, person in self.others]


def bonds_of(
    session: Session, member: Member, *, week: int | None = None, told: bool = True, past: bool = False
) -> list[Bond]:
    """Return the pairs a member is in: those of the last round the member was told about, or of a week.

    Rounds are made when the first member's day comes, so that others' are made before they hear of them. One
    pair is usual; a second comes when the member is linked with others as well; none when left alone, or out
    of a newer round.

    Args:
        week: That week's round instead of the latest.
        told: Only what the member was told about.
        past: Also those that a newer round without the member has ended.
    """
    newest = select(func.max(Round.week)).where(Round.circle_id == member.circle_id).scalar_subquery()
    rows = select(PairMember, Pair, Round.week, newest).where(PairMember.member_id == member.id)
    rows = rows.join(Pair, Pair.id == PairMember.pair_id).join(Round, Round.id == Pair.round_id)
    if week is not None:
        rows = rows.where(Round.week == week)
    found = session.execute(rows.order_by(Round.week.desc(), Pair.id)).all()
    if not found or (week is None and not past and found[0][2] < found[0][3]):
        return []
    known = [(mine, pair, of) for mine, pair, of, _ in found if mine.told_at is not None or not told]
    return [
        Bond(pair, mine, tuple(_others(session, pair.id, member.id)))
        for mine, pair, of_week in known
        if of_week == known[0][2] and pair.ended_at is None
    ]


def buddies_of(session: Session, member: Member, week: int | None = None) -> list[Member]:
    """Return a member's buddies: of the last round the member was told about, or of a week."""
    bonds = bonds_of(session, member, week=week, told=week is None)
    found = {other.id: other for bond in bonds for other in bond.members}
    return list(found.values())


def buddy_names(session: Session, buddies: Iterable[Member], language: str) -> dict[str, str]:
    """Return placeholders for their names, where known: `buddy`, `other_buddy`, and all of them in `buddies`.

    Args:
        language: That of the reader: "Rosa and Mia", "Rosa y Mia".
    """
    people = [session.get_one(Person, member.person_id) for member in buddies]
    names = [person.name for person in people if person.name]
    if not names:
        return {}
    placeholders = dict(zip(("buddy", "other_buddy"), names, strict=False))
    *before, last = names
    conjunction = LANGUAGES[spoken(language)].and_before(fold(last))
    together = f"{', '.join(before)} {conjunction} {last}" if before else last
    return {**placeholders, "buddies": together}


def are_apart(session: Session, one: Person, other: Person) -> bool:
    """Whether one of two people asked never to hear from the other."""
    first, second = sorted((one.id, other.id))
    return session.scalar(select(Apart.id).where(Apart.one_id == first, Apart.other_id == second)) is not None


def latest_round(session: Session, circle_id: int) -> Round | None:
    """The round that a circle is in."""
    return session.scalars(
        select(Round).where(Round.circle_id == circle_id).order_by(Round.week.desc()).limit(1)
    ).first()


def open_groups(session: Session, round_: Round) -> list[tuple[Pair, list[PairMember]]]:
    """The pairs of a round as they stand, each with who is in it."""
    rows = session.execute(
        select(Pair, PairMember)
        .join(PairMember, PairMember.pair_id == Pair.id)
        .where(Pair.round_id == round_.id, Pair.ended_at.is_(None))
        .order_by(Pair.id, PairMember.member_id)
    )
    groups: dict[int, tuple[Pair, list[PairMember]]] = {}
    for pair, seat in rows:
        groups.setdefault(pair.id, (pair, []))[1].append(seat)
    return list(groups.values())


def history(session: Session, circle_id: int) -> list[list[tuple[int, ...]]]:
    """Every group there was in a circle, by round, the oldest first; those that were repaired, too."""
    rows = session.execute(
        select(Round.week, Pair.id, PairMember.member_id)
        .join(Pair, Pair.round_id == Round.id)
        .join(PairMember, PairMember.pair_id == Pair.id)
        .where(Round.circle_id == circle_id)
        .order_by(Round.week, Pair.id, PairMember.member_id)
    )
    weeks: dict[int, dict[int, list[int]]] = {}
    for week, pair_id, member_id in rows:
        weeks.setdefault(week, {}).setdefault(pair_id, []).append(member_id)
    return [[tuple(group) for group in groups.values()] for groups in weeks.values()]


def pairable(session: Session, circle_id: int, sender: str, now: dt.datetime) -> list[Member]:
    """Who takes part in pairing now: active, paired, here, and not opted out."""
    members = session.scalars(
        select(Member)
        .where(
            Member.circle_id == circle_id,
            Member.state == "active",
            Member.unpaired_at.is_(None),
            or_(Member.paused_until.is_(None), Member.paused_until <= now),
        )
        .order_by(Member.id)
    ).all()
    away = out_of_reach(session, [member.person_id for member in members], sender)
    return [member for member in members if member.person_id not in away]


def kept_apart(session: Session, circle_id: int) -> set[Couple]:
    """Couples of a circle's members who are not to be paired now: never, or not so soon again."""
    members = dict(
        session.execute(select(Member.person_id, Member.id).where(Member.circle_id == circle_id)).all()
    )
    rows = session.execute(
        select(Apart.one_id, Apart.other_id).where(Apart.one_id.in_(members), Apart.other_id.in_(members))
    )
    apart = {frozenset((members[one], members[other])) for one, other in rows}
    newest = select(func.max(Round.week)).where(Round.circle_id == circle_id)
    asked = session.scalars(
        select(PairMember.pair_id)
        .join(Pair, Pair.id == PairMember.pair_id)
        .join(Round, Round.id == Pair.round_id)
        .where(
            Round.circle_id == circle_id,
            PairMember.did == "new",
            Round.week > newest.scalar_subquery() - NOT_AGAIN,
        )
    ).all()
    groups: dict[int, dict[int, str | None]] = {}
    for seat in session.scalars(select(PairMember).where(PairMember.pair_id.in_(asked))):
        groups.setdefault(seat.pair_id, {})[seat.member_id] = seat.did
    for group in groups.values():
        apart |= {
            frozenset(couple) for couple in combinations(group, 2) if "new" in {group[m] for m in couple}
        }
    return apart


def seats_for(session: Session, circle: Circle, members: Iterable[Member], now: dt.datetime) -> list[Seat]:
    """Return these members as pairing sees them: when each is awake, what each knows, wants and reads."""
    members = list(members)
    said: dict[tuple[int | None, str], str] = {}
    answers = select(Answer.member_id, Answer.key, Answer.words).where(
        Answer.member_id.in_([member.id for member in members]),
        Answer.key.in_(("teach", "learn")),
        Answer.visible_to == "circle",
        Answer.outcome == "text",
        Answer.words.is_not(None),
    )
    for member_id, key, words in session.execute(answers.order_by(Answer.id)):
        said[member_id, key] = words or ""
    people = {member.id: session.get_one(Person, member.person_id) for member in members}
    return [
        Seat(
            member.id,
            _awake(people[member.id], circle, now),
            knows=said.get((member.id, "teach"), ""),
            wants=said.get((member.id, "learn"), ""),
            language=people[member.id].language or circle.language,
        )
        for member in members
    ]


def newest_said(session: Session, member_id: int, key: str) -> Answer | None:
    """Return the newest of a member's answers of this key that the circle may see and that says something."""
    return session.scalars(
        select(Answer)
        .where(
            Answer.member_id == member_id,
            Answer.key == key,
            Answer.visible_to == "circle",
            Answer.outcome == "text",
            Answer.words.is_not(None),
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()


def _awake(person: Person, circle: Circle, now: dt.datetime) -> frozenset[int]:
    """Return the hours of the day in UTC in which a member may be texted, as clocks stand now."""
    zone, hours = home(zone_of(person.zone, circle.zone)), hours_for(None)
    offset = now.astimezone(zone).utcoffset() or dt.timedelta(0)
    ahead = round(offset / dt.timedelta(hours=1))
    return frozenset((hour - ahead) % 24 for hour in range(hours.opens, hours.closes))


def _others(session: Session, pair_id: int, member_id: int) -> Sequence[tuple[PairMember, Member, Person]]:
    rows = session.execute(
        select(PairMember, Member, Person)
        .join(Member, Member.id == PairMember.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(PairMember.pair_id == pair_id, PairMember.member_id != member_id)
        .order_by(PairMember.member_id)
    )
    return [(seat, member, person) for seat, member, person in rows]
