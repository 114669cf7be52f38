"""Asks people on call whether an unheard page may ring them, keeps the answer, and makes pages calls."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.actions.registry import action
from assistant.circles.people.reachability import address_of, hears_us
from assistant.safety.on_call import LEVELS, circles_answered_for, on_level
from assistant.schedule.local_time import hours_for, next_allowed, zone_of
from assistant.store import looks
from assistant.store.tables import Address, Alert, AlertStep, CallWish, PageCall, Person, Role

UNHEARD: Final = dt.timedelta(minutes=5)
"""So long a page may stay unanswered before it rings."""
WORTH: Final = dt.timedelta(minutes=15)
"""So long after the page ringing is still worth it: then the next are paged."""
SETTLED: Final = dt.timedelta(days=1)
"""So long after someone took a role they are asked."""
PAGED: Final = (*(f"{level} paged" for level in LEVELS), "paged again")

_UNASKED: Final = (
    Role.kind.in_(LEVELS),
    Role.ended_at.is_(None),
    ~select(CallWish.id).where(CallWish.person_id == Role.person_id).exists(),
)


def _uncalled(since: ColumnElement[dt.datetime] | dt.datetime) -> Select[int]:
    return (
        select(AlertStep.id)
        .join(Alert, Alert.id == AlertStep.alert_id)
        .join(CallWish, CallWish.person_id == AlertStep.person_id)
        .where(
            Alert.closed_at.is_(None),
            Alert.answered_at.is_(None),
            AlertStep.what.in_(PAGED),
            AlertStep.at > since,
            CallWish.agreed.is_(True),
            ~select(PageCall.id).where(PageCall.step_id == AlertStep.id).exists(),
        )
    )


WORK: Final = (
    select(Role.id).where(*_UNASKED, Role.accepted_at <= looks.moment(-SETTLED)),
    _uncalled(looks.moment(-WORTH)),
)
"""Whether there is anyone to ask, or a page that may become a call."""


@action("asked", "cannot")
def ask_for_calls(ctx: ActionContext) -> ActionResult:
    """Say whether this phone can be rung; from here on the person counts as asked."""
    address = ctx.session.get(Address, ctx.address_id)
    if not ctx.identity.rings or ctx.person.plain or address is None or not can_ring(address):
        return ActionResult("cannot")
    _wish_of(ctx.session, ctx.person.id).asked_at = ctx.now
    return ActionResult("asked")


@action("kept")
def agree_to_calls(ctx: ActionContext) -> ActionResult:
    """Keep the yes, to calls at any hour; the test call rings at once."""
    _answer(ctx, agreed=True)
    ctx.session.add(call_for(ctx.person.id, ctx.now, ctx.now + WORTH))
    return ActionResult("kept")


@action("kept")
def refuse_calls(ctx: ActionContext) -> ActionResult:
    """Keep the no: nothing rings any more, not even what waits."""
    _answer(ctx, agreed=False)
    return ActionResult("kept")


def start_asking(session: Session, now: dt.datetime) -> list[Start]:
    """Return the questions to people on call who were never asked, by day; each is asked once."""
    statement = select(Role.person_id).where(*_UNASKED, Role.accepted_at <= now - SETTLED).distinct()
    starts = []
    for person_id in session.scalars(statement).all():
        _wish_of(session, person_id)
        person, address = session.get_one(Person, person_id), address_of(session, person_id)
        if address is not None and can_ring(address) and not person.plain:
            zones = zone_of(person.zone, None, address.uri)
            due_at = next_allowed(now, zones, hours_for(address.uri))
            starts.append(Start(person_id, "calls_ask", due_at=due_at))
    return starts


def make_calls(session: Session, now: dt.datetime) -> int:
    """Have each page that may become a call ring after a while; return how many there were."""
    ids = session.scalars(_uncalled(now - WORTH)).all()
    steps = session.scalars(select(AlertStep).where(AlertStep.id.in_(ids))).all()
    for step in steps:
        assert step.person_id is not None
        session.add(call_for(step.person_id, step.at + UNHEARD, step.at + WORTH, step))
    return len(steps)


def call_for(
    person_id: int, not_before: dt.datetime, expires_at: dt.datetime, step: AlertStep | None = None
) -> PageCall:
    """Return a call; without a page it is a test call."""
    return PageCall(
        person_id=person_id,
        alert_id=step.alert_id if step is not None else None,
        step_id=step.id if step is not None else None,
        token=secrets.token_hex(16),
        not_before=not_before,
        expires_at=expires_at,
    )


def why_not(session: Session, call: PageCall, address: Address | None, sender: str, now: dt.datetime) -> str:
    """Return why a call must not ring now, "" when it may: asked as it is about to."""
    if now >= call.expires_at:
        return "too late"
    wish = session.scalar(select(CallWish).where(CallWish.person_id == call.person_id))
    person = session.get_one(Person, call.person_id)
    if wish is None or not wish.agreed or person.plain:
        return "not agreed"
    if address is None or not can_ring(address) or not hears_us(session, call.person_id, sender):
        return "out of reach"
    if call.alert_id is None:
        return ""
    alert = session.get_one(Alert, call.alert_id)
    if alert.closed_at is not None or alert.answered_at is not None:
        return "answered"
    people = (
        each.id
        for level in LEVELS
        for each in on_level(session, alert.circle_id or 0, level, alert.person_id, sender, now)
    )
    answers = alert.circle_id in circles_answered_for(session, call.person_id)
    return "" if answers and call.person_id in people else "not on call"


def can_ring(address: Address) -> bool:
    """Return whether an address is a phone number's."""
    return address.uri.startswith("sms:+")


def can_ring_both(session: Session, one_id: int, other_id: int) -> bool:
    """Return whether two people's phones can be rung."""
    found = [address_of(session, each) for each in (one_id, other_id)]
    return all(each is not None and can_ring(each) for each in found)


def _wish_of(session: Session, person_id: int) -> CallWish:
    wish = session.scalar(select(CallWish).where(CallWish.person_id == person_id))
    if wish is None:
        wish = CallWish(person_id=person_id)
        session.add(wish)
        session.flush()
    return wish


def _answer(ctx: ActionContext, *, agreed: bool) -> None:
    wish = _wish_of(ctx.session, ctx.person.id)
    wish.agreed, wish.answered_at = agreed, ctx.now
    ctx.session.flush()
