"""Writes what was answered before and after a season as cells of a table, at a terminal and on a page."""

from __future__ import annotations

from assistant.circles.reports.before_after import Answers, Change, Interval
from assistant.circles.reports.report_sections import HIDDEN
from assistant.circles.reports.seated_waiting import Arm, Compared
from assistant.circles.surveys.survey_items import ITEMS


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


def arm_of(item: str, each: Arm, to: str) -> tuple[str, str, str]:
    """Who answered in one arm of a draw, who did not, and the mean or share with its interval."""
    estimate = HIDDEN
    if each.estimate is not None:
        write = _percents if ITEMS[item].by_share else _decimals
        estimate = write(each.estimate, to)
    return people_of(each.answered), people_of(each.missing), estimate


def difference_of(each: Compared, to: str) -> str:
    """How much better those seated answered, with its interval; of shares, in points of a hundred."""
    if each.difference is not None and ITEMS[each.item].by_share:
        return _percents(each.difference, to, sign="+")
    return _decimals(each.difference, to, sign="+")


def _decimals(estimate: Interval | None, to: str, sign: str = "") -> str:
    if estimate is None:
        return HIDDEN
    return f"{estimate.value:{sign}.1f} ({estimate.low:{sign}.1f}{to}{estimate.high:{sign}.1f})"


def _percents(estimate: Interval, to: str, sign: str = "") -> str:
    return f"{estimate.value:{sign}.0%} ({estimate.low:{sign}.0%}{to}{estimate.high:{sign}.0%})"
