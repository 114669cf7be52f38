"""Counts what one check-in of a host's came to: who has answered, and each outcome; never the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.store.tables import Answer, Conversation, Member, PendingAction, Question

FLOW: Final = "group_check_in"
ANSWERS: Final = ("how", "how_words")
"""What the answer to a check-in is kept as; words that she wrote afterwards are none."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a check-in came to, each member counted once, by her newest answer."""

    answers: Mapping[int, Answer]
    """Member's id -> her answer, a SKIP among them."""
    waiting: frozenset[int]
    """Ids of the members who were asked, are still here, and have not answered."""
    coming: frozenset[int]
    """Ids of the members who will be asked when their day begins."""

    @property
    def answered(self) -> frozenset[int]:
        """Ids of the members who answered or passed."""
        return frozenset(self.answers)

    @property
    def asked(self) -> frozenset[int]:
        """Ids of all whom it is about, whether they answered or not."""
        return self.answered | self.waiting | self.coming

    @property
    def complete(self) -> bool:
        """Whether nobody is left to answer."""
        return bool(self.answers) and not self.waiting and not self.coming

    @property
    def outcomes(self) -> Counter[str]:
        """How many came to each outcome: ok, not_ok, text (own words), skip."""
        return Counter(answer.outcome for answer in self.answers.values())


def tally(session: Session, pending: PendingAction) -> Tally:
    """Count the answers to a check-in: only those promised to its host, and only to this one question."""
    members: Collection[int] = pending.details.get("members") or ()
    conversations = session.scalars(
        select(Conversation).where(
            Conversation.member_id.in_(members),
            Conversation.flow == FLOW,
            Conversation.began_at >= pending.created_at,
        )
    )
    hers = {
        each.id: each.member_id
        for each in conversations
        if each.member_id is not None and each.values.get("pending_action") == pending.id
    }
    questions = session.execute(
        select(Question.id, Question.conversation_id).where(
            Question.conversation_id.in_(hers), Question.visible_to == "host"
        )
    ).all()
    asked = {question_id: hers[conversation_id] for question_id, conversation_id in questions}
    answers = session.scalars(
        select(Answer)
        .where(Answer.question_id.in_(asked), Answer.key.in_(ANSWERS), Answer.visible_to == "host")
        .order_by(Answer.id)
    )
    newest = {asked[answer.question_id]: answer for answer in answers}
    here = set(session.scalars(select(Member.id).where(Member.id.in_(members), Member.state == "active")))
    return Tally(
        newest,
        frozenset(here & set(asked.values()) - set(newest)),
        frozenset(here - set(hers.values())),
    )
