"""PAGE, MY PAGE and SIGN OUT: a link to look instead of reading, and an end to every session."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.registry import action
from assistant.circles.people.page_sessions import PATH, end_sessions, links_since, make_link
from assistant.circles.people.permissions import hearing_of

MOST_LINKS: Final = 6
"""In an hour: more is nobody who only wants to look."""


@action("given", "often", "none")
def give_page_link(ctx: ActionContext) -> ActionResult:
    """Text the person a link to the page of those who run circles or the service, or to their own.

    often: they have had so many in the last hour. none: this service has no address for pages.
    """
    hears = hearing_of(ctx.session, [ctx.person.id])[ctx.person.id]
    return _give(ctx, "host" if hears & {"on_call", "operator"} else "mine")


@action("given", "often", "none")
def give_my_page_link(ctx: ActionContext) -> ActionResult:
    """Text the person a link to their own page; outcomes as of `give_page_link`."""
    return _give(ctx, "mine")


@action("ended", "nothing")
def sign_out_everywhere(ctx: ActionContext) -> ActionResult:
    """End every session of the person, and every link that was not opened yet."""
    ended = end_sessions(ctx.session, ctx.person.id, ctx.now)
    return ActionResult("ended" if ended else "nothing")


def _give(ctx: ActionContext, landing: str) -> ActionResult:
    if not ctx.identity.url:
        return ActionResult("none")
    if links_since(ctx.session, ctx.person.id, ctx.now - dt.timedelta(hours=1)) >= MOST_LINKS:
        return ActionResult("often")
    link = f"{ctx.identity.url}{PATH}{make_link(ctx.session, ctx.person.id, landing, ctx.now)}"
    return ActionResult("given", effects=(Lines((Line("page_link", {"link": link}),)),))
