"""What buddies are told and asked: who it is, half way, whether they connected, and what if one is quiet."""

from __future__ import annotations

from typing import Any, Literal

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.follow_ups import NUDGE_AFTER, QUIET_AFTER, unanswered_since
from assistant.circles.buddies.group_choice import someone_else
from assistant.circles.buddies.groups import (
    Bond,
    bonds_of,
    buddies_of,
    buddy_names,
    latest_round,
    newest_said,
    pairable,
)
from assistant.circles.buddies.pair_roles import turn_values
from assistant.circles.buddies.rematching import let_go, link, take_in, welcome_back
from assistant.circles.buddies.rounds import is_nearly_over, round_of
from assistant.circles.people.carried_words import CARRIED
from assistant.circles.people.inactivity import may_nudge
from assistant.circles.people.memberships import seats_of
from assistant.language.rendering import readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Member, Person

Did = Literal["yes", "not_yet", "new"]
"""What a member answers when asked whether the pair connected."""
Gave = Literal["taught", "listened", "both", "neither"]
"""What a member says the buddy did for them."""


@action("pair", "trio", "alone", "none")
def meet_buddy(ctx: ActionContext, *, week: int | None = None) -> ActionResult:
    """Make or find the round of `week`, and the member's buddies, whose words arrive from now on.

    alone: there is nobody to be with this week. none: the member takes no part, or has heard it all: whoever
    comes back on the day of a round hears of it at once, and not again at the hour that was planned.
    """
    member, circle = ctx.member, ctx.circle
    if member is None or circle is None or week is None or circle.state != "running":
        return ActionResult("none")
    if member.id not in {each.id for each in pairable(ctx.session, circle.id, ctx.identity.sender, ctx.now)}:
        return ActionResult("none")
    round_, effects = round_of(ctx.session, circle, week, ctx.identity.sender, ctx.now)
    if member.unpaired_at is not None:
        return ActionResult("none", effects=effects)  # The round before was one miss too many.
    if not bonds_of(ctx.session, member, week=week, told=False):
        effects += take_in(ctx.session, round_, member, ctx.identity.sender, ctx.now)
    fresh = [
        bond for bond in bonds_of(ctx.session, member, week=week, told=False) if bond.mine.told_at is None
    ]
    if not fresh:
        return ActionResult("none", effects=effects)
    for bond in fresh:
        bond.mine.told_at = ctx.now
    ctx.session.flush()
    outcome, values = _with_whom(ctx, member)
    return ActionResult(outcome, values, effects)


@action("same", "other")
def reads_alike(ctx: ActionContext) -> ActionResult:
    """Say whether all buddies of the member's round write in the member's language, as far as it is known.

    `translation` says whether their words can be translated for the member here.
    """
    if ctx.member is None or ctx.circle is None:
        return ActionResult("same")
    mine, usual = language_of(ctx), ctx.circle.language
    people = [ctx.session.get_one(Person, each.person_id) for each in buddies_of(ctx.session, ctx.member)]
    foreign = {person.language or usual for person in people} - {mine}
    if not foreign:
        return ActionResult("same")
    can = any((language, mine) in ctx.identity.translates for language in foreign)
    return ActionResult("other", {"translation": "yes" if can else "no"})


@action("yes", "no")
def half_way(ctx: ActionContext, *, pair: int | None = None) -> ActionResult:
    """Say whether the pair of `pair` stands, so that its talk has a middle; but not after too many nudges."""
    bond = _bond(ctx, pair)
    if bond is None or not bond.others or not may_nudge(ctx.session, ctx.person.id, ctx.now):
        return ActionResult("no")
    return ActionResult("yes", buddy_names(ctx.session, bond.members, language_of(ctx)))


@action("pair", "trio", "none")
def look_back(ctx: ActionContext) -> ActionResult:
    """Find whom the member was with this week, to be asked about; none: nobody."""
    if ctx.member is None or ctx.member.state != "active":
        return ActionResult("none")
    outcome, values = _with_whom(ctx, ctx.member)
    return ActionResult("none" if outcome == "alone" else outcome, values)


@action("kept")
def keep_did(ctx: ActionContext, *, did: Did | None = None) -> ActionResult:
    """Keep the private answer in `did`; nobody hears it, and "new" keeps the two apart for some rounds."""
    if ctx.member is not None and did is not None:
        for bond in bonds_of(ctx.session, ctx.member, past=True):
            bond.mine.did = did
    return ActionResult("kept")


@action("kept")
def keep_gave(ctx: ActionContext, *, gave: Gave | None = None) -> ActionResult:
    """Keep the private answer in `gave`; at the season's end the buddy hears how often, and not from whom."""
    if ctx.member is not None and gave is not None:
        for bond in bonds_of(ctx.session, ctx.member, past=True):
            bond.mine.gave = gave
    return ActionResult("kept")


