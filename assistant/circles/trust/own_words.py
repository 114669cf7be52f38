"""Lists everything a person wrote that is kept, or that someone has read: once each, wherever it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.circles.people.carried_media import tied_to
from assistant.circles.people.receipts import Read, Ref, reads_of
from assistant.circles.sharing.given_words import PASSED_ON, PRIVATE, TO_A_HOST
from assistant.language.languages import FALLBACK, LANGUAGES
from assistant.store.tables import (
    Answer,
    Applicant,
    Goal,
    GoalStep,
    Inbox,
    Introduced,
    Introduction,
    Listing,
    Member,
    Note,
    PendingAction,
    Person,
    Share,
    Survey,
    SurveyAnswer,
)

POLL: Final = "poll"
SURVEY: Final = "survey"
"""Kind of numbers that are only counted: of nobody but whoever gave them are they shown one by one."""
HOSTS_OWN: Final = ("say", "note", "check_in", POLL)
"""What hosts do in words of their own; members may ask a poll, too."""
REVIEWED: Final = "evidence"
"""Kind of what is read in a review, which is never told one by one."""


@dataclass(slots=True)
class Own:
    """Words that were given at once, with every row that keeps them."""

    kind: str
    """answer | share | note | listing | sentence | said | poll | goal | step | survey | text"""
    at: dt.datetime
    circle_id: int | None
    words: str | None
    """None: taken back, or kept nowhere."""
    for_all: bool = False
    """Whether the circle was to see it."""
    private: bool = False
    """Whether nobody was."""
    refs: set[Ref] = field(default_factory=set)
    reads: list[Read] = field(default_factory=list)


def own_words(session: Session, person_id: int) -> list[Own]:
    """Return what a person wrote, the newest first, each with everyone else's readings of it.

    What is one thing to its writer is one here: an answer and what was shared of it, a line to two buddies.
    What was taken back is here as long as someone had read it.
    """
    rows = session.execute(select(Member.id, Member.circle_id).where(Member.person_id == person_id))
    seats = {row.id: row.circle_id for row in rows}
    found = _answers(session, person_id, seats)
    _join_shares(session, seats, found)
    _join_notes(session, seats, found)
    _join_goals(session, seats, found)
    found += _listings(session, seats)
    found += _sentences(session, person_id)
    found += _said(session, person_id)
    found += _counted(session, person_id, seats)
    at = {ref: own for own in found for ref in own.refs}
    reads = [read for read in reads_of(session, person_id) if read.ref[0] != REVIEWED]
    found += _texts(session, {read.ref[1] for read in reads if read.ref[0] == "text"}, at)
    found += _replaced(reads, at)
    for read in reads:
        if read.ref in at:
            at[read.ref].reads.append(read)
    kept = [own for own in found if own.reads or own.words]
    return sorted(kept, key=lambda own: own.at, reverse=True)


def _answers(session: Session, person_id: int, seats: dict[int, int]) -> list[Own]:
    wanted = or_(Answer.outcome == "text", (Answer.visible_to == "host") & Answer.outcome.in_(TO_A_HOST))
    rows = session.scalars(select(Answer).where(Answer.person_id == person_id, wanted).order_by(Answer.id))
    return [
        Own(
            "answer",
            answer.at,
            seats.get(answer.member_id or 0),
            answer.words,
            for_all=answer.visible_to == "circle",
            private=answer.visible_to == PRIVATE,
            refs={("answer", answer.id)},
        )
        for answer in rows
    ]


def _join_shares(session: Session, seats: dict[int, int], found: list[Own]) -> None:
    answers = {number: own for own in found for kind, number in own.refs if kind == "answer"}
    for share in session.scalars(select(Share).where(Share.member_id.in_(seats)).order_by(Share.id)):
        own = answers.get(share.answer_id or 0)
        if own is None:
            own = Own("share", share.at, share.circle_id, share.words)
            found.append(own)
        own.refs.add(("share", share.id))
        own.for_all, own.private = True, False


def _join_notes(session: Session, seats: dict[int, int], found: list[Own]) -> None:
    """A line that was asked for is an answer, too; one to two buddies is one line."""
    asked = select(Answer.id).where(Answer.member_id.in_(seats), Answer.key.in_(PASSED_ON))
    lines = {("answer", number) for number in session.scalars(asked)}
    answers = [own for own in found if own.refs & lines]
    same: dict[tuple[int, dt.datetime, int | None], Own] = {}
    notes = select(Note).where(Note.from_member_id.in_(seats)).order_by(Note.id)
    for note in session.scalars(notes):
        key = (note.from_member_id, note.at, note.inbox_id)
        own = same.get(key)
        if own is None:
            said = note.words or ""
            own = next((each for each in answers if said and said in (each.words or "")), None)
            own = own or Own("note", note.at, note.circle_id, note.words)
            if own.kind == "answer":
                own.kind, own.private = "note", False
            else:
                found.append(own)
            same[key] = own
        own.refs.add(("note", note.id))


def _join_goals(session: Session, seats: dict[int, int], found: list[Own]) -> None:
    """A goal or a step is what an answer said, where there was a question."""
    goals = session.scalars(select(Goal).where(Goal.member_id.in_(seats)).order_by(Goal.id)).all()
    of_goal = {goal.id: seats[goal.member_id] for goal in goals}
    steps = session.scalars(select(GoalStep).where(GoalStep.goal_id.in_(of_goal)).order_by(GoalStep.id))
    held = [("goal", goal.id, goal.set_at, of_goal[goal.id], goal.words) for goal in goals]
    held += [("step", step.id, step.set_at, of_goal[step.goal_id], step.words) for step in steps]
    for kind, number, at, circle_id, words in held:
        said = (words or "").strip()
        own = next((each for each in found if said and (each.words or "").strip() == said), None)
        if own is None:
            own = Own(kind, at, circle_id, words)
            found.append(own)
        own.refs.add((kind, number))


def _listings(session: Session, seats: dict[int, int]) -> Iterator[Own]:
    """Asks and offers: for the circle, once they were posted."""
    rows = session.scalars(select(Listing).where(Listing.member_id.in_(seats)).order_by(Listing.id))
    for listing in rows:
        ref = ("listing", listing.id)
        posted = listing.state != "draft"
        yield Own("listing", listing.created_at, listing.circle_id, listing.words, for_all=posted, refs={ref})


def _sentences(session: Session, person_id: int) -> Iterator[Own]:
    """What someone wrote of themselves, or of two whom they introduced, for those two alone."""
    rows = session.execute(
        select(Introduced, Introduction.circle_id)
        .join(Introduction, Introduction.id == Introduced.introduction_id)
        .where(Introduced.written_by == person_id)
        .order_by(Introduced.id)
    )
    for side, circle_id in rows:
        assert side.written_at is not None
        yield Own("sentence", side.written_at, circle_id, side.words, refs={("sentence", side.id)})


def _said(session: Session, person_id: int) -> Iterator[Own]:
    rows = session.scalars(
        select(PendingAction).where(
            PendingAction.by_person_id == person_id,
            PendingAction.kind.in_(HOSTS_OWN),
            PendingAction.state == "done",
            PendingAction.words.is_not(None),
        )
    )
    for said in rows:
        kind = POLL if said.kind == POLL else "said"
        at = said.settled_at or said.created_at
        yield Own(kind, at, said.circle_id, said.words, refs={("said", said.id)})


def _counted(session: Session, person_id: int, seats: dict[int, int]) -> Iterator[Own]:
    """Numbers that were answered before and after a season, which are only counted: nobody reads them."""
    applied = select(Applicant.id).where(Applicant.person_id == person_id)
    rows = session.execute(
        select(SurveyAnswer, Survey.member_id)
        .join(Survey, Survey.id == SurveyAnswer.survey_id)
        .where(
            or_(Survey.member_id.in_(seats), Survey.applicant_id.in_(applied)),
            SurveyAnswer.score.is_not(None),
        )
        .order_by(SurveyAnswer.survey_id, SurveyAnswer.item)
    )
    labels = LANGUAGES[session.get_one(Person, person_id).language or FALLBACK].labels
    for given, member_id in rows:
        said = f"{labels[f'survey_{given.item}']}: {given.score}, {given.at:%Y-%m-%d}"
        ref = (SURVEY, given.survey_id)
        yield Own(
            SURVEY, given.at, seats.get(member_id) if member_id else None, said, private=True, refs={ref}
        )


def _texts(session: Session, ids: Iterable[int], at: dict[Ref, Own]) -> list[Own]:
    """What went from hand to hand while someone was looked after, and stands in no other row."""
    texts = session.scalars(select(Inbox).where(Inbox.id.in_(list(ids)))).all()
    found = [Own("text", text.received_at, None, None, refs={("text", text.id)}) for text in texts]
    at |= {ref: own for own in found for ref in own.refs}
    return found


def _replaced(reads: Iterable[Read], at: dict[Ref, Own]) -> list[Own]:
    """What someone wrote of another, who read it and put words of their own in its place."""
    gone = {read.ref: read.at for read in reads if read.ref[0] == "sentence" and read.ref not in at}
    found = [Own("sentence", moment, None, None, refs={ref}) for ref, moment in gone.items()]
    at |= {ref: own for own in found for ref in own.refs}
    return found


def to_copy(session: Session, person_id: int) -> Sequence[Own]:
    """Return what can be handed back to its writer: all that is kept, the oldest first, each wording once.

    What came with a picture or a voice is another thing each time.
    """
    kept = [own for own in reversed(own_words(session, person_id)) if own.words and own.words.strip()]
    said = list(dict.fromkeys((own.words or "").strip() for own in kept))
    whole = {each for each in said if not any(each != other and each in other for other in said)}
    media = tied_to(session, {ref for own in kept for ref in own.refs})
    first: dict[tuple[object, ...], Own] = {}
    for own in kept:
        words = (own.words or "").strip()
        along = {each.id for ref in own.refs for each in media.get(ref, ())}
        if words in whole or along:
            first.setdefault((words, *sorted(along)), own)
    return list(first.values())
