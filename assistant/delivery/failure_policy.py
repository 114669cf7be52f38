"""Decides what a carrier's failure means and acts on it: try again, opt out, mark the address, or show it.

A send that the carrier refuses and a text that it took and then could not deliver come here alike.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.carrier_errors import CLOSED_WINDOW, MEDIA_LOST, TEMPLATE_GONE, classify, is_known
from assistant.circles.membership.invitation_fate import note_unreachable
from assistant.circles.people import consent
from assistant.delivery.outbox import PURPOSE_RULES
from assistant.safety.alerts import open_alert
from assistant.store.tables import Address, Consent

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = dt.timedelta(seconds=1)
"""Before the second try of a send; it doubles from try to try, up to the purpose's longest: a carrier that is
overrun must be left alone, and asks for longer itself where it knows better (Retry-After)."""
WORTH_RESENDING: Final = ("safety", "alert", "legal", "notice", "relay", "prompt", "invitation")
"""A reply that arrives hours later answers nobody; everything else still may, until it expires."""
ANOTHER_WAY: Final = TEMPLATE_GONE | MEDIA_LOST | {CLOSED_WINDOW}
"""What was refused for the way it went, and goes another at once, a reply too."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A text that did not arrive, and the carrier's word about it.

    Attributes:
        outbox_id: The text's row.
        attempt: Which try of it failed, from 1.
        at: Aware UTC: when the carrier was asked for what it refused. A newer opt-in stands against it.
    """

    outbox_id: int
    person_id: int
    circle_id: int | None
    address_id: int
    sender: str
    purpose: str
    attempt: int
    expires_at: dt.datetime | None
    code: int | None
    trouble: Trouble
    at: dt.datetime


def next_send(
    purpose: str, attempt: int, error: CarrierError, expires_at: dt.datetime | None, now: dt.datetime
) -> dt.datetime | None:
    """Return when a send that was not taken is tried again (aware UTC), or None: it has been tried enough."""
    rule = PURPOSE_RULES[purpose]
    pause = min(FIRST_PAUSE * 2 ** min(attempt - 1, 20), rule.slowest)
    # Jitter, so that what failed together does not come back together.
    pause = max(pause * random.uniform(0.75, 1.25), dt.timedelta(seconds=error.retry_after or 0))  # noqa: S311
    again = now + pause
    return None if attempt >= rule.tries or _is_too_late(again, expires_at) else again


def next_delivery(failure: Failure, now: dt.datetime) -> dt.datetime | None:
    """Return when a text that was taken and not delivered is sent anew (aware UTC), or None: it is not."""
    known = classify(failure.code)
    worth = failure.purpose in WORTH_RESENDING or failure.code in ANOTHER_WAY
    if known.trouble is not Trouble.RETRY or not worth:
        return None
    again = now + dt.timedelta(seconds=(known.wait or 60.0) * 2 ** max(failure.attempt - 1, 0))
    return None if failure.attempt > known.tries or _is_too_late(again, failure.expires_at) else again


def act_on(session: Session, failure: Failure, now: dt.datetime) -> None:
    """Do what a failure that is final asks for.

    Args:
        session: The transaction in which the failure is written down.
        failure: Of a text that is not tried again.
        now: Aware UTC, the service's time.
    """
    if failure.trouble is Trouble.OPTED_OUT:
        _opt_out(session, failure, now)
        return
    if failure.trouble is Trouble.SUPPRESS:
        _mark_unreachable(session, failure.address_id, now)
    if failure.trouble is Trouble.FIX:
        # Ours to mend, whoever the text was for.
        log.error("text failed", outbox_id=failure.outbox_id, code=failure.code, known=is_known(failure.code))
    person_id = None if failure.trouble is Trouble.FIX else failure.person_id
    _alert(session, "unsent", failure, person_id, now)


def _is_too_late(again: dt.datetime, expires_at: dt.datetime | None) -> bool:
    return expires_at is not None and again >= expires_at


def _opt_out(session: Session, failure: Failure, now: dt.datetime) -> None:
    """Take 21610 for an opt-out; where the person had opted in again, a host must see the carrier's block."""
    history = session.scalars(
        select(Consent)
        .where(Consent.address_id == failure.address_id, Consent.sender == failure.sender)
        .order_by(Consent.id.desc())
    ).all()
    newest = history[0] if history else None
    # The person may have opted in again after this text was written: its refusal says nothing about today.
    if newest is not None and (newest.kind == "out" or newest.at > failure.at):
        return
    if any(each.kind == "out" for each in history):
        # Texts were asked for again, but only a START lifts the carrier's own block.
        _alert(session, "carrier_blocked", failure, failure.person_id, now)
    else:
        consent.note_gone(session, failure.person_id, now)
    consent.refuse(session, failure.address_id, failure.sender, "21610", "carrier 21610", now)


def _alert(session: Session, kind: str, failure: Failure, person_id: int | None, now: dt.datetime) -> None:
    open_alert(
        session, kind, now, circle_id=failure.circle_id, person_id=person_id, outbox_id=failure.outbox_id
    )


def _mark_unreachable(session: Session, address_id: int, now: dt.datetime) -> None:
    note_unreachable(session, address_id)
    session.execute(
        update(Address)
        .where(Address.id == address_id, Address.unreachable_at.is_(None))
        .values(unreachable_at=now)
    )
