"""What buddies are told and asked: who it is, half way, whether they connected, and what if one is quiet."""

from __future__ import annotations

from typing import Any, Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import (
    Bond,
    bonds_of,
    buddies_of,
    buddy_names,
    latest_round,
    pairable,
    seats_for,
)
from assistant.circles.buddies.relay import NUDGE_AFTER, QUIET_AFTER, unanswered_since
from assistant.circles.buddies.rematching import let_go, link, someone_else, take_in, welcome_back
from assistant.circles.buddies.rounds import is_nearly_over, round_of
from assistant.circles.people.inactivity import may_nudge
from assistant.circles.people.memberships import seats_of
from assistant.language.rendering import readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Member

ANSWERS: Final = ("yes", "not_yet", "new")


@action("pair", "trio", "alone", "none")
def meet_buddy(ctx: ActionContext) -> ActionResult:
    """Make or find the round of `week`, and whom she is with; her buddies' words reach her from now on.

    alone: there is nobody for her this week. none: she takes no part.
    """
    member, circle = ctx.member, ctx.circle
    week = ctx.values.get("week")
    if member is None or circle is None or not isinstance(week, int) or circle.state != "running":
        return ActionResult("none")
    if member.id not in {each.id for each in pairable(ctx.session, circle.id, ctx.now)}:
        return ActionResult("none")
    round_, effects = round_of(ctx.session, circle, week, ctx.now)
    if member.unpaired_at is not None:
        return ActionResult("none", effects=effects)  # The round before was one miss too many.
    if not bonds_of(ctx.session, member, week=week, told=False):
        effects += take_in(ctx.session, round_, member, ctx.now)
    fresh = [
        bond for bond in bonds_of(ctx.session, member, week=week, told=False) if bond.mine.told_at is None
    ]
    for bond in fresh:
        bond.mine.told_at = ctx.now
    ctx.session.flush()
    outcome, values = _with_whom(ctx, member)
    return ActionResult(outcome, {**values, "just_told": bool(fresh)}, effects)


@action("yes", "no")
def half_way(ctx: ActionContext) -> ActionResult:
    """Whether the pair of `pair` still stands, so that its talk has a middle; not if she hears enough."""
    bond = _bond(ctx)
    if bond is None or not bond.others or not may_nudge(ctx.session, ctx.person.id, ctx.now):
        return ActionResult("no")
    return ActionResult("yes", buddy_names(ctx.session, bond.members, language_of(ctx)))


@action("pair", "trio", "none")
def look_back(ctx: ActionContext) -> ActionResult:
    """Whom she was with this week, to be asked about; none: nobody."""
    if ctx.member is None or ctx.member.state != "active":
        return ActionResult("none")
    outcome, values = _with_whom(ctx, ctx.member)
    return ActionResult("none" if outcome == "alone" else outcome, values)


@action("kept")
def keep_did(ctx: ActionContext) -> ActionResult:
    """Keep her private answer in `did`; nobody hears it, and "new" is never paired with her again."""
    did = ctx.values.get("did")
    if ctx.member is not None and did in ANSWERS:
        for bond in bonds_of(ctx.session, ctx.member):
            bond.mine.did = did
    return ActionResult("kept")


@action("yes", "no")
def is_waited_for(ctx: ActionContext) -> ActionResult:
    """Whether a buddy's words have waited a day for her; gives `buddy` and the `day` they came."""
    bond = _bond(ctx)
    if bond is None or ctx.member is None or ctx.member.state != "active":
        return ActionResult("no")
    waiting = [
        (since, person)
        for seat, _, person in bond.others
        if (since := unanswered_since(ctx.session, seat, bond.mine)) and since <= ctx.now - NUDGE_AFTER
    ]
    if not waiting or not may_nudge(ctx.session, ctx.person.id, ctx.now):
        return ActionResult("no")
    since, person = min(waiting, key=lambda each: each[0])
    zone = home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))
    values = {"day": readable_day(since.astimezone(zone).date(), language_of(ctx))}
    return ActionResult("yes", {**values, **({"buddy": person.name} if person.name else {})})


