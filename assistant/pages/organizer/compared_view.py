"""What members answered before and after a season, as the organizer's page shows it: cells of two tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.circles.reports.before_after import Answers, BeforeAfter, Change, Interval
from assistant.circles.reports.report_sections import HIDDEN


@dataclass(frozen=True, slots=True)
class AnswersRow:
    """How one question was answered at one point."""

    item: str
    point: str
    asked: str
    answered: str
    missing: str
    estimate: str
    """The mean, or the share of good answers, with its 95 % interval."""
    counts: str
    """How many gave each answer, the lowest first."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """How the answers of the same people differ between two points."""

    item: str
    before: str
    after: str
    pairs: str | None
    """None: too few to compare."""
    lost: str
    estimate: str


def answers_of(made: BeforeAfter) -> Sequence[AnswersRow]:
    """Return a row for each question at each point."""
    return [_answers(each) for each in made.answers]


def changes_of(made: BeforeAfter) -> Sequence[ChangeRow]:
    """Return a row for each question and two points."""
    return [_change(each) for each in made.changes]


def _answers(each: Answers) -> AnswersRow:
    estimate = _percents(each.share) if each.share is not None else _decimals(each.mean)
    counts = " · ".join(map(str, each.counts)) if each.counts is not None else HIDDEN
    asked, answered, missing = map(_count, (each.asked, each.answered, each.missing))
    return AnswersRow(each.item, each.point, asked, answered, missing, estimate, counts)


def _change(each: Change) -> ChangeRow:
    pairs = None if each.pairs is None else _count(each.pairs)
    return ChangeRow(
        each.item, each.before, each.after, pairs, _count(each.lost), _decimals(each.mean, sign="+")
    )


def _count(number: int | None) -> str:
    return HIDDEN if number is None else str(number)


def _decimals(estimate: Interval | None, sign: str = "") -> str:
    if estimate is None:
        return HIDDEN
    return f"{estimate.value:{sign}.1f} ({estimate.low:{sign}.1f} – {estimate.high:{sign}.1f})"


def _percents(estimate: Interval) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} – {estimate.high:.0%})"
