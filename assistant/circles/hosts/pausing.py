"""Lets a host put a member's seat on pause; she hears of it, and BACK brings her back at any time."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.fills import language_of
from assistant.circles.hosts.deeds import hold, under_way
from assistant.circles.hosts.naming import named_member
from assistant.circles.hosts.removing import due_for, gently
from assistant.circles.presence import rest
from assistant.circles.scene import Done, Scene, Start, Tell, action
from assistant.language.rendering import readable_date
from assistant.store.tables import Person

PAUSING: Final = "paused"
"""The flow with which the seat is paused, once the minute is over."""


@action("held", "self", "resting", "none")
def pause_member(scene: Scene) -> Done:
    """Pause the seat of whoever she named, in a minute, until the day in `pause_until`.

    self: her own she pauses herself. resting: she is on pause already, or no text reaches her.
    """
    found = named_member(scene)
    said = scene.values.get("pause_until")
    if found is None or not isinstance(said, str):
        return Done("none")
    member, person, circle = found
    date = {"date": readable_date(dt.date.fromisoformat(said), language_of(scene))}
    if person.id == scene.person.id:
        return Done("self")
    if member.state in ("paused", "unreachable"):
        return Done("resting")
    earlier = under_way(scene, "pause", member)
    if earlier is not None:
        earlier.details = {**earlier.details, "until": said}
        return Done("held", date)
    deed = hold(scene, "pause", circle, member=member, details={"until": said})
    pausing = Start(person.id, PAUSING, {"deed": deed.id}, member.id, due_at=deed.held_until, at_once=True)
    return Done("held", date, effects=(pausing,))


@action("paused", "gone", "undone")
def pause_seat(scene: Scene) -> Done:
    """The minute is over: her seat rests. gone: it is hers no more, or she has paused it herself."""
    deed = due_for(scene, "pause")
    if deed is None or scene.member is None or scene.circle is None:
        return Done("undone")
    if scene.member.state not in ("active", "reading"):
        return Done("gone")
    day = dt.date.fromisoformat(deed.details["until"])
    fills = {"date": readable_date(day, language_of(scene))}
    if host := scene.session.get_one(Person, deed.by_person_id).name:
        fills["host"] = host
    # Not about the seat: what is, does not go while it rests.
    told = Tell(scene.person.id, "paused_by_host", fills, circle_id=scene.circle.id, not_before=gently(scene))
    return Done("paused", effects=(*rest(scene, scene.member, day), told))
