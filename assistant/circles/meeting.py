"""What buddies are told and asked: who it is, half way, whether they connected, and what if one is quiet."""

from __future__ import annotations

from typing import Any, Final

from assistant.circles.buddies import (
    Bond,
    bonds_of,
    buddies_of,
    buddy_names,
    latest_round,
    pairable,
    seats_for,
)
from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.mending import let_go, link, someone_else, take_in, welcome_back
from assistant.circles.quiet import may_nudge
from assistant.circles.relay import NUDGE_AFTER, QUIET_AFTER, unanswered_since
from assistant.circles.rounds import is_nearly_over, round_of
from assistant.circles.scene import Done, Effect, Scene, action
from assistant.circles.seats import seats_of
from assistant.language.rendering import readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Member

ANSWERS: Final = ("yes", "not_yet", "new")


@action("pair", "trio", "alone", "none")
def meet_buddy(scene: Scene) -> Done:
    """Make or find the round of `week`, and whom she is with; her buddies' words reach her from now on.

    alone: there is nobody for her this week. none: she takes no part.
    """
    member, circle = scene.member, scene.circle
    week = scene.values.get("week")
    if member is None or circle is None or not isinstance(week, int) or circle.state != "running":
        return Done("none")
    if member.id not in {each.id for each in pairable(scene.session, circle.id, scene.now)}:
        return Done("none")
    round_, effects = round_of(scene.session, circle, week, scene.now)
    if member.unpaired_at is not None:
        return Done("none", effects=effects)  # The round before was one miss too many.
    if not bonds_of(scene.session, member, week=week, told=False):
        effects += take_in(scene.session, round_, member, scene.now)
    fresh = [
        bond for bond in bonds_of(scene.session, member, week=week, told=False) if bond.mine.told_at is None
    ]
    for bond in fresh:
        bond.mine.told_at = scene.now
    scene.session.flush()
    outcome, values = _with_whom(scene, member)
    return Done(outcome, {**values, "just_told": bool(fresh)}, effects)


@action("yes", "no")
def half_way(scene: Scene) -> Done:
    """Whether the pair of `pair` still stands, so that its talk has a middle; not if she hears enough."""
    bond = _bond(scene)
    if bond is None or not bond.others or not may_nudge(scene.session, scene.person.id, scene.now):
        return Done("no")
    return Done("yes", buddy_names(scene.session, bond.members, language_of(scene)))


@action("pair", "trio", "none")
def look_back(scene: Scene) -> Done:
    """Whom she was with this week, to be asked about; none: nobody."""
    if scene.member is None or scene.member.state != "active":
        return Done("none")
    outcome, values = _with_whom(scene, scene.member)
    return Done("none" if outcome == "alone" else outcome, values)


@action("kept")
def keep_did(scene: Scene) -> Done:
    """Keep her private answer in `did`; nobody hears it, and "new" is never paired with her again."""
    did = scene.values.get("did")
    if scene.member is not None and did in ANSWERS:
        for bond in bonds_of(scene.session, scene.member):
            bond.mine.did, bond.mine.did_at = did, scene.now
    return Done("kept")


@action("yes", "no")
def is_waited_for(scene: Scene) -> Done:
    """Whether a buddy's words have waited a day for her; gives `buddy` and the `day` they came."""
    bond = _bond(scene)
    if bond is None or scene.member is None or scene.member.state != "active":
        return Done("no")
    waiting = [
        (since, person)
        for seat, _, person in bond.others
        if (since := unanswered_since(scene.session, seat, bond.mine)) and since <= scene.now - NUDGE_AFTER
    ]
    if not waiting or not may_nudge(scene.session, scene.person.id, scene.now):
        return Done("no")
    since, person = min(waiting, key=lambda each: each[0])
    zone = home(zone_of(scene.person.zone, scene.circle.zone if scene.circle else None))
    values = {"day": readable_day(since.astimezone(zone).date(), language_of(scene))}
    return Done("yes", {**values, **({"buddy": person.name} if person.name else {})})


