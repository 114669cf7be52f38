"""Lets people go: out of one circle, or out of all of them and of every text."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import circle_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, OptOut, Start, Tell
from assistant.circles.actions.pending_actions import hold, take_back, take_up, under_way
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.rematching import let_go, welcome_back
from assistant.circles.calendar.season_plan import replan
from assistant.circles.exchange.withdrawal import give_up_listings
from assistant.circles.membership.invitations import decline
from assistant.circles.people.carried_words import call_back
from assistant.circles.people.memberships import hosts_of, is_full, lock_circle, seats_of, told_of_news
from assistant.circles.people.reachability import hears_elsewhere
from assistant.circles.sharing.news_planning import add_news, tell_again
from assistant.language.languages import LANGUAGES, spoken
from assistant.store.tables import Circle, Member, Note, Person, Share
from assistant.store.tables.circle_tables import SEATED

EVERYTHING = "all"
KIND: Final = "leave"
CARRIES_OUT: Final = "leave_now"
"""The flow with which a seat is given up, once the minute is over."""
ON_THE_WAY: Final = dt.timedelta(days=4)
"""What was written before that has arrived, or will not any more."""


@action("one", "several", "none")
def find_seats(ctx: ActionContext) -> ActionResult:
    """Which seats can be left: with several, `seats` and `options` list them, and everything at once."""
    seats = seats_of(ctx.session, ctx.person.id)
    if len(seats) == 1:
        return ActionResult("one", member=seats[0][0])
    if not seats:
        return ActionResult("none")
    choices = ((member.id, circle) for member, circle in seats)
    everything = (EVERYTHING, LANGUAGES[spoken(ctx.person.language)].labels["all_texts"])
    return ActionResult("several", circle_choices("seats", choices, plain=ctx.person.plain, last=everything))


@action("held", "all", "none")
def hold_leave(ctx: ActionContext, *, leaving: object = None) -> ActionResult:
    """In a minute, give up the seat chosen in `leaving`, or this conversation's; "all" stops every text now.

    `leaving` is of any shape: what names no seat must not read as if nothing had been chosen. `told`: others
    will hear of it, for the promise was kept.
    """
    if leaving == EVERYTHING:
        return ActionResult("all", effects=(*_leave_all(ctx), OptOut()))
    for member, circle in seats_of(ctx.session, ctx.person.id):
        if leaving == str(member.id) or (
            leaving is None and ctx.member is not None and member.id == ctx.member.id
        ):
            values = {"told": "yes" if member.promised_at is not None else "no"}
            if under_way(ctx, KIND, member):
                return ActionResult("held", values, member=member)
            pending = hold(ctx, KIND, circle, member=member)
            closing = Start(
                ctx.person.id,
                CARRIES_OUT,
                {"pending_action": pending.id},
                member.id,
                due_at=pending.held_until,
                at_once=True,
            )
            return ActionResult("held", values, (closing,), member)
    return ActionResult("none")


@action("left", "gone")
def leave_now(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Give up the seat, the minute being over; gone: it was undone, or the seat is given up already."""
    pending, member = take_up(ctx.session, pending_action, ctx.now), ctx.member
    if pending is None or member is None or ctx.circle is None:
        return ActionResult("gone")
    mine = pending.kind == KIND and pending.by_person_id == ctx.person.id and pending.member_id == member.id
    if not mine or member.state not in SEATED:
        return ActionResult("gone")
    return ActionResult("left", effects=close(ctx, member, ctx.circle))


def stay(ctx: ActionContext, member: Member) -> None:
    """Whoever asks for the seat within the minute keeps it."""
    leaving = under_way(ctx, KIND, member)
    if leaving is not None:
        take_back(ctx, leaving)


@action("left", "none")
def leave_everything(ctx: ActionContext) -> ActionResult:
    """Give up every seat and every text, without another word: the question about it went unanswered."""
    effects = _leave_all(ctx)
    return ActionResult("left" if effects else "none", effects=(*effects, OptOut(confirm=False)))


@action("left", "none")
def give_up_seats(ctx: ActionContext) -> ActionResult:
    """Give up the seats of whoever opted out where only the carrier could hear it; the circles hear of it."""
    effects = left(ctx.session, ctx.person, ctx.identity.sender, ctx.now)
    return ActionResult("left" if effects else "none", effects=effects)


