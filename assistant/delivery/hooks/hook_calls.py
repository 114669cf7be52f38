"""Tells hooks what waits for them: claimed first, as texts are; told again and again, until it is taken.

Whoever is called twice for one event, since its answer was lost, knows it by its id. A hook that does not
answer is left alone for longer each time, and holds up neither another one nor any text.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hmac
import json
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from assistant.circles.tools.hook_events import keep, look
from assistant.circles.tools.hook_targets import SECRET_PREFIX, end_target
from assistant.delivery.hooks.hook_network import Heard, HookNetwork
from assistant.schedule.clock import Clock
from assistant.services import Transport
from assistant.store.database import Database
from assistant.store.tables import WebhookSend, WebhookTarget

log = structlog.get_logger(__name__)

AGAIN_AFTER: Final = tuple(
    dt.timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000, 43_200)
)
"""After each failure in a row; from the last on it stays the same."""
GIVEN_UP_AFTER: Final = dt.timedelta(days=3)
AT_ONCE: Final = 20
"""Events told to one hook in one round."""
ROUND_SECONDS: Final = 20.0
"""So long a round goes on with one hook; a call may last beyond it, but not beyond the lease."""
LEASE: Final = dt.timedelta(seconds=90)
"""So long a hook is one worker's; the rest of one that died is told after it."""
LONGEST_WISH: Final = 3600.0
"""Seconds of Retry-After that are heeded."""
GONE: Final = 410
NOT_NOW: Final = (408, 425, 429)
"""Refusals that are about the moment, not the event."""
Run = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One event, ready to be told."""

    id: int
    name: str
    payload: bytes
    secret: str


def tell_hooks(transport: Transport, *, local: bool, run: Run = asyncio.run) -> int:
    """Gather what hooks have to hear, and tell what is due; return how many hooks were called.

    Safe to run many times at once, and to be killed at any moment.

    Args:
        transport: Database and clock.
        local: Hooks may be on this machine.
        run: Runs the calls.
    """
    database, clock = transport.database, transport.clock
    with database.read() as session:
        # Looking takes no lock: of a large cohort there is much to look at.
        looks = list(look(session, clock.now(), clock.real()))
    for found in looks:
        with database.write() as session:
            keep(session, found)
    with database.read() as session:
        due = list(session.scalars(_due(clock.real())))
    claimed = [target for target_id in due if (target := _claim(database, target_id, clock.real()))]
    if not claimed:
        return 0

    async def call_all() -> None:
        async with HookNetwork(local=local) as network:
            await asyncio.gather(*(_tell(transport, network, target) for target in claimed))

    run(call_all())
    return len(claimed)


async def call_now(
    database: Database, clock: Clock, target: WebhookTarget, send_id: int, *, local: bool
) -> Heard:
    """Tell one event at once, whoever has the hook: for whoever tries it out."""
    with database.read() as session:
        send = session.get_one(WebhookSend, send_id)
    async with HookNetwork(local=local) as network:
        heard = await _call(network, target.url, _as_call(send, target), clock.real())
    with database.write() as session:
        row = session.get_one(WebhookSend, send_id)
        row.tries, row.settled_at = 1, clock.now()
        row.state = "sent" if heard.taken else "given_up"
    return heard


def signature(secret: str, name: str, timestamp: int, body: bytes) -> str:
    """Sign as Standard Webhooks has it (version 1): HMAC-SHA256 of id, time and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def _due(real: dt.datetime) -> Select[int]:
    """Return the hooks that something waits for, and that are not left alone."""
    waits = select(WebhookSend.id).where(
        WebhookSend.target_id == WebhookTarget.id, WebhookSend.state == "waiting", WebhookSend.next_at <= real
    )
    return (
        select(WebhookTarget.id)
        .where(WebhookTarget.ended_at.is_(None), WebhookTarget.next_at <= real, waits.exists())
        .order_by(WebhookTarget.id)
    )


