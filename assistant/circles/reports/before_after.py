"""Compares how members were before a season, at its end and twelve weeks on: counts, intervals, missing.

It is told of a cohort, or of a circle that belongs to none: a circle's part of a cohort's figures would be
had by subtraction. Nothing about fewer than five people is shown (`suppression`), and nothing is compared
below `FEWEST_COMPARED`. How many gave each answer is shown only where every one of them is; else a mean alone
stands there, from which no single answer can be had.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from assistant.circles.reports.published import COHORT, Figure
from assistant.circles.reports.suppression import FEWEST, Cell, hide
from assistant.circles.surveys.survey_items import ASKED_AT, ITEMS, LASTING, Item
from assistant.store.tables import Applicant, Circle, Cohort, Member, Person, SeatDraw, Survey, SurveyAnswer

FEWEST_COMPARED: Final = 20
"""Fewer people, or pairs of answers, than this are not compared."""
CHANGES: Final = (("joining", "end"), ("joining", "later"), ("end", "later"))
Z: Final = statistics.NormalDist().inv_cdf(0.975)
"""Half of the width of a 95 % interval, in standard errors; from 20 on Student's differs by a few percent."""

Scores = Mapping[tuple[str, str], Mapping[int, int]]
"""(point, item) -> person -> the number."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Answers:
    """How one question was answered at one point."""

    point: str
    item: str
    asked: int | None
    """None, here and below: hidden, for it is fewer than five people or would give such a number away."""
    answered: int | None
    missing: int | None
    """Asked, and not answered: skipped, declined, or silent."""
    counts: tuple[int, ...] | None
    """How many gave each answer, the lowest first; None: not all of these can be shown."""
    mean: Interval | None
    """Of all but `share`'s questions; None: of fewer than 20."""
    share: Interval | None
    """Whose answer was a good one (Wilson's interval); None as for `mean`, or too few on either side."""


@dataclass(frozen=True, slots=True)
class Change:
    """How the answers of the same people differ between two points; above nought is better."""

    item: str
    before: str
    after: str
    pairs: int | None
    """People who answered both times; None: too few to compare."""
    lost: int | None
    """People who answered before and not after; None: hidden."""
    mean: Interval | None
    """The mean of the differences (of a share: of good answers, 1 or 0)."""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """All of it, in the order of asking; empty where nobody was asked, or it is told of the cohort alone."""

    scope: str
    answers: tuple[Answers, ...] = ()
    changes: tuple[Change, ...] = ()


def before_after(session: Session, whose: Circle | Cohort) -> BeforeAfter:
    """Count what members answered before and after, with what must be hidden hidden.

    Args:
        session: Any session; nothing is changed.
        whose: A cohort, or a circle; of one that belongs to a cohort nothing is told by itself.
    """
    if isinstance(whose, Circle) and whose.cohort_id is not None:
        return BeforeAfter(whose.code)
    scope = COHORT if isinstance(whose, Cohort) else whose.code
    inside = Circle.cohort_id == whose.id if isinstance(whose, Cohort) else Circle.id == whose.id
    asked, scores = read_scores(session, select(Circle.id).where(inside))
    answers = tuple(
        _answers(point, item, asked[point], scores.get((point, item), {}))
        for point, items in ASKED_AT.items()
        if point in asked
        for item in items
    )
    changes = tuple(
        _change(item, before, after, scores)
        for item in LASTING
        for before, after in CHANGES
        if before in asked and after in asked
    )
    return BeforeAfter(scope, answers, changes)


def as_figures(made: BeforeAfter) -> Iterator[Figure]:
    """Yield it as a report's figures: the period is the point, or the two that are compared."""
    for each in made.answers:
        numbers: dict[str, float | None] = {
            f"{each.item}_asked": each.asked,
            f"{each.item}_answered": each.answered,
            f"{each.item}_missing": each.missing,
        }
        for place, score in enumerate(ITEMS[each.item].scores):
            numbers[f"{each.item}_{score}"] = each.counts[place] if each.counts is not None else None
        name = f"{each.item}_share" if ITEMS[each.item].by_share else f"{each.item}_mean"
        numbers |= parts_of(name, each.share if ITEMS[each.item].by_share else each.mean)
        for figure, value in numbers.items():
            yield Figure(made.scope, each.point, figure, value, value is None)
    for change in made.changes:
        period = f"{change.before} to {change.after}"
        numbers = {f"{change.item}_pairs": change.pairs, f"{change.item}_lost": change.lost}
        numbers |= parts_of(f"{change.item}_change", change.mean)
        for figure, value in numbers.items():
            yield Figure(made.scope, period, figure, value, value is None)


