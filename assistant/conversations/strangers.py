"""Bounds what numbers that are nobody's here can cost: a few texts a day each, and so many an hour in all.

Whoever pumps texts out of a service writes from many numbers, or makes them up. What comes is recorded and
heard all the same: words of danger, opt-outs, and whoever is being asked something are always answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.people.permissions import hearing_of
from assistant.conversations.turn_context import Context
from assistant.store.tables import Outbox, ServiceState

log = structlog.get_logger(__name__)

MOST_A_DAY: Final = 5
"""Texts to one number that is nobody's: a code mistyped a few times, and HELP, which carriers want answered.
Plain words are answered once a day (`dispatch.STRANGERS_ONCE_IN`)."""
MOST_AN_HOUR: Final = 100
"""Texts to all of them together."""
DAY: Final = dt.timedelta(days=1)
COUNTED: Final = "strangers"
"""The row of `service_state` that counts: {"hour": ISO 8601, "count": ..., "most": ...}."""
KNOWN: Final = frozenset({"member", "offered"})
ALWAYS: Final = frozenset({"safety", "legal"})


def hold_back(contexts: Sequence[Context], now: dt.datetime) -> None:
    """Take back what would be said to strangers beyond the bounds; say so on their texts.

    Args:
        contexts: Handled texts, with what is said to their people.
        now: Aware UTC, the service's time.
    """
    some = [context for context in contexts if context.progress.drafts and not _is_known(context)]
    if not some:
        return
    session = some[0].session
    hears = hearing_of(session, {context.person.id for context in some})
    for context in some:
        if hears[context.person.id] & KNOWN or context.question is not None:
            continue
        drafts = context.progress.drafts
        bounded = sum(draft.purpose not in ALWAYS for draft in drafts)
        if not bounded or (_said_today(session, context, now) < MOST_A_DAY and _take(session, bounded, now)):
            continue
        context.progress.drafts = [draft for draft in drafts if draft.purpose in ALWAYS]
        assert context.inbox is not None
        context.inbox.reason = context.inbox.reason or "stranger, not answered"


def _is_known(context: Context) -> bool:
    held = context.progress.prefetched
    return held is not None and not held.stale and bool(held.hears & KNOWN)


def _said_today(session: Session, context: Context, now: dt.datetime) -> int:
    said = select(func.count()).where(
        Outbox.person_id == context.person.id, Outbox.created_at > now - DAY, Outbox.purpose == "reply"
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
