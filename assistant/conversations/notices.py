"""Queues notices to people outside their conversations; whether one may go is decided when it is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Tell
from assistant.circles.people.reachability import address_of, best_addresses
from assistant.conversations.text_rendering import carried_in, speak
from assistant.delivery.outbox import Draft, put
from assistant.services import Services
from assistant.store.tables import Address, Circle, Person


def tell(
    session: Session, services: Services, effect: Tell, now: dt.datetime, *, inbox_id: int | None = None
) -> None:
    """Queue a notice to someone; whether it may go is decided when it is due to go.

    Args:
        inbox_id: The person's text that it answers, if it does.
    """
    person = session.get_one(Person, effect.person_id)
    address = address_of(session, person.id, services.identity.sender)
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
    addresses = best_addresses(session, ids, services.identity.sender)
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
    # What stands in its placeholders also chooses its variant, as in a conversation and a line.
    values = dict(effect.placeholders)
    ctx = ActionContext(session, now, services.identity, person, address.id, circle=circle, values=values)
    texts = services.book.notice(effect.notice)
    return Draft(
        person_id=person.id,
        address_id=address.id,
        uri=address.uri,
        body=speak(
            ctx,
            texts,
            uri=address.uri,
            given=effect.placeholders,
            verbatim=effect.verbatim,
            wording=f"notices/{effect.notice}",
        ),
        purpose=effect.purpose,
        circle_id=effect.circle_id,
        member_id=effect.member_id,
        inbox_id=inbox_id,
        wording=f"notices/{effect.notice}",
        not_before=effect.not_before,
        expires_at=(effect.not_before or now) + effect.expires if effect.expires else None,
        carries=carried_in(ctx, texts, effect.verbatim, effect.carries),
    )
