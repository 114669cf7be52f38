"""Writes down what became of texts that were handed to the carrier, many to a transaction."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.carriers.carrier import Accepted, CarrierError, Trouble
from assistant.circles.membership.invitations import note_sent, note_unreachable
from assistant.circles.people import consent
from assistant.delivery.claims import Due
from assistant.delivery.outbox import PURPOSE_RULES
from assistant.safety.alerts import open_alert
from assistant.store.database import Database
from assistant.store.tables import Address, Consent, Outbox

log = structlog.get_logger(__name__)

FIRST_PAUSE = dt.timedelta(seconds=2)
"""Before the second try; it doubles from try to try."""
FIRST_LOOK = dt.timedelta(seconds=5)
"""After an unsure send: when to look first for what became of it (real time)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the carrier said to one try of one text."""

    text: Due
    answer: Accepted | CarrierError


def record(database: Database, results: Sequence[Result], now: dt.datetime, real: dt.datetime) -> None:
    """Write down these results in one transaction.

    A status callback may have been faster and know more; then its word stands.

    Args:
        database: Where the rows are.
        results: What came of the tries.
        now: Aware UTC, the service's time.
        real: Aware UTC, the machine's time.
    """
    try:
        with database.write() as session:
            _record(session, results, now, real)
    except IntegrityError:
        if len(results) == 1:
            # The carrier gave an id that another row holds. Its lease ends, and reconciling finds out more.
            log.error("carrier id not unique", outbox=results[0].text.id)
            return
        for result in results:
            record(database, [result], now, real)


def _record(session: Session, results: Sequence[Result], now: dt.datetime, real: dt.datetime) -> None:
    accepted = [
        {
            "row": result.text.id,
            "try": result.text.attempt,
            "carrier_id": result.answer.carrier_id,
            "status": result.answer.status,
            "sent_at": now,
        }
        for result in results
        if isinstance(result.answer, Accepted)
    ]
    if accepted:
        session.connection().execute(_SENT, accepted)
    invited = [
        (result.text.address_id, result.text.circle_id)
        for result in results
        if result.text.purpose == "invitation"
        and result.text.circle_id is not None
        and isinstance(result.answer, Accepted)
    ]
    note_sent(session, invited, now)
    for result in results:
        if isinstance(result.answer, CarrierError):
            _record_error(session, result.text, result.answer, now, real)


_THIS_TRY = (
    Outbox.id == bindparam("row"),
    Outbox.attempt == bindparam("try"),
    or_(Outbox.state == "claimed", Outbox.state == "unsure"),
)
_SENT = (
    update(Outbox)
    .where(*_THIS_TRY)
    .values(
        state="sent",
        carrier_id=bindparam("carrier_id"),
        status=bindparam("status"),
        sent_at=bindparam("sent_at"),
        error_code=None,
        reason=None,
        claimed_until=None,
    )
)


def _record_error(
    session: Session, text: Due, error: CarrierError, now: dt.datetime, real: dt.datetime
) -> None:
    if error.trouble is Trouble.UNSURE:
        _settle(
            session,
            text,
            state="unsure",
            reason=f"carrier {error.code or 'unsure'}",
            claimed_until=real + FIRST_LOOK,
        )
    elif error.trouble is Trouble.RETRY:
        _try_later(session, text, error, now)
    elif _fail(session, text, error.code):
        if error.trouble is Trouble.OPTED_OUT:
            _opt_out(session, text, now)
        elif error.trouble is Trouble.SUPPRESS:
            _mark_unreachable(session, text, now)
            open_alert(
                session, "unsent", now, circle_id=text.circle_id, person_id=text.person_id, outbox_id=text.id
            )
        else:
            log.error("not sent", outbox=text.id, code=error.code)
            open_alert(session, "unsent", now, circle_id=text.circle_id, person_id=None, outbox_id=text.id)


def _settle(session: Session, text: Due, **values: object) -> bool:
    """Change the row if this try of it is still open; False when a callback has settled it already."""
    changed = session.execute(
        update(Outbox)
        .where(Outbox.id == text.id, Outbox.attempt == text.attempt, Outbox.state.in_(("claimed", "unsure")))
        .values(**values)
        .returning(Outbox.id),
        execution_options={"synchronize_session": False},
    )
    return changed.first() is not None


def _fail(session: Session, text: Due, code: int | None) -> bool:
    return _settle(
        session, text, state="failed", reason=f"carrier {code}", error_code=code, claimed_until=None
    )


def _try_later(session: Session, text: Due, error: CarrierError, now: dt.datetime) -> None:
    rule = PURPOSE_RULES[text.purpose]
    pause = min(FIRST_PAUSE * 2 ** min(text.attempt - 1, 20), rule.slowest)
    # Jitter, so that what failed together does not come back together.
    pause = max(pause * random.uniform(0.75, 1.25), dt.timedelta(seconds=error.retry_after or 0))  # noqa: S311
    again = now + pause
    if text.attempt >= rule.tries or (text.expires_at is not None and again >= text.expires_at):
        if _fail(session, text, error.code):
            open_alert(
                session, "unsent", now, circle_id=text.circle_id, person_id=text.person_id, outbox_id=text.id
            )
        return
    _settle(
        session,
        text,
        state="queued",
        not_before=again,
        reason=f"carrier {error.code}",
        error_code=error.code,
        claimed_until=None,
    )


def _opt_out(session: Session, text: Due, now: dt.datetime) -> None:
    """Take the carrier's 21610 for an opt-out; where she had opted in again, her host must see the block."""
    history = session.execute(
        select(Outbox.sender, Consent.kind, Consent.way)
        .outerjoin(Consent, (Consent.address_id == Outbox.address_id) & (Consent.sender == Outbox.sender))
        .where(Outbox.id == text.id)
        .order_by(Consent.id.desc())
    ).all()
    newest = history[0]
    if newest.kind == "in" and newest.way == "text" and any(row.kind == "out" for row in history):
        # Only she can lift the carrier's own block, by texting START.
        open_alert(
            session,
            "carrier_blocked",
            now,
            circle_id=text.circle_id,
            person_id=text.person_id,
            outbox_id=text.id,
        )
    if newest.kind != "out":
        consent.refuse(session, text.address_id, newest.sender, "21610", "carrier 21610", now)
    if not any(row.kind == "out" for row in history):
        consent.note_gone(session, text.person_id, now)


def _mark_unreachable(session: Session, text: Due, now: dt.datetime) -> None:
    note_unreachable(session, text.address_id)
    session.execute(
        update(Address)
        .where(Address.id == text.address_id, Address.unreachable_at.is_(None))
        .values(unreachable_at=now),
        execution_options={"synchronize_session": False},
    )
