"""Finds what a person gave last to circle, buddy or host, wherever it is kept, and erases it everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.circles.people.carried_media import forget_with
from assistant.circles.people.carried_words import call_back, forget_values
from assistant.circles.people.receipts import shown_in
from assistant.circles.sharing.news_planning import tell_again
from assistant.store.tables import (
    Alert,
    Answer,
    Conversation,
    Goal,
    GoalStep,
    Inbox,
    Member,
    Note,
    PairMember,
    Question,
    Share,
)

PRIVATE: Final = "us"
TO_A_HOST: Final = ("text", "ok", "not_ok")
"""Outcomes of an answer that a host is told in so many words."""
PASSED_ON: Final = ("line", "held", "thanks")
"""Keys of answers whose words went on to one person as a note."""
PROFILE: Final = "teach"
"""Key of the answer that buddies hear when they are introduced."""
FEW_TEXTS: Final = 4
"""Among so many texts, from the one that gave it, are its second halves."""
WORTH_ERASING: Final = 3
"""Characters; what is shorter ("1") says nothing by itself."""
TAKEN_BACK: Final = "taken_back"
"""The key of an answer that was taken back: it answers nothing any more."""


@dataclass(slots=True)
class Given:
    """Words that were given at once, with every row that keeps them."""

    member: Member
    words: str
    at: dt.datetime
    inbox_id: int | None
    visible_to: str
    """us | host | buddy | circle"""
    answer: Answer | None = None
    share: Share | None = None
    notes: Sequence[Note] = ()
    other: str | None = None
    """Which row of another room it is, as texts name it: "listing:5"."""

    @property
    def ref(self) -> str:
        """Which it is, to be found again by `find`."""
        if self.other is not None:
            return self.other
        if self.answer is not None:
            return f"answer:{self.answer.id}"
        return f"share:{self.share.id}" if self.share is not None else f"note:{self.notes[0].id}"

    @property
    def order(self) -> tuple[dt.datetime, int, bool]:
        return self.at, self.inbox_id or 0, self.visible_to != PRIVATE


@dataclass(frozen=True, slots=True)
class Keeper:
    """Another room that keeps what members give, and how it finds and erases that."""

    kind: str
    """What texts call its rows, before the number."""
    find: Callable[[Session, Sequence[int], int | None], list[Given]]
    """Given seats, and an id or None: that one, or the last, or none."""
    erase: Callable[[Session, Given, dt.datetime], set[int]]
    """Erases it from its own rows and calls it back; returns whom it has reached."""


_KEEPERS: dict[str, Keeper] = {}


def keeps_words(keeper: Keeper) -> None:
    """Let DELETE take back what a room above this one keeps."""
    _KEEPERS[keeper.kind] = keeper


def last_given(session: Session, person_id: int, *, private: bool) -> Given | None:
    """Return what a person gave last, in any circle; None when there is nothing.

    Args:
        private: Whether words that nobody else was to see count as well.
    """
    seats = session.scalars(select(Member.id).where(Member.person_id == person_id)).all()
    found = [*_answers(session, seats, private=private), *_shares(session, seats), *_notes(session, seats)]
    found += [given for keeper in _KEEPERS.values() for given in keeper.find(session, seats, None)]
    return max(found, key=lambda given: given.order, default=None)


def find(session: Session, person_id: int, ref: str) -> Given | None:
    """Return what `Given.ref` names, if it is this person's and still there."""
    kind, _, number = ref.partition(":")
    seats = session.scalars(select(Member.id).where(Member.person_id == person_id)).all()
    if not number.isdigit():
        return None
    if kind == "answer":
        found = _answers(session, seats, private=True, only=int(number))
    elif kind == "share":
        found = _shares(session, seats, only=int(number))
    elif kind in _KEEPERS:
        found = _KEEPERS[kind].find(session, seats, int(number))
    else:
        found = _notes(session, seats, only=int(number))
    return next(iter(found), None)


def erase(session: Session, given: Given, now: dt.datetime) -> set[int]:
    """Erase the words from every row, and call back the texts in which they travel.

    Returns:
        Ids of the other people whom they have reached, or may have.
    """
    if given.other is not None:
        reached = _KEEPERS[given.other.partition(":")[0]].erase(session, given, now)
        said = {given.words.strip()}
        _erase_values(session, given.member.person_id, [], said)
        _erase_texts(session, given.member.person_id, {given.inbox_id}, said, now)
        return reached - {given.member.person_id}
    answers, shares, notes = _rows(session, given)
    carried = [
        *(f"answer:{each.id}" for each in answers),
        *(f"share:{each.id}" for each in shares),
        *(f"note:{each.id}" for each in notes),
    ]
    reached = call_back(session, given.member.circle_id, carried, "taken back", now)
    forget_with(session, [ref for each in carried for ref in shown_in(each)], now)
    rows: list[Answer | Share | Note] = [*answers, *shares, *notes]
    said = {words.strip() for each in rows if (words := each.words)}
    witnessed = _goals_of(session, given.member, said)
    reached |= call_back(session, given.member.circle_id, witnessed, "taken back", now)
    tell_again(session, given.member.circle_id, now)
    reached |= _introduced(session, given, answers)
    if any(answer.key == PROFILE for answer in answers):
        forget_values(session, reached, carried)
    _erase_goals(session, given.member, said, now)
    for row in rows:
        row.words, row.erased_at = None, now
    for answer in answers:
        answer.value, answer.key = None, TAKEN_BACK
    _erase_values(session, given.member.person_id, answers, said)
    _erase_texts(session, given.member.person_id, {row.inbox_id for row in rows}, said, now)
    session.flush()
    return reached - {given.member.person_id}


