"""Shows a host who is with whom this round and why, and gives a pair other buddies when asked to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines, Start
from assistant.circles.actions.pending_actions import hold, take_up
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import (
    buddy_names,
    history,
    kept_apart,
    latest_round,
    open_groups,
    pairable,
    seats_for,
)
from assistant.circles.buddies.matching import Group, change_places
from assistant.circles.buddies.rematching import change_pairs
from assistant.circles.buddies.rounds import is_nearly_over, next_meeting
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hosts.member_menus import initials
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import lock_circle
from assistant.circles.people.permissions import circle_for
from assistant.language.commands.addressing import named_in
from assistant.language.rendering import readable_day
from assistant.store.tables import Circle, Member, Pair, PendingAction, Person, Round

KIND: Final = "swap"
CARRIES_OUT: Final = "swap_now"
FEW_HOURS: Final = 4
"""Waking hours in common below which a host is told: it is why they may not find each other."""

Groups = Mapping[tuple[int, ...], Pair]
"""Seats of each group -> its pair."""


@action("shown", "last", "not_yet", "none")
def show_pairs(ctx: ActionContext) -> ActionResult:
    """Show this round's pairs, with why each of them is one; nothing that was asked for in confidence.

    last: they are those of the round that is over; new ones come on `day`. not_yet: there are none.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    record(ctx.session, "pairs", ctx.now, by=ctx.person.id, circle_id=circle.id)
    round_ = latest_round(ctx.session, circle.id)
    values = _day(ctx, circle, round_)
    groups = pair_lines(ctx, round_) if round_ is not None else {}
    if round_ is None or not groups:
        return ActionResult("not_yet", {**values, "planned": bool(values)})
    lines = [line for group in groups.values() for line in group]
    over = is_nearly_over(circle, round_, ctx.now)
    return ActionResult("last" if over else "shown", values, (Lines(tuple(lines)),))


def pair_lines(ctx: ActionContext, round_: Round) -> dict[int, list[Line]]:
    """Return, of each pair of a round as it stands, who is in it and why: the lines of PAIRS."""
    return {
        pair.id: _why(ctx, pair, [seat.member_id for seat in seats])
        for pair, seats in open_groups(ctx.session, round_)
    }


