"""Brings people into circles: JOIN and all it can come to, and the promise that opens the door."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, OptIn, Tell
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import replan
from assistant.circles.membership.invitations import open_invitations, take_back
from assistant.circles.membership.leaving import stay
from assistant.circles.membership.newcomers import ask_about_namesake, tell_when_enough
from assistant.circles.people.consent import consent_of
from assistant.circles.people.known_rows import ASKED, INVITATIONS, SEATS_OF_PERSON
from assistant.circles.people.memberships import (
    find_circle,
    hosts_of,
    is_full,
    lock_circle,
    seat_of,
    seats_of,
)
from assistant.language.folding import plain_words
from assistant.language.languages import joined_in
from assistant.language.words import FLUFF
from assistant.store.tables import Circle, Conversation, Invitation, Member
from assistant.store.tables.circle_tables import SEATED

"""How a JOIN begins that was written in Spanish."""
ASKED_ONCE_IN: Final = dt.timedelta(days=1)
"""So often a host hears at most that someone whose seat was closed would like to come back."""


@action(
    *("joined", "second", "again", "back", "on_the_way", "already"),
    *("asked_host", "full", "closed", "unknown", "no_code"),
)
def join(ctx: ActionContext, *, code: str = "") -> ActionResult:
    """Give a seat in the circle whose code was sent, or say why not; codes of other circles stay secret.

    joined: in a circle for the first time. second: there is a seat elsewhere, so the short way. again:
    stopped before the promise last time. back: had left, or opted out. on_the_way: a question of it is open.
    asked_host: a host has closed the seat, and only a host opens it.
    """
    found = find_circle(ctx.session, code)
    if found is None and not _names_something(code):
        invited = open_invitations(ctx.session, ctx.person.id, ctx.now)
        found = invited[0][1] if len(invited) == 1 else None
    if found is None:
        return ActionResult("unknown" if _names_something(code) else "no_code")
    circle = lock_circle(ctx.session, found.id)
    invitation = _invitation(ctx, circle)
    values = {"circle": circle.name, "code": circle.code, **_settle_language(ctx, circle, invitation)}
    if circle.state == "closed":
        return ActionResult("closed", values)
    member = seat_of(ctx.session, ctx.person.id, circle.id)
    if member is not None and member.state in SEATED:
        return _seated_already(ctx, member, values)
    if member is not None and member.barred_at is not None:
        return _ask_host(ctx, circle, values)
    if is_full(ctx.session, circle):
        return ActionResult("full", values)
    if invitation is not None:
        _confirm(ctx, invitation)
    if member is not None and member.state == "left" and member.promised_at is not None:
        _take_seat(ctx, circle, member, "active")
        return ActionResult("back", values, (OptIn(), *tell_hosts(ctx, circle, "member_back")), member)
    outcome = "second" if _is_known(ctx) else "joined"
    return ActionResult(outcome, values, (OptIn(),), _take_seat(ctx, circle, member, "joining"))


@action("kept", "no_seat")
def keep_promise(ctx: ActionContext) -> ActionResult:
    """Keep the promise on record: the seat is the member's, and only now the host hears of it."""
    if ctx.member is None or ctx.circle is None or ctx.member.state not in SEATED:
        return ActionResult("no_seat")
    first_time = ctx.member.promised_at is None
    ctx.member.promised_at = ctx.member.promised_at or ctx.now
    if ctx.member.state == "joining":
        _set_state(ctx, ctx.member, "active")
    if not first_time:
        return ActionResult("kept")
    return ActionResult(
        "kept",
        effects=(
            *tell_hosts(ctx, ctx.circle, "member_joined"),
            *tell_when_enough(ctx, ctx.circle),
            *ask_about_namesake(ctx, ctx.circle),
        ),
    )


@action("yes", "no")
def has_promised(ctx: ActionContext) -> ActionResult:
    """Whether the member agreed to the promise of this circle."""
    return ActionResult("yes" if ctx.member is not None and ctx.member.promised_at is not None else "no")


@action("dated", "undated", "running")
def look_ahead(ctx: ActionContext) -> ActionResult:
    """Whether it is known when the circle begins, or whether it has begun."""
    starts = ctx.circle.starts_on if ctx.circle else None
    if starts is None:
        return ActionResult("undated")
    return ActionResult("dated" if starts > ctx.now.date() else "running")


