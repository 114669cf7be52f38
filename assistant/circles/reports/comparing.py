"""What is compared in a report, before with after and seated with waiting: counted now, or kept.

Of a large cohort it is counted every hour beside the drains, as its figures are (`kept_reports`): to read ten
thousand people's sealed answers takes longer than anyone who looks at a page would wait.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.reports import before_after, seated_waiting
from assistant.circles.reports.before_after import Answers, BeforeAfter, Change, Interval
from assistant.circles.reports.published import Figure
from assistant.circles.reports.report import KEPT_FOR
from assistant.circles.reports.seated_waiting import Arm, Compared, SeatedWaiting
from assistant.store.tables import Circle, Cohort, KeptReport

KEPT_AS: Final = "compared"
"""The scope of its row in `kept_report`."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All that is compared of a cohort, or of a circle without one."""

    before_after: BeforeAfter
    arms: SeatedWaiting

    def as_figures(self) -> Iterator[Figure]:
        """Yield it as a report's figures."""
        yield from before_after.as_figures(self.before_after)
        yield from seated_waiting.as_figures(self.arms)


def compare(session: Session, whose: Circle | Cohort) -> Comparisons:
    """Count now, whatever is kept."""
    return Comparisons(
        before_after.before_after(session, whose), seated_waiting.seated_waiting(session, whose)
    )


def compared_on(session: Session, whose: Circle | Cohort, now: dt.datetime) -> Comparisons:
    """Return what was counted of a large cohort in the last two hours, else what there is to count now.

    Args:
        session: Any session; nothing is changed.
        whose: A circle, or a cohort.
        now: Aware UTC.
    """
    if isinstance(whose, Cohort):
        kept = select(KeptReport.content).where(
            KeptReport.cohort_id == whose.id,
            KeptReport.scope == KEPT_AS,
            KeptReport.as_of > now - KEPT_FOR,
            KeptReport.as_of <= now,
        )
        content = session.scalar(kept)
        if content is not None:
            return unpacked(content)
    return compare(session, whose)


def packed(made: Comparisons) -> dict[str, Any]:
    """Return it as JSON keeps it."""
    return dataclasses.asdict(made)


def unpacked(content: Mapping[str, Any]) -> Comparisons:
    """Return what `packed` packed."""
    whole, arms = content["before_after"], content["arms"]
    answers = tuple(
        Answers(
            **{
                **each,
                "counts": None if each["counts"] is None else tuple(each["counts"]),
                "mean": _interval(each["mean"]),
                "share": _interval(each["share"]),
            }
        )
        for each in whole["answers"]
    )
    changes = tuple(Change(**{**each, "mean": _interval(each["mean"])}) for each in whole["changes"])
    compared = tuple(
        Compared(
            each["point"],
            each["item"],
            _arm(each["seated"]),
            _arm(each["waiting"]),
            _interval(each["difference"]),
        )
        for each in arms["compared"]
    )
    return Comparisons(
        BeforeAfter(whole["scope"], answers, changes), SeatedWaiting(**{**arms, "compared": compared})
    )


def _arm(content: Mapping[str, Any]) -> Arm:
    return Arm(content["answered"], content["missing"], _interval(content["estimate"]))


def _interval(content: Mapping[str, float] | None) -> Interval | None:
    return None if content is None else Interval(**content)
