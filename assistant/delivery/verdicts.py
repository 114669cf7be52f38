"""Decides whether a queued text that is due may leave.

Everything is checked again here, because the world has moved on since a text was queued: consent, the
member's seat, quiet hours, lateness.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from assistant.carriers.carrier import Content
from assistant.carriers.carrier_errors import CLOSED_WINDOW, MEDIA_LOST
from assistant.channels.windows import is_open
from assistant.circles.people.silence import PERSONAL, may_be_another
from assistant.delivery.outbox import ANSWER_WHILE_FRESH, PURPOSE_RULES, Rule
from assistant.schedule.local_time import allowed, hours_for, next_allowed, zone_of

INBOX_FIRST = dt.timedelta(seconds=10)
"""So long between two looks whether the recipient's own text was handled: only what is unprompted waits."""
WHO_FIRST = dt.timedelta(minutes=5)
"""So long between two looks whether a long silent number is still the recipient's."""


OPENER = "notices/opener"
"""The wording of the text that asks its reader to write, so that what waits can be said."""


@dataclass(frozen=True, slots=True)
class Due:
    """A queued text whose time has come, with all that decides whether it may go."""

    id: int
    person_id: int
    circle_id: int | None
    address_id: int
    uri: str
    body: str | None
    segments: int
    purpose: str
    priority: int
    attempt: int
    """The number of the try that begins with this claim."""
    created_at: dt.datetime
    expires_at: dt.datetime | None
    retired: bool
    unreachable: bool
    person_zone: str | None
    circle_zone: str | None
    seat: str | None
    """The state of the seat it is about, if it is about one."""
    consent: str | None
    answers: dt.datetime | None
    """When the text came that it answers."""
    unhandled: bool
    """The recipient has texts nobody has handled."""
    replaced: bool
    """A later text of the same wording waits for the recipient too."""
    heard_at: dt.datetime | None = None
    """When the last text came from the address."""
    doubted_at: dt.datetime | None = None
    """When whoever has the number was asked whether it is still the recipient, if they are being asked."""
    asks_who: bool = False
    """It is that question itself."""
    sender: str = ""
    wording: str | None = None
    taps: list[list[str]] | None = None
    """What can be tapped: [what comes back, what is read on it] each."""
    channel: str | None = None
    """How the address's last text came, where that is not what the address says."""
    opened_at: dt.datetime | None = None
    """When the address's owner was last asked to write, so that what waits can be said."""
    language: str | None = None
    """The recipient's, as far as it is known."""
    error_code: int | None = None
    """Why the try before this one failed, if one did."""
    tried_at: dt.datetime | None = None
    """When that was."""
    media: list[list[Any]] | None = None
    """What goes along: [the row's id, how its file's name ends] each."""
    member_id: int | None = None
    """The seat it is about, if it is about one."""
    content: Content | None = None
    """What goes in place of the words, and reads the same; see `assistant.delivery.ways`."""

    @property
    def along(self) -> list[list[Any]]:
        """What of `media` goes along: nothing, once the carrier could not take it."""
        return [] if self.error_code in MEDIA_LOST else self.media or []


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: look again at `until`."""

    until: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Not ever."""

    reason: str


def decide(text: Due, now: dt.datetime) -> Hold | Drop | None:
    """Return what keeps a text from leaving at `now` (aware UTC, the service's time); None: it may leave."""
    rule = PURPOSE_RULES[text.purpose]
    if (reason := _forbidden(text, rule, now)) is not None:
        return Drop(reason)
    if rule.waits_for_inbox and text.unhandled:
        return Hold(now + INBOX_FIRST, "the recipient's own text goes first")
    if text.purpose in PERSONAL and not text.asks_who and may_be_another(text.heard_at, text.doubted_at, now):
        return Hold(now + WHO_FIRST, "first it is asked whose number it is now")
    if rule.any_hour or (rule.any_hour_while_fresh and _is_fresh(text, now)) or _was_asked_for(text, now):
        return None
    zones, hours = zone_of(text.person_zone, text.circle_zone, text.uri), hours_for(text.uri)
    if allowed(now, zones, hours):
        return None
    opening = next_allowed(now, zones, hours)
    if text.expires_at is not None and text.expires_at <= opening:
        return Drop("too late")
    return Hold(opening, "quiet hours")


def _forbidden(text: Due, rule: Rule, now: dt.datetime) -> str | None:
    reasons = (
        (text.body is None, "erased"),
        (not text.body and not text.along, "nothing is left of it"),
        (text.expires_at is not None and text.expires_at <= now, "too late"),
        (text.retired, "address retired"),
        (text.unreachable and not rule.to_unreachable, "unreachable"),
        (text.consent == "out" and rule.needs != "nothing", "opted out"),
        (text.consent is None and rule.needs == "opt-in", "no consent"),
        (rule.needs_seat and text.seat == "paused", "paused"),
        (rule.needs_seat and text.seat in ("left", "declined"), "left"),
        (text.replaced and text.purpose == "prompt", "replaced by a later one"),
        (text.wording == OPENER and window_is_open(text, now), "the window is open"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def window_is_open(text: Due, now: dt.datetime) -> bool:
    """Return whether our own words may go to a text's address at `now`."""
    refused = text.tried_at if text.error_code == CLOSED_WINDOW else None
    return is_open(text.uri, text.heard_at, now, refused)


def _was_asked_for(text: Due, now: dt.datetime) -> bool:
    """Whether it waited until its recipient wrote, who was asked to do so in order to read it."""
    if text.opened_at is None or text.heard_at is None:
        return False
    asked = text.created_at <= text.heard_at and text.opened_at <= text.heard_at
    return asked and now - text.heard_at <= ANSWER_WHILE_FRESH


def _is_fresh(text: Due, now: dt.datetime) -> bool:
    return now - (text.answers or text.created_at) <= ANSWER_WHILE_FRESH
