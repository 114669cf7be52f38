"""Carries out what the circle domain asks for: telling others, starting flows, ending them, opt-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import (
    Alarm,
    AskAgain,
    Effect,
    Finish,
    HandOver,
    Lines,
    OptIn,
    OptOut,
    Preview,
    Start,
    Tell,
)
from assistant.circles.membership.leaving import left
from assistant.circles.people import consent
from assistant.circles.people.reachability import address_of, best_addresses
from assistant.conversations.previews import show_preview
from assistant.conversations.questions import close_all
from assistant.conversations.text_rendering import speak
from assistant.conversations.turn_context import Context
from assistant.delivery.outbox import Draft, put
from assistant.safety.alerts import open_alert
from assistant.services import Services
from assistant.store.tables import Address, Circle, Conversation, Inbox, Outbox, Person, Timer


def apply(context: Context, effects: Iterable[Effect], conversation: Conversation | None = None) -> None:
    """Carry out what came of something one person did."""
    for effect in effects:
        if _belongs_to_turn(effect, context):
            assert isinstance(effect, Tell)
            purpose = None if effect.purpose == "reply" else effect.purpose
            context.notice(
                effect.notice,
                effect.placeholders,
                purpose=purpose,
                verbatim=effect.verbatim,
                circle_id=effect.circle_id,
            )
        elif isinstance(effect, Tell):
            tell(context.session, context.services, effect, context.now)
        elif isinstance(effect, Lines):
            context.lines(effect.lines, conversation)
        elif isinstance(effect, Preview):
            show_preview(context, effect, conversation)
        elif isinstance(effect, Start):
            start_later(context.session, effect, context.now)
        elif isinstance(effect, Finish):
            finish(context.session, effect, context.now, conversation)
        elif isinstance(effect, AskAgain):
            context.again = True
        elif isinstance(effect, HandOver):
            context.handed = effect
        elif isinstance(effect, OptIn):
            _opt_in(context)
        elif isinstance(effect, OptOut):
            opt_out(context, confirm=effect.confirm)
        elif isinstance(effect, Alarm):
            open_alert(
                context.session,
                effect.kind,
                context.now,
                circle_id=effect.circle_id,
                person_id=effect.person_id,
                inbox_id=context.inbox.id if context.inbox else None,
            )


def _belongs_to_turn(effect: Effect, context: Context) -> bool:
    """Whether it is said to her among what else this turn says, in its place."""
    return (
        isinstance(effect, Tell)
        and effect.person_id == context.person.id
        and effect.purpose in ("reply", "relay")
    )


def tell(
    session: Session, services: Services, effect: Tell, now: dt.datetime, *, inbox_id: int | None = None
) -> None:
    """Queue a notice to someone; whether it may go is decided when it is due to go.

    Args:
        inbox_id: The text of hers that it answers, if it does.
    """
    person = session.get_one(Person, effect.person_id)
    address = address_of(session, person.id)
    if address is not None:
        draft = _draft(session, services, effect, person, address, now, inbox_id=inbox_id)
        put(session, [draft], services.identity.sender, now)


def tell_all(
    session: Session,
    services: Services,
    notices: Sequence[Tell],
    now: dt.datetime,
    when: Callable[[Tell, Person, Address], dt.datetime],
) -> None:
    """Queue notices to many people in a handful of statements; `when` says when each may go."""
    ids = [each.person_id for each in notices]
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    addresses = best_addresses(session, ids)
    drafts = []
    for each in notices:
        person, address = people[each.person_id], addresses.get(each.person_id)
        if address is not None:
            timed = replace(each, not_before=when(each, person, address))
            drafts.append(_draft(session, services, timed, person, address, now))
    put(session, drafts, services.identity.sender, now)


def _draft(
    session: Session,
    services: Services,
    effect: Tell,
    person: Person,
    address: Address,
    now: dt.datetime,
    *,
    inbox_id: int | None = None,
) -> Draft:
    circle = session.get(Circle, effect.circle_id) if effect.circle_id else None
    ctx = ActionContext(session, now, services.identity, person, address.id, circle=circle)
    return Draft(
        person_id=person.id,
        address_id=address.id,
        uri=address.uri,
        body=speak(
            ctx,
            services.book.notice(effect.notice),
            uri=address.uri,
            given=effect.placeholders,
            verbatim=effect.verbatim,
        ),
        purpose=effect.purpose,
        circle_id=effect.circle_id,
        member_id=effect.member_id,
        inbox_id=inbox_id,
        wording=f"notices/{effect.notice}",
        not_before=effect.not_before,
        expires_at=(effect.not_before or now) + effect.expires if effect.expires else None,
    )


def start_later(session: Session, effect: Start, now: dt.datetime) -> None:
    """Flows start by timer, so that nobody's conversation is touched without her lock in hand."""
    session.add(
        Timer(
            kind="prompt",
            person_id=effect.person_id,
            member_id=effect.member_id,
            flow=effect.flow,
            values=dict(effect.values),
            due_at=effect.due_at or now,
            at_once=effect.at_once,
        )
    )


