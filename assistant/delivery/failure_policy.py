"""Acts on a text that the carrier took and then could not deliver."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.carriers.carrier import Trouble
from assistant.carriers.carrier_errors import ErrorClass, classify, is_known
from assistant.circles.membership.invitations import note_unreachable
from assistant.circles.people import consent
from assistant.safety.alerts import open_alert
from assistant.store.tables import Address, Consent, Outbox

log = structlog.get_logger(__name__)

WORTH_RESENDING = ("safety", "alert", "legal", "notice", "relay", "prompt", "invitation")
"""A reply that arrives hours later answers nobody; everything else still may, until it expires."""


def act_on(session: Session, row: Outbox, now: dt.datetime) -> Trouble:
    """Do what its error asks for: note an opt-out, mark the address, try again later, or show it to someone.

    Args:
        session: The transaction in which the failure is written down.
        row: A text that the carrier took and could not deliver; its state is "failed".
        now: Aware UTC, the service's time.
    """
    known = classify(row.error_code)
    if known.trouble is Trouble.RETRY and _send_again(row, known, now):
        return known.trouble
    if known.trouble is Trouble.OPTED_OUT:
        _opt_out(session, row, now)
        return known.trouble
    if known.trouble is Trouble.SUPPRESS:
        _mark_unreachable(session, row, now)
    if known.trouble is Trouble.FIX:
        # Ours to mend, whoever the text was for.
        log.error("not delivered", outbox_id=row.id, code=row.error_code, known=is_known(row.error_code))
        _alert(session, "unsent", row, None, now)
    else:
        _alert(session, "unsent", row, row.person_id, now)
    return known.trouble


def _send_again(row: Outbox, known: ErrorClass, now: dt.datetime) -> bool:
    """Put it back in the queue for later, if it is worth it."""
    again = now + dt.timedelta(seconds=(known.wait or 60.0) * 2 ** max(row.attempt - 1, 0))
    too_late = row.expires_at is not None and row.expires_at <= again
    if row.attempt > known.tries or row.purpose not in WORTH_RESENDING or too_late:
        return False
    # It keeps the failed try's id and status: a second copy of this callback then has nothing new to say.
    row.state, row.not_before = "queued", again
    return True


def _opt_out(session: Session, row: Outbox, now: dt.datetime) -> None:
    history = session.scalars(
        select(Consent)
        .where(Consent.address_id == row.address_id, Consent.sender == row.sender)
        .order_by(Consent.id.desc())
    ).all()
    newest = history[0] if history else None
    # She may have opted in again after this text was written: then its refusal says nothing about today.
    if newest is not None and (newest.kind == "out" or newest.at > row.created_at):
        return
    if any(each.kind == "out" for each in history):
        # She asked for texts again, but only a START lifts the carrier's own block: her host must see it.
        _alert(session, "carrier_blocked", row, row.person_id, now)
    else:
        consent.note_gone(session, row.person_id, now)
    consent.refuse(session, row.address_id, row.sender, "21610", "carrier 21610", now)


def _alert(session: Session, kind: str, row: Outbox, person_id: int | None, now: dt.datetime) -> None:
    open_alert(session, kind, now, circle_id=row.circle_id, person_id=person_id, outbox_id=row.id)


def _mark_unreachable(session: Session, row: Outbox, now: dt.datetime) -> None:
    note_unreachable(session, row.address_id)
    address = session.get(Address, row.address_id)
    if address is not None and address.unreachable_at is None:
        address.unreachable_at = now
