"""Holds what a season came to, seat by seat, and counts into it goals, words, pairs, alarms and texts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Executable, Select, and_, case, func, select, text
from sqlalchemy.orm import Session

from assistant.circles.surveys.survey_items import ITEMS
from assistant.store.tables import (
    Alert,
    AlertStep,
    Answer,
    Goal,
    GoalStep,
    Member,
    Note,
    Outbox,
    Pair,
    PairMember,
    Round,
    Share,
    Survey,
    SurveyAnswer,
)
from assistant.store.tables.message_tables import SENT_WHERE
from assistant.store.tables.operation_tables import URGENT

ASKED_FOR: Final = "ask_details"
"""Under this key (`save_as`) an answer asks the circle for something."""
BELONGING: Final = "belonging"
FETCHED: Final = 1000
"""Rows taken from the database in one go: all at once, they would keep Python's collector busy."""
REPLY_WITHIN: Final = dt.timedelta(hours=72)
HOUR: Final = dt.timedelta(hours=1)


@dataclass(slots=True)
class Seat:
    """What one member's season came to.

    Weeks are bits, the first is 2: of a large cohort there are hundreds of thousands of them.
    """

    person_id: int
    standing: str
    """joining | answering | quiet | paused | reading | unreachable | left | stopped"""
    opened: int = 0
    """Weeks that were opened for this seat and are over."""
    asked: int = 0
    """Of those, whose question was delivered, has had its three days, and was not taken back in them."""
    in_time: int = 0
    """Of those, answered within their three days."""
    replied: list[tuple[int, float]] = field(default_factory=list)
    """Each week that was answered, late or not, and after how many hours. SKIP is a reply, too."""
    goals: set[str] = field(default_factory=set)
    """Which of set, planned, step, done, reached the member came to."""
    belongs: bool | None = None
    """Whether the member, when last asked, felt a fairly or very strong belonging; None: no answer."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many shares, asks, appreciations and thanks came from this seat."""
    stayed: float = 0.0
    """Weeks in the circle since the promise, by whole days."""

    @property
    def is_in(self) -> bool:
        return self.standing not in ("left", "stopped")

    def ask(self, week: int, replied_after: dt.timedelta | None) -> None:
        """Count a week as asked, and its reply if there was one."""
        self.asked |= 1 << week
        if replied_after is not None:
            self.replied.append((week, replied_after / HOUR))
            if replied_after <= REPLY_WITHIN:
                self.in_time |= 1 << week


@dataclass(frozen=True, slots=True)
class Posted:
    """One ask or offer of a season."""

    kind: str
    """ask | offer | now | rally"""
    person_id: int
    hours_to_yes: float | None
    """Hours until the first yes; None: nobody said one."""
    helped: bool
    """Whether whoever was helped said that it did."""


@dataclass(slots=True)
class Season:
    """What one circle's season came to so far."""

    code: str
    weeks: int
    """How many of its weeks are over."""
    over: bool
    seats: list[Seat] = field(default_factory=list)
    pairs: list[tuple[int, bool, frozenset[int]]] = field(default_factory=list)
    """Week, whether all of them said that they connected, and who they are."""
    alarms: list[tuple[str, int, float | None]] = field(default_factory=list)
    """Kind, about whom, and after how many minutes a person looked."""
    segments: int = 0
    posted: list[Posted] = field(default_factory=list)
    """The asks and offers of its members."""
    ties: list[tuple[int, int, int]] = field(default_factory=list)
    """Week, who gave, who got: ties of its members, to others of the cohort as well."""
    helped: list[tuple[int, int]] = field(default_factory=list)
    """Who helped which of its members, by the word of whoever was helped."""


def add_goals(session: Session, inside: Select[int], seats: Mapping[int, Seat]) -> None:
    """Count how far members came; where words are erased, answers tell whether there was a goal or a plan."""
    said = {
        (member_id, key)
        for member_id, key in rows_of(
            session,
            select(Answer.member_id, Answer.key)
            .where(
                Answer.member_id.in_(seats_in(inside)),
                Answer.key.in_(("goal", "plan")),
                Answer.outcome != "skip",
            )
            .distinct(),
        )
    }
    goals = select(
        Goal.member_id,
        Goal.state,
        Goal.words.is_not(None).label("named"),
        Goal.plan.is_not(None).label("planned"),
        Goal.erased_at.is_not(None).label("erased"),
    ).where(Goal.member_id.in_(seats_in(inside)))
    for goal in rows_of(session, goals):
        if (seat := seats.get(goal.member_id)) is None:
            continue
        if goal.named or (goal.erased and (goal.member_id, "goal") in said):
            seat.goals.add("set")
            if goal.planned or (goal.erased and (goal.member_id, "plan") in said):
                seat.goals.add("planned")
        if goal.state == "reached":
            seat.goals |= {"set", "reached"}
    steps = select(Goal.member_id, GoalStep.outcome).join(GoalStep, GoalStep.goal_id == Goal.id)
    for member_id, outcome in rows_of(session, steps.where(Goal.member_id.in_(seats_in(inside)))):
        if (seat := seats.get(member_id)) is not None:
            seat.goals |= {"step", "done"} if outcome == "did" else {"step"}


