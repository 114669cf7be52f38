"""Finds the queued texts that may leave now, and takes them under a lease.

What may not go (`assistant.delivery.verdicts`) is held or dropped with the reason on its row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import text as text_sql
from sqlalchemy.orm import Session, aliased

from assistant.circles.people.consent import kind_in_force
from assistant.circles.people.silence import CHECKED
from assistant.delivery.order import ORDER_PATIENCE, is_next
from assistant.delivery.outbox import PURPOSE_RULES
from assistant.delivery.verdicts import Due, Hold, decide
from assistant.delivery.ways import ways_of
from assistant.store.database import Database
from assistant.store.tables import Address, Circle, Inbox, Member, Outbox, Person, ServiceState
from assistant.store.tables.circle_tables import SEATED

HAND_OVER_WITHIN = 10.0
"""Seconds after its claim in which a text is handed to the carrier, or not at all: whoever finds it later may
then go by the carrier's log."""
LEASE = dt.timedelta(seconds=30)
"""Real time in which a claimed text must be sent and recorded; after it nobody knows whether it left: the ten
seconds above, ten of the carrier's (`TwilioCarrier`), and ten for a database that is busy."""
PRIORITIES = sorted({rule.priority for rule in PURPOSE_RULES.values()})
URGENT = 1
"""Texts up to this priority are never kept waiting by the others: safety, pages, replies."""
PAUSE_ALL = "pause_all"
"""The row of `service_state` that holds everything back but safety: {"on": true}."""

