"""Lets members have others' words in their own language, under the words themselves."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action


@action("on", "not_here")
def translate_for_me(ctx: ActionContext) -> ActionResult:
    """Have others' words come with a translation from now on. not_here: into this language nothing can."""
    mine = language_of(ctx)
    if not any(target == mine for _, target in ctx.identity.translates):
        return ActionResult("not_here")
    ctx.person.translated = True
    return ActionResult("on")


@action("off")
def leave_as_written(ctx: ActionContext) -> ActionResult:
    """Have others' words come as they were written, and nothing else."""
    ctx.person.translated = False
    return ActionResult("off")