@action("yes", "no")
def is_waited_for(ctx: ActionContext, *, pair: int | None = None) -> ActionResult:
    """Say whether a buddy's words have waited a day; gives `buddy` and the `day` they came."""
    bond = _bond(ctx, pair)
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
def is_waiting(ctx: ActionContext, *, pair: int | None = None) -> ActionResult:
    """Say whether the member's words have waited three days for every buddy.

    ask: `other_buddy` could be a buddy as well. wait: nobody could.
    """
    bond = _bond(ctx, pair)
    if bond is None or ctx.member is None or ctx.member.state != "active" or not bond.others:
        return ActionResult("no")
    for seat, _, _ in bond.others:
        since = unanswered_since(ctx.session, bond.mine, seat)
        if since is None or since > ctx.now - QUIET_AFTER:
            return ActionResult("no")
    if not may_nudge(ctx.session, ctx.person.id, ctx.now):
        return ActionResult("no")
    values: dict[str, Any] = dict(buddy_names(ctx.session, bond.members[:1], language_of(ctx)))
    other = someone_else(ctx.session, ctx.member, ctx.identity.sender, ctx.now)
    if other is None:
        return ActionResult("wait", values)
    name = buddy_names(ctx.session, [other], language_of(ctx)).get("buddy")
    return ActionResult("ask", {**values, "other": other.id, **({"other_buddy": name} if name else {})})


@action("linked", "gone")
def link_also(ctx: ActionContext, *, other: int = 0) -> ActionResult:
    """Link the member with the one offered in `other` too; gone: that cannot be any more."""
    member = ctx.session.get(Member, other)
    if ctx.member is None or member is None:
        return ActionResult("gone")
    joined, effects = link(ctx.session, ctx.member, member, ctx.now)
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


@action("pair", "several", "alone", "unpaired", "weekly", "none")
def whose_buddy(ctx: ActionContext) -> ActionResult:
    """Find the member's buddies, in every circle; unpaired: the member is left out of pairing for now.

    weekly: the member chose to have only the weekly question, and no buddy with it.
    """
    seats = [member for member, _ in seats_of(ctx.session, ctx.person.id)]
    if not seats:
        return ActionResult("none")
    unpaired = [member for member in seats if member.unpaired_at is not None]
    weekly = [member for member in unpaired if member.weekly_only]
    buddies = [buddy for member in seats for buddy in buddies_of(ctx.session, member)]
    if weekly and not buddies:
        return ActionResult("weekly", member=weekly[0])
    if unpaired and not weekly:
        return ActionResult("unpaired", member=unpaired[0])
    outcome = ("alone", "pair")[len(buddies)] if len(buddies) < 2 else "several"
    turns = turn_values([bond for member in seats for bond in bonds_of(ctx.session, member)])
    return ActionResult(
        outcome,
        {**buddy_names(ctx.session, buddies, language_of(ctx)), **turns},
        member=seats[0] if len(seats) == 1 else None,
    )


@action("paired")
def pair_again(ctx: ActionContext) -> ActionResult:
    """Take part in pairing again, from now on; where a round is under way, with a buddy at once."""
    effects: tuple[Effect, ...] = ()
    if ctx.member is not None:
        ctx.member.unpaired_at, ctx.member.misses = None, 0
        ctx.session.flush()
        effects = welcome_back(ctx.session, ctx.member, ctx.now)
    return ActionResult("paired", effects=effects)


@action("unpaired")
def rest_from_buddies(ctx: ActionContext) -> ActionResult:
    """Leave the member out of pairing until told otherwise; the seat stays."""
    effects: tuple[Effect, ...] = ()
    if ctx.member is not None:
        ctx.member.unpaired_at = ctx.member.unpaired_at or ctx.now
        ctx.session.flush()
        effects = let_go(ctx.session, ctx.member, ctx.identity.sender, ctx.now)
    return ActionResult("unpaired", effects=effects)


def _with_whom(ctx: ActionContext, member: Member) -> tuple[str, dict[str, Any]]:
    buddies = buddies_of(ctx.session, member)
    values: dict[str, Any] = dict(buddy_names(ctx.session, buddies, language_of(ctx)))
    values |= turn_values(bonds_of(ctx.session, member))
    if len(buddies) != 1 or ctx.circle is None:
        return ("trio" if buddies else "alone"), values
    knows = newest_said(ctx.session, buddies[0].id, "teach")
    if knows is not None and knows.words and "turn" in values and not ctx.person.plain:
        skill = shorten(knows.words, PLACEHOLDERS["skill"].longest)
        turn = f"{values['turn']}_skilled"
        values |= {"turn": turn, "skill": skill, CARRIED: {"skill": f"answer:{knows.id}"}}
    return "pair", values


def _bond(ctx: ActionContext, pair: int | None) -> Bond | None:
    """Return the member's place in the pair of `pair`, if it stands and its round is not over."""
    if ctx.member is None or ctx.circle is None:
        return None
    round_ = latest_round(ctx.session, ctx.circle.id)
    if round_ is None or is_nearly_over(ctx.circle, round_, ctx.now):
        return None
    return next((bond for bond in bonds_of(ctx.session, ctx.member) if bond.pair.id == pair), None)
