"""What an action is given, and what it returns: an outcome, values, and what to say or start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Effect
from assistant.store.tables import Circle, Member, Person


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """Who we are to those we write to: legal wording, the number, the crisis lines' country."""

    service: str
    contact: str
    country: str
    sender: str
    """What consent is given to: the messaging service, or the number as an address."""
    number: str
    """The number people text, E.164; for join lines."""
    key: bytes = field(default=b"", repr=False)
    """By which the fingerprint of a forgotten number is made (`people.consent.fingerprint`)."""
    translates: frozenset[tuple[str, str]] = frozenset()
    """From which language to which members' words can be translated here."""
    url: str = ""
    """Where our pages are, without a closing slash; "": nowhere."""
    rings: bool = False
    """Whether phones of people on call can be rung."""
    talks: bool = False
    """Whether two can be rung and connected."""


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Everything an action may look at: the open transaction, the time, and who is speaking where.

    Actions change rows through `session` and never send, sleep, commit, or ask the machine for the time.
    """

    session: Session
    now: dt.datetime
    identity: ServiceIdentity
    person: Person
    address_id: int
    member: Member | None = None
    circle: Circle | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """The conversation's values: what it was started with, and what was saved on the way."""
    words: str = ""
    """The text that led here, as it was written."""
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What an action came to."""

    outcome: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Kept with the conversation: later steps' placeholders and choices."""
    effects: tuple[Effect, ...] = ()
    member: Member | None = None
    """The seat this conversation is about from now on."""
    circle: Circle | None = None
    """The circle that it is about from now on, where a host speaks of it and not as one of its members."""
