"""Writes what was answered before and after a season as cells of a table, at a terminal and on a page."""

from __future__ import annotations

from assistant.circles.reports.before_after import Answers, Change, Interval
from assistant.circles.reports.report_sections import HIDDEN


def people_of(number: int | None) -> str:
    """A number of people, or the sign that it is hidden."""
    return HIDDEN if number is None else str(number)


def counts_of(each: Answers, between: str) -> str:
    """How many gave each answer, the lowest first."""
    return HIDDEN if each.counts is None else between.join(map(str, each.counts))


def estimate_of(each: Answers, to: str) -> str:
    """The mean, or the share of good answers, with its interval; `to` stands between the interval's ends."""
    return _percents(each.share, to) if each.share is not None else _decimals(each.mean, to)


def change_of(each: Change, to: str) -> str:
    """The mean of the differences with its interval."""
    return _decimals(each.mean, to, sign="+")


def _decimals(estimate: Interval | None, to: str, sign: str = "") -> str:
    if estimate is None:
        return HIDDEN
    return f"{estimate.value:{sign}.1f} ({estimate.low:{sign}.1f}{to}{estimate.high:{sign}.1f})"


def _percents(estimate: Interval, to: str) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%}{to}{estimate.high:.0%})"