def forget_answers(session: Session, person_id: int, answers: Sequence[Answer], now: dt.datetime) -> None:
    """Erase answers that went nowhere yet, with the texts by which they came and what conversations keep."""
    said = {each for answer in answers if (words := answer.words) for each in (words.strip(), _line(words))}
    forget_with(session, [ref for each in answers for ref in shown_in(f"answer:{each.id}")], now)
    for answer in answers:
        answer.words, answer.value, answer.key, answer.erased_at = None, None, TAKEN_BACK, now
    _erase_values(session, person_id, answers, said)
    _erase_texts(session, person_id, {each.inbox_id for each in answers}, said, now)
    session.flush()


def _line(words: str) -> str:
    return " ".join(words.split())


def _answers(
    session: Session, seats: Sequence[int], *, private: bool, only: int | None = None
) -> list[Given]:
    to_others = Answer.visible_to != PRIVATE
    texts = select(Answer).where(
        Answer.member_id.in_(seats),
        Answer.words.is_not(None),
        Answer.key != TAKEN_BACK,
        or_(Answer.outcome == "text", (Answer.visible_to == "host") & Answer.outcome.in_(TO_A_HOST)),
    )
    if only is not None:
        newest = [texts.where(Answer.id == only)]
    else:
        newest = [texts.where(to_others).order_by(Answer.id.desc()).limit(1)]
        if private:
            newest.append(texts.where(~to_others).order_by(Answer.id.desc()).limit(1))
    return [
        Given(
            session.get_one(Member, answer.member_id),
            answer.words or "",
            answer.at,
            answer.inbox_id,
            answer.visible_to,
            answer=answer,
        )
        for texts in newest
        for answer in session.scalars(texts)
    ]


def _shares(session: Session, seats: Sequence[int], only: int | None = None) -> list[Given]:
    """What was shared and is no answer: a step done, a goal reached."""
    shares = select(Share).where(
        Share.member_id.in_(seats), Share.words.is_not(None), Share.answer_id.is_(None)
    )
    if only is not None:
        shares = shares.where(Share.id == only)
    share = session.scalars(shares.order_by(Share.id.desc()).limit(1)).first()
    if share is None:
        return []
    member = session.get_one(Member, share.member_id)
    return [Given(member, share.words or "", share.at, share.inbox_id, "circle", share=share)]


def _notes(session: Session, seats: Sequence[int], only: int | None = None) -> list[Given]:
    """A line to a buddy or a kind line; to several buddies it is one line."""
    notes = select(Note).where(Note.from_member_id.in_(seats), Note.words.is_not(None))
    if only is not None:
        notes = notes.where(Note.id == only)
    last = session.scalars(notes.order_by(Note.id.desc()).limit(1)).first()
    if last is None:
        return []
    together = session.scalars(
        select(Note)
        .where(
            Note.from_member_id == last.from_member_id,
            Note.at == last.at,
            Note.inbox_id == last.inbox_id if last.inbox_id is not None else Note.id == last.id,
        )
        .order_by(Note.id)
    )
    same = [note for note in together if note.words == last.words]
    member = session.get_one(Member, last.from_member_id)
    return [Given(member, last.words or "", last.at, last.inbox_id, "buddy", notes=same)]


def _rows(session: Session, given: Given) -> tuple[list[Answer], list[Share], list[Note]]:
    """Return every row that keeps what was given: an answer, what was shared of it, the notes it became."""
    answers = [given.answer] if given.answer is not None else []
    shares, notes = [given.share] if given.share is not None else [], list(given.notes)
    if notes and given.answer is None:
        passed_on = select(Answer).where(
            Answer.member_id == given.member.id,
            Answer.key.in_(PASSED_ON),
            Answer.words.is_not(None),
            Answer.at <= given.at,
        )
        newest = session.scalars(passed_on.order_by(Answer.id.desc()).limit(1)).first()
        answers += [newest] if newest is not None and given.words in (newest.words or "") else []
    elif given.answer is not None and given.answer.key in PASSED_ON:
        became = select(Note).where(
            Note.from_member_id == given.member.id, Note.words.is_not(None), Note.at >= given.at
        )
        # A number may have been left out of what went on; then the text that both came with tells.
        notes += [
            each
            for each in session.scalars(became)
            if (each.words or "") in given.words or (each.inbox_id and each.inbox_id == given.inbox_id)
        ]
    ids = [answer.id for answer in answers]
    shares += session.scalars(select(Share).where(Share.answer_id.in_(ids), Share.words.is_not(None)))
    return answers, shares, notes


