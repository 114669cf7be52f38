"""Tells a host how often members called for someone now, and how soon one came: numbers, and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.registry import action
from assistant.circles.at_hand.at_hand_counts import count_nows
from assistant.circles.hosts.hosted_circle import hosted
from assistant.store.tables import Listing

LATELY: Final = dt.timedelta(days=7)


@action("told")
def tell_now_counts(ctx: ActionContext) -> ActionResult:
    """Tell the calls of the last week in the circle that this is about; where there were none, nothing."""
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("told")
    counts = count_nows(ctx.session, Listing.circle_id == circle.id, ctx.now - LATELY).get(circle.id)
    if counts is None:
        return ActionResult("told")
    said: dict[str, Any] = {"count": str(counts.called), "total": str(counts.found)}
    if counts.minutes is not None:
        said |= {"minutes": str(max(1, counts.minutes)), "came": "some"}
    lines = [Line("now_counts", said)]
    if counts.talked:
        by_phone = {"count": str(counts.talked), "minutes": str(counts.talk_minutes)}
        lines.append(Line("talk_counts", by_phone))
    return ActionResult("told", effects=(Lines(tuple(lines)),))
