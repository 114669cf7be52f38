"""Finds towns too small for the table of cities, each with its own clock: "Marianna, FL" is Central."""

import gzip
from functools import lru_cache
from pathlib import Path

from assistant.language.folding import fold_name
from assistant.language.places.cities import City, CityTable, Region, abbreviated, cities_in, clock_rule
from assistant.language.word_tables import load_table

TABLE = Path(__file__).with_name("towns.tsv.gz")


@lru_cache(maxsize=1)
def load_towns() -> CityTable:
    """Read and index the towns by plain name, once a process; only places that are no cities need them."""
    towns: list[str] = []
    kept: set[tuple[str, str, str]] = set()
    for entry in load_table("towns", "assistant.language.places")["kept"]:
        for name, country, division, population in entry["towns"]:
            key = fold_name(name)
            kept.add((key, country, division))
            towns.append("\t".join((key, name, country, division, str(population), entry["zone"])))
    with gzip.open(TABLE, "rt", encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n")
            name, country, division, _ = fields.split("\t", 3)
            key = fold_name(name)
            if (key, country, division) not in kept:
                towns.append(f"{key}\t{fields}")
    return CityTable(towns)


def find_towns(name: str, home: str) -> list[City]:
    """Return the towns of a plain name, largest first, those of the home country before others.

    "St" and "Saint", "Ft" and "Fort", "Mt" and "Mount" are one.
    """
    towns = load_towns()
    found = towns.named(name)
    if not found and (other := abbreviated(name)):
        found = towns.named(other)
    return sorted(found, key=lambda town: -town.weight(home))


def has_one_clock(region: Region) -> bool:
    """Tell whether everyone in a region lives by the same clock, down to its smallest town in the tables."""
    return len(main_city_of_each_clock(region)) == 1


@lru_cache(maxsize=256)
def main_city_of_each_clock(region: Region) -> tuple[City, ...]:
    """Return the largest city or town of each time zone of a region, however few people live by it."""
    towns = [town for town in load_towns().within(region.country) if region.holds(town)]
    largest: dict[tuple[float, ...], City] = {}
    for city in sorted([*cities_in(region), *towns], key=lambda city: -city.population):
        largest.setdefault(clock_rule(city.zone), city)
    return tuple(largest.values())
