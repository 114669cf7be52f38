"""Reads where someone is and when she likes to be texted: "Austin, evenings"."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from assistant.language.folding import fold, fold_name
from assistant.language.hours import Hour, read_hour
from assistant.language.places.cities import (
    BY_FAR,
    City,
    Region,
    clock_rule,
    find_cities,
    find_misspelt,
    find_regions,
    load_atlas,
    main_cities,
)
from assistant.language.places.regions import CITIES_IN_SPANISH, COUNTRIES, NICKNAMES, ZONES
from assistant.language.words import AROUND_A_PLACE, COMMON, NOT_NAMES

_MOST_OFFERED = 5
_LONGEST_PLACE, _MOST_WORDS = 200, 24  # characters, words with commas

_ZIP_CODE = re.compile(r"\d{5}$")
# In lower case, "la" is an article.
_LOS_ANGELES = re.compile(r"\bL\.?A\b")
# Small words are also codes of states and countries ("in", "me", "hi", "ok"): no place by themselves.
_NO_PLACE = AROUND_A_PLACE | {"no", "yes", "si", "oh", "ma", "pa", "id", "al", "va", "ms", "mi", "ne"}
_EVERYDAY = COMMON | NOT_NAMES | {"best", "bank", "cat", "date", "deal", "god", "much", "say", "sale", "time"}
_KNOWN_TO_ALL = 1_000_000  # by weight: a city of 100,000 at home counts
_SHORT_COUNTRIES = frozenset({"us", "uk", "mx", "pr"})


@dataclass(frozen=True, slots=True)
class Place:
    """What a reply says about place and time.

    Attributes:
        outcome: "place", "time" (a time only), "several" (which one is to be asked), or "unclear".
        value: what the outcome stands for, ready to be stored; None when unclear.
    """

    outcome: str
    value: dict[str, Any] | None = None


_UNCLEAR = Place("unclear")


def read_place(text: str, language: str, home: str) -> Place:
    """Return the place and time of day in a reply.

    Args:
        text: the reply as written.
        language: in which labels are given ("Paris, Francia").
        home: ISO code of the country whose cities come first to mind.
    """
    home = home.upper()
    if len(text.strip()) > _LONGEST_PLACE:
        return _UNCLEAR
    hour = read_hour(text)
    words = [word for word in _words(hour.rest if hour else fold(text)) if not _ZIP_CODE.match(word)]
    if len(words) > _MOST_WORDS:
        return _UNCLEAR
    found = _find(words, home)
    if not found and (_LOS_ANGELES.search(text) or words == ["la"]):
        found = [_Found(city) for city in find_cities("los angeles", home)]
    if found:
        return _answer(found, hour, language, home)
    # What is left of a reply that names a time must be talk around it; an unknown name is asked about.
    timely = hour is not None and all(word in AROUND_A_PLACE or word == "," for word in words)
    return Place("time", _time(hour)) if timely else _UNCLEAR


@dataclass(frozen=True, slots=True)
class _Found:
    city: City
    label: str | None = None  # as she named it, when no one city is meant
    namesake: bool = True  # whether a far larger city of the same name makes asking needless


def _words(plain: str) -> list[str]:
    """Return the words of a plain text, with "," wherever something parted them."""
    return (
        re.findall(r"[^\W_]+|,", re.sub(r"[^\w\s']+|\s-\s", " , ", plain.replace(".", " "))) if plain else []
    )


def _time(hour: Hour | None) -> dict[str, Any]:
    if hour is None:
        return {"hour": None}
    return {"hour": hour.hour, "clamped": True} if hour.clamped else {"hour": hour.hour}


def _find(words: list[str], home: str) -> list[_Found]:
    """Return the places that the words may mean: the longest stretch that only small words surround."""
    words = [word for place, word in enumerate(words) if word != "," or (place and words[place - 1] != ",")]
    stretches = [
        words[start:end]
        for start in range(len(words))
        if all(word in AROUND_A_PLACE or word == "," for word in words[:start])
        for end in range(len(words), start, -1)
        if all(word in AROUND_A_PLACE or word == "," for word in words[end:])
    ]
    stretches.sort(key=len, reverse=True)
    stretches = [part for part in stretches if part[0] != "," and part[-1] != ","]
    for part in stretches:
        if found := _look_up(part, home):
            return found
    kernel = [word for word in stretches[-1] if word != ","] if stretches else []
    if not 1 <= len(kernel) <= 4 or set(kernel) <= AROUND_A_PLACE:
        return []
    if misspelt := find_misspelt(" ".join(kernel), home):
        return [_Found(city) for city in misspelt]
    return _look_up_misspelt_before_region(kernel, home)


def _look_up(part: list[str], home: str) -> list[_Found]:
    """Return the places that exactly these words may mean."""
    words = [word for word in part if word != ","]
    name = " ".join(words)
    if name in _NO_PLACE:
        return []
    if zone := _zone_named(name, words):
        return [_Found(City(_city_of_zone(zone), "", "", 1, zone))]
    cities, regions = find_cities(name, home), find_regions(name, home)
    if name in _EVERYDAY and cities and cities[0].weight(home) < _KNOWN_TO_ALL:
        cities = []  # Best, Nada, Much and Time are towns, but not what people mean
    if (
        len(name) == 2
    ):  # "se" is no Sweden: of two letters only the states at home and a few countries stand alone
        regions = [region for region in regions if region.division or name in _SHORT_COUNTRIES]
    if regions and not _is_city_first(name, cities, regions, home):
        return _of_regions(regions, cities, home)
    if cities:
        return [_Found(city) for city in cities]
    return _city_in_region(part, words, home)


def _zone_named(name: str, words: list[str]) -> str | None:
    if name in ZONES:
        return ZONES[name]
    path = "/".join([words[0], "_".join(words[1:])]) if len(words) > 1 else ""
    return _zones_by_path().get(path) if path else None


@lru_cache(maxsize=1)
def _zones_by_path() -> dict[str, str]:
    return {
        zone.lower(): zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")
    }


def _city_of_zone(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _is_city_first(name: str, cities: list[City], regions: list[Region], home: str) -> bool:
    """Tell whether a name that is both ("New York") means the city: a great one, by the same clock."""
    if not cities:
        return False
    best = cities[0]
    if fold_name(best.name) != name and name not in NICKNAMES:
        return False  # "Puerto Rico" is also an old name of San Juan
    if len(main_cities(regions[0])) == 1 and clock_rule(main_cities(regions[0])[0].zone) == clock_rule(
        best.zone
    ):
        return best.weight(home) > 1_000_000
    return False


def _of_regions(regions: list[Region], cities: list[City], home: str) -> list[_Found]:
    """Return the main city of each zone of a region; a great city of the same name stands beside it."""
    region = regions[0]
    found = [_Found(city, namesake=False) for city in main_cities(region)]
    if len(found) == 1:
        found = [_Found(found[0].city, region.name, namesake=False)]
        rivals = [city for city in cities if not region.holds(city) and city.weight(home) > 5_000_000]
        found += [_Found(city) for city in rivals]
    return found


def _city_in_region(part: list[str], words: list[str], home: str) -> list[_Found]:
    """Return the cities of a "city, state", or the state's own clock when the table lacks the city."""
    for split in range(1, len(words)):
        regions = find_regions(" ".join(words[split:]), home)
        if not regions:
            continue
        name = " ".join(words[:split])
        cities = [city for city in find_cities(name, home) if any(region.holds(city) for region in regions)]
        if cities:
            return [_Found(city) for city in cities]
        inner = [
            region
            for region in find_regions(name, home)
            if region.division and region.country == regions[0].country
        ]
        if inner and len(name) > 2:
            return _of_regions(inner, [], home)  # "Ontario, Canada"
        commas = "," in part and part.index(",") == split
        if (commas or len(words[split]) > 3) and split <= 3 and not set(words[:split]) & AROUND_A_PLACE:
            return [_Found(city, name.title(), namesake=False) for city in main_cities(regions[0])]
    return []


