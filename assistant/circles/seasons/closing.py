"""Ends a season with each member: a keepsake of others' words, what comes next, a copy of the own words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.inactivity import is_left_alone
from assistant.circles.people.memberships import hosts_of
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import FALLBACK, LANGUAGES
from assistant.language.rendering import readable_date
from assistant.store.tables import Answer, Circle, Member, Note, Person, Question, Role, Timer

WISHES: Final = ("together", "another", "own", "rest")
"""What can come next, in the order in which it is asked."""
WISHES_IN: Final = dt.timedelta(days=4)
"""So long after the first wish the host hears how many there are of each."""
WISHES_FLOW: Final = "season_wishes"
KEEPABLE: Final = ("kind", "thanks")
MOST_KEPT: Final = 12
"""Notes in one keepsake: one from each of the others, and one more."""
LONGEST_CODE: Final = 12


@action("round", "later")
def open_closing(ctx: ActionContext) -> ActionResult:
    """Whether the member takes part in the last round; who reads along, or rests, gets what comes after."""
    member = ctx.member
    if member is None or member.state != "active" or is_left_alone(ctx.session, member, ctx.now):
        return ActionResult("later")
    return ActionResult("round")


@action("some", "none")
def ask_to_keep(ctx: ActionContext) -> ActionResult:
    """Whether the member wrote kind words to others that may become keepsakes; `count` is how many."""
    notes = _unasked(ctx)
    return ActionResult("some" if notes else "none", {"count": str(len(notes))})


@action("kept")
def let_keep(ctx: ActionContext) -> ActionResult:
    """Let the member's words to others stand in their keepsakes, under the writer's name."""
    for note in _unasked(ctx):
        note.may_keep = True
    return ActionResult("kept")


@action("kept_back")
def keep_from_keepsakes(ctx: ActionContext) -> ActionResult:
    """Keep the member's words to others out of every keepsake."""
    for note in _unasked(ctx):
        note.may_keep = False
    return ActionResult("kept_back")


@action("some", "plain", "none")
def find_keepsake(ctx: ActionContext) -> ActionResult:
    """Whether others wrote kind words and let them be kept; a shared phone's owner is asked first."""
    if not _keepsake(ctx):
        return ActionResult("none")
    return ActionResult("plain" if ctx.person.plain else "some")


@action("handed")
def hand_keepsake(ctx: ActionContext) -> ActionResult:
    """Hand over the words that others agreed the member keeps, each under its writer's first name."""
    told = [
        _say(ctx, "keepsake", {"writer": _first_name(writer), "words": note.words or ""}, f"note:{note.id}")
        for note, writer in _keepsake(ctx)
    ]
    return ActionResult("handed", effects=tuple(told))


@action("kept", "no_seat")
def keep_wish(ctx: ActionContext) -> ActionResult:
    """Keep the member's wish for what comes next; days later the host hears how many wish what."""
    member = ctx.member
    if member is None:
        return ActionResult("no_seat")
    for host in hosts_of(ctx.session, member.circle_id, ctx.now):
        if not _hears_already(ctx.session, host.id, member.circle_id):
            values = {"circle_id": member.circle_id}
            told = Start(host.id, WISHES_FLOW, values, due_at=ctx.now + WISHES_IN)
            return ActionResult("kept", effects=(told,))
    return ActionResult("kept")


@action("known", "unknown")
def find_end(ctx: ActionContext) -> ActionResult:
    """Until when the member's words are kept (`date`); unknown: they are gone already."""
    circle = ctx.circle
    if circle is None or circle.erase_on is None or circle.erase_on <= ctx.now.date():
        return ActionResult("unknown")
    return ActionResult("known", {"date": readable_date(circle.erase_on, language_of(ctx))})


@action("some", "none")
def count_wishes(ctx: ActionContext, *, circle_id: int = 0) -> ActionResult:
    """How many members wish for what, as `options`, without names; `together` says whether any go on."""
    circle = ctx.session.get(Circle, circle_id)
    if circle is None:
        return ActionResult("none")
    counts = Counter(_wishes(ctx.session, circle.id).values())
    if not counts:
        return ActionResult("none")
    labels = LANGUAGES[language_of(ctx)].labels
    listed = ", ".join(f"{counts[wish]} {labels[f'wish_{wish}']}" for wish in WISHES if counts[wish])
    return ActionResult("some", {"circle": circle.name, "options": listed, "count": str(counts["together"])})


