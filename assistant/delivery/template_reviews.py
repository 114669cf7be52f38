"""Follows WhatsApp's reviews: asks how what was sent in stands, until it is decided and now and then after.

A look costs the carrier a request or two, whatever it holds. What is new is asked for every minute, what has
waited for days once an hour: after a tenth of its age. What was decided may be taken back later.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from assistant.carriers.carrier import CarrierError
from assistant.carriers.contents import APPROVED, UNSUBMITTED, Approval, Contents
from assistant.delivery.template_states import REFUSED
from assistant.delivery.ways import NO_OPENER, UTILITY
from assistant.services import Transport
from assistant.store.database import Database
from assistant.store.tables import MessageTemplate, Outbox

log = structlog.get_logger(__name__)

SOONEST: Final = dt.timedelta(minutes=1)
LATEST: Final = dt.timedelta(hours=1)
PART_OF_AGE: Final = 10
DECIDED: Final = (APPROVED, "rejected", "disabled", UNSUBMITTED)
"""All others wait for WhatsApp; what was never submitted waits for a push."""
ONCE_DECIDED: Final = dt.timedelta(hours=6)
"""So long between two looks at what was decided: it may be paused, or made marketing of, later."""
NEW: Final = "new"


@dataclass(frozen=True, slots=True)
class Change:
    """One template stands otherwise than before."""

    name: str
    kind: str
    approval: Approval
    """As it stands now."""


def is_look_due(session: Session, now: dt.datetime) -> bool:
    """Return whether the carrier should be asked how templates stand."""
    waits = MessageTemplate.status.not_in((*DECIDED, NEW))
    newest, looked, held = session.execute(
        select(
            func.max(case((waits, MessageTemplate.created_at))),
            func.max(MessageTemplate.checked_at),
            func.count(),
        ).where(MessageTemplate.content_id.is_not(None), MessageTemplate.kind != "shape")
    ).one()
    if not held:
        return False
    if looked is None:
        return True
    pause = ONCE_DECIDED
    if newest is not None:
        pause = min(max((now - newest) / PART_OF_AGE, SOONEST), LATEST)
    return bool(now >= looked + pause)


def follow_reviews(
    transport: Transport,
    contents: Contents,
    run: Callable[[Coroutine[Any, Any, Sequence[Change]]], Sequence[Change]] = asyncio.run,
) -> Sequence[Change]:
    """Ask how templates stand where that is due, and write down and log what has changed; never raises for a
    carrier that is out of reach.

    Args:
        run: Runs the coroutine that asks the carrier.
    """
    now = transport.clock.now()
    with transport.database.read() as session:
        if not is_look_due(session, now):
            return ()
    try:
        changed = run(refresh(transport.database, contents, now))
    except CarrierError as error:
        log.warning("reviews of templates out of reach", code=error.code)
        return ()
    if any(each.kind == "opener" and each.approval.status == APPROVED for each in changed):
        transport.wake("delivery")  # What found no opener waits no longer.
    return changed


async def refresh(database: Database, contents: Contents, now: dt.datetime) -> Sequence[Change]:
    """Take over how everything stands at the carrier; return what stands otherwise than before.

    Raises:
        CarrierError: the carrier is out of reach, or does not let us in.
    """
    held = {each.sid: each.approval for each in await contents.held()}
    with database.write() as session:
        changed = list(_take_over(session, held))
        session.execute(
            update(MessageTemplate)
            .where(MessageTemplate.content_id.is_not(None), MessageTemplate.kind != "shape")
            .values(checked_at=now),
            execution_options={"synchronize_session": False},
        )
        if any(each.kind == "opener" and each.approval.status == APPROVED for each in changed):
            session.execute(
                update(Outbox)
                .where(Outbox.state == "queued", Outbox.reason == NO_OPENER)
                .values(not_before=now, reason=None),
                execution_options={"synchronize_session": False},
            )
    _tell(changed)
    return changed


def _take_over(session: Session, held: Mapping[str, Approval]) -> list[Change]:
    changed = []
    rows = session.scalars(
        select(MessageTemplate)
        .where(MessageTemplate.content_id.is_not(None), MessageTemplate.kind != "shape")
        .order_by(MessageTemplate.id)
    )
    for row in rows:
        approval = held.get(row.content_id or "")
        if approval is None:
            row.content_id = None  # Deleted there: a push makes it anew.
            approval = Approval(NEW)
        columns = as_columns(approval)
        if all(getattr(row, name) == value for name, value in columns.items()):
            continue
        for name, value in columns.items():
            setattr(row, name, value)
        changed.append(Change(row.name, row.kind, approval))
    session.flush()
    return changed


def as_columns(approval: Approval) -> dict[str, str | None]:
    """Return an approval as `MessageTemplate` keeps it."""
    return {
        "status": approval.status[:24],
        "category": approval.category[:24] if approval.category else None,
        "refusal": approval.refusal,
    }


def _tell(changed: Sequence[Change]) -> None:
    """Log what somebody has to mend, one by one, and of all else how much it is."""
    for each in changed:
        approval = each.approval
        if approval.status in REFUSED:
            log.warning("template refused", template=each.name, status=approval.status, why=approval.refusal)
        elif approval.category not in (None, "", UTILITY):
            log.warning("template made something else of", template=each.name, category=approval.category)
    if changed:
        log.info("templates reviewed", **Counter(each.approval.status for each in changed))
