"""Bounds what numbers that are nobody's here can cost: a few texts a day each, and so many an hour in all.

Whoever pumps texts out of a service writes from many numbers, or makes them up. What comes is recorded and
heard all the same: words of danger, opt-outs, and whoever is being asked something are always answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import structlog
from sqlalchemy import CompoundSelect, func, select, union
from sqlalchemy.orm import Session

from assistant.circles.people.permissions import hearing_of
from assistant.delivery.outbox import Draft
from assistant.store.tables import Applicant, Member, Outbox, Role, ServiceState

log = structlog.get_logger(__name__)

MOST_A_DAY: Final = 5
"""Texts to one number that is nobody's: a code mistyped a few times, and HELP, which carriers want answered.
Plain words are answered once a day (`invitation_answers.STRANGERS_ONCE_IN`)."""
MOST_AN_HOUR: Final = 100
"""Texts to all of them together."""
DAY: Final = dt.timedelta(days=1)
COUNTED: Final = "strangers"
"""The row of `service_state` that counts: {"hour": ISO 8601, "count": ..., "most": ...}."""
KNOWN: Final = frozenset({"member", "offered"})
ALWAYS: Final = frozenset({"safety", "legal"})


def bounded(
    session: Session, drafts: Mapping[int, Sequence[Draft]], now: dt.datetime
) -> dict[int, list[Draft]]:
    """Return what may be said to whom of it is too much: strangers beyond the bounds.

    Args:
        session: A session inside `Database.write()`.
        drafts: Person's id -> what is to be said; of people who may be strangers and are not being asked.
        now: Aware UTC, the service's time.
    """
    hears = hearing_of(session, drafts) if drafts else {}
    been_here = set(session.scalars(_seated(drafts))) if drafts else set()
    held = {}
    for person_id, said in drafts.items():
        counted = sum(draft.purpose not in ALWAYS for draft in said)
        if not counted or hears[person_id] & KNOWN or person_id in been_here:
            continue
        if _said_today(session, person_id, now) >= MOST_A_DAY or not _take(session, counted, now):
            held[person_id] = [draft for draft in said if draft.purpose in ALWAYS]
    return held


def _seated(people: Collection[int]) -> CompoundSelect[int]:
    """Return who ever held a seat or a role, or applied for one: whatever came of it, they are known."""
    return union(
        select(Member.person_id).where(Member.person_id.in_(people)),
        select(Role.person_id).where(Role.person_id.in_(people)),
        select(Applicant.person_id).where(Applicant.person_id.in_(people)),
    )


def _said_today(session: Session, person_id: int, now: dt.datetime) -> int:
    said = select(func.count()).where(
        Outbox.person_id == person_id, Outbox.created_at > now - DAY, Outbox.purpose == "reply"
    )
    return session.scalar(said) or 0


def _take(session: Session, count: int, now: dt.datetime) -> bool:
    """Count texts of this hour; False when there is no room for them."""
    hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
    state = session.get(ServiceState, COUNTED, with_for_update=True, populate_existing=True)
    taken = state.value.get("count", 0) if state is not None and state.value.get("hour") == hour else 0
    if taken + count > MOST_AN_HOUR:
        log.error("strangers are not answered any more this hour", answered=taken)
        return False
    value = {"hour": hour, "count": taken + count, "most": MOST_AN_HOUR}
    if state is None:
        session.add(ServiceState(name=COUNTED, value=value))
    else:
        state.value = value
    session.flush()
    return True
