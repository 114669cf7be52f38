"""Tells those who may know of a rally, after its writer's yes, and sets what comes of it in a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.registry import action
from assistant.circles.exchange.lifetimes import daytime
from assistant.circles.exchange.listings import name_in
from assistant.circles.rallies.rally_drafts import draft_of, hosts_to_tell
from assistant.circles.rallies.who_may_know import buddies_to_tell, circle_to_tell, told_at
from assistant.circles.sharing.shares import is_in
from assistant.circles.sharing.unrouted_messages import give_to_host
from assistant.language.exchange.money_and_links import needs_look
from assistant.language.languages import LANGUAGES, spoken
from assistant.schedule.local_time import at_wall, home, zone_of
from assistant.schedule.waits import USUAL_HOUR
from assistant.store.tables import Approach, Circle, Listing, Member

CARE_ON: Final = (3, 10, 30)
"""Days after it on which whoever rallied hears that others think of them: after the first rush of help, when
thins out, and when it is mostly over."""
GATHERED_AFTER: Final = dt.timedelta(days=1)
"""So long after a joy was told, what others said to it comes in one text."""
LASTS: Final = dt.timedelta(days=31)


@action("posted", "look", "nobody", "gone")
def post_rally(ctx: ActionContext, *, listing: int = 0, chosen_seats: tuple[int, ...] = ()) -> ActionResult:
    """Tell those who may know, each in their daytime; nobody: none of them can be told any more."""
    found, member, circle = draft_of(ctx, listing), ctx.member, ctx.circle
    if found is None or member is None or circle is None or not is_in(member):
        return ActionResult("gone")
    if needs_look(found.words or ""):
        return ActionResult("look")
    found.posted_at, found.state, found.ends_at = ctx.now, "open", ctx.now + LASTS
    effects = list(
        _tell_hosts(ctx, found, member)
        if found.audience == "host"
        else _tell_members(ctx, found, chosen_seats)
    )
    if not effects:
        found.posted_at, found.state = None, "draft"
        return ActionResult("nobody")
    effects += _what_comes_of_it(ctx, found, member, circle)
    ctx.session.flush()
    done = "joy" if found.need == "joy" and found.audience != "host" else found.audience or ""
    return ActionResult("posted", {"rally": done}, tuple(effects))


def _tell_members(ctx: ActionContext, listing: Listing, chosen: Sequence[int]) -> Iterator[Effect]:
    if listing.audience == "circle":
        seats, wave = circle_to_tell(ctx, listing), "rally"
    elif listing.audience == "buddy":
        seats, wave = buddies_to_tell(ctx, listing), "chosen"
    else:
        named = circle_to_tell(ctx, listing, chosen=True)
        seats, wave = [seat for seat in named if seat.id in chosen], "chosen"
    for seat in seats:
        due = told_at(ctx, seat, chosen=wave == "chosen")
        approach = Approach(listing_id=listing.id, member_id=seat.id, wave=wave, due_at=due)
        ctx.session.add(approach)
        ctx.session.flush()
        values = {"listing": listing.id, "approach": approach.id}
        yield Start(seat.person_id, "stand_by", values, seat.id, due_at=due)


def _tell_hosts(ctx: ActionContext, listing: Listing, member: Member) -> Iterator[Effect]:
    """The words go to the host as any words for the host do, who answers with @; and what would help."""
    hosts = hosts_to_tell(ctx, member)
    if not hosts:
        return
    yield from give_to_host(ctx, held=listing.words or "").effects
    for host in hosts:
        language = spoken(host.language or (ctx.circle.language if ctx.circle else None))
        placeholders: dict[str, Any] = {
            "writer": name_in(ctx.person, language),
            "said": LANGUAGES[language].labels[f"need_{listing.need or 'listen'}"],
        }
        yield Tell(host.id, "rally_need", placeholders, circle_id=member.circle_id)


def _what_comes_of_it(
    ctx: ActionContext, listing: Listing, member: Member, circle: Circle
) -> Iterator[Effect]:
    """Set the notes of care after something hard; after a joy, when what others said to it comes."""
    if listing.need == "joy":
        if listing.audience != "host":
            due = daytime(ctx.person, circle, ctx.now + GATHERED_AFTER)
            yield Start(ctx.person.id, "joy_gathered", {"listing": listing.id}, member.id, due_at=due)
        return
    zone = home(zone_of(ctx.person.zone, circle.zone))
    today = ctx.now.astimezone(zone).date()
    for days in CARE_ON:
        hour = dt.time(ctx.person.hour or USUAL_HOUR)
        due = daytime(ctx.person, circle, at_wall(today + dt.timedelta(days=days), hour, zone))
        values: dict[str, Any] = {"listing": listing.id, "day": str(days)}
        yield Start(ctx.person.id, "rally_care", values, member.id, due_at=due)
