"""Finds cities, states and countries by name in the bundled table, which `gazetteer` makes from GeoNames."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rapidfuzz.distance import OSA

from assistant.language.folding import fold_name
from assistant.language.packed_table import PackedTable
from assistant.language.places.regions import (
    COUNTRIES,
    NICKNAMES,
    PROVINCES_OF_CANADA,
    STATES,
    STATES_OF_MEXICO,
    TERRITORIES,
)

TABLE = Path(__file__).with_name("cities.tsv.gz")
# A misspelt name is looked for among these only, so that a stray word does not become a village.
_LARGE_AT_HOME, _LARGE_ABROAD = 100_000, 500_000
# One of several cities is meant without asking when it outweighs every other this many times.
BY_FAR = 20
_HOME_COUNTS = 10  # a city of one's own country weighs as one ten times its size

# Days on which zones with different rules differ: both solstices, and between the days on which the
# continents change their clocks. Any one year will do.
_DAYS_THAT_TELL = tuple(
    datetime(2026, month, day, 12, tzinfo=UTC) for month, day in ((1, 15), (3, 20), (7, 15), (10, 28))
)


class City(NamedTuple):
    """A city of the table; `division` is its state, as GeoNames codes it."""

    name: str
    country: str
    division: str
    population: int
    zone: str

    def weight(self, home: str) -> int:
        """Return its size as someone in the home country thinks of it."""
        return self.population * (_HOME_COUNTS if is_home(self.country, home) else 1)


@dataclass(frozen=True, slots=True)
class Region:
    """A country, or a state of one when `division` is given."""

    name: str
    country: str
    division: str | None = None

    def holds(self, city: City) -> bool:
        """Tell whether a city lies in it."""
        return city.country == self.country and self.division in {None, city.division}


class CityTable:
    """Cities by plain name; each is made anew when it is asked for: few ever are."""

    __slots__ = ("_table",)

    def __init__(self, entries: Iterable[str]) -> None:
        """Keep these, each a plain name and the fields of a `City`, with tabs between."""
        self._table = PackedTable(entries)

    def named(self, name: str) -> list[City]:
        """Return the cities of a plain name."""
        return list(map(_city, self._table.find(name)))

    def within(self, country: str = "") -> Iterator[City]:
        """Return all cities, or those of a country."""
        part = f"\t{country}\t" if country else ""
        cities = (_city(fields) for _, fields in self._table.holding(part))
        return (city for city in cities if country in ("", city.country))


def _city(fields: str) -> City:
    name, country, division, population, zone = fields.split("\t")
    return City(name, country, division, int(population), zone)


@dataclass(frozen=True, slots=True)
class Atlas:
    """The table, indexed by plain name."""

    by_name: CityTable
    by_other_name: CityTable
    large: tuple[str, ...]  # plain names of large cities: where misspelt names are looked for
    regions: dict[str, list[Region]]
    countries: dict[str, str]  # ISO code -> English name


def is_home(country: str, home: str) -> bool:
    """Tell whether people of the home country count a country as their own."""
    return country == home or TERRITORIES.get(country) == home


@lru_cache(maxsize=1)
def load_atlas() -> Atlas:
    """Read and index the table, once a process: it takes some 0.2 s, so a worker may call it at its start."""
    by_name: list[str] = []
    by_other_name: list[str] = []
    countries: dict[str, str] = {}
    states: dict[str, str] = {}
    lists = {"country": countries, "state": states}
    with gzip.open(TABLE, "rt", encoding="utf-8") as lines:
        for line in lines:
            kind, _, rest = line.rstrip("\n").partition("\t")
            if kind in lists:
                code, name = rest.split("\t")
                lists[kind][code] = name
                continue
            fields, _, others = rest.rpartition("\t")
            key = fold_name(fields[: fields.index("\t")])
            by_name.append(f"{key}\t{fields}")
            if others:
                by_other_name.extend(f"{other}\t{fields}" for other in others.split("|") if other)
    cities, by_their_other_names = CityTable(by_name), CityTable(by_other_name)
    # What stays is made when the lines have gone: between them it would hold on to all their memory.
    del by_name, by_other_name
    named = (fold_name(city.name) for city in cities.within() if city.population >= _LARGE_AT_HOME)
    large = tuple(dict.fromkeys(named))
    return Atlas(cities, by_their_other_names, large, _index_regions(countries, states), countries)


def find_cities(name: str, home: str) -> list[City]:
    """Return the cities of a plain name, heaviest first; a nickname is one city only.

    Args:
        name: plain words, one blank apart.
        home: ISO code of the country whose cities weigh more.
    """
    atlas = load_atlas()
    if known := NICKNAMES.get(name):
        real, country, division = known
        named = [city for city in atlas.by_name.named(fold_name(real)) if city.country == country]
        exact = [city for city in named if division in {"", city.division}]
        if exact:
            return sorted(exact, key=lambda city: -city.population)[:1]
    return find_namesakes(name, home)


def find_namesakes(name: str, home: str) -> list[City]:
    """Return all cities of a plain name, heaviest first, whatever it is a nickname of."""
    atlas = load_atlas()
    if len(name) < 3:
        return []  # "Sé" is a town in Benin, and "I know" in Spanish
    found = dict.fromkeys(atlas.by_name.named(name))
    # Santiago may be Santiago de los Caballeros; Philadelphia is not Amman, which was called so once.
    others = atlas.by_other_name.named(name)
    found |= dict.fromkeys(city for city in others if not found or fold_name(city.name).startswith(name))
    if not found and (other := abbreviated(name)):
        found = dict.fromkeys(atlas.by_name.named(other))
    return sorted(found, key=lambda city: -city.weight(home))


_SHORT_AND_LONG = {"saint": "st", "st": "saint", "fort": "ft", "ft": "fort", "mount": "mt", "mt": "mount"}


def abbreviated(name: str) -> str | None:
    """Return a plain name with "Saint" for "St" or the other way round, Fort and Mount likewise, or None."""
    words = [_SHORT_AND_LONG.get(word, word) for word in name.split()]
    other = " ".join(words)
    return other if len(words) > 1 and other != name else None


def find_misspelt(name: str, home: str) -> list[City]:
    """Return the cities whose name someone nearly wrote, or none when two names are as near."""
    if len(name) < 5:
        return []
    allowed = 1 if len(name) < 9 else 2
    near: dict[int, list[str]] = {}
    atlas = load_atlas()
    for known in atlas.large:
        if abs(len(known) - len(name)) <= allowed and known[0] == name[0]:
            slips = OSA.distance(known, name, score_cutoff=allowed)
            if slips <= allowed and _is_large(atlas.by_name.named(known), home):
                near.setdefault(slips, []).append(known)
    if not near:
        return []
    nearest = [find_cities(known, home) for known in near[min(near)]]
    nearest.sort(key=lambda cities: -cities[0].weight(home))
    if len(nearest) > 1 and nearest[0][0].weight(home) < BY_FAR * nearest[1][0].weight(home):
        return []
    return nearest[0]


def find_regions(name: str, home: str) -> list[Region]:
    """Return the states and countries of a plain name or code, those of the home country first."""
    found = load_atlas().regions.get(name, [])
    return sorted(found, key=lambda region: (region.division is None, not is_home(region.country, home)))


def cities_in(region: Region) -> list[City]:
    """Return the cities of a region, largest first."""
    return sorted(
        (city for city in load_atlas().by_name.within(region.country) if region.holds(city)),
        key=lambda city: -city.population,
    )


@lru_cache(maxsize=256)
def main_cities(region: Region) -> tuple[City, ...]:
    """Return the largest city of each time zone of a region; one alone when its zone is nearly all of it."""
    weights: dict[tuple[float, ...], int] = {}
    largest: dict[tuple[float, ...], City] = {}
    for city in cities_in(region):
        rule = clock_rule(city.zone)
        weights[rule] = weights.get(rule, 0) + city.population
        largest.setdefault(rule, city)
    ranked = sorted(weights, key=lambda rule: -weights[rule])
    if ranked and weights[ranked[0]] >= 0.9 * sum(weights.values()):
        ranked = ranked[:1]
    return tuple(largest[rule] for rule in ranked)


@lru_cache(maxsize=512)
def clock_rule(zone: str) -> tuple[float, ...]:
    """Return what tells zones apart: Phoenix and Denver differ, Detroit and New York do not."""
    offsets = (day.astimezone(ZoneInfo(zone)).utcoffset() for day in _DAYS_THAT_TELL)
    return tuple(offset.total_seconds() if offset else 0.0 for offset in offsets)


def _index_regions(countries: dict[str, str], states: dict[str, str]) -> dict[str, list[Region]]:
    index: dict[str, list[Region]] = {}

    def add(names: Iterable[str], region: Region) -> None:
        for name in names:
            known = index.setdefault(fold_name(name), [])
            if region not in known:
                known.append(region)

    for code, name in states.items():
        add((name, code), Region(name, "US", code))
    for name, code in STATES.items():
        add((name,), Region(states[code], "US", code))
    for code, name in countries.items():
        add((name, code, *COUNTRIES.get(code, ())), Region(name, code))
    for country, names in (("MX", STATES_OF_MEXICO), ("CA", PROVINCES_OF_CANADA)):
        shown: dict[str, str] = {}  # the first name of each is the whole one
        for name, code in names.items():
            add((name,), Region(shown.setdefault(code, name.title()), country, code))
    return index


def _is_large(cities: list[City], home: str) -> bool:
    return any(
        city.population >= (_LARGE_AT_HOME if is_home(city.country, home) else _LARGE_ABROAD)
        for city in cities
    )
