"""Why texts wait, one figure a cause; what each means and when to worry stands in docs/operations.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, literal, select, text
from sqlalchemy.orm import Session

from assistant.store.tables.message_tables import Outbox
from assistant.store.tables.operation_tables import ServiceState, Worker

if TYPE_CHECKING:
    from assistant.runtime import Runtime

URGENT = 1
SOON = dt.timedelta(minutes=15)
"""No pause between two tries is longer."""
LIVES = dt.timedelta(seconds=6)

_QUEUED = Outbox.state == literal("queued", literal_execute=True)
_CLAIMED = Outbox.state == literal("claimed", literal_execute=True)
_UNSURE = Outbox.state == literal("unsure", literal_execute=True)
_UNSETTLED = text("outbox.state IN ('claimed', 'unsure')")


def waits(session: Session, now: dt.datetime, real: dt.datetime) -> Iterator[Metric]:
    """The figures; each is answered by a partial index that holds only what waits.

    Args:
        now: Aware UTC, the service's time.
        real: Aware UTC, the machine's time: heartbeats and leases.
    """
    due = select(func.min(Outbox.not_before)).where(
        _QUEUED, Outbox.priority <= URGENT, Outbox.not_before <= now
    )
    on_its_way = select(func.min(Outbox.not_before)).where(_UNSETTLED, Outbox.priority <= URGENT)
    oldest = min(filter(None, (session.scalar(due), session.scalar(on_its_way))), default=now)
    yield GaugeMetricFamily(
        "circle_outbox_oldest_reply_seconds",
        "Age of the oldest reply, page or safety text that is due and not known to have left.",
        max((now - oldest).total_seconds(), 0),
    )
    retries = (
        select(func.count())
        .select_from(Outbox)
        .where(_QUEUED, Outbox.priority <= 2, Outbox.not_before <= now + SOON, Outbox.attempt > 0)
    )
    yield GaugeMetricFamily(
        "circle_outbox_retrying",
        "Texts that the carrier did not take and that are tried again.",
        session.scalar(retries),
    )
    unsure = select(func.count()).select_from(Outbox).where(_UNSETTLED, _UNSURE)
    yield GaugeMetricFamily(
        "circle_outbox_unsure",
        "Texts of which nobody knows whether they left: looked for in the carrier's log.",
        session.scalar(unsure),
    )
    alive = dict(
        session.execute(
            select(Worker.queue, func.count()).where(Worker.beat_at > real - LIVES).group_by(Worker.queue)
        ).all()
    )
    workers = GaugeMetricFamily("circle_workers", "Workers that live, by queue.", labels=["queue"])
    for queue in ("inbox", "delivery"):
        workers.add_metric([queue], alive.get(queue, 0))
    yield workers
    living = select(Worker.id).where(Worker.beat_at > real - LIVES)
    of_the_dead = (
        select(func.count())
        .select_from(Outbox)
        .where(_UNSETTLED, _CLAIMED, Outbox.claimed_by.is_not(None), Outbox.claimed_by.not_in(living))
    )
    yield GaugeMetricFamily(
        "circle_outbox_held_by_dead",
        "Texts that a worker had in hand when it died.",
        session.scalar(of_the_dead),
    )


def strangers(session: Session, now: dt.datetime) -> Iterator[Metric]:
    """How many texts went to numbers that are nobody's in this hour, and how many may."""
    state = session.get(ServiceState, "strangers")
    counted = state.value if state is not None else {}
    hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
    yield GaugeMetricFamily(
        "circle_strangers_answered",
        "Texts to numbers that are nobody's here, in this hour.",
        counted.get("count", 0) if counted.get("hour") == hour else 0,
    )
    if "most" in counted:
        yield GaugeMetricFamily(
            "circle_strangers_limit", "How many of them may go in an hour.", counted["most"]
        )


def rate_ahead(runtime: Runtime) -> Iterator[Metric]:
    """How long the next text waits for the sender's rate limit; nothing without a limit or a Redis."""
    if runtime.settings.segments_per_second is None:
        return
    from redis.exceptions import RedisError

    from assistant.delivery.rate import seconds_ahead

    try:
        ahead = seconds_ahead(runtime.redis, runtime.identity.sender)
    except (RedisError, OSError):
        return
    yield GaugeMetricFamily(
        "circle_rate_limit_wait_seconds", "So long the next text waits for the sender's rate limit.", ahead
    )