@action("yes", "no")
def some_go_on(ctx: ActionContext, *, count: int = 0) -> ActionResult:  # noqa: ARG001
    """Whether anyone wants to go on together."""
    return ActionResult("yes" if count else "no")


@action("opened", "no_circle")
def open_again(ctx: ActionContext, *, circle_id: int = 0) -> ActionResult:
    """Open a new circle under the same host; those who wished to go on get its word, and join by it."""
    circle = ctx.session.get(Circle, circle_id)
    if circle is None:
        return ActionResult("no_circle")
    session = ctx.session
    again = Circle(
        cohort_id=circle.cohort_id,
        code=_next_code(session, circle.code),
        name=circle.name,
        language=circle.language,
        zone=circle.zone,
        size=circle.size,
        program=circle.program,
        state="gathering",
        created_at=ctx.now,
        surveyed=circle.surveyed,
        survey_look_at=ctx.now if circle.surveyed else None,
    )
    session.add(again)
    session.flush()
    session.add(
        Role(
            person_id=ctx.person.id,
            kind="host",
            circle_id=again.id,
            offered_at=ctx.now,
            accepted_at=ctx.now,
        )
    )
    session.flush()
    wishes = _wishes(session, circle.id)
    told = tuple(
        Tell(person_id, "together_again", {"code": again.code}, circle_id=again.id)
        for person_id, wish in wishes.items()
        if wish == "together" and person_id != ctx.person.id
    )
    return ActionResult("opened", {"code": again.code, "circle": again.name}, told)


def _unasked(ctx: ActionContext) -> Sequence[Note]:
    if ctx.member is None:
        return ()
    return ctx.session.scalars(
        select(Note).where(
            Note.from_member_id == ctx.member.id,
            Note.kind.in_(KEEPABLE),
            Note.named.is_(True),
            Note.words.is_not(None),
            Note.may_keep.is_(None),
        )
    ).all()


def _keepsake(ctx: ActionContext) -> Sequence[tuple[Note, Person]]:
    if ctx.member is None:
        return ()
    rows = ctx.session.execute(
        select(Note, Person)
        .join(Member, Member.id == Note.from_member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Note.to_member_id == ctx.member.id,
            Note.kind.in_(KEEPABLE),
            Note.named.is_(True),
            Note.words.is_not(None),
            Note.may_keep.is_(True),
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Note.id)
        .limit(MOST_KEPT)
    )
    return [(note, writer) for note, writer in rows]


def _wishes(session: Session, circle_id: int) -> dict[int, str]:
    """Each member's latest wish, by person."""
    rows = session.execute(
        select(Answer.person_id, Answer.outcome)
        .join(Member, Member.id == Answer.member_id)
        .join(Question, Question.id == Answer.question_id)
        .where(Member.circle_id == circle_id, Question.flow == "season_close", Answer.outcome.in_(WISHES))
        .order_by(Answer.id)
    )
    return {row.person_id: row.outcome for row in rows}


def _hears_already(session: Session, host_id: int, circle_id: int) -> bool:
    planned = select(Timer.values).where(Timer.person_id == host_id, Timer.flow == WISHES_FLOW)
    return any(values.get("circle_id") == circle_id for values in session.scalars(planned))


def _next_code(session: Session, code: str) -> str:
    """MAPLE, MAPLE2, MAPLE3 ...: the first that no circle has."""
    stem = code.rstrip("0123456789") or code
    taken = set(session.scalars(select(Circle.code).where(Circle.code.like(f"{stem[:8]}%"))))
    number = 2
    while (found := f"{stem[: LONGEST_CODE - len(str(number))]}{number}") in taken:
        number += 1
    return found


def _first_name(person: Person) -> str:
    return shorten(person.name or PLACEHOLDERS["other_name"].plain[FALLBACK], PLACEHOLDERS["writer"].longest)


def _say(ctx: ActionContext, notice: str, placeholders: dict[str, str], carries: str = OWN) -> Tell:
    return Tell(
        ctx.person.id,
        notice,
        placeholders,
        purpose="reply",
        circle_id=ctx.circle.id if ctx.circle else None,
        verbatim=("words",),
        carries=carries,
    )
