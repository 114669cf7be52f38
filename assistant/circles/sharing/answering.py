"""Lets a member answer whose words came last by just replying; whom it goes to is always said first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.going_along import go_along
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.relay import knows_that_words_wait
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.reachability import is_away
from assistant.circles.sharing.news_lines import name_for
from assistant.circles.sharing.shares import apart_from
from assistant.language.commands.addressing import named_in
from assistant.language.phones.contacts import has_contact, without_contacts
from assistant.store.tables import (
    Approach,
    Conversation,
    Goal,
    GoalStep,
    Listing,
    Member,
    Note,
    Outbox,
    Person,
    Question,
    Share,
)
from assistant.store.tables.circle_tables import SEATED

AROUND: Final = dt.timedelta(hours=1)
"""Words that came so shortly before a question may be what is answered instead."""
STILL_ANSWERED: Final = dt.timedelta(days=2)
"""So long after words came they are what somebody may be answering."""
ANSWERS: Final = "answer_writer"
"""The flow that carries an answer; whoever goes on writing goes on to the same person."""
WAITS: Final = "notices/answer_to_you"


@dataclass(frozen=True, slots=True)
class Writer:
    """A member whose words came last, as the reader knows them."""

    member_id: int
    name: str
    """Empty where they wrote without a name."""


def last_writers(ctx: ActionContext) -> list[Writer]:
    """Return whose words stood in what reached this person last, if anyone's did.

    What came in one turn counts as one: a READ shows several texts. Nobody from another circle.
    """
    last = last_text(ctx)
    if ctx.member is None or last is None:
        return []
    texts = select(Outbox).where(Outbox.person_id == ctx.person.id, Outbox.created_at == last.created_at)
    refs = _carried(ctx.session.scalars(texts.order_by(Outbox.id)))
    found = _writers_of(ctx, refs)
    if not refs and last.conversation_id is not None:
        before = ctx.session.get_one(Conversation, last.conversation_id)
        to = before.values.get("to_seat")
        if before.flow == ANSWERS and isinstance(to, int):
            found = {to: bool(before.values.get("to_named"))}
    return _known(ctx, found)


def linked_with(ctx: ActionContext) -> list[Writer]:
    """Return whom an ask or offer of this circle links the person with now: they may write without @, too.

    Nobody on a shared phone, where no name could say who is meant.
    """
    if ctx.member is None or ctx.person.plain:
        return []
    mine = ctx.member.id
    rows = ctx.session.execute(
        select(Listing.member_id, Approach.member_id)
        .join(Approach, Approach.listing_id == Listing.id)
        .where(Approach.link_ends_at > ctx.now, or_(Listing.member_id == mine, Approach.member_id == mine))
    )
    apart = apart_from(ctx.session, ctx.person.id)
    seats = {seat: ctx.session.get_one(Member, seat) for row in rows for seat in row if seat != mine}
    return _known(ctx, {each.id: True for each in seats.values() if each.person_id not in apart})


def writers_about(ctx: ActionContext, question: Question, words: str) -> list[Writer]:
    """Return whom words may be for instead of answering an open question; nobody: they answer it.

    Whose words came after the question; or a little before it, if these words name one of them.
    """
    last = last_text(ctx)
    if ctx.member is None or last is None:
        return []
    if last.created_at > question.opened_at and (writers := last_writers(ctx)):
        return choices_of(writers, words)
    texts = select(Outbox).where(
        Outbox.person_id == ctx.person.id,
        Outbox.sent_at > question.opened_at - AROUND,
        Outbox.carries.is_not(None),
    )
    writers = _known(ctx, _writers_of(ctx, _carried(ctx.session.scalars(texts.order_by(Outbox.id)))))
    named = choices_of(writers, words)
    return named if len(named) == 1 and _names(words, named) else []


def last_text(ctx: ActionContext) -> Outbox | None:
    """Return the text that reached a person last, if it still may be what they answer."""
    return ctx.session.scalars(
        select(Outbox)
        .where(Outbox.person_id == ctx.person.id, Outbox.sent_at > ctx.now - STILL_ANSWERED)
        .order_by(Outbox.sent_at.desc(), Outbox.id.desc())
        .limit(1)
    ).first()


def _carried(texts: Iterable[Outbox]) -> list[str]:
    return [ref for text in texts for ref in (text.carries or "").split() if not ref.endswith(ONLY_A_SIGN)]


def _names(words: str, writers: Iterable[Writer]) -> set[int]:
    return set(named_in(words, {each.member_id: each.name for each in writers if each.name}))


def choices_of(writers: Iterable[Writer], held: str) -> list[Writer]:
    """Return those of them who may be meant by the held words: one, if the words name one."""
    writers = list(writers)
    named = _names(held, writers)
    return [each for each in writers if each.member_id in named] if len(named) == 1 else writers


@action("clean", "number", "gone")
def check_answer(ctx: ActionContext, *, held: str = "", to_seat: int = 0) -> ActionResult:
    """Whether the held words can go to the seat in `to_seat`; number: they could reach someone."""
    seat = _seat(ctx, to_seat)
    if seat is None or not held.strip():
        return ActionResult("gone", {"held": ""})
    return ActionResult("number" if has_contact(held, ctx.identity.country) else "clean")


@action("passed", "gone")
def answer_writer(ctx: ActionContext, *, held: str = "", to_seat: int = 0) -> ActionResult:
    """Carry the held words to the member they answer, under the writer's first name, and to nobody else."""
    return _answer(ctx, held.strip(), to_seat)


