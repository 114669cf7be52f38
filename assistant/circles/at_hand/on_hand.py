"""Keeps when a member is glad to be there for someone at once, by their own clock; taken back any time."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.sharing.shares import is_in
from assistant.language.exchange.hand_windows import OFF, names_of, read_windows
from assistant.language.languages import LANGUAGES, spoken


@action("set", "off", "ask", "not_yet")
def hear_on_hand(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Keep the windows that `text` names; ask: it names none, or more than windows."""
    if not is_in(ctx.member):
        return ActionResult("not_yet", {"text": ""})
    said = read_windows(text)
    if said is None:
        return ActionResult("ask", {"text": "", "options": windows_said(ctx)})
    ctx.person.on_hand = " ".join(said)
    ctx.session.flush()
    return ActionResult("off" if said == (OFF,) else "set", {"text": "", "options": windows_said(ctx)})


def windows_said(ctx: ActionContext) -> str:
    """Return the windows in which the person is on hand, as a text has them; "" where there are none."""
    labels = LANGUAGES[spoken(language_of(ctx))].labels
    return ", ".join(labels[f"hand_{name}"] for name in names_of(ctx.person.on_hand))
