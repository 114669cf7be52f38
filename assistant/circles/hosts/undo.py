"""Takes back the last thing that can be: what was done less than a minute ago, a move, or words given."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from assistant.circles.actions.asking_again import forget_asked
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.pending_actions import happened, newest, take_back
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.membership.travel import HOUR, MOVES, last_move, take_back_move
from assistant.circles.sharing.given_words import last_given
from assistant.store.tables import Member, PendingAction, Person

STILL_MEANT: Final = dt.timedelta(minutes=10)
"""So long after a pending action was done, UNDO is taken to mean it, and told that it is too late."""

TRAVEL: Final = "travel"


@action("pending_action", "too_late", "place", "hour", "words", "nothing")
def undo(ctx: ActionContext) -> ActionResult:
    """Take back what came last: an action within its minute (`did` is its kind), a move (or hour), or words.

    too_late: the last action has been done already. words: the last thing was something given to others;
    what becomes of it is for the flow to say.
    """
    pending, move = newest(ctx), last_move(ctx.session, ctx.person.id, (*MOVES, HOUR))
    given = last_given(ctx.session, ctx.person.id, private=True)
    done_at = max(
        (each for each in (pending and pending.created_at, move and move.began_at) if each), default=None
    )
    if given is not None and (done_at is None or given.at > done_at):
        return ActionResult("words")
    if pending is not None and (move is None or move.began_at <= pending.created_at):
        if take_back(ctx, pending):
            return ActionResult("pending_action", _about(ctx, pending))
        if happened(pending, ctx.now) and pending.held_until and pending.held_until > ctx.now - STILL_MEANT:
            return ActionResult("too_late", _about(ctx, pending))
    if move is None:
        return ActionResult("nothing")
    take_back_move(ctx, move)
    if move.flow == HOUR:
        return ActionResult("hour")
    forget_asked(ctx, TRAVEL)  # How long a trip is that was taken back is asked no more.
    return ActionResult("place")


@action("yes", "no")
def holds_something(ctx: ActionContext) -> ActionResult:
    """Whether something that the person did is still held, or was done just now: DELETE may mean that."""
    pending = newest(ctx)
    held = pending is not None and pending.held_until is not None and pending.held_until > ctx.now
    return ActionResult("yes" if held and pending and pending.state == "held" else "no")


def _about(ctx: ActionContext, pending: PendingAction) -> dict[str, Any]:
    values = {"did": pending.kind}
    if pending.member_id is not None:
        member = ctx.session.get_one(Member, pending.member_id)
        values |= other_name_of(ctx.session.get_one(Person, member.person_id))
    return values
