"""Compares those to whom a lot gave a seat with those who waited: as they were drawn, whatever came of it.

Intention to treat: who got a seat later counts among those who waited, and who was drawn and never came among
those with a seat. Both were asked the same at the same points, so that time alone explains no difference.

How many were drawn everybody knows. So of those who answered and those who did not both are shown, or
neither, and nothing is compared where fewer than `FEWEST_COMPARED` answered in either arm. What is told of
before and after counts all members but those who waited first: where that, less the seated, would be what
fewer than five people answered, nothing of that question is shown here.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.reports.before_after import (
    FEWEST_COMPARED,
    Interval,
    Z,
    mean_of,
    parts_of,
    share_of,
)
from assistant.circles.reports.published import COHORT, Figure
from assistant.circles.reports.suppression import FEWEST
from assistant.circles.surveys.survey_items import ITEMS, LASTING, Item
from assistant.store.tables import Applicant, Circle, Cohort, Member, Person, SeatDraw, Survey, SurveyAnswer
from assistant.store.tables.circle_tables import SEATED

POINTS: Final = ("joining", "end", "later")
SEATS, WAITS = "seated", "waiting"


@dataclass(frozen=True, slots=True)
class Arm:
    """How one question was answered at one point by those of one arm."""

    answered: int | None
    """None, here and below: hidden, for one of the two is fewer than five people, or would give such away."""
    missing: int | None
    """Drawn into this arm and did not answer: not asked any more, declined, or silent."""
    estimate: Interval | None
    """The mean, or the share of good answers; None: in one of the arms fewer than 20 answered."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One question at one point, in both arms."""

    point: str
    item: str
    seated: Arm
    waiting: Arm
    difference: Interval | None
    """Seated less waiting; above nought is better."""


@dataclass(frozen=True, slots=True)
class SeatedWaiting:
    """All of it; empty where no seats were drawn."""

    seated: int = 0
    """People to whom the draw gave a seat."""
    waiting: int = 0
    joined: int | None = None
    """Of the seated, those who have ever taken their seat."""
    moved: int | None = None
    """Of those who waited, those who have ever taken a seat later."""
    compared: tuple[Compared, ...] = ()


def seated_waiting(session: Session, whose: Circle | Cohort) -> SeatedWaiting:
    """Compare the arms of a cohort's draw, with what must be hidden hidden.

    Args:
        session: Any session; nothing is changed.
        whose: A cohort; of a circle nothing is told.
    """
    if not isinstance(whose, Cohort):
        return SeatedWaiting()
    drawn = SeatDraw.cohort_id == whose.id, SeatDraw.drawn_at.is_not(None)
    rows = session.execute(
        select(Applicant.person_id, Applicant.arm)
        .join(SeatDraw, SeatDraw.id == Applicant.draw_id)
        .where(*drawn)
    ).all()
    if not rows:
        return SeatedWaiting()
    arms = {name: {person_id for person_id, arm in rows if arm == name} for name in (SEATS, WAITS)}
    came = set(
        session.scalars(
            select(Member.person_id)
            .join(Circle, Circle.id == Member.circle_id)
            .where(Circle.cohort_id == whose.id, or_(Member.joined_at.is_not(None), Member.state.in_(SEATED)))
        )
    )
    scores, of_members = _scores(session, whose)
    asked = {point for point, _ in scores}
    return SeatedWaiting(
        len(arms[SEATS]),
        len(arms[WAITS]),
        _part_of(arms[SEATS] & came, arms[SEATS]),
        _part_of(arms[WAITS] & came, arms[WAITS]),
        tuple(
            _compare(
                point,
                item,
                arms,
                scores.get((point, item), {}),
                of_members.get((point, item), set()) - arms[WAITS],
            )
            for point in POINTS
            if point in asked
            for item in LASTING
        ),
    )


def as_figures(made: SeatedWaiting) -> Iterator[Figure]:
    """Yield it as a report's figures: the period is the point."""
    if not made.seated:
        return
    whole: dict[str, float | None] = {
        "drawn_seated": made.seated,
        "drawn_waiting": made.waiting,
        "drawn_joined": made.joined,
        "drawn_moved": made.moved,
    }
    for figure, value in whole.items():
        yield Figure(COHORT, "season", figure, value, value is None)
    for each in made.compared:
        kind = "share" if ITEMS[each.item].by_share else "mean"
        for name, arm in ((SEATS, each.seated), (WAITS, each.waiting)):
            numbers = {"answered": arm.answered, "missing": arm.missing, **parts_of(kind, arm.estimate)}
            for figure, value in numbers.items():
                yield Figure(COHORT, each.point, f"{each.item}_{name}_{figure}", value, value is None)
        for figure, value in parts_of("difference", each.difference).items():
            yield Figure(COHORT, each.point, f"{each.item}_{figure}", value, value is None)


