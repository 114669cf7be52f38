"""Lets people go: out of one circle, or out of all of them and of every text."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from assistant.circles.actions.choices import number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, OptOut, Tell
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.rematching import let_go, welcome_back
from assistant.circles.calendar.season_plan import replan
from assistant.circles.membership.invitations import decline
from assistant.circles.people.memberships import hosts_of, is_full, lock_circle, seats_of, told_of_news
from assistant.store.tables import Circle, Member, Note, Outbox, Person

EVERYTHING = "all"
ALL_TEXTS = {"en": "all texts", "es": "todo"}
"""The last option, after her circles."""


@action("one", "several", "none")
def find_seats(ctx: ActionContext) -> ActionResult:
    """Which seats she could leave: with several, `seats` and `options` list them, and everything at once."""
    seats = seats_of(ctx.session, ctx.person.id)
    if len(seats) == 1:
        return ActionResult("one", member=seats[0][0])
    if not seats:
        return ActionResult("none")
    labels = [_label(ctx, circle) for _, circle in seats]
    options = [
        *({"key": str(member.id), "label": label} for (member, _), label in zip(seats, labels, strict=True)),
        {"key": EVERYTHING, "label": ALL_TEXTS.get(ctx.person.language or "en", ALL_TEXTS["en"])},
    ]
    return ActionResult(
        "several", {"seats": options, "options": number_options(each["label"] for each in options)}
    )


@action("left", "all", "none")
def leave(ctx: ActionContext) -> ActionResult:
    """Give up the seat chosen in `leaving`, or the one this is about; "all" stops every text as well."""
    chosen = ctx.values.get("leaving")
    if chosen == EVERYTHING:
        return ActionResult("all", effects=(*_leave_all(ctx), OptOut()))
    for member, circle in seats_of(ctx.session, ctx.person.id):
        if chosen == str(member.id) or (
            chosen is None and ctx.member is not None and member.id == ctx.member.id
        ):
            return ActionResult("left", effects=close(ctx, member, circle), member=member)
    return ActionResult("none")


@action("left", "none")
def leave_everything(ctx: ActionContext) -> ActionResult:
    """Give up every seat and every text, without another word: the question about it went unanswered."""
    effects = _leave_all(ctx)
    return ActionResult("left" if effects else "none", effects=(*effects, OptOut(confirm=False)))


@action("left", "none")
def give_up_seats(ctx: ActionContext) -> ActionResult:
    """She stopped every text where only the carrier could hear it; her circles hear that she is not there."""
    effects = left(ctx.session, ctx.person, ctx.now)
    return ActionResult("left" if effects else "none", effects=effects)


def left(session: Session, person: Person, now: dt.datetime) -> tuple[Effect, ...]:
    """She has stopped every text: the seats that she had come in to are given up, and her circles hear so.

    A seat before the promise stays as it is: nobody knew of it. `returned` gives back what this took. Her
    invitations are declined.

    Args:
        session: Inside the transaction that records her opt-out, with the same `now`.
    """
    decline(session, person.id, now)
    return tuple(
        effect
        for member, circle in seats_of(session, person.id)
        if member.promised_at is not None
        for effect in _give_up(session, member, circle, person, now)
    )


def returned(
    session: Session, person: Person, stopped_at: dt.datetime, now: dt.datetime
) -> tuple[Effect, ...]:
    """She opted in again: the seats that her opt-out at `stopped_at` took are hers, where there is room.

    Not where a host has closed hers meanwhile: that is the host's to open.
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
    """The seat of the person in `scene` is given up: nothing more is asked for it, and the circle hears."""
    finish = Finish(ctx.person.id, member.id)
    return (finish, *_give_up(ctx.session, member, circle, ctx.person, ctx.now))


def _give_up(
    session: Session, member: Member, circle: Circle, person: Person, now: dt.datetime
) -> tuple[Effect, ...]:
    """The circle hears of it only if she had come in: before the promise nothing of hers was told."""
    member.state, member.state_at, member.paused_until = "left", now, None
    session.flush()
    replan(session, member, now)
    if member.promised_at is None:
        return ()
    _take_back_words(session, member)
    return (
        *_tell_hosts(session, circle, person, "member_left", now),
        *_tell_members(session, circle, person, "member_left", now),
        *let_go(session, member, now),
    )


def _take_back_words(session: Session, member: Member) -> None:
    """What she wrote to others and has not left yet does not leave any more."""
    recipient = aliased(Member)
    waiting = (
        select(Outbox.id)
        .join(Note, Note.at == Outbox.created_at)
        .join(recipient, (recipient.id == Note.to_member_id) & (recipient.person_id == Outbox.person_id))
        .where(Note.from_member_id == member.id, Outbox.state == "queued", Outbox.purpose == "relay")
    )
    session.execute(
        update(Outbox).where(Outbox.id.in_(waiting)).values(state="cancelled", reason="its writer left"),
        execution_options={"synchronize_session": False},
    )


def _tell_hosts(
    session: Session, circle: Circle, person: Person, notice: str, now: dt.datetime
) -> tuple[Effect, ...]:
    return tuple(
        Tell(host.id, notice, other_name_of(person), circle_id=circle.id)
        for host in hosts_of(session, circle.id, now)
        if host.id != person.id
    )


def _tell_members(
    session: Session, circle: Circle, person: Person, notice: str, now: dt.datetime
) -> tuple[Effect, ...]:
    """Who takes part or reads along hears of it; whoever hosts has heard already."""
    told = {person.id, *(host.id for host in hosts_of(session, circle.id, now))}
    return tuple(
        Tell(each.person_id, notice, other_name_of(person), circle_id=circle.id, member_id=each.id)
        for each in told_of_news(session, circle.id, told)
    )


def _label(ctx: ActionContext, circle: Circle) -> str:
    """A circle's name; its initials alone on a shared phone."""
    return "".join(word[0] for word in circle.name.split()).upper() if ctx.person.plain else circle.name
