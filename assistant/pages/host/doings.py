"""What can be done on the host's page: each is the step of a flow that a text would have started, too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.pages.host.seats_view import Seat

LONGEST: Final = 600
"""Characters that are taken from a field; each action says itself what is too long."""
MOST_WEEKS: Final = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What came with a form, cut to what its fields may hold."""

    form: Mapping[str, str]
    today: dt.date
    seats: Mapping[int, Seat]

    def number(self, name: str) -> int:
        """A number, or 0."""
        given = self.form.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0

    @property
    def written(self) -> str:
        """What the host wrote."""
        return self.form.get("words", "").strip()[:LONGEST]

    @property
    def seat(self) -> Seat | None:
        """The member whom it is about, of this circle and not the host."""
        return self.seats.get(self.number("seat"))


Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing that a button does."""

    flow: str
    step: str
    values: Callable[[Asked], Values | None] = lambda _asked: {}
    """None: the form does not say what this needs."""
    writes: bool = False
    """The host writes words that go to someone: they are read for danger first, as a text's are."""
    fresh: bool = False
    """Only minutes after a link was opened."""


def _alert(asked: Asked) -> Values | None:
    return {"alert": asked.number("alert")} if asked.number("alert") else None


def _reply(asked: Asked) -> Values | None:
    if not (asked.number("alert") and asked.written):
        return None
    return {
        "recipient": f"alert {asked.number('alert')}",
        "line": asked.written,
        "passed": asked.form.get("passed", "")[:40],
    }


def _note(asked: Asked) -> Values | None:
    seat = asked.seat
    return {"to_ids": [seat.id], "line": asked.written, **_named(seat)} if seat is not None else None


def _notes(asked: Asked) -> Values | None:
    quiet = [seat.id for seat in asked.seats.values() if seat.quiet_weeks]
    return {"to_ids": quiet, "line": asked.written, "many": len(quiet) > 1} if quiet else None


def _call(asked: Asked) -> Values | None:
    seat = asked.seat
    return {"to_ids": [seat.id], **_named(seat)} if seat is not None else None


def _member(asked: Asked) -> Values | None:
    seat = asked.seat
    return {"named": str(seat.id), **_named(seat)} if seat is not None else None


def _pause(asked: Asked) -> Values | None:
    weeks = asked.number("weeks")
    about = _member(asked)
    if about is None or not 1 <= weeks <= MOST_WEEKS:
        return None
    return {**about, "pause_until": (asked.today + dt.timedelta(weeks=weeks)).isoformat()}


def _pair(asked: Asked) -> Values | None:
    return {"pair": str(asked.number("pair"))} if asked.number("pair") else None


def _more(asked: Asked) -> Values | None:
    about = asked.number("asked_in")
    return {"asked_in": about, "read_to": asked.number("read_to")} if about else None


def _text(asked: Asked) -> Values | None:
    return {"text": asked.written}


def _named(seat: Seat) -> Values:
    return {"other_name": shorten(seat.name, PLACEHOLDERS["other_name"].longest)} if seat.name else {}


DOINGS: Final[Mapping[str, Doing]] = {
    # Who needs a person: SHOW, 1, BACKUP, @, NUMBER, DONE.
    "show": Doing("show", "find", _alert),
    "take": Doing("show", "hold", _alert),
    "backup": Doing("alert_backup", "call_backup", _alert),
    "number": Doing("alert_number", "ask", _alert),
    "reached": Doing("alert_done", "close", _alert),
    "write": Doing("alert_reply", "check", _reply, writes=True),
    "without": Doing("alert_reply", "without", _reply, writes=True),
    # The circle: CHECKIN, SAY, SEND, NUDGE, SWAP.
    "check_in": Doing("check_in", "word", _text, writes=True),
    "say": Doing("say", "word", _text, writes=True),
    "send": Doing("preview", "fresh"),
    "nudge": Doing("nudge", "nudge"),
    "swap": Doing("swap", "hold", _pair),
    # One member: NOTE, a call, PAUSE, REMOVE.
    "note": Doing("kind_note", "hold", _note, writes=True),
    "notes": Doing("kind_note", "hold", _notes, writes=True),
    "call": Doing("quiet", "call", _call),
    "pause": Doing("pause_member", "pause", _pause),
    "remove": Doing("remove", "remove", _member, fresh=True),
    # Words: ASKS, STATUS; each look writes its receipts before anything is shown.
    "asks": Doing("asks", "show", lambda _asked: {"ok_here": "yes"}, fresh=True),
    "answers": Doing("status", "status", fresh=True),
    "more_answers": Doing("status", "read", _more, fresh=True),
    "undo": Doing("undo", "undo"),
}
