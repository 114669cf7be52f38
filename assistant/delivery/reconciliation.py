"""Finds out what became of texts that nobody is sure about, and of texts that never reached us.

The carrier takes no idempotency key. So after a crash or a lost answer the status callback that names the try
is awaited, then the carrier's log is searched; only a text that is not in it two minutes later (half a minute
when its worker is dead, ten seconds when the carrier had answered) goes out again (README, "What it
promises"). Leases and looks go by the machine's time.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, update
from sqlalchemy.orm import Session

from assistant.carriers.carrier import CarrierError, LoggedText
from assistant.channels.showing import SMS
from assistant.delivery.claims import UNSETTLED
from assistant.delivery.delivery_receipts import attempt_name, note_status
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.delivery.send_results import ANSWERED
from assistant.safety.alerts import open_alert
from assistant.services import Transport
from assistant.store.tables import Alert, Outbox, Watermark, Worker

log = structlog.get_logger(__name__)

ABSENT_AFTER = dt.timedelta(minutes=2)
"""A text that is not in the log so long after its claim was not taken."""
DEAD_AFTER = dt.timedelta(seconds=6)
"""A worker that gave no sign of life for so long (three beats) is dead, or might as well be. Nothing hangs
on it being so: what it had in hand is looked for, and what it finds out itself still counts."""
ABSENT_WHEN_OVER = dt.timedelta(seconds=30)
"""The same where the worker that had the text is dead: nobody hands it over later than ten seconds after its
claim (`claims.HAND_OVER_WITHIN`), the carrier is given ten to answer, and its log ten to show it."""
SHOWN_WITHIN = dt.timedelta(seconds=10)
"""So long the log is given to show what the carrier took. Where it answered, though with an error of its own,
nothing is under way any more: a text that two looks so far apart do not find was not taken."""
NOT_SHOWN = f"{ANSWERED}, not in its log"
OVER = (ANSWERED, NOT_SHOWN)
"""Why a text is unsure of which nothing is under way any more."""
LOOK_EVERY = dt.timedelta(seconds=20)
"""So long between two looks for a text that the log did not show: mostly it is there at the first."""
LOOK_LEASE = dt.timedelta(seconds=20)
"""So long nobody else looks for the same text; should both, only the first finds something to do."""
LOOK_WITHOUT_LOG = (dt.timedelta(seconds=5), dt.timedelta(minutes=1))
"""So long at least, and at most, until a log that was out of reach is asked again: a third of the text's age
between the two, since a carrier mostly fails for seconds, and one that fails for hours is left alone."""
SKEW = dt.timedelta(seconds=30)
"""The carrier's clock and ours may differ by this much; what is ours already is told apart by its id."""
AT_ONCE = 200
LOOKS_AT_ONCE = 32
FINAL_AFTER = dt.timedelta(hours=12)
"""Without a final status for so long the log is asked (Twilio's advice on outbound logging)."""
POLLS_AT_ONCE = 50
OVERLAP = dt.timedelta(minutes=5)
"""The inbound log is read again from so long before the watermark: it may list texts late."""
REST_OF_SECOND = dt.timedelta(milliseconds=999)
"""The log knows whole seconds: a text of it came as late in its own as it may have. Else an answer would seem
older than the question, and be asked for again."""
LOG_AWAY = "log out of reach"

_UNSURE = Outbox.state == literal("unsure", literal_execute=True)
_CLAIMED = Outbox.state == literal("claimed", literal_execute=True)

Run = Callable[[Coroutine[Any, Any, list[list[LoggedText] | None]]], list[list[LoggedText] | None]]


def settle_unsure(services: Transport, run: Run = asyncio.run) -> int:
    """Look for every unsure text whose next look is due; return how many were looked for.

    Args:
        services: What conversations and delivery work with.
        run: Runs the coroutine that asks the carrier.
    """
    real = services.clock.real()
    with services.database.read() as session:
        due = session.scalar(
            select(Outbox.id).where(UNSETTLED, or_(Outbox.claimed_until <= real, _of_the_dead(real))).limit(1)
        )
    if due is None:
        return 0
    texts, dead = _take_looks(services, real)
    logs = run(_read_logs(services, [(text.to_uri, (text.claimed_at or real) - SKEW) for text in texts]))
    again = 0
    with services.database.write() as session:
        for text, logged in zip(texts, logs, strict=True):
            is_over = text.id in dead or text.reason in OVER
            absent_after = ABSENT_WHEN_OVER if is_over else ABSENT_AFTER
            again += _settle(session, services, text, logged, absent_after)
    if again:
        services.wake("delivery")
    log.info("looked for unsure texts", texts=len(texts), sent_again=again)
    return len(texts)