def left(session: Session, person: Person, sender: str, now: dt.datetime) -> tuple[Effect, ...]:
    """Give up a person's seats after an opt-out, where the promise was kept; the circles hear of it.

    Whoever is still texted at another address keeps them: consent, and its end, belong to an address.
    A seat before the promise stays as it is: nobody knew of it. `returned` gives back what this took. The
    person's invitations are declined.

    Args:
        session: Inside the transaction that records the opt-out, with the same `now`.
    """
    if hears_elsewhere(session, person.id, sender):
        return ()
    decline(session, person.id, now)
    return tuple(
        effect
        for member, circle in seats_of(session, person.id)
        if member.promised_at is not None
        for effect in _give_up(session, member, circle, person, sender, now)
    )


def returned(
    session: Session, person: Person, stopped_at: dt.datetime, now: dt.datetime
) -> tuple[Effect, ...]:
    """Give back, after a new opt-in, the seats that the opt-out at `stopped_at` took, where there is room.

    Not where a host has closed the seat meanwhile: that is the host's to open.
    """
    effects: list[Effect] = []
    given_up = select(Member).where(
        Member.person_id == person.id,
        Member.state == "left",
        Member.state_at >= stopped_at,
        Member.barred_at.is_(None),
    )
    for member in session.scalars(given_up).all():
        circle = lock_circle(session, member.circle_id)
        if circle.state == "closed" or is_full(session, circle):
            continue
        member.state, member.state_at = "active", now
        session.flush()
        replan(session, member, now)
        effects += _tell_hosts(session, circle, person, "member_back", now)
        effects += welcome_back(session, member, now)
    return tuple(effects)


def _leave_all(ctx: ActionContext) -> list[Effect]:
    return [
        effect
        for member, circle in seats_of(ctx.session, ctx.person.id)
        for effect in close(ctx, member, circle)
    ]


def close(ctx: ActionContext, member: Member, circle: Circle) -> tuple[Effect, ...]:
    """Give up a seat of the person in `ctx`: nothing more is asked for it, and the circle hears."""
    finish = Finish(ctx.person.id, member.id)
    return (finish, *_give_up(ctx.session, member, circle, ctx.person, ctx.identity.sender, ctx.now))


def _give_up(
    session: Session, member: Member, circle: Circle, person: Person, sender: str, now: dt.datetime
) -> tuple[Effect, ...]:
    """Give up a seat; the circle hears of it only after the promise: before it nothing was told."""
    member.state, member.state_at, member.paused_until = "left", now, None
    session.flush()
    replan(session, member, now)
    if member.promised_at is None:
        return ()
    _take_back_words(session, member, now)
    _tell_members(session, circle, member, now)
    return (
        *give_up_listings(session, member, now),
        *_tell_hosts(session, circle, person, "member_left", now),
        *let_go(session, member, sender, now),
    )


def _take_back_words(session: Session, member: Member, now: dt.datetime) -> None:
    """Take back what a member wrote to others and has not left yet."""
    notes = session.scalars(
        select(Note.id).where(Note.from_member_id == member.id, Note.at > now - ON_THE_WAY)
    )
    shares = session.scalars(
        select(Share.id).where(Share.member_id == member.id, Share.at > now - ON_THE_WAY)
    )
    carried = [*(f"note:{each}" for each in notes), *(f"share:{each}" for each in shares)]
    call_back(session, member.circle_id, carried, "its writer left", now)
    tell_again(session, member.circle_id, now)


def _tell_hosts(
    session: Session, circle: Circle, person: Person, notice: str, now: dt.datetime
) -> tuple[Effect, ...]:
    return tuple(
        Tell(host.id, notice, other_name_of(person), circle_id=circle.id)
        for host in hosts_of(session, circle.id, now)
        if host.id != person.id
    )


def _tell_members(session: Session, circle: Circle, member: Member, now: dt.datetime) -> None:
    """Let it be news for who takes part or reads along, at their hour; whoever hosts has heard already."""
    told = {member.person_id, *(host.id for host in hosts_of(session, circle.id, now))}
    add_news(session, told_of_news(session, circle.id, told), member, now, kind="left")
