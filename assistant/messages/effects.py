"""Carries out what the circle domain asks for: telling others, starting flows, ending them, opt-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.circles.leaving import left
from assistant.circles.on_call import address_of
from assistant.circles.scene import (
    Alarm,
    AskAgain,
    Effect,
    Finish,
    HandOver,
    Lines,
    OptIn,
    OptOut,
    Preview,
    Scene,
    Start,
    Tell,
)
from assistant.messages import consent
from assistant.messages.alerts import open_alert
from assistant.messages.desk import Desk
from assistant.messages.moment import Moment
from assistant.messages.outbox import Draft, put
from assistant.messages.previews import show_preview
from assistant.messages.questions import close_all
from assistant.messages.senders import best_addresses
from assistant.messages.speech import speak
from assistant.store.tables import Address, Circle, Conversation, Inbox, Outbox, Person, Timer


def apply(moment: Moment, effects: Iterable[Effect], conversation: Conversation | None = None) -> None:
    """Carry out what came of something one person did."""
    for effect in effects:
        if _belongs_to_turn(effect, moment):
            assert isinstance(effect, Tell)
            purpose = None if effect.purpose == "reply" else effect.purpose
            moment.notice(
                effect.notice,
                effect.fills,
                purpose=purpose,
                carry=effect.carry,
                circle_id=effect.circle_id,
            )
        elif isinstance(effect, Tell):
            tell(moment.session, moment.desk, effect, moment.now)
        elif isinstance(effect, Lines):
            moment.lines(effect.lines, conversation)
        elif isinstance(effect, Preview):
            show_preview(moment, effect, conversation)
        elif isinstance(effect, Start):
            start_later(moment.session, effect, moment.now)
        elif isinstance(effect, Finish):
            finish(moment.session, effect, moment.now, conversation)
        elif isinstance(effect, AskAgain):
            moment.again = True
        elif isinstance(effect, HandOver):
            moment.handed = effect
        elif isinstance(effect, OptIn):
            _opt_in(moment)
        elif isinstance(effect, OptOut):
            opt_out(moment, confirm=effect.confirm)
        elif isinstance(effect, Alarm):
            open_alert(
                moment.session,
                effect.kind,
                moment.now,
                circle_id=effect.circle_id,
                person_id=effect.person_id,
                inbox_id=moment.inbox.id if moment.inbox else None,
            )


def _belongs_to_turn(effect: Effect, moment: Moment) -> bool:
    """Whether it is said to her among what else this turn says, in its place."""
    return (
        isinstance(effect, Tell)
        and effect.person_id == moment.person.id
        and effect.purpose in ("reply", "relay")
    )


def tell(
    session: Session, desk: Desk, effect: Tell, now: dt.datetime, *, inbox_id: int | None = None
) -> None:
    """Queue a notice to someone; whether it may go is decided when it is due to go.

    Args:
        inbox_id: The text of hers that it answers, if it does.
    """
    person = session.get_one(Person, effect.person_id)
    address = address_of(session, person.id)
    if address is not None:
        draft = _draft(session, desk, effect, person, address, now, inbox_id=inbox_id)
        put(session, [draft], desk.house.sender, now)


def tell_all(
    session: Session,
    desk: Desk,
    notices: Sequence[Tell],
    now: dt.datetime,
    moment: Callable[[Tell, Person, Address], dt.datetime],
) -> None:
    """Queue notices to many people in a handful of statements; `moment` says when each may go."""
    ids = [each.person_id for each in notices]
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    addresses = best_addresses(session, ids)
    drafts = []
    for each in notices:
        person, address = people[each.person_id], addresses.get(each.person_id)
        if address is not None:
            timed = replace(each, not_before=moment(each, person, address))
            drafts.append(_draft(session, desk, timed, person, address, now))
    put(session, drafts, desk.house.sender, now)


def _draft(
    session: Session,
    desk: Desk,
    effect: Tell,
    person: Person,
    address: Address,
    now: dt.datetime,
    *,
    inbox_id: int | None = None,
) -> Draft:
    circle = session.get(Circle, effect.circle_id) if effect.circle_id else None
    scene = Scene(session, now, desk.house, person, address.id, circle=circle)
    return Draft(
        person_id=person.id,
        address_id=address.id,
        uri=address.uri,
        body=speak(
            scene, desk.book.notice(effect.notice), uri=address.uri, given=effect.fills, carry=effect.carry
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


def opt_out(moment: Moment, *, confirm: bool) -> None:
    """She is out: it is on the ledger, nothing queued leaves, and nothing more is said to her.

    Args:
        confirm: Whether she hears so, in the one text that is allowed (47 CFR 64.1200(a)(12)).
    """
    consent.refuse(
        moment.session,
        moment.address.id,
        moment.desk.house.sender,
        wording=moment.words,
        way="text",
        now=moment.now,
        inbox_id=moment.inbox.id if moment.inbox else None,
    )
    moment.drafts = []
    moment.session.execute(
        update(Outbox)
        .where(Outbox.address_id == moment.address.id, Outbox.state == "queued")
        .values(state="cancelled", reason="opted out")
    )
    if confirm:
        moment.notice("opted_out", purpose="legal")
    moment.quiet = moment.opted_out = True
    # Her circles hear that she is no longer there; nobody waits for her.
    apply(moment, left(moment.session, moment.person, moment.now))
    if moment.background is not None:
        moment.background.stale = True


def opt_in(moment: Moment, text: Inbox) -> None:
    """She is in, by this text of her own."""
    consent.agree(
        moment.session,
        moment.address.id,
        moment.desk.house.sender,
        wording=moment.words,
        way="text",
        now=moment.now,
        inbox_id=text.id,
    )
    moment.quiet = moment.opted_out = False


def _opt_in(moment: Moment) -> None:
    text = moment.inbox
    if text is None:
        raise ValueError("only a text of her own can opt a person in")
    newest = consent.in_force(moment.session, moment.address.id, moment.desk.house.sender)
    # A STOP overtakes older texts, so that an older JOIN may be handled after it: it must not undo it.
    overtaken = newest is not None and newest.kind == "out" and (newest.inbox_id or 0) > text.id
    if not overtaken:
        opt_in(moment, text)