def _introduced(session: Session, given: Given, answers: Iterable[Answer]) -> set[int]:
    """Return the buddies who were told what the member can share, since it was said."""
    if not any(answer.key == PROFILE for answer in answers):
        return set()
    mine = select(PairMember.pair_id).where(PairMember.member_id == given.member.id)
    told = (
        select(Member.person_id)
        .join(PairMember, PairMember.member_id == Member.id)
        .where(
            PairMember.pair_id.in_(mine),
            PairMember.member_id != given.member.id,
            PairMember.told_at >= given.at,
        )
    )
    return set(session.scalars(told))


def _goals_of(session: Session, member: Member, said: set[str]) -> list[str]:
    """Return the goals and steps that are these words, as the texts to buddies that carry them name them."""
    goals = session.scalars(select(Goal).where(Goal.member_id == member.id)).all()
    steps = session.scalars(select(GoalStep).where(GoalStep.goal_id.in_([goal.id for goal in goals]))).all()
    return [
        *(
            f"goal:{goal.id}"
            for goal in goals
            if {(goal.words or "").strip(), (goal.plan or "").strip()} & said
        ),
        *(
            f"step:{step.id}"
            for step in steps
            if {(step.words or "").strip(), (step.details or "").strip()} & said
        ),
    ]


def _is_said(words: Iterable[str | None], said: set[str]) -> bool:
    return any(each is not None and each.strip() in said for each in words)


def _erase_goals(session: Session, member: Member, said: set[str], now: dt.datetime) -> None:
    """Let no goal, plan or step be what was taken back; the goal before it stands again."""
    goals = session.scalars(select(Goal).where(Goal.member_id == member.id).order_by(Goal.id)).all()
    steps = session.scalars(select(GoalStep).where(GoalStep.goal_id.in_([goal.id for goal in goals]))).all()
    for step in steps:
        if step.words is not None and step.words.strip() in said:
            step.words, step.details, step.erased_at = None, None, now
        elif step.details is not None and step.details.strip() in said:
            step.details = None
    for at, goal in enumerate(goals):
        if goal.plan is not None and goal.plan.strip() in said:
            goal.plan = None
        if goal.words is None or goal.words.strip() not in said:
            continue
        goal.words, goal.plan, goal.erased_at = None, None, now
        before = goals[at - 1] if at else None
        if before is not None and goal.state == "open" and before.settled_at == goal.set_at:
            before.state, before.settled_at = "open", None
            goal.state, goal.settled_at = "changed", now
            for step in steps:
                if step.goal_id == goal.id and step.words is not None:
                    step.goal_id = before.id


def _erase_values(session: Session, person_id: int, answers: Sequence[Answer], said: set[str]) -> None:
    """Take the words out of what conversations remember."""
    asked = select(Question.conversation_id).where(Question.id.in_([each.question_id for each in answers]))
    theirs = select(Conversation).where(
        Conversation.person_id == person_id,
        or_(Conversation.ended_at.is_(None), Conversation.id.in_(asked)),
    )
    for conversation in session.scalars(theirs):
        kept = {key: _without(value, said) for key, value in conversation.values.items()}
        if kept != conversation.values:
            conversation.values = kept


def _without(value: Any, said: set[str]) -> Any:
    """Return "" for words that were taken back, or the beginning of them."""
    if not isinstance(value, str) or not value.strip():
        return value
    plain = _line(value)
    gone = any(value.strip() == each or (len(plain) > 9 and each.startswith(plain)) for each in said)
    return "" if gone else value


def _erase_texts(
    session: Session, person_id: int, inbox_ids: Iterable[int | None], said: set[str], now: dt.datetime
) -> None:
    """Erase the texts by which they came, second halves too, but none on which an alert hangs."""
    for first in {each for each in inbox_ids if each is not None}:
        texts = session.scalars(
            select(Inbox)
            .where(Inbox.person_id == person_id, Inbox.id >= first, Inbox.body.is_not(None))
            .order_by(Inbox.id)
            .limit(FEW_TEXTS)
        ).all()
        alerted = set(session.scalars(select(Alert.inbox_id).where(Alert.person_id == person_id)))
        for text in texts:
            body = (text.body or "").strip()
            part = len(body) >= WORTH_ERASING and any(body in each or each in body for each in said)
            if part and text.id not in alerted:
                text.body, text.erased_at = None, now
