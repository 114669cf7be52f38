"""Reads where someone is and when they like to be texted: "Austin, evenings"."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from assistant.language.folding import fold
from assistant.language.places.cities import BY_FAR, City, clock_rule, find_cities, load_atlas
from assistant.language.places.place_lookup import Found
from assistant.language.places.place_stretches import Choice, find_misspelt_place, find_places, split_places
from assistant.language.places.regions import CITIES_IN_SPANISH, COUNTRIES
from assistant.language.times.hours import Hour, read_hour
from assistant.language.times.offsets import OFFSET, read_offset, written_offset, zone_at
from assistant.language.words import AROUND_A_PLACE

_MOST_OFFERED = 5
_LONGEST_PLACE, _MOST_WORDS = 200, 24  # characters, words with commas

# "GMT 6" leaves out on which side.
_UNSIGNED = re.compile(r"\b(?:gmt|utc)[ ;:]*\d")
# In lower case, "la" is an article.
_LOS_ANGELES = re.compile(r"\bL\.?A\b")


@dataclass(frozen=True, slots=True)
class Place:
    """What a reply says about place and time.

    Attributes:
        outcome: "place", "time" (a time only), "several" (which one is to be asked), or "unclear".
        value: what the outcome stands for, ready to be stored; None when unclear. Beside the hour,
            `not_hours` lists the local hours that are said not to suit, when any are.
    """

    outcome: str
    value: dict[str, Any] | None = None


_UNCLEAR = Place("unclear")


def read_place(text: str, language: str, home: str) -> Place:
    """Return the place and time of day in a reply.

    The longest stretch of words that a table truly has decides; small words are never states or countries.
    Places that disagree are asked about, and so is whatever no table has where more than one clock is kept.

    Args:
        text: the reply as written.
        language: in which labels are given ("Paris, Francia").
        home: ISO code of the country whose cities come first to mind.
    """
    home = home.upper()
    if len(text.strip()) > _LONGEST_PLACE:
        return _UNCLEAR
    plain = fold(text)
    offset, plain = read_offset(plain), OFFSET.sub(" ; ", plain)
    hour = read_hour(plain)
    words = split_places(hour.rest if hour else plain)
    if len(words) > _MOST_WORDS:
        return _UNCLEAR
    if _UNSIGNED.search(plain):
        return _UNCLEAR
    choices = find_places(words, text, home)
    found = None if choices is None else _merge(choices)
    if not found and _is_los_angeles(text, words):
        found = [Found(city) for city in find_cities("los angeles", home)]
    if not found and found is not None and "?" not in text:
        found = find_misspelt_place(words, home)
    if found is None:
        return _UNCLEAR
    # What is left of a reply that names a time must be talk around it; an unknown name is asked about.
    is_talk = all(word in AROUND_A_PLACE or word in ",;" for word in words)
    if offset is not None:
        return _at_offset(offset, found, hour, language, home) if found or is_talk else _UNCLEAR
    if found:
        return _answer(found, hour, language, home)
    return Place("time", _time(hour)) if hour is not None and hour.suits and is_talk else _UNCLEAR


def _is_los_angeles(text: str, words: list[str]) -> bool:
    """Tell whether "LA" is the city: in a reply all in capitals, only without a sentence around it."""
    if words == ["la"]:
        return True
    is_talk = all(word in AROUND_A_PLACE or word in {",", ";", "l"} for word in words)
    return _LOS_ANGELES.search(text) is not None and (is_talk or not text.isupper())


def _time(hour: Hour | None) -> dict[str, Any]:
    if hour is None:
        return {"hour": None}
    said: dict[str, Any] = {"hour": hour.hour}
    if hour.clamped:
        said["clamped"] = True
    if hour.excluded:
        said["not_hours"] = sorted(hour.excluded)
    return said


def _merge(choices: list[Choice]) -> list[Found] | None:
    """Return what all named places together may mean; None when they cannot all be true.

    A state narrows a city named apart from it; a zone must be the place's own, at least in one season.
    """
    cities = [list(choice.found) for choice in choices if choice.found[0].kind == "city"]
    regions = [list(choice.found) for choice in choices if choice.found[0].kind == "region"]
    zones = [choice.found[0].city.zone for choice in choices if choice.found[0].kind == "zone"]
    if cities and regions:
        cities = [_narrowed(found, regions) for found in cities]
        if not all(cities):
            return None
    places = cities or regions
    found = list(dict.fromkeys(each for one in places for each in one))
    if len(places) > 1:
        # Two places: whichever is meant, none is a mere namesake of the other.
        firsts = [one[0] for one in places]
        same = len({clock_rule(each.city.zone) for each in firsts}) == 1
        found = firsts[:1] if same else [Found(each.city, each.label, False, each.kind) for each in firsts]
    if not found:
        return [choice.found[0] for choice in choices] if len(set(zones)) < 2 else None
    agree = [each for each in found if all(_share_an_offset(each.city.zone, zone) for zone in zones)]
    return agree if agree or not zones else None


def _narrowed(found: list[Found], regions: list[list[Found]]) -> list[Found]:
    """Return those of the cities that lie where every region named beside them is."""
    return [
        each
        for each in found
        if all(any(_same_region(each.city, region) for region in named) for named in regions)
    ]


def _same_region(city: City, region: Found) -> bool:
    beside = region.city
    if region.label in load_atlas().countries.values():
        return city.country == beside.country
    return (city.country, city.division) == (beside.country, beside.division)


def _share_an_offset(zone: str, other: str) -> bool:
    """Tell whether two zones show the same time in one season at least: Phoenix and "mountain time" do."""
    return any(one == two for one, two in zip(clock_rule(zone), clock_rule(other), strict=True))


def _at_offset(offset: timedelta, found: list[Found], hour: Hour | None, language: str, home: str) -> Place:
    """Return the place beside an offset, if its clock is ever that far off, or the zone of the offset."""
    if found:
        seconds = offset.total_seconds()
        agree = [each for each in found if seconds in clock_rule(each.city.zone)]
        return _answer(agree, hour, language, home) if agree else _UNCLEAR
    if (zone := zone_at(offset)) is None:
        return _UNCLEAR
    return Place("place", {"city": written_offset(offset), "zone": zone, "country": None} | _time(hour))


def _answer(found: list[Found], hour: Hour | None, language: str, home: str) -> Place:
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


def _place(found: Found, language: str) -> dict[str, Any]:
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


def _label(found: Found, language: str) -> str:
    """Return a place as it is offered: "Portland, OR", "Paris, Francia"."""
    city, name = found.city, found.label or _in_language(found.city.name, language)
    if city.country == "US":
        return name if found.label and found.label == city.name else f"{name}, {city.division}"
    return f"{name}, {country_name(city.country, language)}" if city.country else name


def country_name(code: str, language: str) -> str:
    """Return a country's name in a language; the English one where no other is known."""
    spanish = COUNTRIES.get(code)
    return spanish[0] if language == "es" and spanish else load_atlas().countries.get(code, code)
