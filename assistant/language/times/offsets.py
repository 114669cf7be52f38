"""Reads a distance from Greenwich ("GMT-6", "UTC+5:45") as the time zone that keeps it all year."""

import re
from datetime import timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from assistant.language.places.cities import clock_rule, load_atlas

OFFSET = re.compile(
    r"\b(?:gmt|utc|z)\b\s*(?P<sign>[+-]|plus |minus |mas |menos )\s*(?P<hours>\d{1,2})"
    r"(?:[:.]?(?P<minutes>[0-5]\d))?(?![\d:])"
)
"""How an offset is written in plain text."""

_FARTHEST_WEST, _FARTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)


def read_offset(plain: str) -> timedelta | None:
    """Return the distance from Greenwich that a plain text names, east being positive; None without one.

    Args:
        plain: text as ``folding.fold`` leaves it.
    """
    match = OFFSET.search(plain)
    if match is None:
        return None
    away = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return -away if match["sign"].strip() in {"-", "minus", "menos"} else away


@lru_cache(maxsize=64)
def zone_at(offset: timedelta) -> str | None:
    """Return the zone that keeps an offset all year; None when no zone does.

    A whole number of hours has a zone of its own, whose name counts the other way round: ``Etc/GMT+6`` is six
    hours behind Greenwich (https://data.iana.org/time-zones/tzdb/etcetera). Of the others the one with most
    people is taken: Kathmandu for 5:45.
    """
    if not _FARTHEST_WEST <= offset <= _FARTHEST_EAST:
        return None
    hours, rest = divmod(int(offset.total_seconds()), 3600)
    if not rest:
        return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"
    steady = {
        zone
        for zone in available_timezones()
        if "/" in zone and set(clock_rule(zone)) == {offset.total_seconds()}
    }
    people: dict[str, int] = {}
    for city in load_atlas().by_name.within():
        if city.zone in steady:
            people[city.zone] = people.get(city.zone, 0) + city.population
    return max(people, key=lambda zone: people[zone], default=None)


def written_offset(offset: timedelta) -> str:
    """Return an offset as people write it: "GMT-6", "GMT+5:45"."""
    minutes = int(abs(offset).total_seconds()) // 60
    sign = "-" if offset < timedelta() else "+"
    return f"GMT{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
