"""Rings whoever is on call, or the first of two who talk, with the promises that texts have.

It is asked again as it leaves, and rings never twice.

A call is claimed before the carrier is asked, and one person's are never two at once. Where the answer was
lost it is unsure, and the carrier's log decides: what it does not know may ring again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.ringing import LONGEST, Calls, LoggedCall
from assistant.circles.people.reachability import address_of
from assistant.circles.talks.talk_rows import AT_MOST, is_cut, talk_of_call, why_not_ring
from assistant.logs import get_log
from assistant.safety.call_wishes import why_not
from assistant.services import Transport
from assistant.store import looks
from assistant.store.tables import Address, CallWish, PageCall, Talk

log = get_log("calls")

LEASE: Final = dt.timedelta(minutes=1)
"""So long whoever claimed a call may take to hear the carrier's answer (real time)."""
LOG_PATIENCE: Final = dt.timedelta(seconds=30)
"""So long the carrier's log may take to show a call that it took."""
LONGEST_CALL: Final = dt.timedelta(minutes=5)
"""After that a call whose end nobody told us is looked for; where two talk, so long after its last minute."""
MOST_TRIES: Final = 3
IN_HAND: Final = ("claimed", "unsure", "placed")
MACHINES: Final = ("machine", "fax")
_OVER: Final = ("completed", "busy", "no-answer", "failed", "canceled")
NEXT: Final = looks.Next(
    select(func.min(PageCall.not_before)).where(
        PageCall.state == literal("queued", literal_execute=True), PageCall.not_before > looks.moment()
    )
)
"""When the next call is due."""
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
        placed += _place(transport, transport.calls, claimed, run)
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


def cut_talks(transport: Transport, run: Run) -> None:
    """Hang up on two who talk where one of them has stopped, gone, or ended the hour."""
    if transport.calls is None:
        return
    now = transport.clock.now()
    under_way = (
        select(Talk, PageCall.carrier_id)
        .join(PageCall, PageCall.id == Talk.call_id)
        .where(Talk.state == "ringing", PageCall.state == "placed", PageCall.carrier_id.is_not(None))
    )
    with transport.database.read() as session:
        ids = [
            (talk.id, str(carrier_id))
            for talk, carrier_id in session.execute(under_way).all()
            if talk.outcome is None and is_cut(session, talk, transport.identity.sender, now)
        ]
    for talk_id, carrier_id in ids:
        try:
            run(transport.calls.hang_up(carrier_id))
        except CarrierError as error:
            log.warning("call not ended", trouble=error.trouble.value, code=error.code)
            continue  # At the next look.
        with transport.database.write() as session:
            session.execute(update(Talk).where(Talk.id == talk_id).values(outcome="cut"))


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


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A call that is ours to place; `longest` are seconds."""

    id: int
    uri: str
    token: str
    longest: int


def _why_not(
    session: Session,
    call: PageCall,
    talk: Talk | None,
    address: Address | None,
    sender: str,
    now: dt.datetime,
) -> str:
    if talk is None:
        return why_not(session, call, address, sender, now)
    return "too late" if now >= call.expires_at else why_not_ring(session, talk, sender, now)


def _claim(transport: Transport) -> _Claimed | None:
    """Take the next call that may ring now."""
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
            talk = talk_of_call(session, call)
            reason = _why_not(session, call, talk, address, transport.identity.sender, now)
            if not reason and address is not None:
                call.state, call.attempt = "claimed", call.attempt + 1
                call.claimed_at, call.claimed_until = real, real + LEASE
                return _Claimed(call.id, address.uri, call.token, LONGEST if talk is None else AT_MOST)
            call.state, call.reason = "dropped", reason
            session.flush()
    return None


def _place(transport: Transport, calls: Calls, claimed: _Claimed, run: Run) -> int:
    values: dict[str, Any]
    try:
        accepted = run(calls.ring(claimed.uri, claimed.token, longest=claimed.longest))
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
            update(PageCall).where(PageCall.id == claimed.id, PageCall.state == "claimed").values(**values)
        )
    return int(values["state"] == "placed")


def _to_settle(real: dt.datetime) -> Any:
    lost = (PageCall.state == "claimed") & (PageCall.claimed_until < real)
    unsure = (PageCall.state == "unsure") & (PageCall.claimed_at < real - LOG_PATIENCE)
    longest = real - LONGEST_CALL
    talks = exists().where(Talk.call_id == PageCall.id)
    over = or_(PageCall.claimed_at < longest - dt.timedelta(seconds=AT_MOST), ~talks)
    endless = (PageCall.state == "placed") & (PageCall.claimed_at < longest) & over
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