def difference_of_means(one: Sequence[float], other: Sequence[float]) -> Interval:
    """Return by how much the mean of `one` is above that of `other`, each of two values at least (Welch)."""
    value = statistics.fmean(one) - statistics.fmean(other)
    half = Z * math.sqrt(statistics.variance(one) / len(one) + statistics.variance(other) / len(other))
    return Interval(value, value - half, value + half)


def difference_of_shares(one: Interval, other: Interval) -> Interval:
    """Return by how much one share is above another, from Wilson's intervals (Newcombe's method 10)."""
    value = one.value - other.value
    down = math.hypot(one.value - one.low, other.high - other.value)
    up = math.hypot(one.high - one.value, other.value - other.low)
    return Interval(value, value - down, value + up)


def _scores(
    session: Session, cohort: Cohort
) -> tuple[dict[tuple[str, str], dict[int, int]], dict[tuple[str, str], set[int]]]:
    """Return (point, item) -> person -> number, of members and of who waits; and who answered as a member.

    Whoever was asked as both at one point counts by the first answer; whoever is forgotten not at all.
    """
    waited = select(Applicant.id).join(SeatDraw, SeatDraw.id == Applicant.draw_id)
    waited = waited.where(SeatDraw.cohort_id == cohort.id, SeatDraw.drawn_at.is_not(None))
    seats = select(Member.id).join(Circle, Circle.id == Member.circle_id).where(Circle.cohort_id == cohort.id)
    found = session.execute(
        select(Survey.point, SurveyAnswer.item, SurveyAnswer.score, Person.id, Survey.member_id)
        .join(Survey, Survey.id == SurveyAnswer.survey_id)
        .outerjoin(Member, Member.id == Survey.member_id)
        .outerjoin(Applicant, Applicant.id == Survey.applicant_id)
        .join(Person, Person.id == func.coalesce(Member.person_id, Applicant.person_id))
        .where(
            or_(Survey.member_id.in_(seats), Survey.applicant_id.in_(waited)),
            SurveyAnswer.score.is_not(None),
            Person.erased_at.is_(None),
        )
        .order_by(Survey.id)
    )
    scores: dict[tuple[str, str], dict[int, int]] = {}
    members: dict[tuple[str, str], set[int]] = {}
    for point, item, score, person_id, member_id in found:
        if score is None:
            continue
        scores.setdefault((point, item), {}).setdefault(person_id, int(score))
        if member_id is not None:
            members.setdefault((point, item), set()).add(person_id)
    return scores, members


def _compare(
    point: str,
    name: str,
    arms: Mapping[str, AbstractSet[int]],
    scores: Mapping[int, int],
    of_members: AbstractSet[int],
) -> Compared:
    item = ITEMS[name]
    by_arm = {
        arm: {person: scores[person] for person in people & scores.keys()} for arm, people in arms.items()
    }
    if 0 < len(of_members ^ by_arm[SEATS].keys()) < FEWEST:
        nothing = Arm(None, None, None)
        return Compared(point, name, nothing, nothing, None)
    enough = all(len(each) >= FEWEST_COMPARED for each in by_arm.values())
    estimates = {
        arm: _estimate(item, list(each.values())) if enough else None for arm, each in by_arm.items()
    }
    told = {}
    for arm, people in arms.items():
        answered = _part_of(by_arm[arm].keys(), people)
        missing = len(people) - answered if answered is not None else None
        told[arm] = Arm(answered, missing, estimates[arm])
    one, other = estimates[SEATS], estimates[WAITS]
    if one is None or other is None:
        difference = None
    elif item.by_share:
        difference = difference_of_shares(one, other)
    else:
        difference = difference_of_means(list(by_arm[SEATS].values()), list(by_arm[WAITS].values()))
    return Compared(point, name, told[SEATS], told[WAITS], difference)


def _estimate(item: Item, values: Sequence[int]) -> Interval | None:
    if not item.by_share:
        return mean_of(values)
    good = sum(value >= item.good_from for value in values)
    return share_of(good, len(values)) if FEWEST <= good <= len(values) - FEWEST else None


def _part_of(some: AbstractSet[int], people: AbstractSet[int]) -> int | None:
    """How many of these people, whose number is known; None: few of them did, or few did not."""
    return len(some) if FEWEST <= len(some) <= len(people) - FEWEST else None
