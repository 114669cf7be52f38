"""Lets a host close a member's seat: the circle hears only that she is no longer in, she herself why."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.hosts.deeds import hold, take_up, under_way
from assistant.circles.hosts.naming import named_member
from assistant.circles.leaving import close
from assistant.circles.rights import circle_for
from assistant.circles.scene import Done, Scene, Start, Tell, action
from assistant.store.circles import SEATED
from assistant.store.tables import Conversation, Deed

CLOSING: Final = "removed"
"""The flow with which the seat is closed, once the minute is over."""
AFTER_DANGER: Final = dt.timedelta(days=1)
"""Whoever is in the middle of a safety talk does not read of her seat just then."""


@action("held", "self", "none")
def remove_member(scene: Scene) -> Done:
    """Close the seat of whoever she named, in a minute. self: her own she leaves herself."""
    found = named_member(scene)
    if found is None:
        return Done("none")
    member, person, circle = found
    if person.id == scene.person.id:
        return Done("self")
    if under_way(scene, "remove", member):
        return Done("held")
    deed = hold(scene, "remove", circle, member=member)
    closing = Start(person.id, CLOSING, {"deed": deed.id}, member.id, due_at=deed.held_until, at_once=True)
    return Done("held", effects=(closing,))


@action("closed", "gone", "undone")
def close_seat(scene: Scene) -> Done:
    """The minute is over: the seat is closed, and JOIN opens it only with the host's ADD.

    gone: she had left by herself; the circle has heard of that.
    """
    deed = due_for(scene, "remove")
    if deed is None or scene.member is None or scene.circle is None:
        return Done("undone")
    member = scene.member
    member.barred_at = scene.now
    if member.state not in SEATED:
        return Done("gone")
    told = Tell(scene.person.id, "seat_closed", circle_id=scene.circle.id, not_before=gently(scene))
    return Done("closed", effects=(*close(scene, member, scene.circle), told))


def due_for(scene: Scene, kind: str) -> Deed | None:
    """The host's deed that this seat's conversation carries out; None: undone, or she hosts no longer."""
    number = scene.values.get("deed")
    deed = scene.session.get(Deed, number) if isinstance(number, int) else None
    if deed is None or deed.kind != kind or scene.member is None or deed.member_id != scene.member.id:
        return None
    if circle_for(scene.session, deed.by_person_id, deed.circle_id) is None:
        return None
    return take_up(scene.session, deed.id, scene.now)


def gently(scene: Scene) -> dt.datetime | None:
    """When she may read of it: at once (None), or a day later where a safety talk with her goes on."""
    talks = scene.session.scalars(
        select(Conversation).where(Conversation.person_id == scene.person.id, Conversation.ended_at.is_(None))
    )
    return scene.now + AFTER_DANGER if any("danger" in talk.values for talk in talks) else None
