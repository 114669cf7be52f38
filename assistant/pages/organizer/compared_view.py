"""What members answered before and after a season, as the organizer's page shows it: cells of two tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assistant.circles.reports.before_after import Answers, BeforeAfter, Change
from assistant.circles.reports.compared_cells import change_of, counts_of, estimate_of, people_of

TO: Final = "\u00a0–\u00a0"
"""An interval is not broken over two lines."""


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
    asked, answered, missing = map(people_of, (each.asked, each.answered, each.missing))
    estimate, counts = estimate_of(each, TO), counts_of(each, " · ")
    return AnswersRow(each.item, each.point, asked, answered, missing, estimate, counts)


def _change(each: Change) -> ChangeRow:
    pairs = None if each.pairs is None else people_of(each.pairs)
    return ChangeRow(each.item, each.before, each.after, pairs, people_of(each.lost), change_of(each, TO))
