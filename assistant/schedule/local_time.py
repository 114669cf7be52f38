"""Decides where a person is by the clock, and when a text may arrive.

Moments go in and come out as aware UTC; every decision is made on the wall clocks of IANA zones.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from assistant.schedule.waits import check_wait, due, duration
from assistant.schedule.wall import at_wall

__all__ = [
    "Hours",
    "agreed_to",
    "allowed",
    "at_wall",
    "check_wait",
    "due",
    "duration",
    "home",
    "hours_for",
    "next_allowed",
    "zone_named",
    "zone_of",
]

_WIDEST_HOURS = 11
"""A number whose candidate zones lie further apart could be anywhere, so that it says nothing."""
_SUNDAY = 6
_MANY_OPENINGS = 400


@dataclass(frozen=True, slots=True)
class Hours:
    """The full local hours between which unprompted texts may arrive."""

    opens: int
    closes: int
    sunday_opens: int

    def contain(self, local: dt.datetime) -> bool:
        return self.opening(local.date()) <= local.hour < self.closes

    def opening(self, day: dt.date) -> int:
        return self.sunday_opens if day.weekday() == _SUNDAY else self.opens


@dataclass(frozen=True, slots=True)
class _Rules:
    """The contents of quiet_hours.toml."""

    promise: Hours
    unknown: Hours
    unknown_zone: ZoneInfo
    by_area_code: dict[str, Hours]
    law: Hours
    law_by_area_code: dict[str, Hours]
    zones_of_area_codes: dict[str, tuple[str, ...]]


@cache
def _rules() -> _Rules:
    table = tomllib.loads(files("assistant.schedule").joinpath("quiet_hours.toml").read_text("utf-8"))
    promise, unknown = table["promise"], table["unknown"]
    by_area_code = {
        code: _hours({**promise, **place})
        for place in table["places"].values()
        for code in place["area_codes"]
    }
    return _Rules(
        promise=_hours(promise),
        unknown=_hours(unknown),
        unknown_zone=ZoneInfo(unknown["zone"]),
        by_area_code=by_area_code,
        law=_hours(table["law"]),
        law_by_area_code={
            code: _hours({**table["law"], **place})
            for place in table["places"].values()
            for code in place["area_codes"]
        },
        zones_of_area_codes={code: tuple(zones) for code, zones in table["zones_of_area_codes"].items()},
    )


def _hours(table: dict[str, int]) -> Hours:
    return Hours(table["opens"], table["closes"], max(table["opens"], table.get("sunday_opens", 0)))


def zone_of(
    person_zone: str | None, circle_zone: str | None = None, uri: str | None = None
) -> tuple[ZoneInfo, ...]:
    """Return the zones a person may be in: by own words, else the circle's, else all the number may mean.

    Args:
        person_zone: IANA name from the person's own words. A name that no zone has counts as not said.
        circle_zone: IANA name of the circle.
        uri: The person's address, such as `sms:+14155550123`.

    Returns:
        One zone when it is known, several candidates of which all must be respected, or none when nobody can
        say; `allowed` then keeps to 12:00-20:00 Eastern.
    """
    for name in (person_zone, circle_zone):
        if name and (zone := zone_named(name)):
            return (zone,)
    return _zones_of_number(uri) if uri else ()


def home(zones: Sequence[ZoneInfo]) -> ZoneInfo:
    """Return the one zone that the person's hour is counted in, when `zone_of` left several or none."""
    return zones[0] if zones else _rules().unknown_zone


def hours_for(uri: str | None) -> Hours:
    """The hours that our promise and the law of the number's state both allow."""
    return _rules().by_area_code.get(_area_code(uri) if uri else "", _rules().promise)


def allowed(now: dt.datetime, zones: Sequence[ZoneInfo], hours: Hours | None = None) -> bool:
    """Whether an unprompted text may arrive at `now` (aware UTC), wherever of `zones` the person is."""
    if not zones:
        return _rules().unknown.contain(now.astimezone(_rules().unknown_zone))
    hours = hours or _rules().promise
    return all(hours.contain(now.astimezone(zone)) for zone in zones)


def agreed_to(now: dt.datetime, zones: Sequence[ZoneInfo], uri: str | None) -> bool:
    """Whether the law lets a text arrive at `now` for which its reader has asked at such hours.

    Our own promise is theirs to widen. Where nobody knows where the person is, the promise holds.
    """
    if not zones:
        return allowed(now, zones)
    rules = _rules()
    return allowed(now, zones, rules.law_by_area_code.get(_area_code(uri) if uri else "", rules.law))


def next_allowed(now: dt.datetime, zones: Sequence[ZoneInfo], hours: Hours | None = None) -> dt.datetime:
    """The first moment at or after `now` at which `allowed` says yes, in UTC.

    Where the days of the candidate zones have no hour in common, nobody knows where the person is.
    """
    return _next_allowed(now, tuple(zones), hours or _rules().promise)


@lru_cache(1024)  # A hundred are asked the same at once, and wait for the same moment.
def _next_allowed(now: dt.datetime, zones: tuple[ZoneInfo, ...], hours: Hours) -> dt.datetime:
    if not zones:
        rules = _rules()
        return _next_in((rules.unknown_zone,), rules.unknown, now) or now.astimezone(dt.UTC)
    return _next_in(zones, hours, now) or _next_allowed(now, (), hours)


def _next_in(zones: Sequence[ZoneInfo], hours: Hours, now: dt.datetime) -> dt.datetime | None:
    context = now.astimezone(dt.UTC)
    for _ in range(_MANY_OPENINGS):
        asleep = [zone for zone in zones if not hours.contain(context.astimezone(zone))]
        if not asleep:
            return context
        # Every zone has to be awake, so the latest of their next openings is the earliest that can do.
        context = max(_opening_after(context, zone, hours) for zone in asleep)
        if context - now > dt.timedelta(days=8):
            return None
    return None


def _opening_after(context: dt.datetime, zone: ZoneInfo, hours: Hours) -> dt.datetime:
    day = context.astimezone(zone).date()
    while True:
        opening = at_wall(day, dt.time(hours.opening(day)), zone)
        if opening > context:
            return opening
        day += dt.timedelta(days=1)


def zone_named(name: str) -> ZoneInfo | None:
    """The IANA zone of that name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=4096)
def _zones_of_number(uri: str) -> tuple[ZoneInfo, ...]:
    # Late: the web process asks of hardly any number where it is.
    import phonenumbers
    from phonenumbers import timezone as number_zones

    try:
        number = phonenumbers.parse(uri.partition(":")[2])
    except phonenumbers.NumberParseException:
        return ()
    names = set(number_zones.time_zones_for_number(number)) - {"Etc/Unknown"}
    names |= set(_rules().zones_of_area_codes.get(_area_code(uri), ()))
    zones = tuple(zone for zone in map(zone_named, sorted(names)) if zone)
    if not zones or _spread(zones) > dt.timedelta(hours=_WIDEST_HOURS):
        return ()
    return zones


def _spread(zones: Sequence[ZoneInfo]) -> dt.timedelta:
    # Any date serves: what counts is how far apart the zones are, not summer time's single hour.
    offsets = [dt.datetime(2026, 1, 1, tzinfo=zone).utcoffset() or dt.timedelta(0) for zone in zones]
    return max(offsets) - min(offsets)


def _area_code(uri: str) -> str:
    number = uri.partition(":")[2]
    return number[2:5] if number.startswith("+1") else ""