def _look_up_misspelt_before_region(words: list[str], home: str) -> list[_Found]:
    for split in range(1, len(words)):
        regions = find_regions(" ".join(words[split:]), home)
        cities = find_misspelt(" ".join(words[:split]), home) if regions else []
        if inside := [city for city in cities if any(region.holds(city) for region in regions)]:
            return [_Found(city) for city in inside]
    return []


def _answer(found: list[_Found], hour: Hour | None, language: str, home: str) -> Place:
    """Choose the one place that is meant, or offer up to five."""
    best = found[0]
    others = [item for item in found[1:] if clock_rule(item.city.zone) != clock_rule(best.city.zone)]
    rival = max((item.city.weight(home) for item in others), default=0)
    if not others or (best.namesake and best.city.weight(home) >= BY_FAR * rival):
        return Place("place", _place(best, language) | _time(hour))
    offered: dict[str, dict[str, Any]] = {}
    for item in found:
        label = _label(item, language)
        offered.setdefault(label, {"label": label} | _place(item, language))
        if len(offered) == _MOST_OFFERED:
            break
    places = [{"key": str(number), **place} for number, place in enumerate(offered.values(), 1)]
    return Place("several", {"places": places} | _time(hour))


def _place(found: _Found, language: str) -> dict[str, Any]:
    city = found.city
    return {
        "city": found.label or _in_language(city.name, language),
        "zone": city.zone,
        "country": city.country or None,
    }


def _in_language(name: str, language: str) -> str:
    if language == "es" and name in CITIES_IN_SPANISH:
        return CITIES_IN_SPANISH[name]
    return "New York" if name == "New York City" else name


def _label(found: _Found, language: str) -> str:
    """Return a place as it is offered: "Portland, OR", "Paris, Francia"."""
    city, name = found.city, found.label or _in_language(found.city.name, language)
    if city.country == "US":
        return name if found.label and found.label == city.name else f"{name}, {city.division}"
    return f"{name}, {country_name(city.country, language)}" if city.country else name


def country_name(code: str, language: str) -> str:
    """Return a country's name in a language; the English one where no other is known."""
    spanish = COUNTRIES.get(code)
    return spanish[0] if language == "es" and spanish else load_atlas().countries.get(code, code)