def tell_hosts(ctx: ActionContext, circle: Circle, notice: str) -> tuple[Effect, ...]:
    """Say a notice about the person in `ctx` to whoever hosts the circle, but never to that person."""
    return tuple(
        Tell(host.id, notice, other_name_of(ctx.person), circle_id=circle.id)
        for host in hosts_of(ctx.session, circle.id, ctx.now)
        if host.id != ctx.person.id
    )


def _seated_already(ctx: ActionContext, member: Member, values: dict[str, str]) -> ActionResult:
    stay(ctx, member)
    if member.state == "unreachable":
        _set_state(ctx, member, "active" if member.promised_at else "joining")
    out = _opted_out(ctx)
    if member.promised_at is not None and out:
        return ActionResult("back", values, (OptIn(),), member)
    if not out and _is_being_asked(ctx, member):
        return ActionResult("on_the_way", values, (OptIn(),), member)
    if member.promised_at is not None:
        return ActionResult("already", values, (OptIn(),), member)
    # Stopped half-way: what was begun is over, and what we know of the person need not be asked again.
    outcome = "again" if ctx.person.name else "joined"
    return ActionResult(outcome, values, (Finish(ctx.person.id, member.id), OptIn()), member)


def _ask_host(ctx: ActionContext, circle: Circle, values: dict[str, str]) -> ActionResult:
    """Put the wish to come back to whoever hosts, once a day; `asked` says whether there is anyone to ask."""
    asked = select(Conversation.values).where(
        Conversation.person_id == ctx.person.id, Conversation.began_at > ctx.now - ASKED_ONCE_IN
    )
    lately = any(each.get("asked") == circle.code for each in ctx.session.scalars(asked))
    hosts = hosts_of(ctx.session, circle.id, ctx.now)
    effects = () if lately else tell_hosts(ctx, circle, "wants_back")
    values = {**values, "asked": circle.code if hosts else "nobody"}
    return ActionResult("asked_host", values, (OptIn(), *effects))


def _take_seat(ctx: ActionContext, circle: Circle, member: Member | None, state: str) -> Member:
    if member is None:
        member = Member(circle_id=circle.id, person_id=ctx.person.id)
        ctx.session.add(member)
    member.joined_at = member.joined_at or ctx.now
    _set_state(ctx, member, state)
    return member


def _set_state(ctx: ActionContext, member: Member, state: str) -> None:
    """Whoever comes into a season that runs gets this week's questions from now on."""
    member.state = state
    member.state_at = ctx.now
    replan(ctx.session, member, ctx.now)


def _names_something(said: str) -> bool:
    return any((word,) not in FLUFF for word in plain_words(said))


def _settle_language(ctx: ActionContext, circle: Circle, invitation: Invitation | None) -> dict[str, str]:
    """Settle the language to write in; it is among the values if it is the person's own, not the circle's."""
    words = plain_words(ctx.words)
    said = joined_in(words)
    own = ctx.person.language or said or (invitation.language if invitation else None)
    ctx.person.language = own or circle.language
    return {"language": own} if own else {}


def _is_known(ctx: ActionContext) -> bool:
    """Whether the person has been brought in before, or is being brought in elsewhere right now."""
    seats = SEATS_OF_PERSON.of(ctx.session, ctx.person.id)
    promised = any(member.promised_at is not None for member in seats)
    return promised or bool(seats_of(ctx.session, ctx.person.id))


def _is_being_asked(ctx: ActionContext, member: Member) -> bool:
    asked = ASKED.of(ctx.session, ctx.person.id)
    return any(question.member_id == member.id and question.state != "closed" for question in asked)


def _opted_out(ctx: ActionContext) -> bool:
    return consent_of(ctx.session, ctx.address_id, ctx.identity.sender) == "out"


def _invitation(ctx: ActionContext, circle: Circle) -> Invitation | None:
    invitations = INVITATIONS.of(ctx.session, ctx.address_id)
    return next((invitation for invitation in invitations if invitation.circle_id == circle.id), None)


def _confirm(ctx: ActionContext, invitation: Invitation) -> None:
    """Confirm an invitation by the JOIN; what an organizer wrote stands until the person says otherwise."""
    invitation.state = "confirmed"
    invitation.settled_at = ctx.now
    take_back(ctx.session, [(invitation.address_id, invitation.circle_id)], "joined")
    ctx.person.name = ctx.person.name or invitation.name
    ctx.person.zone = ctx.person.zone or invitation.zone
