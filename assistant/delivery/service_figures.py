"""How the service is doing, in counts and ages: for `/metrics` and the operator's page.

Never words, numbers or anything else of one person. What each means and when to worry stands in
docs/operations.md. Each is answered by a partial index that holds only what waits, or by the newest rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from sqlalchemy import ScalarSelect, func, literal, select, text
from sqlalchemy.orm import Session

from assistant.delivery.template_states import count_states
from assistant.store.tables.message_tables import Inbox, Outbox
from assistant.store.tables.operation_tables import ServiceState, Watermark, Worker

if TYPE_CHECKING:
    from redis import Redis

URGENT: Final = 1
SOON: Final = dt.timedelta(minutes=15)
"""No pause between two tries is longer."""
LIVES: Final = dt.timedelta(seconds=6)
"""So long after its last beat a worker is taken to live."""
RECENT: Final = 10_000
"""How many of the newest rows are counted by state: a look must cost the same however many there are."""
ANSWERS: Final = 300
"""Of so many of the newest answers it is told how long they took."""
QUEUES: Final = ("inbox", "delivery")

_QUEUED = Outbox.state == literal("queued", literal_execute=True)
_CLAIMED = Outbox.state == literal("claimed", literal_execute=True)
_UNSURE = Outbox.state == literal("unsure", literal_execute=True)
_UNSETTLED = text("outbox.state IN ('claimed', 'unsure')")
_NEW = Inbox.state == literal("new", literal_execute=True)
_SET_ASIDE = Inbox.state == literal("set_aside", literal_execute=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a value, or one for each of its labels' values."""

    name: str
    """As monitoring knows it; "circle_..._seconds" is an age."""
    meaning: str
    values: Sequence[tuple[tuple[str, ...], float]]
    """(values of the labels, figure)."""
    labels: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The figure of one without labels."""
        return self.values[0][1]


def figures(session: Session, now: dt.datetime, real: dt.datetime) -> Iterator[Figure]:
    """Everything that the database knows.

    Args:
        now: Aware UTC, the service's time.
        real: Aware UTC, the machine's time: heartbeats, leases and sweeps.
    """
    yield from _depths(session, now)
    yield from _waits(session, now, real)
    yield from _strangers(session, now)
    yield _errors(session)
    yield from _answers(session)
    yield Figure(
        "circle_templates",
        "Templates of today's flows, by how WhatsApp's review of them stands and what it made of them.",
        [((status, category), count) for (status, category), count in count_states(session).items()],
        ("status", "category"),
    )


def rate_ahead(redis: Redis, sender: str) -> Iterator[Figure]:
    """How long the next text waits for the sender's rate limit; nothing without a Redis."""
    from redis.exceptions import RedisError

    from assistant.delivery.rate import seconds_ahead

    try:
        ahead = seconds_ahead(redis, sender)
    except (RedisError, OSError):
        return
    yield _one(
        "circle_rate_limit_wait_seconds", "So long the next text waits for the sender's rate limit.", ahead
    )


def _one(name: str, meaning: str, value: float | None) -> Figure:
    return Figure(name, meaning, (((), value or 0),))


def _depths(session: Session, now: dt.datetime) -> Iterator[Figure]:
    """How much waits."""
    unhandled, oldest, aside = session.execute(
        select(
            select(func.count()).select_from(Inbox).where(_NEW).scalar_subquery(),
            select(Inbox.received_at).where(_NEW).order_by(Inbox.id).limit(1).scalar_subquery(),
            select(func.count()).select_from(Inbox).where(_SET_ASIDE).scalar_subquery(),
        )
    ).one()
    yield _one("circle_inbox_unhandled", "Texts that came in and are not handled.", unhandled)
    yield _one(
        "circle_inbox_oldest_seconds",
        "Age of the oldest text that is not handled.",
        max((now - oldest).total_seconds(), 0) if oldest else 0,
    )
    yield _one("circle_inbox_set_aside", "Texts that failed three times and were set aside.", aside)
    due = select(func.count(), func.min(Outbox.not_before)).where(_QUEUED, Outbox.not_before <= now)
    count, first = session.execute(due).one()
    yield _one("circle_outbox_due", "Texts that are due to go out.", count)
    yield _one(
        "circle_outbox_oldest_seconds",
        "Age of the oldest text that is due to go out.",
        max((now - first).total_seconds(), 0) if first else 0,
    )
    unsettled = select(func.count()).select_from(Outbox).where(_UNSETTLED)
    yield _one(
        "circle_outbox_unsettled",
        "Texts on their way to the carrier, or lost on it.",
        session.scalar(unsettled),
    )


