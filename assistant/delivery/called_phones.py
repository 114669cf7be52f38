"""Rings whoever is on call, with the promises that texts have: asked again as it leaves, and never twice.

A call is claimed before the carrier is asked, and one person's are never two at once. Where the answer was
lost it is unsure, and the carrier's log decides: what it does not know may ring again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.ringing import Calls, LoggedCall
from assistant.circles.people.reachability import address_of
from assistant.logs import get_log
from assistant.safety.call_wishes import why_not
from assistant.services import Transport
from assistant.store.tables import CallWish, PageCall

log = get_log("calls")

LEASE: Final = dt.timedelta(minutes=1)
"""So long whoever claimed a call may take to hear the carrier's answer (real time)."""
LOG_PATIENCE: Final = dt.timedelta(seconds=30)
"""So long the carrier's log may take to show a call that it took."""
LONGEST_CALL: Final = dt.timedelta(minutes=5)
"""After that a call whose end nobody told us is looked for."""
MOST_TRIES: Final = 3
IN_HAND: Final = ("claimed", "unsure", "placed")
MACHINES: Final = ("machine", "fax")
_OVER: Final = ("completed", "busy", "no-answer", "failed", "canceled")
Run = Callable[[Coroutine[Any, Any, Any]], Any]


def ring_due(transport: Transport, run: Run) -> int:
    """Ring what is due, one after the other; return how many calls were placed."""
    if transport.calls is None:
        return 0
    placed = 0
    for _ in range(20):
        claimed = _claim(transport)
        if claimed is None:
            break
        placed += _place(transport, transport.calls, *claimed, run)
    return placed


def settle_calls(transport: Transport, run: Run) -> None:
    """Find out what became of calls that nobody is sure about, and of those whose end nobody told."""
    if transport.calls is None:
        return
    real = transport.clock.real()
    with transport.database.read() as session:
        ids = list(session.scalars(_to_settle(real)))
    for call_id in ids:
        with transport.database.read() as session:
            call = session.get_one(PageCall, call_id)
            address = address_of(session, call.person_id)
            since = (call.claimed_at or real) - LEASE
        if address is None:
            rung: list[LoggedCall] = []
        else:
            try:
                rung = run(transport.calls.rung_since(address.uri, since))
            except CarrierError:
                continue  # Out of reach: nothing is done before the log is read.
        with transport.database.write() as session:
            _settle(session, session.get_one(PageCall, call_id), rung, transport.clock.now())


def spoken(session: Session, token: str) -> PageCall | None:
    """Return the call that a token names, if it was not taken back."""
    found = session.scalar(select(PageCall).where(PageCall.token == token))
    return None if found is None or found.state in ("new", "queued", "dropped") else found


def note_asked(call: PageCall, carrier_id: str) -> None:
    """The carrier asks what to say: it rang, whatever became of the answer to us."""
    if call.state in ("claimed", "unsure"):
        call.state, call.claimed_until = "placed", None
    if call.carrier_id is None:
        call.carrier_id = carrier_id


def note_machine(call: PageCall) -> None:
    """A machine answered: nobody heard it."""
    if call.reason is None:
        call.reason = "machine"


def note_key(call: PageCall, key: str) -> bool:
    """A key was pressed; the first that means something counts. Return whether it means something."""
    if key not in ("1", "2") or (key == "2" and call.alert_id is None):
        return False
    if call.pressed is None:
        call.pressed, call.reason = key, "answered"
    return True


def note_end(
    call: PageCall, status: str, answered_by: str | None, seconds: int | None, now: dt.datetime
) -> None:
    """The call is over; what comes twice or late changes nothing any more."""
    if call.state not in IN_HAND or status not in _OVER:
        return
    if answered_by and answered_by.startswith(MACHINES):
        note_machine(call)
    if call.reason is None:
        call.reason = "no key" if status == "completed" else status
    call.state, call.ended_at, call.seconds, call.claimed_until = "ended", now, seconds, None


