"""What conversations and delivery work with, handed to them once by the runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.carriers.carrier import Carrier
    from assistant.carriers.ringing import Calls
    from assistant.circles.actions.context import ServiceIdentity
    from assistant.engine.book import FlowBook
    from assistant.media.transcriber import Transcriber
    from assistant.schedule.clock import Clock
    from assistant.store.database import Database
    from assistant.translation.translator import Translator


def allow_everything(_segments: int) -> float:
    """Return no wait: without a limit, every text may be sent at once."""
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """Everything that delivery needs; no globals, and no flow is read for it."""

    database: Database
    carrier: Carrier
    clock: Clock
    identity: ServiceIdentity
    wake: Callable[[str], None]
    """Wakes whoever sees to "inbox", "delivery" or the carrier's "log"; never raises, may be lost."""
    calls: Calls | None = None
    """Rings phones; None: nobody is rung here."""
    reserve: Callable[[int], float] = allow_everything
    """Asks the rate limit for one text of so many segments: 0 when it may leave now, and its room is taken;
    else the seconds until it is worth asking again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services(Transport):
    """Everything a text needs on its way."""

    book: FlowBook
    carrier_replies: frozenset[str] = frozenset({"stop", "start"})
    """Keywords that the carrier itself answers."""
    transcriber: Transcriber | None = None
    """Turns voice notes into words on this machine; None: nothing is set up."""
    translator: Translator | None = None
    """Translates members' words on this machine; None: nothing is set up."""
