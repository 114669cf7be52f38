"""Carries out an import: invitations written down and queued, so many a minute; and one reminder of each."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Tell
from assistant.circles.cohorts.assignment import Seating
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.import_plan import CHUNK, INVITE, take
from assistant.circles.membership import invitation_reminders
from assistant.circles.people import consent
from assistant.conversations.notices import tell_all
from assistant.delivery.outbox import PURPOSE_RULES
from assistant.schedule.local_time import Hours, hours_for, next_allowed, zone_of
from assistant.services import Services
from assistant.store.tables import Circle, Outbox

INVITES_A_MINUTE: Final = 2
"""A low-volume sender may send about 2,000 texts a day to one carrier's phones, perhaps a third of all: in 11
hours of daytime these are 1,320 invitations, and each yes brings some ten texts more. So a host can greet
whoever joins, and replies have their way."""
GAP: Final = dt.timedelta(minutes=1) / INVITES_A_MINUTE

Zones = tuple[ZoneInfo, ...]


class Throttle:
    """Gives out times, no two within `GAP`, each in the daytime of whoever is to be texted then."""

    def __init__(self, start: dt.datetime) -> None:
        """Begin at `start` (aware UTC)."""
        self.start = start
        self._given: set[int] = set()
        self._next: dict[tuple[Zones, Hours], int] = {}

    def next(self, person_zone: str | None, circle_zone: str | None, uri: str) -> dt.datetime:
        """Return the first free time in the invited person's daytime; arguments as of `zone_of`."""
        zones, hours = zone_of(person_zone, circle_zone, uri), hours_for(uri)
        place = self._next.get((zones, hours), 0)
        while True:
            moment = self.start + place * GAP
            day = next_allowed(moment, zones, hours)
            if day > moment:
                place = max(place + 1, math.ceil((day - self.start) / GAP))
            elif place in self._given:
                place += 1
            else:
                break
        self._given.add(place)
        self._next[zones, hours] = place + 1
        return moment


def pace(session: Session, services: Services, wording: str) -> Throttle:
    """Return a pace behind all texts of this wording that are queued already."""
    last = session.scalar(
        select(Outbox.not_before)
        .where(
            Outbox.state == literal("queued", literal_execute=True),
            Outbox.priority == PURPOSE_RULES["invitation"].priority,
            Outbox.wording == wording,
            Outbox.sender == services.identity.sender,
        )
        .order_by(Outbox.not_before.desc())
        .limit(1)
    )
    now = services.clock.now()
    return Throttle(max(now, last + GAP) if last is not None else now)


def last_leaves(services: Services, seating: Seating, entries: Iterable[Entry]) -> dt.datetime | None:
    """Return when the last of these invitations would leave (aware UTC); None where there is none."""
    with services.database.read() as session:
        at = pace(session, services, "notices/invite")
    zones = {circle.id: circle.zone for circle in seating.circles}
    times = [
        at.next(entry.zone, zones.get(seating.seats[entry.line]), entry.uri)
        for entry in entries
        if seating.fates[entry.line] == INVITE
    ]
    return max(times, default=None)


def invite_all(
    services: Services,
    seating: Seating,
    entries: Sequence[Entry],
    step: Callable[[int], None] = lambda _count: None,
) -> Counter[str]:
    """Invite everyone with consent on record, in chunks of one transaction; return how many met which fate.

    Interrupted and run again, it goes on where it stopped.

    Args:
        services: Where texts are written.
        seating: Who is invited where.
        entries: Checked rows of a file.
        step: Told how many entries were just done.
    """
    fates: Counter[str] = Counter()
    with services.database.read() as session:
        at = pace(session, services, "notices/invite")
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        now = services.clock.now()
        with services.database.write() as session:
            taken = take(session, seating.aim, chunk, seating.seats, identity=services.identity, now=now)
            consent.agree_all(
                session,
                [(agreed.address_id, agreed.wording, agreed.at) for agreed in taken.agreed],
                services.identity.sender,
                "import",
            )
            tell_at(session, services, taken.tells, at, now)
        fates += taken.fates
        step(len(chunk))
    if fates:
        services.wake("delivery")
    return fates


def remind(session: Session, services: Services, now: dt.datetime) -> int:
    """Remind once of invitations that were not answered; return how many were looked at."""
    looked_at, tells = invitation_reminders.take_due(session, services.identity.sender, now)
    if tells:
        tell_at(session, services, tells, pace(session, services, "notices/invite_again"), now)
        services.wake("delivery")
    return looked_at


def tell_at(
    session: Session, services: Services, tells: Sequence[Tell], at: Throttle, now: dt.datetime
) -> None:
    """Queue these, each at its own time."""
    circles = select(Circle).where(Circle.id.in_({each.circle_id for each in tells}))
    zones = {circle.id: circle.zone for circle in session.scalars(circles)}
    tell_all(
        session,
        services,
        tells,
        now,
        lambda each, person, address: at.next(person.zone, zones.get(each.circle_id or 0), address.uri),
    )
