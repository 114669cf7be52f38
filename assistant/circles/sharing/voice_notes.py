"""What becomes of a voice note that was said back: its words go, or the voice itself, and never both."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.people.carried_media import MEDIA, forget
from assistant.circles.sharing.unrouted_messages import HELD
from assistant.store.tables import Media


@action("kept")
def keep_words_alone(ctx: ActionContext, *, media: tuple[int, ...] = ()) -> ActionResult:
    """Take the words for the member's own, and forget the voice."""
    mine = Media.id.in_(media) & (Media.person_id == ctx.person.id)
    forget(ctx.session, mine, ctx.now)
    return ActionResult("kept", {MEDIA: []})


@action("kept")
def keep_voice_alone(ctx: ActionContext, *, voice: str = "") -> ActionResult:  # noqa: ARG001
    """Let the voice itself go to whom the member chooses; of its words nobody reads any."""
    return ActionResult("kept", {HELD: voice})
