"""Takes back the last thing that can be: what she did as a host a moment ago, or a move elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.fills import name2_of
from assistant.circles.hosts.deeds import happened, newest, take_back
from assistant.circles.profile import go_by_it
from assistant.circles.scene import Done, Scene, action
from assistant.store.tables import Conversation, Deed, Member, Person

STILL_MEANT: Final = dt.timedelta(minutes=10)
"""So long after a deed was done, UNDO is taken to mean it, and told that it is too late."""


@action("deed", "too_late", "place", "nothing")
def undo(scene: Scene) -> Done:
    """Take back whichever came last: a host's deed within its minute (`did` is its kind), or a move.

    too_late: her last deed has been done already.
    """
    deed, move = newest(scene), _last_move(scene)
    if deed is not None and (move is None or move.began_at <= deed.created_at):
        if take_back(scene, deed):
            return Done("deed", _about(scene, deed))
        if happened(deed, scene.now) and deed.held_until and deed.held_until > scene.now - STILL_MEANT:
            return Done("too_late", _about(scene, deed))
    if move is None:
        return Done("nothing")
    previous = move.values["previous"]
    scene.person.place, scene.person.zone, scene.person.hour = (
        previous["place"],
        previous["zone"],
        previous["hour"],
    )
    go_by_it(scene)
    move.values = {**move.values, "undone": True}
    return Done("place")


def _last_move(scene: Scene) -> Conversation | None:
    """Her last move to another place, if it was not taken back."""
    last = scene.session.scalars(
        select(Conversation)
        .where(Conversation.person_id == scene.person.id, Conversation.flow == "moved")
        .order_by(Conversation.id.desc())
        .limit(1)
    ).first()
    if last is None or last.values.get("previous") is None or last.values.get("undone"):
        return None
    return last


def _about(scene: Scene, deed: Deed) -> dict[str, Any]:
    values = {"did": deed.kind}
    if deed.member_id is not None:
        member = scene.session.get_one(Member, deed.member_id)
        values |= name2_of(scene.session.get_one(Person, member.person_id))
    return values
