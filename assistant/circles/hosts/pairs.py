"""Shows a host who is with whom this round and why, and gives a pair other buddies when she asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from assistant.circles.audit import record
from assistant.circles.buddies import (
    buddy_names,
    history,
    kept_apart,
    latest_round,
    open_groups,
    pairable,
    seats_for,
)
from assistant.circles.fills import language_of
from assistant.circles.hosts.deeds import hold, take_up
from assistant.circles.hosts.hosted import hosted
from assistant.circles.hosts.unheard import initials
from assistant.circles.mending import change_pairs
from assistant.circles.pairing import Group, change_places
from assistant.circles.rights import circle_for
from assistant.circles.rounds import is_nearly_over, next_meeting
from assistant.circles.scene import Done, Line, Lines, Scene, Start, action
from assistant.circles.seats import lock_circle
from assistant.language.addressing import named_in
from assistant.language.rendering import readable_day
from assistant.store.tables import Circle, Deed, Member, Pair, Person, Round

KIND: Final = "swap"
CARRIES_OUT: Final = "swap_now"
FEW_HOURS: Final = 4
"""Waking hours in common below which a host is told: it is why they may not find each other."""

Groups = Mapping[tuple[int, ...], Pair]
"""Seats of each group -> its pair."""


@action("shown", "last", "not_yet", "none")
def show_pairs(scene: Scene) -> Done:
    """Show her this round's pairs, with why each of them is one; nothing that was asked for in confidence.

    last: they are those of the round that is over; new ones come on `day`. not_yet: there are none.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    record(scene.session, "pairs", scene.now, by=scene.person.id, circle_id=circle.id)
    round_ = latest_round(scene.session, circle.id)
    values = _day(scene, circle, round_)
    groups = open_groups(scene.session, round_) if round_ is not None else []
    if round_ is None or not groups:
        return Done("not_yet", {**values, "planned": bool(values)})
    lines: list[Line] = []
    for pair, seats in groups:
        lines += _why(scene, pair, [seat.member_id for seat in seats])
    over = is_nearly_over(circle, round_, scene.now)
    return Done("last" if over else "shown", values, (Lines(tuple(lines)),))


@action("one", "several", "later", "impossible", "none")
def find_pair(scene: Scene) -> Done:
    """Which pair SWAP is about: that of whom `text` names, else `pairs` lists them.

    later: the round is over or has not begun; the next pairs come on `day`. impossible: there is one group.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    round_ = latest_round(scene.session, circle.id)
    if round_ is None or is_nearly_over(circle, round_, scene.now):
        values = _day(scene, circle, round_)
        return Done("later" if values else "impossible", values)
    groups = {group: pair for group, pair in _groups(scene, circle, round_).items() if len(group) > 1}
    if len(groups) < 2:
        return Done("impossible")
    people = {member: _person(scene, member) for group in groups for member in group}
    named = named_in(str(scene.values.get("text") or ""), {key: p.name or "" for key, p in people.items()})
    meant = [group for group in groups if set(named) & set(group)]
    if len(meant) == 1:
        return Done("one", {"pair": str(groups[meant[0]].id)})
    listed = [
        {"key": str(pair.id), "label": " ".join(people[each].name or "" for each in group)}
        for group, pair in groups.items()
    ]
    lines = tuple(
        Line("numbered_pair", {**_named(scene, group), "n": str(number)})
        for number, group in enumerate(groups, 1)
    )
    return Done("several", {"pairs": listed}, (Lines(lines),))


@action("held", "impossible", "none")
def hold_swap(scene: Scene) -> Done:
    """In a minute, give the members of the group that `pair` names other buddies; she sees whom.

    impossible: there is no better way, whatever the reason; it is never said which.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    round_ = latest_round(scene.session, circle.id)
    chosen = str(scene.values.get("pair") or "")
    if round_ is None or not chosen.isdigit() or is_nearly_over(circle, round_, scene.now):
        return Done("impossible")
    groups = _groups(scene, circle, round_)
    mine = next((group for group, pair in groups.items() if pair.id == int(chosen)), None)
    made = _other_places(scene, circle, groups, mine) if mine is not None else None
    if made is None:
        return Done("impossible")
    moved = {member for group in made for member in group.members}
    ended = [pair.id for group, pair in groups.items() if moved & set(group)]
    planned = [[list(group.members), group.why, dict(group.fills)] for group in made]
    deed = hold(scene, KIND, circle, details={"round": round_.id, "ended": ended, "groups": planned})
    lines = [Line("swap_in_a_minute"), *(Line("a_pair", _named(scene, group.members)) for group in made)]
    starts = Start(scene.person.id, CARRIES_OUT, {"deed": deed.id}, None, deed.held_until, at_once=True)
    return Done("held", effects=(Lines(tuple(lines)), starts))