def _waits(session: Session, now: dt.datetime, real: dt.datetime) -> Iterator[Figure]:
    """Why it waits."""
    due = select(func.min(Outbox.not_before)).where(
        _QUEUED, Outbox.priority <= URGENT, Outbox.not_before <= now
    )
    on_its_way = select(func.min(Outbox.not_before)).where(_UNSETTLED, Outbox.priority <= URGENT)
    oldest = min(filter(None, (session.scalar(due), session.scalar(on_its_way))), default=now)
    yield _one(
        "circle_outbox_oldest_reply_seconds",
        "Age of the oldest reply, page or safety text that is due and not known to have left.",
        max((now - oldest).total_seconds(), 0),
    )
    retries = (
        select(func.count())
        .select_from(Outbox)
        .where(_QUEUED, Outbox.priority <= 2, Outbox.not_before <= now + SOON, Outbox.attempt > 0)
    )
    yield _one(
        "circle_outbox_retrying",
        "Texts that the carrier did not take and that are tried again.",
        session.scalar(retries),
    )
    unsure = select(func.count()).select_from(Outbox).where(_UNSETTLED, _UNSURE)
    yield _one(
        "circle_outbox_unsure",
        "Texts of which nobody knows whether they left: looked for in the carrier's log.",
        session.scalar(unsure),
    )
    alive = dict(
        session.execute(
            select(Worker.queue, func.count()).where(Worker.beat_at > real - LIVES).group_by(Worker.queue)
        ).all()
    )
    yield Figure(
        "circle_workers",
        "Workers that live, by queue.",
        [((queue,), alive.get(queue, 0)) for queue in QUEUES],
        ("queue",),
    )
    living = select(Worker.id).where(Worker.beat_at > real - LIVES)
    of_the_dead = (
        select(func.count())
        .select_from(Outbox)
        .where(_UNSETTLED, _CLAIMED, Outbox.claimed_by.is_not(None), Outbox.claimed_by.not_in(living))
    )
    yield _one(
        "circle_outbox_held_by_dead",
        "Texts that a worker had in hand when it died.",
        session.scalar(of_the_dead),
    )
    swept = session.scalar(select(func.max(Watermark.at)))
    if swept is not None:
        yield _one(
            "circle_sweep_age_seconds",
            "Since the last sweep, which finds what no wake-up told of.",
            max((real - swept).total_seconds(), 0),
        )


def _strangers(session: Session, now: dt.datetime) -> Iterator[Figure]:
    """How many texts went to numbers that are nobody's in this hour, and how many may."""
    state = session.get(ServiceState, "strangers")
    counted = state.value if state is not None else {}
    hour = now.replace(minute=0, second=0, microsecond=0).isoformat()
    yield _one(
        "circle_strangers_answered",
        "Texts to numbers that are nobody's here, in this hour.",
        counted.get("count", 0) if counted.get("hour") == hour else 0,
    )
    if "most" in counted:
        yield _one("circle_strangers_limit", "How many of them may go in an hour.", counted["most"])


def recent_texts(session: Session) -> Iterator[Figure]:
    """How the newest texts fared, by ranges of the primary key; as dear as all other figures together."""
    newest_in = select(func.coalesce(func.max(Inbox.id), 0) - RECENT).scalar_subquery()
    came_in = select(Inbox.state, func.count()).where(Inbox.id > newest_in).group_by(Inbox.state)
    yield Figure(
        "circle_recent_texts_in",
        f"The newest {RECENT} texts that came in, by state.",
        [((state,), count) for state, count in session.execute(came_in)],
        ("state",),
    )
    went_out = (
        select(Outbox.state, Outbox.purpose, func.count())
        .where(Outbox.id > _newest_out())
        .group_by(Outbox.state, Outbox.purpose)
    )
    yield Figure(
        "circle_recent_texts_out",
        f"The newest {RECENT} texts that were to go out, by state and purpose.",
        [((state, purpose), count) for state, purpose, count in session.execute(went_out)],
        ("state", "purpose"),
    )


def _newest_out() -> ScalarSelect[int]:
    """After which id the newest texts that went out stand."""
    return select(func.coalesce(func.max(Outbox.id), 0) - RECENT).scalar_subquery()


def _errors(session: Session) -> Figure:
    """What the carrier said lately."""
    errors = (
        select(Outbox.error_code, func.count())
        .where(Outbox.id > _newest_out(), Outbox.error_code.is_not(None))
        .group_by(Outbox.error_code)
        .order_by(func.count().desc(), Outbox.error_code)
    )
    return Figure(
        "circle_recent_errors",
        f"The carrier's error codes among the newest {RECENT} texts that were to go out.",
        [((str(code),), count) for code, count in session.execute(errors)],
        ("code",),
    )


def _answers(session: Session) -> Iterator[Figure]:
    """How long the newest answers took: until a text was handled, its wake-up's way included, and left."""
    rows = session.execute(
        select(Inbox.received_at, Outbox.created_at, Outbox.sent_at)
        .join(Inbox, Inbox.id == Outbox.inbox_id)
        .where(Outbox.id > _newest_out())
        .order_by(Outbox.id.desc())
        .limit(ANSWERS)
    ).all()
    spans = {
        "handled": [(row.created_at - row.received_at).total_seconds() for row in rows],
        "left": [(row.sent_at - row.received_at).total_seconds() for row in rows if row.sent_at],
    }
    yield Figure(
        "circle_answer_seconds",
        f"From a text's coming until it was handled and its answer left, of the newest {ANSWERS} answers.",
        [
            ((step, which), max(pick(found), 0))
            for step, found in spans.items()
            if found
            for which, pick in (("median", median), ("worst", max))
        ],
        ("until", "of"),
    )
