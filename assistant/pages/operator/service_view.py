"""All that stands on the operator's page: counts, ages and ids, and nobody's words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.carriers.carrier_errors import classify
from assistant.circles.reports.flow_counts import by_version
from assistant.delivery.claims import PAUSE_ALL
from assistant.delivery.service_figures import Figure, figures
from assistant.pages.registering.refusals import Verdict, examine
from assistant.pages.registering.registration import register
from assistant.safety.danger_labels import DangerReading, count_labels, to_label
from assistant.store.tables import Inbox, MessageTemplate, ServiceState

if TYPE_CHECKING:
    from assistant.runtime import Runtime

MOST_SHOWN: Final = 20
WORRY: Final[Mapping[str, float]] = {
    "circle_inbox_oldest_seconds": 60,
    "circle_outbox_oldest_reply_seconds": 60,
    "circle_outbox_retrying": 50,
    "circle_outbox_unsure": 20,
    "circle_outbox_held_by_dead": 0,
    "circle_inbox_set_aside": 0,
    "circle_sweep_age_seconds": 900,
    "circle_spool_bytes": 0,
}
"""More than this is a worry, as docs/operations.md has it."""
WAITING: Final = (
    "circle_inbox_unhandled",
    "circle_inbox_oldest_seconds",
    "circle_outbox_due",
    "circle_outbox_oldest_seconds",
    "circle_outbox_oldest_reply_seconds",
    "circle_outbox_retrying",
    "circle_outbox_unsettled",
    "circle_outbox_unsure",
    "circle_outbox_held_by_dead",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with whether it is a worry."""

    name: str
    value: float
    worry: bool

    @property
    def is_age(self) -> bool:
        """Whether it is in seconds."""
        return self.name.endswith("_seconds")


@dataclass(frozen=True, slots=True)
class CarrierTrouble:
    """An error code of the carrier's, how often it came lately, and what it asks of us."""

    code: int
    count: int
    meaning: str
    kind: str
    """`Trouble`'s: suppress, fix, retry ..."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A text that failed three times: never its words."""

    id: int
    at: dt.datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class OldVersion:
    """Conversations that stand on a flow as it was."""

    flow: str
    version: str
    conversations: int


@dataclass(frozen=True, slots=True)
class ServiceView:
    """What the page shows."""

    now: dt.datetime
    paused: bool
    workers: Sequence[tuple[str, int]]
    sweep: Shown | None
    redis: bool
    spool: Shown
    waiting: Sequence[Shown]
    lag: Mapping[tuple[str, str], float]
    """("handled" or "left", "median" or "worst") -> seconds."""
    errors: Sequence[CarrierTrouble]
    set_aside: Sequence[SetAside]
    set_aside_count: int
    verdicts: Sequence[Verdict]
    templates: Mapping[str, int]
    """The carrier's word -> how many of our templates."""
    refused: Sequence[str]
    """Names of templates that were refused, paused or switched off."""
    readings: Sequence[DangerReading]
    labels: Mapping[str, int]
    flows: int
    conversations: int
    older: Sequence[OldVersion]

    @property
    def wrong(self) -> list[Verdict]:
        """What the number's registration would be refused for."""
        return [each for each in self.verdicts if each.wrong]


def registration_of(runtime: Runtime) -> list[Verdict]:
    """Return what the number's registration would be refused for; settings and flows alone change it."""
    return examine(register(runtime.services.book, runtime.settings, runtime.settings.number or ""))


def read_service(runtime: Runtime, session: Session, verdicts: Sequence[Verdict]) -> ServiceView:
    """Return how the service is doing, beside what `registration_of` says."""
    now = runtime.clock.now()
    found = {each.name: each for each in figures(session, now, runtime.clock.real())}
    sweep = found.get("circle_sweep_age_seconds")
    counts = by_version(session)
    today = {(flow.name, flow.version) for flow in runtime.services.book.flows.values()}
    templates: Counter[str] = Counter()
    for (status, _category), count in found["circle_templates"].values:
        templates[status] += int(count)
    paused = session.get(ServiceState, PAUSE_ALL)
    return ServiceView(
        now=now,
        paused=paused is not None and bool(paused.value.get("on", True)),
        workers=[(labels[0], int(count)) for labels, count in found["circle_workers"].values],
        sweep=_shown(sweep) if sweep is not None else None,
        redis=_redis_answers(runtime),
        spool=_judged("circle_spool_bytes", runtime.spool.size()),
        waiting=[_shown(found[name]) for name in WAITING],
        lag={(labels[0], labels[1]): span for labels, span in found["circle_answer_seconds"].values},
        errors=[
            CarrierTrouble(int(labels[0]), int(count), known.meaning, known.trouble.name.lower())
            for labels, count in found["circle_recent_errors"].values
            for known in [classify(int(labels[0]))]
        ],
        set_aside=_set_aside(session),
        set_aside_count=int(found["circle_inbox_set_aside"].value),
        verdicts=verdicts,
        templates=templates,
        refused=_refused(session),
        readings=to_label(session, MOST_SHOWN),
        labels=count_labels(session),
        flows=len(today),
        conversations=sum(counts.values()),
        older=[OldVersion(*key, count) for key, count in sorted(counts.items()) if key not in today],
    )


def _shown(figure: Figure) -> Shown:
    return _judged(figure.name, figure.value)


def _judged(name: str, value: float) -> Shown:
    return Shown(name, value, name in WORRY and value > WORRY[name])


def _redis_answers(runtime: Runtime) -> bool:
    from redis.exceptions import RedisError

    try:
        return bool(runtime.redis.ping())
    except (RedisError, OSError):
        return False


def _set_aside(session: Session) -> list[SetAside]:
    rows = select(Inbox.id, Inbox.received_at, Inbox.reason).where(Inbox.state == "set_aside")
    return [SetAside(*row) for row in session.execute(rows.order_by(Inbox.id).limit(MOST_SHOWN))]


def _refused(session: Session) -> list[str]:
    refused = select(MessageTemplate.name).where(
        MessageTemplate.wanted, MessageTemplate.status.in_(("rejected", "paused", "disabled"))
    )
    return list(session.scalars(refused.order_by(MessageTemplate.name).limit(MOST_SHOWN)))