def poll_missing_statuses(services: Transport, run: Run = asyncio.run) -> int:
    """Ask the log about texts without a final status for twelve hours; return how many there were."""
    now = services.clock.now()
    with services.database.read() as session:
        texts = session.execute(
            select(Outbox.id, Outbox.to_uri, Outbox.carrier_id, Outbox.claimed_at, Outbox.sent_at)
            .where(
                Outbox.state == literal("sent", literal_execute=True),
                Outbox.sent_at <= now - FINAL_AFTER,
            )
            .order_by(Outbox.sent_at)
            .limit(POLLS_AT_ONCE)
        ).all()
    if not texts:
        return 0
    logs = run(
        _read_logs(services, [(text.to_uri, (text.claimed_at or text.sent_at) - SKEW) for text in texts])
    )
    with services.database.write() as session:
        for text, logged in zip(texts, logs, strict=True):
            if logged is None:
                continue
            found = next((each for each in logged if each.carrier_id == text.carrier_id), None)
            if found is not None:
                note_status(session, None, found.carrier_id, found.status, found.error_code, now)
            # The carrier knows no more itself; WhatsApp, for one, says "sent" of blocked recipients for ever.
            session.execute(
                update(Outbox)
                .where(Outbox.id == text.id, Outbox.state == "sent")
                .values(state="done", reason="no final status"),
                execution_options={"synchronize_session": False},
            )
    return len(texts)


def fetch_missed(services: Transport, run: Callable[[Coroutine[Any, Any, Any]], Any] = asyncio.run) -> int:
    """Record the texts of the carrier's inbound log that never arrived here; return how many there were.

    How far it was read is remembered in the transaction that records them, so that nothing is skipped.
    """
    name = f"inbound log of {services.identity.sender}"[:80]
    real = services.clock.real()
    with services.database.read() as session:
        seen = session.scalar(select(Watermark.at).where(Watermark.name == name))
    texts: list[LoggedText] = []
    if seen is not None:
        try:
            texts = run(services.carrier.received_since(seen - OVERLAP))
        except CarrierError as error:
            log.warning("inbound log out of reach", code=error.code)
            return 0
    # What came long before we first listened is none of ours: then there is only a mark to set.
    ahead = services.clock.now() - real
    inbound = [_as_incoming(text, ahead, real) for text in texts if text.inbound]
    with services.database.write() as session:
        new = insert_texts(session, inbound)
        session.merge(Watermark(name=name, at=real))
    if new:
        log.warning("texts fetched that never arrived", texts=new)
        services.wake("inbox")
    return new


def _of_the_dead(real: dt.datetime) -> ColumnElement[bool]:
    """Return the condition that whoever claimed a text is dead."""
    lives = exists().where(Worker.id == Outbox.claimed_by, Worker.beat_at > real - DEAD_AFTER)
    return and_(_CLAIMED, Outbox.claimed_by.is_not(None), ~lives)


def _take_looks(services: Transport, real: dt.datetime) -> tuple[list[Outbox], set[int]]:
    """Mark what lost its lease or its worker as unsure, and take the texts whose look is due for us alone.

    Returns:
        The texts, and the ids of those whose worker is dead.
    """
    with services.database.write() as session:
        for condition, reason in (
            (_of_the_dead(real), "worker died"),
            (and_(_CLAIMED, Outbox.claimed_until <= real), "lease ran out"),
        ):
            session.execute(
                update(Outbox)
                .where(UNSETTLED, condition)
                .values(state="unsure", reason=reason, claimed_until=real),
                execution_options={"synchronize_session": False},
            )
        texts = list(
            session.scalars(
                select(Outbox)
                .where(UNSETTLED, _UNSURE, Outbox.claimed_until <= real)
                .order_by(Outbox.claimed_until)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            )
        )
        living = set(session.scalars(select(Worker.id).where(Worker.beat_at > real - DEAD_AFTER)))
        for text in texts:
            text.claimed_until = real + LOOK_LEASE
    return texts, {text.id for text in texts if text.claimed_by is not None and text.claimed_by not in living}


def says(body: str, text: Outbox) -> bool:
    """Return whether a logged text says what one of ours says; a template may say more around it."""
    ours = text.body or ""
    return body == ours or (not text.to_uri.startswith(SMS) and bool(ours) and ours in body)


