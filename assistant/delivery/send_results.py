"""Writes down what became of texts that were handed to the carrier, many to a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.carriers.carrier import Accepted, CarrierError, Trouble
from assistant.circles.membership.invitation_fate import note_sent
from assistant.delivery.failure_policy import Failure, act_on, next_send
from assistant.delivery.verdicts import Due
from assistant.store.bulk import update_rows
from assistant.store.database import Database
from assistant.store.tables import Outbox

log = structlog.get_logger(__name__)

FIRST_LOOK = dt.timedelta(seconds=2)
"""After an unsure send: when to look first for what became of it (real time). By then most status callbacks
have come that make the look unnecessary."""


ANSWERED = "carrier failed"
"""Why a text is unsure whose send the carrier answered with an error of its own."""


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
        (
            result.answer.carrier_id,
            result.answer.status,
            now,
            *_SENT.values(),
            result.text.id,
            result.text.attempt,
        )
        # In the order of their ids, as callbacks take them: two that wait for each other would both fail.
        for result in sorted(results, key=lambda result: result.text.id)
        if isinstance(result.answer, Accepted)
    ]
    if accepted:
        update_rows(
            session.connection(),
            Outbox.metadata.tables["outbox"],
            ("carrier_id", "status", "sent_at", *_SENT),
            accepted,
            by=("id", "attempt"),
            only=_IN_HAND,
        )
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


_SENT: Final = {
    "state": "sent",
    "error_code": None,
    "reason": None,
    "claimed_until": None,
    "claimed_by": None,
}
_IN_HAND: Final = "(outbox.state || '') IN ('claimed', 'unsure')"
"""Nothing is known yet of what came of this try. Said so that rows are found by their numbers: PostgreSQL
would go through the index of all that is in hand, which it takes to be next to nothing."""


def _record_error(
    session: Session, text: Due, error: CarrierError, now: dt.datetime, real: dt.datetime
) -> None:
    if error.trouble is Trouble.UNSURE:
        _settle(
            session,
            text,
            state="unsure",
            reason=ANSWERED if error.answered else f"carrier {error.code or 'unsure'}",
            claimed_until=real + FIRST_LOOK,
            claimed_by=None,
        )
        return
    again = (
        next_send(text.purpose, text.attempt, error, text.expires_at, now)
        if error.trouble is Trouble.RETRY
        else None
    )
    state = {"state": "failed"} if again is None else {"state": "queued", "not_before": again}
    settled = _settle(
        session,
        text,
        **state,
        reason=f"carrier {error.code}",
        error_code=error.code,
        claimed_until=None,
        claimed_by=None,
    )
    if settled and again is None:
        act_on(session, _failure(session, text, error, now), now)


def _failure(session: Session, text: Due, error: CarrierError, now: dt.datetime) -> Failure:
    sender = session.scalars(select(Outbox.sender).where(Outbox.id == text.id)).one()
    return Failure(
        outbox_id=text.id,
        person_id=text.person_id,
        circle_id=text.circle_id,
        address_id=text.address_id,
        sender=sender,
        purpose=text.purpose,
        attempt=text.attempt,
        expires_at=text.expires_at,
        code=error.code,
        trouble=error.trouble,
        at=now,
    )


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