def _claim(transport: Transport) -> tuple[int, str, str] | None:
    """Take the next call that may ring now; return its id, where, and its token."""
    now, real = transport.clock.now(), transport.clock.real()
    other = aliased(PageCall)
    busy = select(other.id).where(other.person_id == PageCall.person_id, other.state.in_(IN_HAND)).exists()
    due = (
        select(PageCall)
        .where(PageCall.state == "queued", PageCall.not_before <= now, ~busy)
        .order_by(PageCall.not_before, PageCall.id)
        .limit(1)
    )
    with transport.database.read() as session:
        if session.scalar(due.with_only_columns(PageCall.id)) is None:
            return None
    with transport.database.write() as session:
        while (call := session.scalar(due.with_for_update(skip_locked=True, of=PageCall))) is not None:
            address = address_of(session, call.person_id)
            reason = why_not(session, call, address, transport.identity.sender, now)
            if not reason and address is not None:
                call.state, call.attempt = "claimed", call.attempt + 1
                call.claimed_at, call.claimed_until = real, real + LEASE
                return call.id, address.uri, call.token
            call.state, call.reason = "dropped", reason
            session.flush()
    return None


def _place(transport: Transport, calls: Calls, call_id: int, uri: str, token: str, run: Run) -> int:
    values: dict[str, Any]
    try:
        accepted = run(calls.ring(uri, token))
        values = {"state": "placed", "carrier_id": accepted.carrier_id, "claimed_until": None}
    except CarrierError as error:
        log.warning("call not placed", trouble=error.trouble.value, code=error.code)
        if error.trouble is Trouble.UNSURE:
            values = {"state": "unsure"}
        elif error.trouble is Trouble.RETRY:
            later = transport.clock.now() + dt.timedelta(seconds=error.retry_after or 15)
            values = {"state": "queued", "not_before": later, "claimed_until": None}
        else:
            values = {"state": "dropped", "reason": f"refused {error.code or ''}".strip()}
    with transport.database.write() as session:
        session.execute(
            # The carrier may have called back already, and know better.
            update(PageCall).where(PageCall.id == call_id, PageCall.state == "claimed").values(**values)
        )
    return int(values["state"] == "placed")


def _to_settle(real: dt.datetime) -> Any:
    lost = (PageCall.state == "claimed") & (PageCall.claimed_until < real)
    unsure = (PageCall.state == "unsure") & (PageCall.claimed_at < real - LOG_PATIENCE)
    endless = (PageCall.state == "placed") & (PageCall.claimed_at < real - LONGEST_CALL)
    return select(PageCall.id).where(lost | unsure | endless).order_by(PageCall.id).limit(100)


def _settle(session: Session, call: PageCall, rung: list[LoggedCall], now: dt.datetime) -> None:
    if call.state not in IN_HAND:
        return
    if call.carrier_id is None:
        known = set(
            session.scalars(
                select(PageCall.carrier_id).where(
                    PageCall.person_id == call.person_id, PageCall.carrier_id.is_not(None)
                )
            )
        )
        found = next((each for each in rung if each.carrier_id not in known), None)
    else:
        found = next((each for each in rung if each.carrier_id == call.carrier_id), None)
    if found is not None:
        call.state, call.carrier_id, call.claimed_until = "placed", found.carrier_id, None
        note_end(call, found.status, found.answered_by, found.seconds, now)
    elif call.state == "placed":
        note_end(call, "failed", None, None, now)
    elif call.attempt < MOST_TRIES:
        call.state, call.claimed_until = "queued", None
    else:
        call.state, call.reason = "dropped", "never taken"


def note_tried(session: Session, call: PageCall, now: dt.datetime) -> None:
    """A key was pressed in the test call."""
    session.execute(
        update(CallWish)
        .where(CallWish.person_id == call.person_id, CallWish.tried_at.is_(None))
        .values(tried_at=now)
    )
