"""Asks a member whether a host may call her: her number is given to that host alone, and only by her yes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.audit import record
from assistant.circles.buddies import is_away
from assistant.circles.fills import FILLS, name2_of, shorten
from assistant.circles.hosts.deeds import hold, take_up
from assistant.circles.hosts.hosted import hosted
from assistant.circles.rights import circle_for
from assistant.circles.scene import Done, Scene, Start, Tell, action
from assistant.circles.sharing import apart_from
from assistant.store.tables import Address, Deed, Member, Person

KIND: Final = "call"
ASKS_HER: Final = "call_ask"
NOT_AGAIN_FOR: Final = dt.timedelta(days=7)
"""So long after she was asked about a call, she is not asked again, by no host of this circle."""

A_WHILE: Final = dt.timedelta(hours=2)


@action("held", "lately", "away", "none")
def hold_call(scene: Scene) -> Done:
    """In a minute, ask the member in `to_ids` whether this host may have her number.

    lately: she was asked less than a week ago. away: she gets no texts now.
    """
    circle = hosted(scene)
    chosen = [int(each) for each in scene.values.get("to_ids") or ()]
    member = scene.session.get(Member, chosen[0]) if len(chosen) == 1 else None
    if circle is None or member is None or member.circle_id != circle.id:
        return Done("none")
    values = name2_of(scene.session.get_one(Person, member.person_id))
    if is_away(scene.session, member):
        return Done("away", values)
    if _asked_lately(scene.session, member, scene.now):
        return Done("lately", values)
    deed = hold(scene, KIND, circle, member=member)
    asks = Start(member.person_id, ASKS_HER, {"deed": deed.id}, member.id, deed.held_until)
    return Done("held", values, (asks,))


@action("ask", "no")
def may_be_asked(scene: Scene) -> Done:
    """Whether to ask her now; `host` is who would like to call."""
    deed = _deed(scene)
    if deed is None or scene.member is None:
        return Done("no")
    if is_away(scene.session, scene.member) or not _still_hosts(scene.session, deed):
        return Done("no")
    if deed.by_person_id in apart_from(scene.session, scene.person.id) or _number(scene) is None:
        # Not at once, as no machine's no should be told from a person's.
        return Done("no", effects=(replace(_answer(scene, deed, "call_no"), not_before=scene.now + A_WHILE),))
    name = scene.session.get_one(Person, deed.by_person_id).name
    return Done("ask", {"host": shorten(name, FILLS["host"].longest)} if name else {})


@action("given", "gone")
def give_number(scene: Scene) -> Done:
    """She said yes: the host gets the number she is texted at, once."""
    deed, number = _deed(scene), _number(scene)
    if deed is None or number is None or deed.details.get("given") or not _still_hosts(scene.session, deed):
        return Done("gone")
    deed.details = {**deed.details, "given": True}
    _note(scene, deed, "give number")
    return Done("given", effects=(_answer(scene, deed, "call_yes", number=number),))


@action("kept")
def keep_number(scene: Scene) -> Done:
    """She said no, or nothing: the host hears the same words for both."""
    deed = _deed(scene)
    if deed is None or deed.details.get("given"):
        return Done("kept")
    _note(scene, deed, "keep number")
    return Done("kept", effects=(_answer(scene, deed, "call_no"),))


def _asked_lately(session: Session, member: Member, now: dt.datetime) -> bool:
    asked = select(Deed.id).where(
        Deed.member_id == member.id,
        Deed.kind == KIND,
        Deed.state.in_(("held", "done")),
        Deed.created_at > now - NOT_AGAIN_FOR,
    )
    return session.scalar(asked.limit(1)) is not None


def _deed(scene: Scene) -> Deed | None:
    """What she was asked about, if it was she."""
    deed = take_up(scene.session, scene.values.get("deed"), scene.now)
    return (
        deed if deed is not None and scene.member is not None and deed.member_id == scene.member.id else None
    )


def _still_hosts(session: Session, deed: Deed) -> bool:
    return circle_for(session, deed.by_person_id, deed.circle_id) is not None


def _number(scene: Scene) -> str | None:
    """The number she is texted at; None where her address does not show one."""
    number = scene.session.get_one(Address, scene.address_id).uri.partition(":")[2]
    return number if number.startswith("+") else None


def _answer(scene: Scene, deed: Deed, notice: str, **fills: Any) -> Tell:
    return Tell(
        deed.by_person_id,
        notice,
        {**name2_of(scene.person), **fills},
        purpose="relay",
        circle_id=deed.circle_id,
    )


def _note(scene: Scene, deed: Deed, what: str) -> None:
    details = {"deed": deed.id, **({"member": deed.member_id} if deed.member_id else {})}
    record(scene.session, what, scene.now, by=scene.person.id, circle_id=deed.circle_id, **details)