def _claim(database: Database, target_id: int, real: dt.datetime) -> WebhookTarget | None:
    """Take a hook for this worker; None: another one was faster."""
    with database.write() as session:
        claimed = session.execute(
            update(WebhookTarget)
            .where(
                WebhookTarget.id == target_id,
                WebhookTarget.ended_at.is_(None),
                WebhookTarget.next_at <= real,
            )
            .values(next_at=real + LEASE),
            execution_options={"synchronize_session": False},
        )
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            return None
        return session.get_one(WebhookTarget, target_id, populate_existing=True)


async def _tell(transport: Transport, network: HookNetwork, target: WebhookTarget) -> None:
    """Tell one hook what waits, until it does not answer or its time is over."""
    until = time.monotonic() + ROUND_SECONDS
    with transport.database.read() as session:
        calls = _waiting(session, target, transport.clock.real())
    if not calls:
        _let_go(transport.database, target, transport.clock.real())
    for place, call in enumerate(calls):
        last = place + 1 == len(calls) or time.monotonic() >= until
        heard = await _call(network, target.url, call, transport.clock.real())
        with transport.database.write() as session:
            row = session.get_one(WebhookTarget, target.id)
            _note(session, row, call, heard, transport, last=last)
        if last or not heard.taken:
            return


def _waiting(session: Session, target: WebhookTarget, real: dt.datetime) -> Sequence[Call]:
    """Return what is due: what was refused least comes first, so that no event stands before the rest."""
    rows = session.scalars(
        select(WebhookSend)
        .where(
            WebhookSend.target_id == target.id, WebhookSend.state == "waiting", WebhookSend.next_at <= real
        )
        .order_by(WebhookSend.tries, WebhookSend.at, WebhookSend.id)
        .limit(AT_ONCE)
    )
    return [_as_call(each, target) for each in rows]


def _as_call(send: WebhookSend, target: WebhookTarget) -> Call:
    content = {"type": send.kind, "timestamp": send.at.isoformat(), "data": send.content}
    return Call(send.id, send.name, json.dumps(content, separators=(",", ":")).encode(), target.secret)


async def _call(network: HookNetwork, url: str, call: Call, real: dt.datetime) -> Heard:
    timestamp = int(real.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "circle-assistant",
        "webhook-id": call.name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(call.secret, call.name, timestamp, call.payload),
    }
    return await network.post(url, call.payload, headers)


def _note(
    session: Session, target: WebhookTarget, call: Call, heard: Heard, transport: Transport, *, last: bool
) -> None:
    """Write down what came of a call; after the last one of a round the hook is free again."""
    now, real = transport.clock.now(), transport.clock.real()
    send = session.get_one(WebhookSend, call.id)
    send.tries += 1
    if heard.taken:
        target.failures, target.failing_since, target.trouble = 0, None, None
        target.next_at = real if last else real + LEASE
        send.state, send.settled_at = "sent", now
        return
    target.failures += 1
    target.failing_since = target.failing_since or real
    target.trouble = heard.trouble or f"it answers {heard.status}"
    # Who refuses one event may take the next: only that one is put off for long.
    refused = heard.status is not None and 400 <= heard.status < 500 and heard.status not in NOT_NOW
    wait = AGAIN_AFTER[0 if refused else min(target.failures, len(AGAIN_AFTER)) - 1]
    wished = dt.timedelta(seconds=min(heard.retry_after or 0.0, LONGEST_WISH))
    target.next_at = real + max(wait, wished)
    send.next_at = real + max(AGAIN_AFTER[min(send.tries, len(AGAIN_AFTER)) - 1], wished)
    log.warning("hook not heard", hook=target.id, status=heard.status, failures=target.failures)
    if heard.status == GONE:
        end_target(session, target, now)
        log.warning("hook gone", hook=target.id)
        return
    session.execute(
        update(WebhookSend)
        .where(
            WebhookSend.target_id == target.id,
            WebhookSend.state == "waiting",
            WebhookSend.made_at <= real - GIVEN_UP_AFTER,
        )
        .values(state="given_up", settled_at=now),
        execution_options={"synchronize_session": False},
    )


def _let_go(database: Database, target: WebhookTarget, real: dt.datetime) -> None:
    with database.write() as session:
        session.get_one(WebhookTarget, target.id).next_at = real