def finish(session: Session, effect: Finish, now: dt.datetime, current: Conversation | None) -> None:
    """End a person's conversations, those of one seat or all; the one that asks for it runs on by itself."""
    of_hers = select(Conversation).where(
        Conversation.person_id == effect.person_id, Conversation.ended_at.is_(None)
    )
    if effect.member_id is not None:
        of_hers = of_hers.where(Conversation.member_id == effect.member_id)
    for conversation in session.scalars(of_hers):
        if "danger" in conversation.values:
            continue  # A safety talk goes on, whatever becomes of her seat.
        if not (effect.keep_current and current is not None and conversation.id == current.id):
            close_all(session, conversation, now)
            conversation.ended_at = now
    prompts = select(Timer).where(
        Timer.person_id == effect.person_id, Timer.kind == "prompt", Timer.done_at.is_(None)
    )
    if effect.member_id is not None:
        prompts = prompts.where(Timer.member_id == effect.member_id)
    if effect.keep_plans:
        prompts = prompts.where(Timer.key.is_(None))
    for timer in session.scalars(prompts):
        if timer.key is None:
            timer.done_at = now
        else:
            session.delete(timer)  # It has not come, so it may be planned again when she is back.


def opt_out(context: Context, *, confirm: bool) -> None:
    """She is out: it is on the ledger, nothing queued leaves, and nothing more is said to her.

    Args:
        confirm: Whether she hears so, in the one text that is allowed (47 CFR 64.1200(a)(12)).
    """
    consent.refuse(
        context.session,
        context.address.id,
        context.services.identity.sender,
        wording=context.words,
        way="text",
        now=context.now,
        inbox_id=context.inbox.id if context.inbox else None,
    )
    context.drafts = []
    context.session.execute(
        update(Outbox)
        .where(Outbox.address_id == context.address.id, Outbox.state == "queued")
        .values(state="cancelled", reason="opted out")
    )
    if confirm:
        context.notice("opted_out", purpose="legal")
    context.quiet = context.opted_out = True
    # Her circles hear that she is no longer there; nobody waits for her.
    apply(context, left(context.session, context.person, context.services.identity.sender, context.now))
    if context.prefetched is not None:
        context.prefetched.stale = True


def opt_in(context: Context, text: Inbox) -> None:
    """She is in, by this text of her own."""
    consent.agree(
        context.session,
        context.address.id,
        context.services.identity.sender,
        wording=context.words,
        way="text",
        now=context.now,
        inbox_id=text.id,
    )
    context.quiet = context.opted_out = False


def _opt_in(context: Context) -> None:
    text = context.inbox
    if text is None:
        raise ValueError("only a text of her own can opt a person in")
    newest = consent.in_force(context.session, context.address.id, context.services.identity.sender)
    # A STOP overtakes older texts, so that an older JOIN may be handled after it: it must not undo it.
    overtaken = newest is not None and newest.kind == "out" and (newest.inbox_id or 0) > text.id
    if not overtaken:
        opt_in(context, text)