async def _read_logs(
    services: Transport, asked: Sequence[tuple[str, dt.datetime]]
) -> list[list[LoggedText] | None]:
    """Return the log of each address since a time; None where it is out of reach."""
    few = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def read(uri: str, since: dt.datetime) -> list[LoggedText] | None:
        async with few:
            try:
                return await services.carrier.sent_since(uri, since)
            except CarrierError as error:
                log.warning("outbound log out of reach", code=error.code)
                return None

    return list(await asyncio.gather(*(read(uri, since) for uri, since in asked)))


def _settle(
    session: Session,
    services: Transport,
    text: Outbox,
    logged: list[LoggedText] | None,
    absent_after: dt.timedelta,
) -> bool:
    """Write down what a look found; True when the text goes out again."""
    now, real = services.clock.now(), services.clock.real()
    state = session.scalar(select(Outbox.state).where(Outbox.id == text.id).with_for_update())
    if state != "unsure":
        return False  # A callback was faster.
    claimed_at = text.claimed_at or real
    if logged is None:
        if text.purpose == "safety" and real - claimed_at >= ABSENT_AFTER:
            return _send_again(session, text, now, LOG_AWAY)
        least, most = LOOK_WITHOUT_LOG
        # That the carrier had answered still counts at the next look.
        reason = text.reason if text.reason in OVER else LOG_AWAY
        next_look = real + min(max(least, (real - claimed_at) / 3), most)
        _change(session, text.id, claimed_until=next_look, reason=reason)
        open_alert(
            session, "unsent", now, circle_id=text.circle_id, person_id=text.person_id, outbox_id=text.id
        )
        return False
    found = _find(session, text, claimed_at, logged)
    if found is not None:
        note_status(
            session,
            attempt_name(text.id, text.attempt),
            found.carrier_id,
            found.status,
            found.error_code,
            now,
            # And not when that was found out: a reply may have come in between.
            left_at=min(now, max(claimed_at, found.created_at) + (now - real)),
        )
        _close_alerts(session, [text.id], now)
        return False
    if real - claimed_at >= absent_after or text.reason == NOT_SHOWN:
        _close_alerts(session, [text.id], now)
        return _send_again(session, text, now, "not in the carrier's log")
    if text.reason == ANSWERED:
        _change(session, text.id, claimed_until=real + SHOWN_WITHIN, reason=NOT_SHOWN)
    else:
        _change(session, text.id, claimed_until=min(real + LOOK_EVERY, claimed_at + absent_after))
    return False


def _find(
    session: Session, text: Outbox, claimed_at: dt.datetime, logged: Iterable[LoggedText]
) -> LoggedText | None:
    """The oldest logged text that can be this one: the same words, since its claim, and not ours already."""
    fitting = sorted(
        (
            each
            for each in logged
            if says(each.body, text) and each.created_at >= claimed_at - SKEW and not each.inbound
        ),
        key=lambda each: each.created_at,
    )
    ids = [each.carrier_id for each in fitting]
    ours = set(session.scalars(select(Outbox.carrier_id).where(Outbox.carrier_id.in_(ids)))) if ids else set()
    return next((each for each in fitting if each.carrier_id not in ours), None)


def _send_again(session: Session, text: Outbox, now: dt.datetime, reason: str) -> bool:
    _change(session, text.id, state="queued", not_before=now, claimed_until=None, reason=reason)
    return True


def _change(session: Session, outbox_id: int, **values: object) -> None:
    session.execute(
        update(Outbox).where(Outbox.id == outbox_id, Outbox.state == "unsure").values(**values),
        execution_options={"synchronize_session": False},
    )


def _close_alerts(session: Session, outbox_ids: Collection[int], now: dt.datetime) -> None:
    session.execute(
        update(Alert)
        .where(Alert.outbox_id.in_(outbox_ids), Alert.kind == "unsent", Alert.closed_at.is_(None))
        .values(closed_at=now),
        execution_options={"synchronize_session": False},
    )


def _as_incoming(text: LoggedText, ahead: dt.timedelta, real: dt.datetime) -> IncomingText:
    return IncomingText(
        carrier_id=text.carrier_id,
        from_uri=text.from_uri,
        to_uri=text.to_uri,
        body=text.body,
        params=dict(text.params or {}),
        received_at=min(text.created_at + REST_OF_SECOND, real) + ahead,
    )
