"""Finds the line that is open now, for whoever called and heard that nobody is free."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.help_lines import line_open_now
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Listing


@action("found")
def find_help_line(
    ctx: ActionContext, *, listing: int = 0, text: str = "", truth: str = "no_one"
) -> ActionResult:
    """Find a line that fits what is needed and is open; `truth` then says whether there is one."""
    found = ctx.session.get(Listing, listing) if listing else None
    need = (found.words if found is not None else text) or ""
    here = home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))
    line = line_open_now(ctx.identity.country, language_of(ctx), need, ctx.now, here)
    if line is None:
        return ActionResult("found", {"truth": f"{truth}_bare", "help_line": ""})
    return ActionResult("found", {"truth": truth, "help_line": line})