@action("ask", "wait", "no")
def is_waiting(scene: Scene) -> Done:
    """Whether her words have waited three days for every buddy of hers.

    ask: `buddy2` could be with her as well. wait: nobody could.
    """
    bond = _bond(scene)
    if bond is None or scene.member is None or scene.member.state != "active" or not bond.others:
        return Done("no")
    for seat, _, _ in bond.others:
        since = unanswered_since(scene.session, bond.mine, seat)
        if since is None or since > scene.now - QUIET_AFTER:
            return Done("no")
    if not may_nudge(scene.session, scene.person.id, scene.now):
        return Done("no")
    values: dict[str, Any] = dict(buddy_names(scene.session, bond.members[:1], language_of(scene)))
    other = someone_else(scene.session, scene.member, scene.now)
    if other is None:
        return Done("wait", values)
    name = buddy_names(scene.session, [other], language_of(scene)).get("buddy")
    return Done("ask", {**values, "other": other.id, **({"buddy2": name} if name else {})})


@action("linked", "gone")
def link_also(scene: Scene) -> Done:
    """Link her with the one offered in `other` too; gone: that cannot be any more."""
    other = scene.session.get(Member, int(scene.values.get("other") or 0))
    if scene.member is None or other is None:
        return Done("gone")
    joined, effects = link(scene.session, scene.member, other)
    if not joined:
        return Done("gone")
    for bond in bonds_of(scene.session, scene.member, told=False):
        bond.mine.told_at = bond.mine.told_at or scene.now
    scene.session.flush()
    return Done(
        "linked",
        buddy_names(scene.session, buddies_of(scene.session, scene.member), language_of(scene)),
        effects,
    )


@action("pair", "several", "alone", "unpaired", "none")
def whose_buddy(scene: Scene) -> Done:
    """Who her buddies are, in all her circles; unpaired: she is left out of pairing for now."""
    seats = [member for member, _ in seats_of(scene.session, scene.person.id)]
    if not seats:
        return Done("none")
    unpaired = [member for member in seats if member.unpaired_at is not None]
    buddies = [buddy for member in seats for buddy in buddies_of(scene.session, member)]
    if unpaired:
        return Done("unpaired", member=unpaired[0])
    outcome = ("alone", "pair")[len(buddies)] if len(buddies) < 2 else "several"
    return Done(
        outcome,
        buddy_names(scene.session, buddies, language_of(scene)),
        member=seats[0] if len(seats) == 1 else None,
    )


@action("paired")
def pair_again(scene: Scene) -> Done:
    """Take part in pairing again, from now on; where a round is under way she gets a buddy at once."""
    effects: tuple[Effect, ...] = ()
    if scene.member is not None:
        scene.member.unpaired_at, scene.member.misses = None, 0
        scene.session.flush()
        effects = welcome_back(scene.session, scene.member, scene.now)
    return Done("paired", effects=effects)


@action("unpaired")
def rest_from_buddies(scene: Scene) -> Done:
    """Leave her out of pairing until she says otherwise; her seat stays."""
    effects: tuple[Effect, ...] = ()
    if scene.member is not None:
        scene.member.unpaired_at = scene.member.unpaired_at or scene.now
        scene.session.flush()
        effects = let_go(scene.session, scene.member, scene.now)
    return Done("unpaired", effects=effects)


def _with_whom(scene: Scene, member: Member) -> tuple[str, dict[str, Any]]:
    buddies = buddies_of(scene.session, member)
    values: dict[str, Any] = dict(buddy_names(scene.session, buddies, language_of(scene)))
    if len(buddies) != 1 or scene.circle is None:
        return ("trio" if buddies else "alone"), values
    knows = seats_for(scene.session, scene.circle, buddies, scene.now)[0].knows
    if knows:
        values |= {"skill": shorten(knows, FILLS["skill"].longest), "skilled": True}
    return "pair", values


def _bond(scene: Scene) -> Bond | None:
    """Her place in the pair of `pair`, if that is one of those she is in now, and its round is not over."""
    if scene.member is None or scene.circle is None:
        return None
    round_ = latest_round(scene.session, scene.circle.id)
    if round_ is None or is_nearly_over(scene.circle, round_, scene.now):
        return None
    return next(
        (bond for bond in bonds_of(scene.session, scene.member) if bond.pair.id == scene.values.get("pair")),
        None,
    )
