"""Lets a host bring someone in: a number on the list, a closed seat opened again, and a line to forward.

Nobody is texted by it: whoever is added comes in by texting JOIN.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.pending_actions import hold, taken_back
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.addresses import person_at
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import is_full, lock_circle, seat_of
from assistant.circles.people.permissions import hosted_by
from assistant.circles.people.phone_entry import read_number
from assistant.circles.people.roster import Named, called, members_of
from assistant.language.phones.phone_numbers import find_phones, phone_spans
from assistant.language.replies.names import read_name
from assistant.store.sessions import take_back
from assistant.store.tables import Address, Circle, Invitation, Member, PendingAction
from assistant.store.tables.circle_tables import SEATED

FEWEST_DIGITS = 5
"""So many digits were meant as a phone number, whatever became of it."""


@action("found", "which", "nothing")
def hear_add(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Say whether what came after ADD (`text`) names someone who was in before: that settles the circle.

    which: the circle has to be settled yet. nothing: nothing came.
    """
    said = text.strip()
    if not said:
        return ActionResult("nothing")
    before = _left(ctx, list(hosted_by(ctx.session, ctx.person.id)), said)
    return ActionResult("found", circle=before[0].circle) if len(before) == 1 else ActionResult("which")


@action("listed", "opened", "line", "seated", "full", "bad_number", "many", "unclear", "none")
def add_member(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Put whoever was named on the circle's list, or open a closed seat again; UNDO takes it back.

    line: there is no number, so there is only the line to forward. seated: that one is in. The number that
    the host typed is never said back, nor whose it is.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    circle = lock_circle(ctx.session, circle.id)
    said = text.strip()
    country = ctx.identity.country
    numbers, name = find_phones(said, country), read_name(_without_numbers(said, country))
    values: dict[str, Any] = _calling(name)
    if len(numbers) > 1:
        return ActionResult("many")
    if not numbers and sum(sign.isdigit() for sign in said) >= FEWEST_DIGITS:
        return ActionResult("bad_number")
    if not numbers and said and name is None:
        return ActionResult("unclear")
    if is_full(ctx.session, circle):
        return ActionResult("full", {"count": str(circle.size)})
    if not numbers:
        return _by_name(ctx, circle, said, values)
    try:
        number = read_number(numbers[0], country)
    except ValueError:
        return ActionResult("bad_number")
    return _by_number(ctx, circle, number, name, values)


@taken_back("add")
def _take_back(ctx: ActionContext, pending: PendingAction) -> None:
    """Close the seat again, unless it is taken by now; the list is as it was."""
    barred_at = pending.details.get("barred_at")
    if pending.member_id is not None and barred_at is not None:
        member = ctx.session.get_one(Member, pending.member_id)
        if member.state not in SEATED:
            member.barred_at = dt.datetime.fromisoformat(barred_at)
    invitation = ctx.session.get(Invitation, pending.details.get("invitation") or 0)
    if invitation is not None and invitation.state == "no_consent":
        take_back(ctx.session, invitation)


def _by_name(ctx: ActionContext, circle: Circle, said: str, values: dict[str, Any]) -> ActionResult:
    if said and called(members_of(ctx.session, [circle]), said):
        return ActionResult("seated", values)
    before = _left(ctx, [circle], said)
    if len(before) == 1:
        return _open(ctx, circle, before[0].member, values)
    record(ctx.session, "add line", ctx.now, by=ctx.person.id, circle_id=circle.id)
    return ActionResult("line", values)


def _by_number(
    ctx: ActionContext, circle: Circle, number: str, name: str | None, values: dict[str, Any]
) -> ActionResult:
    person, address = person_at(ctx.session, number, ctx.now)
    member = seat_of(ctx.session, person.id, circle.id)
    if member is not None and member.state in SEATED and member.promised_at is not None:
        return ActionResult("seated")
    if member is not None and member.state == "left" and person.id != ctx.person.id:
        return _open(ctx, circle, member, values)
    invitation = _invitation(ctx, circle, address)
    if invitation is None:
        invitation = Invitation(
            circle_id=circle.id,
            address_id=address.id,
            name=name,
            state="no_consent",
            created_at=ctx.now,
        )
        ctx.session.add(invitation)
        ctx.session.flush()
        hold(ctx, "add", circle, details={"invitation": invitation.id})
    else:
        # On the list already: there is nothing that UNDO would have to take back.
        invitation.name = invitation.name or name
        hold(ctx, "add", circle)
    return ActionResult("listed", values)


def _open(ctx: ActionContext, circle: Circle, member: Member, values: dict[str, Any]) -> ActionResult:
    """Let the former member's JOIN open the seat again by itself."""
    barred_at = member.barred_at.isoformat() if member.barred_at else None
    member.barred_at = None
    hold(ctx, "add", circle, member=member, details={"barred_at": barred_at})
    return ActionResult("opened", values)


def _left(ctx: ActionContext, circles: list[Circle], said: str) -> list[Named]:
    """Return who is called so and was in before; the host's own seat is another host's to open."""
    before = called(members_of(ctx.session, circles, ("left",)), said)
    return [each for each in before if each.person.id != ctx.person.id]


def _invitation(ctx: ActionContext, circle: Circle, address: Address) -> Invitation | None:
    return ctx.session.scalars(
        select(Invitation).where(Invitation.circle_id == circle.id, Invitation.address_id == address.id)
    ).first()


def _without_numbers(said: str, country: str) -> str:
    for start, end in reversed(phone_spans(said, country)):
        said = f"{said[:start]} {said[end:]}"
    return said.strip(" ,;:-+()")


def _calling(name: str | None) -> dict[str, Any]:
    return (
        {"other_name": shorten(name, PLACEHOLDERS["other_name"].longest), "added": "named"}
        if name
        else {"added": "unnamed"}
    )
