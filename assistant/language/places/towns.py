"""Finds towns too small for the table of cities, each with its own clock: "Marianna, FL" is Central."""

import gzip
from functools import lru_cache
from pathlib import Path
from sys import intern

from assistant.language.folding import fold_name
from assistant.language.places.cities import City, Region, abbreviated, cities_in, clock_rule
from assistant.language.word_tables import load_table

TABLE = Path(__file__).with_name("towns.tsv.gz")


@lru_cache(maxsize=1)
def load_towns() -> dict[str, list[City]]:
    """Read and index the towns by plain name, once a process; only places that are no cities need them."""
    towns: dict[str, list[City]] = {}
    kept: dict[tuple[str, str, str], City] = {}
    for entry in load_table("towns", "assistant.language.places")["kept"]:
        for name, country, division, population in entry["towns"]:
            key = fold_name(name)
            kept[key, country, division] = City(name, country, division, population, entry["zone"])
            towns.setdefault(key, []).append(kept[key, country, division])
    with gzip.open(TABLE, "rt", encoding="utf-8") as lines:
        for line in lines:
            name, country, division, population, zone = line.rstrip("\n").split("\t")
            key = fold_name(name)
            if (key, country, division) not in kept:
                town = City(name, intern(country), intern(division), int(population), intern(zone))
                towns.setdefault(key, []).append(town)
    return towns


def find_towns(name: str, home: str) -> list[City]:
    """Return the towns of a plain name, largest first, those of the home country before others.

    "St" and "Saint", "Ft" and "Fort", "Mt" and "Mount" are one.
    """
    towns = load_towns()
    found = towns.get(name, [])
    if not found and (other := abbreviated(name)):
        found = towns.get(other, [])
    return sorted(found, key=lambda town: -town.weight(home))


def has_one_clock(region: Region) -> bool:
    """Tell whether everyone in a region lives by the same clock, down to its smallest town in the tables."""
    return len(main_city_of_each_clock(region)) == 1


@lru_cache(maxsize=256)
def main_city_of_each_clock(region: Region) -> tuple[City, ...]:
    """Return the largest city or town of each time zone of a region, however few people live by it."""
    towns = [town for named in load_towns().values() for town in named if region.holds(town)]
    largest: dict[tuple[float, ...], City] = {}
    for city in sorted([*cities_in(region), *towns], key=lambda city: -city.population):
        largest.setdefault(clock_rule(city.zone), city)
    return tuple(largest.values())
