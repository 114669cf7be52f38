"""What a monitoring system may know: counts and ages, never words, numbers or anything else of one person.

What is waiting comes from the database when it is asked for, so it is right however many processes serve; the
webhooks' times are those of the process that answers.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from functools import cache
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from assistant.delivery.service_figures import Figure, figures, rate_ahead, recent_texts
from assistant.delivery.spool import Spool
from assistant.logs import get_log

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = get_log("webhooks")

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
        runtime = self._runtime
        if runtime.settings.segments_per_second is not None:
            yield from map(_gauge, rate_ahead(runtime.redis, runtime.identity.sender))
        up = GaugeMetricFamily("circle_database_up", "1 while the database answers.")
        try:
            with runtime.database.read() as session:
                clock = runtime.clock
                told = chain(figures(session, clock.now(), clock.real()), recent_texts(session))
                gauges = [_gauge(each) for each in told]
        except SQLAlchemyError as error:
            log.warning("metrics without the database", error=type(error).__name__)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from gauges


def _gauge(figure: Figure) -> Metric:
    gauge = GaugeMetricFamily(figure.name, figure.meaning, labels=figure.labels)
    for labels, value in figure.values:
        gauge.add_metric(list(labels), value)
    return gauge


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