@action("passed", "gone")
def answer_without(ctx: ActionContext, *, held: str = "", to_seat: int = 0) -> ActionResult:
    """Carry them without what could reach anyone."""
    return _answer(ctx, without_contacts(held, ctx.identity.country).strip(), to_seat)


def _answer(ctx: ActionContext, words: str, to_seat: int) -> ActionResult:
    seat = _seat(ctx, to_seat)
    if seat is None or ctx.member is None or not any(sign.isalnum() for sign in words):
        return ActionResult("gone", {"held": ""})
    reader = ctx.session.get_one(Person, seat.person_id)
    # To someone who wants to hear no more nothing goes, and nothing shows that.
    if reader.id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("passed", {"held": ""})
    note = Note(
        circle_id=seat.circle_id,
        from_member_id=ctx.member.id,
        to_member_id=seat.id,
        kind="answer",
        words=words,
        at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    ctx.session.add(note)
    ctx.session.flush()
    not_shown = go_along(ctx, [("note", note.id)], [reader.id])
    told = reader.plain and knows_that_words_wait(ctx, reader, WAITS)
    if told or is_away(ctx.session, seat, ctx.identity.sender):
        return ActionResult("passed", {"held": ""}, not_shown)
    placeholders = {"writer": name_for(ctx.person, reader.language or language_of(ctx)), "words": words}
    effect = Tell(
        reader.id,
        "answer_to_you",
        placeholders,
        purpose="relay",
        circle_id=seat.circle_id,
        verbatim=("words",),
        member_id=seat.id,
        carries=f"note:{note.id}{ONLY_A_SIGN if reader.plain else ''}",
    )
    return ActionResult("passed", {"held": ""}, (effect, *not_shown))


def _writers_of(ctx: ActionContext, refs: Iterable[str]) -> Mapping[int, bool]:
    """Return the seats whose words these rows are, and whether under their names."""
    found: dict[int, bool] = {}
    for ref in refs:
        kind, _, number = ref.partition(":")
        row = ctx.session.get(_ROWS[kind], int(number)) if kind in _ROWS and number.isdigit() else None
        if isinstance(row, Share):
            found[row.member_id] = found.get(row.member_id, False) or row.named
        elif (
            isinstance(row, Note) and row.kind != "hour"
        ):  # An hour is for two while it lasts, and then over.
            found[row.from_member_id] = found.get(row.from_member_id, False) or row.named
        elif isinstance(row, GoalStep):
            found[ctx.session.get_one(Goal, row.goal_id).member_id] = True
        elif isinstance(row, Goal):
            found[row.member_id] = True
    return found


_ROWS: Final = {"share": Share, "note": Note, "goal": Goal, "step": GoalStep}


def _known(ctx: ActionContext, found: Mapping[int, bool]) -> list[Writer]:
    """Return those who can be told apart: several without a name cannot, nor can names on a shared phone."""
    assert ctx.member is not None
    rows = ctx.session.execute(
        select(Member.id, Person.name)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.id.in_(found),
            Member.id != ctx.member.id,
            Member.circle_id == ctx.member.circle_id,
            Member.state.in_(SEATED),
        )
        .order_by(Member.id)
    )
    longest = PLACEHOLDERS["other_name"].longest
    writers = [
        Writer(
            row.id, shorten(row.name, longest) if row.name and found[row.id] and not ctx.person.plain else ""
        )
        for row in rows
    ]
    unnamed = [each for each in writers if not each.name]
    return [each for each in writers if each.name or len(unnamed) == 1]


def _seat(ctx: ActionContext, seat_id: int) -> Member | None:
    seat = ctx.session.get(Member, seat_id)
    mine = ctx.member is not None and ctx.member.promised_at is not None
    if seat is None or ctx.member is None or not mine or seat.circle_id != ctx.member.circle_id:
        return None
    return seat if seat.state in SEATED else None