@action("swapped", "changed", "gone")
def swap_pairs(scene: Scene) -> Done:
    """Carry out a swap whose minute is over; whoever knew of a buddy hears whom she is with now.

    changed: the round is not what it was when she asked, so that nothing is done. gone: it was undone.
    """
    deed = take_up(scene.session, scene.values.get("deed"), scene.now)
    circle = circle_for(scene.session, scene.person.id, deed.circle_id) if deed is not None else None
    if deed is None or circle is None:
        return Done("gone")
    lock_circle(scene.session, circle.id)
    round_ = latest_round(scene.session, circle.id)
    if round_ is None or not _still_holds(scene, circle, round_, deed):
        return Done("changed", circle=circle)
    made = [Group(tuple(members), why, fills) for members, why, fills in deed.details["groups"]]
    effects = change_pairs(scene.session, circle, round_, deed.details["ended"], made, scene.now)
    return Done("swapped", {"knew": bool(effects)}, effects, circle=circle)


def _groups(scene: Scene, circle: Circle, round_: Round) -> Groups:
    """The groups of a round all of whose members are here."""
    here = {member.id for member in pairable(scene.session, circle.id, scene.now)}
    found = (
        (tuple(seat.member_id for seat in seats), pair) for pair, seats in open_groups(scene.session, round_)
    )
    return {group: pair for group, pair in found if here.issuperset(group)}


def _other_places(scene: Scene, circle: Circle, groups: Groups, mine: tuple[int, ...]) -> list[Group] | None:
    # Whoever is linked with another group as well is in two.
    everyone = dict.fromkeys(each for group in groups for each in group)
    members = [scene.session.get_one(Member, each) for each in everyone]
    return change_places(
        seats_for(scene.session, circle, members, scene.now),
        history(scene.session, circle.id),
        kept_apart(scene.session, circle.id),
        list(groups),
        mine,
    )


def _still_holds(scene: Scene, circle: Circle, round_: Round, deed: Deed) -> bool:
    """Whether all of them are where they were, and none of those who would meet is kept apart by now."""
    if deed.details["round"] != round_.id or is_nearly_over(circle, round_, scene.now):
        return False
    standing = {pair.id: group for group, pair in _groups(scene, circle, round_).items()}
    if not standing.keys() >= set(deed.details["ended"]):
        return False
    apart = kept_apart(scene.session, circle.id)
    moved = {member for members, _, _ in deed.details["groups"] for member in members}
    if moved != {member for pair_id in deed.details["ended"] for member in standing[pair_id]}:
        return False
    return not any(couple <= set(members) for couple in apart for members, _, _ in deed.details["groups"])


def _why(scene: Scene, pair: Pair, members: Sequence[int]) -> list[Line]:
    why, *rest = pair.why.split()
    numbers = dict(each.split("=", 1) for each in rest)
    lines = [Line(f"pair_{why}", {**_named(scene, members), "n": numbers.get("rounds", "")})]
    if len(members) > 1 and int(numbers.get("hours", FEW_HOURS)) < FEW_HOURS:
        lines.append(Line("pair_few_hours", {"n": numbers["hours"]}))
    return lines


def _named(scene: Scene, members: Iterable[int]) -> dict[str, Any]:
    """How a line names a group to a host: by names, and on a shared phone by first letters."""
    seats = [scene.session.get_one(Member, each) for each in members]
    people = [_person(scene, seat.id) for seat in seats]
    names = buddy_names(scene.session, seats, language_of(scene)).get("buddies")
    return {"initials": initials(people, language_of(scene)), **({"buddies": names} if names else {})}


def _person(scene: Scene, member_id: int) -> Person:
    return scene.session.get_one(Person, scene.session.get_one(Member, member_id).person_id)


def _day(scene: Scene, circle: Circle, round_: Round | None) -> dict[str, str]:
    """When the next round begins, by its day; {} where none is to come."""
    day = next_meeting(circle, round_)
    today = scene.now.astimezone(ZoneInfo(circle.zone)).date()
    return {"day": readable_day(day, language_of(scene))} if day is not None and day >= today else {}
