"""What happens in a call as the carrier tells of it: what is said, which key counts, who is connected.

Of two who talk the second is asked as well before the carrier connects them. What the carrier says of the
second's answer decides nothing: that they were connected is known by the key which no machine presses.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.orm import Session

from assistant.circles.people.reachability import address_of
from assistant.circles.talks.talk_rows import talk_of_call, why_not_ring
from assistant.delivery.called_phones import (
    MACHINES,
    note_asked,
    note_end,
    note_key,
    note_machine,
    spoken,
)
from assistant.store.tables import PageCall, Talk

WAIT, ALONE = 1, 2
"""Which of a talk's sentences is said while the second is rung, and where nobody came."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done on the line now."""

    then: Literal["ask", "dial", "connect", "hang up"]
    """After the words: wait for a key, ring the second, let the two talk, or end it."""
    words: str = ""
    language: str | None = None
    uri: str = ""
    """The second's address, to ring."""


HANG_UP: Final = Step("hang up")


def pick_up(session: Session, token: str, carrier_id: str, answered_by: str) -> Step:
    """Whoever is called has answered, or a machine has."""
    call = _call_of(session, token, carrier_id)
    if call is None or call.state == "ended":
        return HANG_UP
    note_asked(call, carrier_id)
    if answered_by.startswith(MACHINES):
        note_machine(call)
        return HANG_UP
    return _ask(call)


def press(session: Session, token: str, carrier_id: str, key: str, sender: str, now: dt.datetime) -> Step:
    """Whoever is called has pressed a key; what it means is kept, and comes of it once."""
    call = _call_of(session, token, carrier_id)
    if call is None:
        return HANG_UP
    if not note_key(call, key):
        return _ask(call)
    talk = talk_of_call(session, call)
    if talk is None:
        return Step("hang up", (call.said or ["", "", ""])[int(call.pressed or 1)], call.language)
    address = address_of(session, talk.second_id, sender)
    if address is None or why_not_ring(session, talk, sender, now):
        return _alone(call)
    return Step("dial", _said(call, WAIT), call.language, address.uri)


def pick_up_other(session: Session, token: str, parent_id: str | None, answered_by: str) -> Step:
    """The second of two has answered, or a machine has."""
    talk = _talk_of(session, token, parent_id)
    if talk is None or answered_by.startswith(MACHINES):
        return HANG_UP
    return Step("ask", talk.second_said or "", talk.second_language)


def press_other(session: Session, token: str, parent_id: str | None, key: str, now: dt.datetime) -> Step:
    """The second of two has pressed a key: with it the two are connected."""
    talk = _talk_of(session, token, parent_id)
    if talk is None:
        return HANG_UP
    if key != "1":
        return Step("ask", talk.second_said or "", talk.second_language)
    talk.connected_at = talk.connected_at or now
    return Step("connect")


def part(session: Session, token: str, carrier_id: str, seconds: int | None) -> Step:
    """The second is not on the line any more, or never was; the first is."""
    call = _call_of(session, token, carrier_id)
    talk = talk_of_call(session, call) if call is not None else None
    if call is None or talk is None:
        return HANG_UP
    if talk.connected_at is None:
        return _alone(call)
    if talk.seconds is None:
        talk.seconds = seconds
    return HANG_UP


def end(
    session: Session,
    token: str,
    carrier_id: str,
    status: str,
    answered_by: str | None,
    seconds: int | None,
    now: dt.datetime,
) -> None:
    """The call is over."""
    call = _call_of(session, token, carrier_id)
    if call is not None:
        note_asked(call, carrier_id)
        note_end(call, status, answered_by, seconds, now)


def _call_of(session: Session, token: str, carrier_id: str) -> PageCall | None:
    call = spoken(session, token)
    # Another call than the one we know of is none of ours.
    return call if call is not None and call.carrier_id in (None, carrier_id) else None


def _talk_of(session: Session, token: str, parent_id: str | None) -> Talk | None:
    call = spoken(session, token)
    if call is None or call.state == "ended" or parent_id not in (None, call.carrier_id):
        return None
    return talk_of_call(session, call)


def _ask(call: PageCall) -> Step:
    return Step("ask", (call.said or [""])[0], call.language)


def _alone(call: PageCall) -> Step:
    return Step("hang up", _said(call, ALONE), call.language)


def _said(call: PageCall, which: int) -> str:
    said = call.said or []
    return str(said[which]) if len(said) > which else ""