@action("one", "several", "later", "impossible", "none")
def find_pair(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find which pair SWAP is about: that of whom `text` names, else `pairs` lists them.

    later: the round is over or has not begun; the next pairs come on `day`. impossible: there is one group.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    round_ = latest_round(ctx.session, circle.id)
    if round_ is None or is_nearly_over(circle, round_, ctx.now):
        values = _day(ctx, circle, round_)
        return ActionResult("later" if values else "impossible", values)
    groups = {group: pair for group, pair in _groups(ctx, circle, round_).items() if len(group) > 1}
    if len(groups) < 2:
        return ActionResult("impossible")
    people = {member: _person(ctx, member) for group in groups for member in group}
    named = named_in(text, {key: p.name or "" for key, p in people.items()})
    meant = [group for group in groups if set(named) & set(group)]
    if len(meant) == 1:
        return ActionResult("one", {"pair": str(groups[meant[0]].id)})
    choices = (
        (pair.id, " ".join(people[each].name or "" for each in group)) for group, pair in groups.items()
    )
    lines = tuple(
        Line("numbered_pair", {**_named(ctx, group), "count": str(number)})
        for number, group in enumerate(groups, 1)
    )
    return ActionResult("several", list_choices("pairs", choices), (Lines(lines),))


@action("held", "impossible", "none")
def hold_swap(ctx: ActionContext, *, pair: str = "") -> ActionResult:
    """In a minute, give the members of the group that `pair` names other buddies; the host sees whom.

    impossible: there is no better way, whatever the reason; it is never said which.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    round_ = latest_round(ctx.session, circle.id)
    if round_ is None or not pair.isdigit() or is_nearly_over(circle, round_, ctx.now):
        return ActionResult("impossible")
    groups = _groups(ctx, circle, round_)
    mine = next((group for group, each in groups.items() if each.id == int(pair)), None)
    made = _other_places(ctx, circle, groups, mine) if mine is not None else None
    if made is None:
        return ActionResult("impossible")
    moved = {member for group in made for member in group.members}
    ended = [each.id for group, each in groups.items() if moved & set(group)]
    planned = [[list(group.members), group.why, dict(group.placeholders)] for group in made]
    pending = hold(ctx, KIND, circle, details={"round": round_.id, "ended": ended, "groups": planned})
    lines = [Line("swap_in_a_minute"), *(Line("a_pair", _named(ctx, group.members)) for group in made)]
    starts = Start(
        ctx.person.id, CARRIES_OUT, {"pending_action": pending.id}, None, pending.held_until, at_once=True
    )
    return ActionResult("held", effects=(Lines(tuple(lines)), starts))


@action("swapped", "changed", "gone")
def swap_pairs(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Carry out a swap whose minute is over; whoever knew of a buddy hears of the new one.

    changed: the round is not what it was when SWAP came, so that nothing is done. gone: it was undone.
    """
    pending = take_up(ctx.session, pending_action, ctx.now)
    circle = circle_for(ctx.session, ctx.person.id, pending.circle_id) if pending is not None else None
    if pending is None or circle is None:
        return ActionResult("gone")
    lock_circle(ctx.session, circle.id)
    round_ = latest_round(ctx.session, circle.id)
    if round_ is None or not _still_holds(ctx, circle, round_, pending):
        return ActionResult("changed", circle=circle)
    made = [
        Group(tuple(members), why, placeholders) for members, why, placeholders in pending.details["groups"]
    ]
    effects = change_pairs(ctx.session, circle, round_, pending.details["ended"], made, ctx.now)
    return ActionResult("swapped", {"knew": bool(effects)}, effects, circle=circle)


def _groups(ctx: ActionContext, circle: Circle, round_: Round) -> Groups:
    """The groups of a round all of whose members are here."""
    here = {member.id for member in pairable(ctx.session, circle.id, ctx.identity.sender, ctx.now)}
    found = (
        (tuple(seat.member_id for seat in seats), pair) for pair, seats in open_groups(ctx.session, round_)
    )
    return {group: pair for group, pair in found if here.issuperset(group)}


def _other_places(
    ctx: ActionContext, circle: Circle, groups: Groups, mine: tuple[int, ...]
) -> list[Group] | None:
    # Whoever is linked with another group as well is in two.
    everyone = dict.fromkeys(each for group in groups for each in group)
    members = [ctx.session.get_one(Member, each) for each in everyone]
    return change_places(
        seats_for(ctx.session, circle, members, ctx.now),
        history(ctx.session, circle.id),
        kept_apart(ctx.session, circle.id),
        list(groups),
        mine,
    )


def _still_holds(ctx: ActionContext, circle: Circle, round_: Round, pending: PendingAction) -> bool:
    """Whether all of them are where they were, and none of those who would meet is kept apart by now."""
    if pending.details["round"] != round_.id or is_nearly_over(circle, round_, ctx.now):
        return False
    standing = {pair.id: group for group, pair in _groups(ctx, circle, round_).items()}
    if not standing.keys() >= set(pending.details["ended"]):
        return False
    apart = kept_apart(ctx.session, circle.id)
    moved = {member for members, _, _ in pending.details["groups"] for member in members}
    if moved != {member for pair_id in pending.details["ended"] for member in standing[pair_id]}:
        return False
    return not any(couple <= set(members) for couple in apart for members, _, _ in pending.details["groups"])


def _why(ctx: ActionContext, pair: Pair, members: Sequence[int]) -> list[Line]:
    why, *rest = pair.why.split()
    numbers = dict(each.split("=", 1) for each in rest)
    lines = [Line(f"pair_{why}", {**_named(ctx, members), "count": numbers.get("rounds", "")})]
    if len(members) > 1 and int(numbers.get("hours", FEW_HOURS)) < FEW_HOURS:
        lines.append(Line("pair_few_hours", {"count": numbers["hours"]}))
    return lines


def _named(ctx: ActionContext, members: Iterable[int]) -> dict[str, Any]:
    """How a line names a group to a host: by names, and on a shared phone by first letters."""
    seats = [ctx.session.get_one(Member, each) for each in members]
    people = [_person(ctx, seat.id) for seat in seats]
    names = buddy_names(ctx.session, seats, language_of(ctx)).get("buddies")
    return {"initials": initials(people, language_of(ctx)), **({"buddies": names} if names else {})}


def _person(ctx: ActionContext, member_id: int) -> Person:
    return ctx.session.get_one(Person, ctx.session.get_one(Member, member_id).person_id)


def _day(ctx: ActionContext, circle: Circle, round_: Round | None) -> dict[str, str]:
    """When the next round begins, by its day; {} where none is to come."""
    day = next_meeting(circle, round_)
    today = ctx.now.astimezone(ZoneInfo(circle.zone)).date()
    return {"day": readable_day(day, language_of(ctx))} if day is not None and day >= today else {}
