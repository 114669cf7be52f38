"""Tells members who is here and who knows what, as far as each agreed to be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.namesakes import told_apart
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.language.exchange.topics import likeness
from assistant.store.tables import Answer, Member, Person

TEACHES: Final = "teach"
MOST_NAMED: Final = 3
"""People whom WHO KNOWS names; more would be a list, and no answer."""


@action("shown", "plain", "alone", "not_yet")
def list_here(ctx: ActionContext, *, ok_here: str = "no") -> ActionResult:
    """Show the first names of the circle, and beside them what each is glad to be asked, where they agreed.

    `asked` says whether the reader has said yet if others may find them so.
    """
    member = ctx.member
    if member is None or not is_in(member):
        return ActionResult("not_yet")
    here = _others(ctx, member)
    if not here:
        return ActionResult("alone")
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain")
    lines = []
    for seat, person in here:
        words = teaches(ctx.session, seat) if seat.findable else None
        name = shorten(person.name or "", PLACEHOLDERS["writer"].longest)
        if words is None:
            lines.append(Line("here_name", {"writer": name}))
        else:
            said = shorten(words.words or "", PLACEHOLDERS["words"].longest)
            placeholders = {"writer": name, "words": said}
            lines.append(Line("here_knows", placeholders, verbatim=("words",), carries=f"answer:{words.id}"))
    return ActionResult("shown", effects=(Lines(tuple(lines)),))


@action("ask", "known")
def was_asked_to_be_found(ctx: ActionContext) -> ActionResult:
    """Whether the member is still to be asked if others may find them by what they share."""
    member = ctx.member
    new = member is not None and member.findable is None and teaches(ctx.session, member) is not None
    return ActionResult("ask" if new else "known")


@action("set", "no_seat")
def let_be_found(ctx: ActionContext) -> ActionResult:
    """Others may be told that the member knows what they share."""
    return _set(ctx, findable=True)


@action("set", "no_seat")
def stay_unfound(ctx: ActionContext) -> ActionResult:
    """Nobody is told by name; quiet asks still come."""
    return _set(ctx, findable=False)


@action("found", "nobody", "plain", "empty", "not_yet")
def who_knows(ctx: ActionContext, *, text: str = "", ok_here: str = "no") -> ActionResult:
    """Name who shares something like it, of those who agreed; what was asked stays in `held`, to ask them.

    `people` lists those who are named, for an introduction.

    nobody: nobody who agreed; whoever else may know is asked only by an ask, without being named.
    """
    member, wanted = ctx.member, text.strip(" ?¿!.")
    if member is None or not is_in(member):
        return ActionResult("not_yet", {"text": ""})
    if not any(sign.isalnum() for sign in wanted):
        return ActionResult("empty", {"text": ""})
    fitting: list[tuple[int, Person, Answer]] = []
    for seat, person in _others(ctx, member):
        words = teaches(ctx.session, seat) if seat.findable else None
        if words is not None and (alike := likeness(wanted, words.words or "")):
            fitting.append((alike, person, words))
    fitting.sort(key=lambda each: -each[0])
    values: dict[str, Any] = {"held": ctx.words.strip() if len(ctx.words) > len(wanted) else wanted}
    if not fitting:
        return ActionResult("nobody", values)
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain", values)
    shown = fitting[:MOST_NAMED]
    labels = told_apart(
        [person.name or "" for _, person, _ in shown], [[each.words or "" for *_, each in shown]]
    )
    values |= list_choices("people", zip((each.member_id for *_, each in shown), labels, strict=True))
    values["total"] = "one" if len(shown) == 1 else "some"
    lines = tuple(
        Line(
            "here_knows",
            {
                "writer": shorten(person.name or "", PLACEHOLDERS["writer"].longest),
                "words": shorten(words.words or "", PLACEHOLDERS["words"].longest),
            },
            verbatim=("words",),
            carries=f"answer:{words.id}",
        )
        for _, person, words in shown
    )
    return ActionResult("found", values, (Lines(lines),))


@action("meant")
def mean_to_ask(ctx: ActionContext, *, held: str = "") -> ActionResult:  # noqa: ARG001
    """Put what was looked for to the circle as an ask."""
    return ActionResult("meant", {"text": held, "held": ""})


def teaches(session: Session, member: Member) -> Answer | None:
    """Return what a member said last that they know and could share, and that the circle may see."""
    return session.scalars(
        select(Answer)
        .where(
            Answer.member_id == member.id,
            Answer.key == TEACHES,
            Answer.visible_to == "circle",
            Answer.outcome == "text",
            Answer.words.is_not(None),
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()


def _others(ctx: ActionContext, member: Member) -> Sequence[tuple[Member, Person]]:
    """Return who else takes part or reads along, by name, but nobody the reader is kept apart from."""
    rows = ctx.session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == member.circle_id,
            Member.id != member.id,
            Member.state.in_(("active", "reading")),
            Member.promised_at.is_not(None),
            Person.name.is_not(None),
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Member.id)
    )
    return sorted(((seat, person) for seat, person in rows), key=lambda each: each[1].name or "")


def _set(ctx: ActionContext, *, findable: bool) -> ActionResult:
    if ctx.member is None:
        return ActionResult("no_seat")
    ctx.member.findable = findable
    ctx.session.flush()
    return ActionResult("set")
