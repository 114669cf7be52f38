"""Goes on in the language that a person has just chosen, and says plainly where nobody else reads it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import AskAgain, Effect, Reword
from assistant.circles.actions.registry import action
from assistant.circles.people.known_rows import ASKED
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.roster import members_of
from assistant.language.languages import spoken
from assistant.store.tables import Circle, Outbox

FEWEST: Final = 2
"""Others in a circle, from which on it is told that none of them shares a language."""


@action("shared", "alone")
def go_on_in_language(ctx: ActionContext) -> ActionResult:
    """Have what waits said in the language of the person, and the open question put again if it was read.

    alone: in one of their circles nobody else is written to in it.
    """
    effects: tuple[Effect, ...] = (Reword(), AskAgain()) if _was_asked(ctx) else (Reword(),)
    language = spoken(ctx.person.language)
    for _, circle in seats_of(ctx.session, ctx.person.id):
        if _is_alone(ctx, circle, language):
            return ActionResult("alone", {"circle": circle.name}, effects)
    return ActionResult("shared", effects=effects)


def _was_asked(ctx: ActionContext) -> bool:
    """Whether a question is open that has left: one that still waits to be sent is worded anew as it is."""
    asked = next((each for each in ASKED.of(ctx.session, ctx.person.id) if each.state == "open"), None)
    if asked is None:
        return False
    waits = select(Outbox.id).where(
        Outbox.person_id == ctx.person.id,
        Outbox.conversation_id == asked.conversation_id,
        Outbox.state == "queued",
    )
    return ctx.session.scalar(waits.limit(1)) is None


def _is_alone(ctx: ActionContext, circle: Circle, language: str) -> bool:
    others = [each for each in members_of(ctx.session, [circle]) if each.person.id != ctx.person.id]
    spoken_by = {spoken(each.person.language or circle.language) for each in others}
    return len(others) >= FEWEST and language not in spoken_by
