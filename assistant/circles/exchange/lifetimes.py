"""Says when things happen to an ask or an offer: who is asked when, until when it holds, and when it ends."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.language.exchange.openings import read_until
from assistant.schedule.local_time import at_wall, home, hours_for, next_allowed, zone_of
from assistant.store.tables import Circle, Person

ANSWERED_WITHIN: Final = dt.timedelta(days=7)
"""So long after it was posted every ask has its end: Promise 12."""
OFFER_LASTS: Final = dt.timedelta(days=14)
"""An offer whose words name no last day: job leads are mostly gone by then."""
LOOKED_AT_WITHIN: Final = dt.timedelta(days=2)
"""So long an ask waits for a host's look; the rest of its seven days is for people to answer in."""
QUIET_FOR: Final = dt.timedelta(hours=4)
"""So long the first few have the ask to themselves: most who answer a text do so within hours."""
ACROSS_AFTER: Final = dt.timedelta(hours=48)
"""Unclaimed so long, other circles of the cohort may be asked."""
LINKED_FOR: Final = dt.timedelta(days=7)
"""So long two people reach each other; at its end the helped one is asked whether it helped."""
WEEK: Final = dt.timedelta(days=7)
MOST_ASKS_A_WEEK: Final = 2
"""Nobody is asked about more, whoever asks: Promise 12."""
MOST_QUIET: Final = 3
"""The first few: enough that one may answer, few enough that each knows it is meant."""
MOST_ACROSS: Final = 5
MOST_OPEN: Final = 3
"""Of one member's at once: a circle of eight answers no more."""
ENDS_AT: Final = dt.time(19)
"""An end is told on its day, and not in the night after it: nobody is texted after eight."""
AT_LEAST: Final = dt.timedelta(hours=3)
"""An ask for today is put all the same; nobody can answer it faster."""


def until_of(words: str, person: Person, circle: Circle, now: dt.datetime, country: str) -> dt.date | None:
    """Return the last day on which it helps, as its words say, by its writer's calendar."""
    return read_until(words, now=now, zone=home(zone_of(person.zone, circle.zone)).key, country=country)


def end_of(kind: str, until: dt.date | None, person: Person, circle: Circle, now: dt.datetime) -> dt.datetime:
    """Return when an ask or offer that is posted now ends at the latest, in its writer's daytime.

    Args:
        kind: "ask" or "offer".
        until: The last day on which it helps, if its words name one.
        now: Aware UTC.
    """
    zone = home(zone_of(person.zone, circle.zone))
    longest = now + ANSWERED_WITHIN if kind == "ask" else None
    last_day = until or (now + (ANSWERED_WITHIN if kind == "ask" else OFFER_LASTS)).astimezone(zone).date()
    ends = at_wall(last_day, ENDS_AT, zone)
    if longest is not None and ends > longest:
        ends = at_wall(longest.astimezone(zone).date(), ENDS_AT, zone)
        if ends > longest:
            ends = at_wall(longest.astimezone(zone).date() - dt.timedelta(days=1), ENDS_AT, zone)
    return max(ends, now + AT_LEAST)


def daytime(person: Person, circle: Circle, when: dt.datetime) -> dt.datetime:
    """Return the first moment at or after `when` at which a person of this circle may be texted unasked."""
    return next_allowed(when, zone_of(person.zone, circle.zone), hours_for(None))


def circle_hears_at(asked: dt.datetime, ends_at: dt.datetime) -> dt.datetime:
    """Return when the whole circle is asked, where the first few were asked at `asked`.

    What ends soon goes on sooner: they have at most a quarter of the time that is left.
    """
    return asked + min(QUIET_FOR, max((ends_at - asked) / 4, dt.timedelta()))
