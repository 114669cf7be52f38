"""Settles which of the circles she hosts a command is about, and lets nobody near any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.choices import circle_label, number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.people.permissions import circle_for, hosted_by
from assistant.language.folding import split_words
from assistant.store.tables import Circle, Conversation, Question

NOT_WORTH_COMING_BACK_TO: Final = ("hosted_circle", "status")
"""Flows whose questions are over once she asks for something else."""


@action("one", "several", "none")
def which_hosted(ctx: ActionContext) -> ActionResult:
    """The circle this is about: the conversation's own, that whose code her words name, or her only one.

    several: `hosted` and `options` list them. Where `text` begins with a code ("CHECKIN MAPLE how are you?"),
    the rest stays in `text`; so does it in `code`, for what takes no words ("STATUS MAPLE").
    """
    forget_asked(ctx, *NOT_WORTH_COMING_BACK_TO)
    if (already := hosted(ctx)) is not None:
        return ActionResult("one", circle=already)
    circles = hosted_by(ctx.session, ctx.person.id)
    if not circles:
        return ActionResult("none")
    text = str(ctx.values.get("text") or ctx.values.get("code") or "")
    if words := split_words(text):
        named = [circle for circle in circles if circle.code == words[0].plain.upper()]
        if named:
            rest = {"text": text[words[0].end :].lstrip(" :,.-")}
            return ActionResult("one", rest | ({"code": ""} if "code" in ctx.values else {}), circle=named[0])
    if len(circles) == 1:
        return ActionResult("one", circle=circles[0])
    return ActionResult("several", list_circles(ctx, circles))


@action("taken", "none")
def take_hosted(ctx: ActionContext) -> ActionResult:
    """Go on with the circle she chose in `hosted_circle`."""
    chosen = str(ctx.values.get("hosted_circle") or "")
    circle = circle_for(ctx.session, ctx.person.id, int(chosen)) if chosen.isdigit() else None
    return ActionResult("taken", circle=circle) if circle is not None else ActionResult("none")


def hosted(ctx: ActionContext) -> Circle | None:
    """The circle of this conversation, as long as she still hosts it; every action of hers asks anew."""
    return circle_for(ctx.session, ctx.person.id, ctx.circle.id) if ctx.circle is not None else None


def forget_asked(ctx: ActionContext, *flows: str) -> None:
    """She has gone on to something else: what these flows asked her before is not asked again."""
    rows = ctx.session.execute(
        select(Question, Conversation)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(Question.person_id == ctx.person.id, Question.flow.in_(flows), Question.state != "closed")
    )
    for question, conversation in rows.all():
        question.state, question.outcome, question.closed_at = "closed", "replaced", ctx.now
        conversation.ended_at = ctx.now
    ctx.session.flush()


def list_circles(ctx: ActionContext, circles: Sequence[Circle]) -> dict[str, object]:
    """Values by which she is asked which of several circles she means."""
    labels = [circle_label(circle, plain=ctx.person.plain) for circle in circles]
    listed = [{"key": str(circle.id), "label": label} for circle, label in zip(circles, labels, strict=True)]
    return {"hosted": listed, "options": number_options(labels)}