def add_words(session: Session, inside: Select[int], seats: Mapping[int, Seat]) -> None:
    """How often words went to the circle or to one of its members; not which."""
    what: Any = case((Answer.key == ASKED_FOR, "asks"), else_="shares")
    shares = (
        select(Share.member_id, what, func.count())
        .outerjoin(Answer, Answer.id == Share.answer_id)
        .where(Share.circle_id.in_(inside))
        .group_by(Share.member_id, what)
    )
    notes = (
        select(Note.from_member_id, Note.kind, func.count())
        .where(Note.circle_id.in_(inside), Note.kind.in_(("kind", "thanks")))
        .group_by(Note.from_member_id, Note.kind)
    )
    for query in (shares, notes):
        for member_id, kind, count in rows_of(session, query):
            if (seat := seats.get(member_id)) is not None:
                seat.counts[kind] += count


def add_pairs(session: Session, inside: Select[int], seasons: Mapping[int, Season]) -> None:
    """The pairs of weeks that are over, as they stood in the end: they knew of each other."""
    over = {circle_id: season.weeks for circle_id, season in seasons.items()}
    pairs: dict[int, tuple[int, int, list[int]]] = {}
    missed: set[int] = set()
    for circle_id, week, pair_id, person_id, connected in rows_of(
        session,
        select(
            Round.circle_id, Round.week, Pair.id, Member.person_id, func.coalesce(PairMember.did, "") == "yes"
        )
        .join(Pair, Pair.round_id == Round.id)
        .join(PairMember, PairMember.pair_id == Pair.id)
        .join(Member, Member.id == PairMember.member_id)
        .where(Round.circle_id.in_(inside), Pair.ended_at.is_(None), PairMember.told_at.is_not(None)),
    ):
        if week <= over[circle_id]:
            if pair_id in pairs:
                pairs[pair_id][2].append(person_id)
            else:
                pairs[pair_id] = (circle_id, week, [person_id])
            if not connected:
                missed.add(pair_id)
    for pair_id, (circle_id, week, people) in pairs.items():
        if len(people) > 1:
            seasons[circle_id].pairs.append((week, pair_id not in missed, frozenset(people)))


def add_belonging(session: Session, inside: Select[int], seats: Mapping[int, Seat]) -> None:
    """Who felt that they belong, by what each said last: in the middle, or at the end."""
    said = (
        select(Survey.member_id, SurveyAnswer.score)
        .join(SurveyAnswer, SurveyAnswer.survey_id == Survey.id)
        .where(
            Survey.member_id.in_(seats_in(inside)),
            SurveyAnswer.item == BELONGING,
            SurveyAnswer.score.is_not(None),
        )
        .order_by(Survey.id)
    )
    for member_id, score in rows_of(session, said):
        if (seat := seats.get(member_id)) is not None:
            seat.belongs = int(score) >= ITEMS[BELONGING].good_from


def add_alarms(session: Session, inside: Select[int], seasons: Mapping[int, Season]) -> None:
    """Words of danger and "not OK", and when a person first looked; never whose words."""
    looked = and_(AlertStep.alert_id == Alert.id, AlertStep.what == "shown")
    for circle_id, kind, person_id, opened_at, looked_at in session.execute(
        select(
            Alert.circle_id,
            Alert.kind,
            Alert.person_id,
            Alert.opened_at,
            func.min(AlertStep.at),
        )
        .outerjoin(AlertStep, looked)
        .where(Alert.circle_id.in_(inside), Alert.kind.in_(URGENT), Alert.person_id.is_not(None))
        .group_by(Alert.id, Alert.circle_id, Alert.kind, Alert.person_id, Alert.opened_at)
        .order_by(Alert.id)
    ):
        minutes = (looked_at - opened_at) / dt.timedelta(minutes=1) if looked_at else None
        if circle_id is not None and person_id is not None:
            seasons[circle_id].alarms.append((kind, person_id, minutes))


def add_cost(session: Session, inside: Select[int], seasons: Mapping[int, Season]) -> None:
    """The segments of every text that left in a circle's name, to its hosts as well."""
    segments = (
        select(Outbox.circle_id, func.sum(Outbox.segments))
        .where(Outbox.circle_id.in_(inside), text(SENT_WHERE))
        .group_by(Outbox.circle_id)
    )
    for circle_id, count in session.execute(segments):
        if circle_id is not None:
            seasons[circle_id].segments = int(count)


def rows_of(session: Session, query: Executable) -> Iterator[Any]:
    """Yield the rows of a query of columns, past the mapper, whose part in it would cost as much again.

    What is pending in the session has to be flushed before.
    """
    for some in session.connection().execute(query).partitions(FETCHED):
        yield from some


def seats_in(inside: Select[int]) -> Select[int]:
    """Ids of the seats in these circles."""
    return select(Member.id).where(Member.circle_id.in_(inside))