def mean_of(values: Sequence[float]) -> Interval:
    """Return the mean of at least two values with its interval."""
    mean = statistics.fmean(values)
    half = Z * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def share_of(good: int, people: int) -> Interval:
    """Return the share of so many of these people, with Wilson's score interval."""
    share, spread = good / people, Z * Z / people
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / people + spread / (4 * people)) / (1 + spread)
    return Interval(share, middle - half, middle + half)


def read_scores(
    session: Session, inside: Select[int]
) -> tuple[dict[str, set[int]], dict[tuple[str, str], dict[int, int]]]:
    """Return which members of these circles were asked at each point, and what they answered.

    Whoever is forgotten is nowhere in it, nor who was put on the waiting list first: `seated_waiting` counts
    them, and the difference of the two must not be a few people.
    """
    waited = (
        select(Applicant.person_id)
        .join(SeatDraw, SeatDraw.id == Applicant.draw_id)
        .where(
            Applicant.arm == "waiting",
            SeatDraw.cohort_id.in_(select(Circle.cohort_id).where(Circle.id.in_(inside))),
        )
    )
    rows = session.execute(
        select(Survey.id, Survey.point, Member.person_id)
        .join(Member, Member.id == Survey.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Member.circle_id.in_(inside), Person.erased_at.is_(None), Person.id.not_in(waited))
        .order_by(Survey.id)
    ).all()
    asked: dict[str, set[int]] = {}
    for _, point, person_id in rows:
        asked.setdefault(point, set()).add(person_id)
    of_survey = {survey_id: (point, person_id) for survey_id, point, person_id in rows}
    scores: dict[tuple[str, str], dict[int, int]] = {}
    given = (
        select(SurveyAnswer.survey_id, SurveyAnswer.item, SurveyAnswer.score)
        .join(Survey, Survey.id == SurveyAnswer.survey_id)
        .join(Member, Member.id == Survey.member_id)
        .where(Member.circle_id.in_(inside), SurveyAnswer.score.is_not(None))
        .order_by(SurveyAnswer.survey_id)
    )
    for survey_id, item, score in session.execute(given):
        if survey_id in of_survey and score is not None:
            point, person_id = of_survey[survey_id]
            scores.setdefault((point, item), {})[person_id] = int(score)
    return asked, scores


def _answers(point: str, name: str, asked: set[int], scores: Mapping[int, int]) -> Answers:
    item = ITEMS[name]
    silent = asked - set(scores)
    cells = {
        # Of the two that would give away how few are missing, what was answered is worth more.
        "asked": Cell(len(asked), (asked,), withheld=len(silent) < FEWEST),
        "answered": Cell(len(scores), (set(scores),)),
        "missing": Cell(len(silent), (silent,)),
    }
    hidden = hide(cells, [("asked", ["answered", "missing"])])
    shown = {key: None if key in hidden else int(cell.value or 0) for key, cell in cells.items()}
    given = Counter(scores.values())
    counts = tuple(given[score] for score in item.scores)
    enough = len(scores) >= FEWEST_COMPARED
    return Answers(
        point,
        name,
        **shown,
        counts=counts if min(counts) >= FEWEST and "answered" not in hidden else None,
        mean=mean_of(list(scores.values())) if enough and not item.by_share else None,
        share=_share(item, scores) if enough and item.by_share else None,
    )


def _share(item: Item, scores: Mapping[int, int]) -> Interval | None:
    good = sum(score >= item.good_from for score in scores.values())
    return share_of(good, len(scores)) if FEWEST <= good <= len(scores) - FEWEST else None


def _change(name: str, before: str, after: str, scores: Scores) -> Change:
    item = ITEMS[name]
    first, second = scores.get((before, name), {}), scores.get((after, name), {})
    both = sorted(first.keys() & second.keys())
    lost = len(first.keys() - second.keys())
    gone = lost if lost >= FEWEST else None
    if len(both) < FEWEST_COMPARED:
        return Change(name, before, after, None, gone, None)
    differences = [_weight(item, second[person]) - _weight(item, first[person]) for person in both]
    return Change(name, before, after, len(both), gone, mean_of(differences))


def _weight(item: Item, score: int) -> int:
    return int(score >= item.good_from) if item.by_share else score


def parts_of(name: str, estimate: Interval | None) -> dict[str, float | None]:
    """Return an estimate and the ends of its interval as figures; None: it is hidden."""
    if estimate is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
