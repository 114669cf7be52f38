"""Lets a host bring someone in: a number on the list, a closed seat opened again, and a line to forward.

Nobody is texted by it: whoever is added comes in by texting JOIN herself.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from assistant.circles.audit import record
from assistant.circles.fills import FILLS, shorten
from assistant.circles.hosts.deeds import hold, taken_back
from assistant.circles.hosts.hosted import hosted
from assistant.circles.hosts.naming import Named, called, members_of
from assistant.circles.organizers.organizing import person_at
from assistant.circles.phones import read_number
from assistant.circles.rights import hosted_by
from assistant.circles.scene import Done, Scene, action
from assistant.circles.seats import is_full, lock_circle, seat_of
from assistant.language.names import read_name
from assistant.language.phones import find_phones, phone_spans
from assistant.store.circles import SEATED
from assistant.store.tables import Address, Circle, Deed, Invitation, Member

FEWEST_DIGITS = 5
"""So many digits were meant as a phone number, whatever became of it."""


@action("found", "which", "nothing")
def hear_add(scene: Scene) -> Done:
    """Whether what she sent after ADD (`text`) names someone who was in before: that settles the circle.

    which: the circle has to be settled yet. nothing: she sent nothing.
    """
    said = str(scene.values.get("text") or "").strip()
    if not said:
        return Done("nothing")
    before = _left(scene, list(hosted_by(scene.session, scene.person.id)), said)
    return Done("found", circle=before[0].circle) if len(before) == 1 else Done("which")


@action("listed", "opened", "line", "seated", "full", "bad_number", "many", "unclear", "none")
def add_member(scene: Scene) -> Done:
    """Put whoever she named on the circle's list, or open a closed seat again; UNDO takes it back.

    line: she gave no number, so there is only the line to forward. seated: that one is in. The number that
    she typed is never said back to her, nor whose it is.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    circle = lock_circle(scene.session, circle.id)
    said = str(scene.values.get("text") or "").strip()
    country = scene.house.country
    numbers, name = find_phones(said, country), read_name(_without_numbers(said, country))
    values: dict[str, Any] = _calling(name)
    if len(numbers) > 1:
        return Done("many")
    if not numbers and sum(sign.isdigit() for sign in said) >= FEWEST_DIGITS:
        return Done("bad_number")
    if not numbers and said and name is None:
        return Done("unclear")
    if is_full(scene.session, circle):
        return Done("full", {"n": str(circle.size)})
    if not numbers:
        return _by_name(scene, circle, said, values)
    try:
        number = read_number(numbers[0], country)
    except ValueError:
        return Done("bad_number")
    return _by_number(scene, circle, number, name, values)


@taken_back("add")
def _take_back(scene: Scene, deed: Deed) -> None:
    """The seat is closed again, unless she is in by now; the list is as it was."""
    barred_at = deed.details.get("barred_at")
    if deed.member_id is not None and barred_at is not None:
        member = scene.session.get_one(Member, deed.member_id)
        if member.state not in SEATED:
            member.barred_at = dt.datetime.fromisoformat(barred_at)
    invitation = scene.session.get(Invitation, deed.details.get("invitation") or 0)
    if invitation is not None and invitation.state == "no_consent":
        scene.session.delete(invitation)


def _by_name(scene: Scene, circle: Circle, said: str, values: dict[str, Any]) -> Done:
    if said and called(members_of(scene.session, [circle]), said):
        return Done("seated", values)
    before = _left(scene, [circle], said)
    if len(before) == 1:
        return _open(scene, circle, before[0].member, values)
    record(scene.session, "add line", scene.now, by=scene.person.id, circle_id=circle.id)
    return Done("line", values)


def _by_number(scene: Scene, circle: Circle, number: str, name: str | None, values: dict[str, Any]) -> Done:
    person, address = person_at(scene.session, number, scene.now)
    member = seat_of(scene.session, person.id, circle.id)
    if member is not None and member.state in SEATED and member.promised_at is not None:
        return Done("seated")
    if member is not None and member.state == "left" and person.id != scene.person.id:
        return _open(scene, circle, member, values)
    invitation = _invitation(scene, circle, address)
    if invitation is None:
        invitation = Invitation(
            circle_id=circle.id,
            address_id=address.id,
            name=name,
            state="no_consent",
            created_at=scene.now,
        )
        scene.session.add(invitation)
        scene.session.flush()
        hold(scene, "add", circle, details={"invitation": invitation.id})
    else:
        # On the list already: there is nothing that UNDO would have to take back.
        invitation.name = invitation.name or name
        hold(scene, "add", circle)
    return Done("listed", values)


def _open(scene: Scene, circle: Circle, member: Member, values: dict[str, Any]) -> Done:
    """Her JOIN opens the seat again by itself."""
    barred_at = member.barred_at.isoformat() if member.barred_at else None
    member.barred_at = None
    hold(scene, "add", circle, member=member, details={"barred_at": barred_at})
    return Done("opened", values)


def _left(scene: Scene, circles: list[Circle], said: str) -> list[Named]:
    """Who is called so and was in before; her own seat is another host's to open."""
    before = called(members_of(scene.session, circles, ("left",)), said)
    return [each for each in before if each.person.id != scene.person.id]


def _invitation(scene: Scene, circle: Circle, address: Address) -> Invitation | None:
    return scene.session.scalars(
        select(Invitation).where(Invitation.circle_id == circle.id, Invitation.address_id == address.id)
    ).first()


def _without_numbers(said: str, country: str) -> str:
    for start, end in reversed(phone_spans(said, country)):
        said = f"{said[:start]} {said[end:]}"
    return said.strip(" ,;:-+()")


def _calling(name: str | None) -> dict[str, Any]:
    return (
        {"name2": shorten(name, FILLS["name2"].longest), "added": "named"} if name else {"added": "unnamed"}
    )