@action("ask", "wait", "no")
def is_waiting(ctx: ActionContext) -> ActionResult:
    """Whether her words have waited three days for every buddy of hers.

    ask: `other_buddy` could be with her as well. wait: nobody could.
    """
    bond = _bond(ctx)
    if bond is None or ctx.member is None or ctx.member.state != "active" or not bond.others:
        return ActionResult("no")
    for seat, _, _ in bond.others:
        since = unanswered_since(ctx.session, bond.mine, seat)
        if since is None or since > ctx.now - QUIET_AFTER:
            return ActionResult("no")
    if not may_nudge(ctx.session, ctx.person.id, ctx.now):
        return ActionResult("no")
    values: dict[str, Any] = dict(buddy_names(ctx.session, bond.members[:1], language_of(ctx)))
    other = someone_else(ctx.session, ctx.member, ctx.now)
    if other is None:
        return ActionResult("wait", values)
    name = buddy_names(ctx.session, [other], language_of(ctx)).get("buddy")
    return ActionResult("ask", {**values, "other": other.id, **({"other_buddy": name} if name else {})})


@action("linked", "gone")
def link_also(ctx: ActionContext) -> ActionResult:
    """Link her with the one offered in `other` too; gone: that cannot be any more."""
    other = ctx.session.get(Member, int(ctx.values.get("other") or 0))
    if ctx.member is None or other is None:
        return ActionResult("gone")
    joined, effects = link(ctx.session, ctx.member, other)
    if not joined:
        return ActionResult("gone")
    for bond in bonds_of(ctx.session, ctx.member, told=False):
        bond.mine.told_at = bond.mine.told_at or ctx.now
    ctx.session.flush()
    return ActionResult(
        "linked",
        buddy_names(ctx.session, buddies_of(ctx.session, ctx.member), language_of(ctx)),
        effects,
    )


@action("pair", "several", "alone", "unpaired", "none")
def whose_buddy(ctx: ActionContext) -> ActionResult:
    """Who her buddies are, in all her circles; unpaired: she is left out of pairing for now."""
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    if not seats:
        return ActionResult("none")
    unpaired = [member for member in seats if member.unpaired_at is not None]
    buddies = [buddy for member in seats for buddy in buddies_of(ctx.session, member)]
    if unpaired:
        return ActionResult("unpaired", member=unpaired[0])
    outcome = ("alone", "pair")[len(buddies)] if len(buddies) < 2 else "several"
    return ActionResult(
        outcome,
        buddy_names(ctx.session, buddies, language_of(ctx)),
        member=seats[0] if len(seats) == 1 else None,
    )


@action("paired")
def pair_again(ctx: ActionContext) -> ActionResult:
    """Take part in pairing again, from now on; where a round is under way she gets a buddy at once."""
    effects: tuple[Effect, ...] = ()
    if ctx.member is not None:
        ctx.member.unpaired_at, ctx.member.misses = None, 0
        ctx.session.flush()
        effects = welcome_back(ctx.session, ctx.member, ctx.now)
    return ActionResult("paired", effects=effects)


@action("unpaired")
def rest_from_buddies(ctx: ActionContext) -> ActionResult:
    """Leave her out of pairing until she says otherwise; her seat stays."""
    effects: tuple[Effect, ...] = ()
    if ctx.member is not None:
        ctx.member.unpaired_at = ctx.member.unpaired_at or ctx.now
        ctx.session.flush()
        effects = let_go(ctx.session, ctx.member, ctx.now)
    return ActionResult("unpaired", effects=effects)


def _with_whom(ctx: ActionContext, member: Member) -> tuple[str, dict[str, Any]]:
    buddies = buddies_of(ctx.session, member)
    values: dict[str, Any] = dict(buddy_names(ctx.session, buddies, language_of(ctx)))
    if len(buddies) != 1 or ctx.circle is None:
        return ("trio" if buddies else "alone"), values
    knows = seats_for(ctx.session, ctx.circle, buddies, ctx.now)[0].knows
    if knows:
        values |= {"skill": shorten(knows, PLACEHOLDERS["skill"].longest), "skilled": True}
    return "pair", values


def _bond(ctx: ActionContext) -> Bond | None:
    """Her place in the pair of `pair`, if that is one of those she is in now, and its round is not over."""
    if ctx.member is None or ctx.circle is None:
        return None
    round_ = latest_round(ctx.session, ctx.circle.id)
    if round_ is None or is_nearly_over(ctx.circle, round_, ctx.now):
        return None
    return next(
        (bond for bond in bonds_of(ctx.session, ctx.member) if bond.pair.id == ctx.values.get("pair")),
        None,
    )
