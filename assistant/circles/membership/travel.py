"""Follows someone to another clock for a while, and back: at the day they named, or by HOME."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.membership.profile import PlaceSaid, go_by_it, whereabouts
from assistant.language.rendering import readable_date
from assistant.language.times.dates import read_date
from assistant.schedule.local_time import home, zone_of
from assistant.schedule.wall import at_wall
from assistant.store.tables import Conversation

MOVES: Final = ("moved", "travel")
"""The flows that change the clock; each keeps in `previous` what it was before."""
HOUR: Final = "texting_hour"
"""The flow that changes the hour alone, and keeps the same in `previous`."""
FEW: Final = 5
BACK: Final = "back_home"
LONGEST_TRIP: Final = dt.timedelta(days=180)
"""Who is away for longer has moved."""


@action("remembered")
def remember_home(ctx: ActionContext) -> ActionResult:
    """Keep where the person is at home among the values: in the midst of a trip it is where that began."""
    trip = _trip(ctx)
    here = whereabouts(ctx.person)
    return ActionResult("remembered", {"previous": trip.values["previous"] if trip is not None else here})


@action("dated", "open", "unclear")
def plan_return(ctx: ActionContext, *, place: PlaceSaid | None = None, until: str = "") -> ActionResult:
    """Read until when the person is away: from an answer (`until`, a date), or what was said with the place.

    dated: the clock changes back by itself after `date`, the last day there. open: nothing says until when.
    """
    trip = {"trip": ctx.now.isoformat(), "until": ""}
    said = until or (place.until if place is not None else "")
    if not said:
        return ActionResult("open", trip)
    zone = home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))
    today = ctx.now.astimezone(zone).date()
    day = read_date(said, now=ctx.now, zone=zone.key, country=ctx.identity.country)
    if day is None or not today <= day <= today + LONGEST_TRIP:
        return ActionResult("unclear", {**trip, "place": None})
    over = at_wall(day + dt.timedelta(days=1), dt.time(0), zone)
    back = Start(ctx.person.id, BACK, {"trip": trip["trip"]}, due_at=over, at_once=True)
    return ActionResult("dated", {**trip, "date": readable_date(day, language_of(ctx))}, (back,))


@action("home", "nothing")
def go_home(ctx: ActionContext, *, trip: str = "") -> ActionResult:
    """Live by the clock of home again; nothing: the person is on no trip, or not on this one any more.

    Args:
        ctx: Of whoever is home, or of the timer of the day that was named.
        trip: Only that trip: the timer's.
    """
    now_on = _trip(ctx)
    if now_on is None or (trip and now_on.values["trip"] != trip):
        return ActionResult("nothing")
    take_back_move(ctx, now_on)
    return ActionResult("home")


def last_move(session: Session, person_id: int, flows: Sequence[str] = MOVES) -> Conversation | None:
    """Return the person's last move to another place (or hour: `HOUR`), if it was not taken back."""
    moves = session.scalars(
        select(Conversation)
        .where(Conversation.person_id == person_id, Conversation.flow.in_(flows))
        .order_by(Conversation.id.desc())
        .limit(FEW)
    )
    # The one that is being told right now has nothing to go back to yet.
    last = next((move for move in moves if move.values.get("previous") is not None), None)
    return None if last is None or last.values.get("undone") else last


def take_back_move(ctx: ActionContext, move: Conversation) -> None:
    """Live by the clock from before a move; it counts no more. An hour wished for since then stays."""
    previous, wished = move.values["previous"], last_move(ctx.session, ctx.person.id, (HOUR,))
    if move.flow != HOUR:
        ctx.person.place, ctx.person.zone = previous["place"], previous["zone"]
    if wished is None or wished.id <= move.id:
        ctx.person.hour = previous["hour"]
    go_by_it(ctx)
    move.values = {**move.values, "undone": True}


def _trip(ctx: ActionContext) -> Conversation | None:
    move = last_move(ctx.session, ctx.person.id)
    return move if move is not None and move.values.get("trip") else None
