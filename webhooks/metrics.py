"""What a monitoring system may know: counts and ages, never words, numbers or anything else of one person.

What is waiting comes from the database when it is asked for, so it is right however many processes serve; the
webhooks' times are those of the process that answers.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterable, Iterator
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from assistant.delivery.spool import Spool
from assistant.delivery.template_states import count_states
from assistant.logs import get_log
from assistant.store.tables.message_tables import Inbox, Outbox
from webhooks.waiting_causes import rate_ahead, strangers, waits

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = get_log("webhooks")

RECENT = 10_000
"""How many of the newest rows are counted by state: a scrape must cost the same however many there are."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
"""Of a request that a proxy on this machine brings from elsewhere, at least one is usual."""
CLOSED = "Set METRICS_TOKEN, and send it: Authorization: Bearer ...\n"


class Metrics:
    """The registry of one process and what its webhooks count."""

    def __init__(self, collector: Collector) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(collector)
        self._seconds = Histogram(
            "circle_webhook_seconds",
            "How long a webhook took to answer, by door and HTTP status.",
            ["door", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._labelled = cache(lambda door, status: self._seconds.labels(door, str(status)))

    def answered(self, door: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._labelled(door, status).observe(seconds)


class Waiting(Collector):
    """Reads what waits, and how recent texts fared, when somebody asks."""

    def __init__(self, runtime: Runtime, spool: Spool) -> None:
        self._runtime = runtime
        self._spool = spool

    def describe(self) -> Iterable[Metric]:
        """Nothing: the database is only read for a scrape, not for registering."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The gauges; with the database away only those that do without it."""
        yield GaugeMetricFamily("circle_spool_bytes", "Bytes spooled for the database.", self._spool.size())
        yield from rate_ahead(self._runtime)
        up = GaugeMetricFamily("circle_database_up", "1 while the database answers.")
        try:
            with self._runtime.database.read() as session:
                clock = self._runtime.clock
                gauges = [
                    *_depths(session, clock.now()),
                    *waits(session, clock.now(), clock.real()),
                    *strangers(session, clock.now()),
                    *_recent(session),
                    _templates(session),
                ]
        except SQLAlchemyError as error:
            log.warning("metrics without the database", error=type(error).__name__)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from gauges


def _depths(session: Session, now: dt.datetime) -> Iterator[Metric]:
    """How much waits. Every one of these is answered by a partial index that holds only what waits."""
    new = Inbox.state == "new"
    unhandled = session.scalar(select(func.count()).select_from(Inbox).where(new))
    yield GaugeMetricFamily("circle_inbox_unhandled", "Texts that came in and are not handled.", unhandled)
    oldest = session.scalar(select(Inbox.received_at).where(new).order_by(Inbox.id).limit(1))
    age = max((now - oldest).total_seconds(), 0) if oldest else 0
    yield GaugeMetricFamily("circle_inbox_oldest_seconds", "Age of the oldest text that is not handled.", age)
    due = select(func.count()).select_from(Outbox).where(Outbox.state == "queued", Outbox.not_before <= now)
    yield GaugeMetricFamily("circle_outbox_due", "Texts that are due to go out.", session.scalar(due))
    unsettled = select(func.count()).select_from(Outbox).where(Outbox.state.in_(("claimed", "unsure")))
    yield GaugeMetricFamily(
        "circle_outbox_unsettled",
        "Texts on their way to the carrier, or lost on it.",
        session.scalar(unsettled),
    )


def _recent(session: Session) -> Iterator[Metric]:
    """How the newest texts fared, by ranges of the primary key."""
    newest = select(func.coalesce(func.max(Inbox.id), 0) - RECENT).scalar_subquery()
    came_in = GaugeMetricFamily(
        "circle_recent_texts_in", f"The newest {RECENT} texts that came in, by state.", labels=["state"]
    )
    for state, count in session.execute(
        select(Inbox.state, func.count()).where(Inbox.id > newest).group_by(Inbox.state)
    ):
        came_in.add_metric([state], count)
    yield came_in
    newest = select(func.coalesce(func.max(Outbox.id), 0) - RECENT).scalar_subquery()
    went_out = GaugeMetricFamily(
        "circle_recent_texts_out",
        f"The newest {RECENT} texts that were to go out, by state and purpose.",
        labels=["state", "purpose"],
    )
    for state, purpose, count in session.execute(
        select(Outbox.state, Outbox.purpose, func.count())
        .where(Outbox.id > newest)
        .group_by(Outbox.state, Outbox.purpose)
    ):
        went_out.add_metric([state, purpose], count)
    yield went_out


def _templates(session: Session) -> Metric:
    """How what opens conversations stands with WhatsApp; why something was refused is in the log."""
    states = GaugeMetricFamily(
        "circle_templates",
        "Templates of today's flows, by how WhatsApp's review of them stands and what it made of them.",
        labels=["status", "category"],
    )
    for (status, category), count in count_states(session).items():
        states.add_metric([status, category], count)
    return states


def _may_read(token: str | None) -> bool:
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in FORWARDED):
        return False
    return ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - no address, no answer


def page(metrics: Metrics, token: str | None) -> Blueprint:
    """`/metrics`, for whoever has the token; without one, for this machine."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def show() -> Response:
        if not _may_read(token):
            return Response(CLOSED, 403, content_type="text/plain; charset=utf-8")
        return Response(generate_latest(metrics.registry), content_type=TEXT_FORMAT)

    return pages
