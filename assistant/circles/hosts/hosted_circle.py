"""Settles which of a host's circles a command is about, and lets nobody near any other."""

from __future__ import annotations

from typing import Final

from assistant.circles.actions.asking_again import forget_asked
from assistant.circles.actions.choices import circle_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.people.permissions import circle_for, hosted_by
from assistant.language.folding import split_words
from assistant.store.tables import Circle

NOT_WORTH_COMING_BACK_TO: Final = ("hosted_circle", "status")
"""Flows whose questions are over once the host asks for something else."""


@action("one", "several", "none")
def which_hosted(ctx: ActionContext, *, text: str = "", code: str | None = None) -> ActionResult:
    """Find the circle this is about: the conversation's own, the one whose code is named, or the only one.

    several: `hosted` and `options` list them. Where `text` begins with a code ("CHECKIN MAPLE how are you?"),
    the rest stays in `text`; so does it in `code`, for what takes no words ("STATUS MAPLE").
    """
    forget_asked(ctx, *NOT_WORTH_COMING_BACK_TO)
    if (already := hosted(ctx)) is not None:
        return ActionResult("one", circle=already)
    circles = hosted_by(ctx.session, ctx.person.id)
    if not circles:
        return ActionResult("none")
    said = text or code or ""
    if words := split_words(said):
        named = [circle for circle in circles if circle.code == words[0].plain.upper()]
        if named:
            rest = {"text": said[words[0].end :].lstrip(" :,.-")}
            return ActionResult("one", rest | ({} if code is None else {"code": ""}), circle=named[0])
    if len(circles) == 1:
        return ActionResult("one", circle=circles[0])
    choices = ((circle.id, circle) for circle in circles)
    return ActionResult("several", circle_choices("hosted", choices, plain=ctx.person.plain))


@action("taken", "none")
def take_hosted(ctx: ActionContext, *, hosted_circle: str = "") -> ActionResult:
    """Go on with the circle that was chosen in `hosted_circle`."""
    known = hosted_circle.isdigit()
    circle = circle_for(ctx.session, ctx.person.id, int(hosted_circle)) if known else None
    return ActionResult("taken", circle=circle) if circle is not None else ActionResult("none")


def hosted(ctx: ActionContext) -> Circle | None:
    """Return the conversation's circle, as long as the person still hosts it; every action asks anew."""
    return circle_for(ctx.session, ctx.person.id, ctx.circle.id) if ctx.circle is not None else None
