"""Moves everything a person has to a new phone; the old number is left with one neutral text."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, OptIn, OptOut, Start, Tell
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.rematching import welcome_back
from assistant.circles.calendar.season_plan import replan
from assistant.circles.membership.phone_claims import holds_something, proven_claim
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import hosts_of, seats_of
from assistant.circles.people.page_sessions import end_sessions
from assistant.circles.people.reachability import addresses_of
from assistant.circles.people.same_people import channel_of
from assistant.store.read_ahead import forget
from assistant.store.sessions import is_writing_alone
from assistant.store.tables import Address, Inbox, Member, Outbox, Person

LAST_TEXT: Final = "old_phone"
"""The flow that says it to whoever has the old number."""


@action("move", "both")
def is_another_channel(ctx: ActionContext) -> ActionResult:
    """Whether the proven seat is on another channel, so that its number may be the member's still: both.

    Whoever writes here has just agreed to our texts.
    """
    claim = proven_claim(ctx)
    if claim is None or claim.of_person_id is None:
        return ActionResult("move")
    here = channel_of(ctx.session.get_one(Address, ctx.address_id).uri)
    theirs = {channel_of(each.uri) for each in addresses_of(ctx.session, claim.of_person_id)}
    if not theirs or here in theirs:
        return ActionResult("move")
    return ActionResult("both", effects=(OptIn(),))


@action("moved", "waiting", "gone")
def write_from_both(ctx: ActionContext) -> ActionResult:
    """Let the member whom the proven claim is about write from here as well."""
    return _move(ctx, both=True)


@action("moved", "waiting", "gone")
def move_to_this_phone(ctx: ActionContext) -> ActionResult:
    """Move what the proven claim is about to the phone that wrote, which has just agreed to our texts.

    waiting: nothing is proven yet. gone: there is nothing left to move, or this phone has a seat by now.
    """
    return _move(ctx, both=False)


def _move(ctx: ActionContext, *, both: bool) -> ActionResult:
    claim = proven_claim(ctx)
    if claim is None:
        return ActionResult("waiting")
    person = _lock(ctx, claim.of_person_id)
    if person is None or person.erased_at is not None or holds_something(ctx, ctx.person):
        claim.state, claim.settled_at = "refused", ctx.now
        return ActionResult("gone")
    claim.state = "moved"
    effects = [*(() if both else _leave_old_phones(ctx, person)), *_give_up_begun(ctx)]
    _arrive(ctx, person)
    for member, circle in seats_of(ctx.session, person.id):
        effects += [
            Tell(
                host.id,
                "writes_from_both" if both else "new_phone_moved",
                other_name_of(person),
                circle_id=circle.id,
            )
            for host in hosts_of(ctx.session, circle.id, ctx.now)
            if host.id != person.id and member.promised_at is not None
        ]
        effects += find_again(ctx, member)
    record(ctx.session, "new phone", ctx.now, by=person.id, circle_id=claim.circle_id, claim=claim.id)
    return ActionResult("moved", effects=(OptIn(), *effects))


@action("stopped", "kept")
def stop_old_phone(ctx: ActionContext) -> ActionResult:
    """Put it on the ledger that the old number is texted no more, unless whoever has it has written since."""
    if ctx.person.heard_at is not None:
        return ActionResult("kept")
    return ActionResult("stopped", effects=(OptOut(confirm=False),))


def find_again(ctx: ActionContext, member: Member) -> tuple[Effect, ...]:
    """Let a seat that no text reached be one that is reached."""
    if member.state != "unreachable":
        return ()
    member.state, member.state_at = ("active" if member.promised_at else "joining"), ctx.now
    ctx.session.flush()
    replan(ctx.session, member, ctx.now)
    return welcome_back(ctx.session, member, ctx.now) if member.promised_at else ()


def _lock(ctx: ActionContext, person_id: int | None) -> Person | None:
    """Return the person whose seat it is, held until the transaction ends: their old phone may be writing."""
    if is_writing_alone(ctx.session):
        return ctx.session.get(Person, person_id or 0)
    return ctx.session.scalars(
        select(Person).where(Person.id == (person_id or 0)).with_for_update(key_share=True)
    ).first()


def _leave_old_phones(ctx: ActionContext, person: Person) -> list[Effect]:
    """Give the old addresses to nobody in particular, who hears one text: someone else may have them."""
    old = ctx.session.scalars(
        select(Address).where(Address.person_id == person.id, Address.retired_at.is_(None))
    ).all()
    if not old:
        return []
    stranger = Person(language=person.language, zone=person.zone, plain=True, created_at=ctx.now)
    ctx.session.add(stranger)
    ctx.session.flush()
    for address in old:
        address.person_id, address.doubted_at = stranger.id, None
        _hand_texts(ctx, address.uri, person.id, stranger.id)
    ctx.session.flush()
    return [Start(stranger.id, LAST_TEXT, at_once=True)]


def _give_up_begun(ctx: ActionContext) -> list[Effect]:
    """End what was begun anew on this phone, before it was said that it is a new one: nobody knows of it."""
    begun = seats_of(ctx.session, ctx.person.id)
    for member, _ in begun:
        member.state, member.state_at = "left", ctx.now
    return [Finish(ctx.person.id)]


def _arrive(ctx: ActionContext, person: Person) -> None:
    """Let this phone be the person's, and what waits for them come here."""
    here = ctx.session.get_one(Address, ctx.address_id)
    here.heard_at = ctx.now
    mine = addresses_of(ctx.session, ctx.person.id)
    for each in mine:
        each.person_id, each.doubted_at = person.id, None
    end_sessions(ctx.session, person.id, ctx.now)  # The phone that is lost may be signed in.
    person.heard_at = ctx.now
    ctx.session.flush()
    for each in mine:
        _hand_texts(ctx, each.uri, ctx.person.id, person.id)
    ctx.session.execute(
        update(Outbox)
        .where(Outbox.person_id == person.id, Outbox.state == "queued")
        .values(address_id=here.id, to_uri=here.uri),
        execution_options={"synchronize_session": False},
    )
    forget(ctx.session, Address)


def _hand_texts(ctx: ActionContext, uri: str, whose: int, now_whose: int) -> None:
    """Let texts from an address that nobody has handled yet be those of whoever has it now."""
    ctx.session.execute(
        update(Inbox)
        .where(
            Inbox.from_uri == uri, Inbox.state == "new", Inbox.person_id == whose, Inbox.id != ctx.inbox_id
        )
        .values(person_id=now_whose),
        execution_options={"synchronize_session": False},
    )
