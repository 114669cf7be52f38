"""What people call states, provinces, countries, time zones and their cities, as `regions.toml` lists it."""

from assistant.language.word_tables import load_table

_TABLE = load_table("regions", "assistant.language.places")


def _by_name(entry: dict[str, list[str]]) -> dict[str, str]:
    return {name: code for code, names in entry.items() for name in names}


STATES_OF_MEXICO = _by_name(_TABLE["states_of_mexico"])
PROVINCES_OF_CANADA = _by_name(_TABLE["provinces_of_canada"])
STATES = _by_name(_TABLE["states"])  # other names of states of the United States
COUNTRIES: dict[str, list[str]] = _TABLE["countries"]  # ISO code -> other names, the first one Spanish
CITIES_IN_SPANISH: dict[str, str] = _TABLE["cities_in_spanish"]
TERRITORIES: dict[str, str] = _TABLE["territories"]  # ISO code -> that of the country they count as home
ZONES = _by_name(_TABLE["zones"])

# What people call a city -> its name in the table, its country, and its division ("" when not needed).
NICKNAMES: dict[str, tuple[str, str, str]] = {
    name: (entry["city"][0], entry["city"][1], entry["city"][2])
    for entry in _TABLE["nicknames"]
    for name in entry["names"]
}
