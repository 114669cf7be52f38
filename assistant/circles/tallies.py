"""Counts what a circle answered to one question: each outcome, and who has answered; never the words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.store.tables import Answer, Member, Question


@dataclass(frozen=True, slots=True)
class Tally:
    """What a circle's members came to, each counted once, by her newest answer."""

    outcomes: Counter[str]
    """How many came to each outcome, "skip" among them."""
    answered: frozenset[int]
    """Ids of the members who answered or passed."""
    asked: frozenset[int]
    """Ids of the members who were asked."""

    @property
    def waiting(self) -> frozenset[int]:
        """Ids of the members who were asked and have not answered."""
        return self.asked - self.answered


def tally(session: Session, circle_id: int, flow: str, steps: Collection[str], since: dt.datetime) -> Tally:
    """Count the answers to some steps of a flow, asked of a circle's members since a moment.

    Args:
        flow: The flow whose steps they are.
        steps: Ways of asking the same, such as a group check-in with and without a host's own words.
        since: Aware UTC; questions opened before do not count.
    """
    asked = (
        select(Question.id, Question.member_id)
        .join(Member, Member.id == Question.member_id)
        .where(
            Member.circle_id == circle_id,
            Question.flow == flow,
            Question.step.in_(steps),
            Question.opened_at >= since,
        )
        .subquery()
    )
    members = session.scalars(select(asked.c.member_id).distinct())
    answers = session.execute(
        select(asked.c.member_id, Answer.outcome)
        .join(asked, asked.c.id == Answer.question_id)
        .order_by(Answer.id)
    )
    newest: dict[int, str] = {row.member_id: row.outcome for row in answers}
    return Tally(Counter(newest.values()), frozenset(newest), frozenset(members))