# Written into the statement itself: a partial index serves only a condition that it can see.
_QUEUED = Outbox.state == literal("queued", literal_execute=True)
_CLAIMED = Outbox.state == literal("claimed", literal_execute=True)
# Spelled as in the index that holds only these.
UNSETTLED = text_sql("outbox.state IN ('claimed', 'unsure')")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a look at the queue came to."""

    texts: list[Due]
    """Ours to send, most urgent first."""
    settled: int = 0
    """How many were held or dropped instead."""


def claim(
    database: Database,
    now: dt.datetime,
    real: dt.datetime,
    limit: int,
    *,
    worker: int | None = None,
    urgent: bool = False,
) -> Claim:
    """Take up to `limit` texts that may leave now, most urgent first; each is ours until its lease runs out.

    Args:
        database: Only locked when something is due.
        now: Aware UTC, the service's time: what is due, and quiet hours.
        real: Aware UTC, the machine's time: leases.
        limit: How many rows to look at.
        worker: Who takes them (`assistant.store.tables.Worker`): the leases of the dead pass on early.
        urgent: Only what must not wait behind the rest.
    """
    if database.is_sqlite:
        # Elsewhere rows are locked, and not the whole: there a look beforehand only takes time.
        with database.read() as session:
            if not ids_due(session, now, real, limit=1, urgent=urgent):
                return Claim([])
    with database.write() as session:
        return _claim(session, now, real, limit, worker, urgent=urgent)


def _claim(
    session: Session, now: dt.datetime, real: dt.datetime, limit: int, worker: int | None, *, urgent: bool
) -> Claim:
    texts = load_due(session, ids_due(session, now, real, limit, lock=True, urgent=urgent))
    written_to: set[int] = set()
    going: list[Due] = []
    holds: list[tuple[Due, Hold]] = []
    drops: dict[str, list[int]] = {}
    for text in texts:
        if text.address_id in written_to:
            continue  # One text to a phone at a time: two at once may arrive in either order.
        verdict = decide(text, now)
        if verdict is None:
            written_to.add(text.address_id)
            going.append(text)
        elif isinstance(verdict, Hold):
            holds.append((text, verdict))
        else:
            drops.setdefault(verdict.reason, []).append(text.id)
    ways = ways_of(session, going, now)
    going, holds = ways.going, [*holds, *ways.held]
    _take(session, [text.id for text in going], real, worker)
    _hold(session, holds)
    for reason, ids in drops.items():
        session.execute(
            update(Outbox).where(Outbox.id.in_(ids)).values(state="dropped", reason=reason),
            execution_options={"synchronize_session": False},
        )
    return Claim(going, len(holds) + sum(map(len, drops.values())))


def release(database: Database, texts: Iterable[Due]) -> None:
    """Give back texts that were claimed and certainly not handed to the carrier; only what is still ours.

    Whoever saw no sign of life of us for a while may have marked them as unsure. We know better.
    """
    tries = [{"row": text.id, "try": text.attempt} for text in texts]
    if tries:
        with database.write() as session:
            session.connection().execute(_RELEASE, tries)


_RELEASE = (
    update(Outbox)
    .where(
        Outbox.id == bindparam("row"),
        Outbox.attempt == bindparam("try"),
        or_(Outbox.state == "claimed", Outbox.state == "unsure"),
    )
    .values(
        state="queued",
        attempt=Outbox.attempt - 1,
        reason=None,
        claimed_at=None,
        claimed_until=None,
        claimed_by=None,
    )
)


def drop_opted_out(database: Database, texts: Sequence[Due]) -> set[int]:
    """Drop those of our claimed texts whose recipients have opted out since; return their ids.

    Asked after the claim was committed. An opt-out that is recorded later still finds the claim there, and
    its confirmation waits until the text has left (`assistant.delivery.order`): it is the last word.
    """
    ids = [text.id for text in texts if PURPOSE_RULES[text.purpose].needs != "nothing"]
    with database.read() as session:
        out = set(session.scalars(_OPTED_OUT, {"ids": ids})) if ids else set()
    if out:
        with database.write() as session:
            session.execute(
                update(Outbox)
                .where(Outbox.id.in_(out), _CLAIMED)
                .values(state="dropped", reason="opted out", claimed_until=None),
                execution_options={"synchronize_session": False},
            )
    return out


_OPTED_OUT = select(Outbox.id).where(
    Outbox.id.in_(bindparam("ids", expanding=True)),
    kind_in_force(Outbox.address_id, Outbox.sender) == "out",
)


def is_due(database: Database, now: dt.datetime, real: dt.datetime) -> bool:
    """Return whether a text could be claimed now."""
    with database.read() as session:
        return bool(ids_due(session, now, real, limit=1))


def next_due(session: Session, now: dt.datetime) -> dt.datetime | None:
    """Return when the next text is due after `now` (the service's time), as far as is known; None: none.

    What only waits for the text before it is not counted: it may go as soon as that one is recorded.
    """
    moments = [
        session.scalar(
            select(func.min(Outbox.not_before)).where(
                _QUEUED, Outbox.priority == priority, Outbox.not_before > now
            )
        )
        for priority in PRIORITIES
    ]
    return min((moment for moment in moments if moment), default=None)


def ids_due(
    session: Session,
    now: dt.datetime,
    real: dt.datetime,
    limit: int,
    *,
    lock: bool = False,
    urgent: bool = False,
) -> list[int]:
    """Return the ids of what is due, most urgent first, without what follows a text that has not left yet."""
    paused = session.get(ServiceState, PAUSE_ALL)
    through = paused is None or not paused.value.get("on", True)
    ids: list[int] = []
    for priority in PRIORITIES:
        due = _due(priority, through, lock)
        if due is not None and len(ids) < limit and (priority <= URGENT or not urgent):
            moments = {"now": now, "since": real - ORDER_PATIENCE, "most": limit - len(ids)}
            ids.extend(session.scalars(due, moments))
    return ids


@cache
def _due(priority: int, through: bool, lock: bool) -> Select[int] | None:
    """Return the statement that finds what is due of one priority, made once: it is asked all the time."""
    purposes = [
        purpose
        for purpose, rule in PURPOSE_RULES.items()
        if rule.priority == priority and (through or rule.through_pause)
    ]
    if not purposes:
        return None
    due = (
        select(Outbox.id)
        .where(_QUEUED, Outbox.priority == priority, Outbox.not_before <= bindparam("now"), is_next(priority))
        .order_by(Outbox.not_before, Outbox.id)
        .limit(bindparam("most", type_=Integer))
    )
    if not through:
        due = due.where(Outbox.purpose.in_(purposes))
    return due.with_for_update(skip_locked=True, of=Outbox) if lock else due


def load_due(session: Session, ids: Sequence[int]) -> list[Due]:
    """Return queued texts with all that decides whether they may go, in the order of `ids`."""
    if not ids:
        return []
    rows = {row.id: Due(*row) for row in session.execute(_FACTS, {"ids": list(ids)})}
    seatless = [row.person_id for row in rows.values() if not row.person_zone and not row.circle_zone]
    if seatless:
        held = session.execute(
            select(Member.person_id, Circle.zone)
            .join(Circle, Circle.id == Member.circle_id)
            .where(Member.person_id.in_(seatless), Member.state.in_(SEATED))
            .order_by(Member.id.desc())
        )
        zones = dict(held.all())
        rows = {
            key: replace(row, circle_zone=zones[row.person_id]) if row.person_id in zones else row
            for key, row in rows.items()
        }
    return [rows[each] for each in ids if each in rows]


def _facts() -> Select[*tuple[Any, ...]]:
    own = aliased(Address)
    unhandled = exists().where(
        own.person_id == Outbox.person_id,
        Inbox.from_uri == own.uri,
        Inbox.state == literal("new", literal_execute=True),
    )
    later = aliased(Outbox)
    replaced = exists().where(
        later.person_id == Outbox.person_id,
        later.id > Outbox.id,
        later.state == "queued",
        later.wording == Outbox.wording,
        later.created_at > Outbox.created_at,
    )
    answered = aliased(Inbox)
    return (
        select(
            Outbox.id,
            Outbox.person_id,
            Outbox.circle_id,
            Outbox.address_id,
            Outbox.to_uri,
            Outbox.body,
            Outbox.segments,
            Outbox.purpose,
            Outbox.priority,
            Outbox.attempt + 1,
            Outbox.created_at,
            Outbox.expires_at,
            Address.retired_at.is_not(None),
            Address.unreachable_at.is_not(None),
            Person.zone,
            Circle.zone,
            Member.state,
            kind_in_force(Outbox.address_id, Outbox.sender),
            answered.received_at,
            unhandled,
            replaced,
            Address.heard_at,
            Address.doubted_at,
            func.coalesce(Outbox.wording, "").like(f"{CHECKED}/%"),
            Outbox.sender,
            Outbox.wording,
            Outbox.taps,
            Address.channel,
            Address.opened_at,
            func.coalesce(Person.language, Circle.language),
            Outbox.error_code,
            func.coalesce(Outbox.sent_at, Outbox.not_before),
            Outbox.media,
            Outbox.member_id,
        )
        .select_from(Outbox)
        .join(Address, Address.id == Outbox.address_id)
        .join(Person, Person.id == Outbox.person_id)
        .outerjoin(Member, Member.id == Outbox.member_id)
        .outerjoin(Circle, Circle.id == func.coalesce(Outbox.circle_id, Member.circle_id))
        .outerjoin(answered, answered.id == Outbox.inbox_id)
        .where(Outbox.id.in_(bindparam("ids", expanding=True)))
    )


_FACTS = _facts()


def _take(session: Session, ids: Sequence[int], real: dt.datetime, worker: int | None) -> None:
    if ids:
        session.execute(
            update(Outbox)
            .where(Outbox.id.in_(ids))
            .values(
                state="claimed",
                attempt=Outbox.attempt + 1,
                claimed_at=real,
                claimed_until=real + LEASE,
                claimed_by=worker,
            ),
            execution_options={"synchronize_session": False},
        )


def _hold(session: Session, holds: Sequence[tuple[Due, Hold]]) -> None:
    """Move texts to later, and with them what follows them, so that it is not looked at all night."""
    groups: dict[Hold, list[Due]] = {}
    for text, hold in holds:
        groups.setdefault(hold, []).append(text)
    for hold, texts in groups.items():
        ids = [text.id for text in texts]
        people = {text.person_id for text in texts}
        while ids:
            session.execute(
                update(Outbox)
                .where(Outbox.id.in_(ids))
                # Tried or not: what waits for its hour stands before nothing.
                .values(not_before=hold.until, reason=hold.reason, claimed_at=None),
                execution_options={"synchronize_session": False},
            )
            ids = list(
                session.scalars(
                    select(Outbox.id).where(
                        Outbox.person_id.in_(people),
                        Outbox.after_id.in_(ids),
                        Outbox.state == "queued",
                        Outbox.not_before < hold.until,
                    )
                )
            )
