"""Looks up which places a stretch of words may mean: a city, a "city, state", a state, country or zone."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from assistant.language.folding import fold_name
from assistant.language.places.cities import (
    BY_FAR,
    City,
    Region,
    clock_rule,
    find_cities,
    find_misspelt,
    find_namesakes,
    find_regions,
    is_home,
    main_cities,
)
from assistant.language.places.regions import NICKNAMES, ZONES
from assistant.language.places.towns import find_towns, has_one_clock
from assistant.language.words import (
    AROUND_A_PLACE,
    ARTICLES,
    COMMON,
    COURTESY,
    FLUFF,
    NO,
    NOT_NAMES,
    PARTS_OF_A_PLACE,
    SMALL_CODES,
    UNSURE,
    VAGUE_PLACES,
    YES,
)

# Small words are also codes of states and countries ("in", "me", "hi", "ok"): no place by themselves.
_NO_PLACE = AROUND_A_PLACE | {"no", "yes", "si", "oh", "ma", "pa", "id", "al", "va", "ms", "mi", "ne"}
_EVERYDAY = (
    COMMON
    | NOT_NAMES
    | frozenset(
        phrase[0] for phrases in (FLUFF, COURTESY, YES, NO, UNSURE) for phrase in phrases if len(phrase) == 1
    )
    | {"bank", "cat", "date", "deal", "god", "much", "say", "sale", "time"}
)
_KNOWN_TO_ALL = 1_000_000  # by weight: a city of 100,000 at home counts
_GREAT_RIVAL = 5_000_000
_SMALLEST_ALONE = 1_000  # people: a smaller town is named with its state
_SHORT_COUNTRIES = frozenset({"us", "uk", "mx", "pr"})
_MOST_UNKNOWN = 3  # words of a town that no table has


@dataclass(frozen=True, slots=True)
class Found:
    """A place that words may mean.

    Attributes:
        city: whose clock it is.
        label: how it was named, when no one city is meant.
        namesake: whether a far larger city of the same name makes asking needless.
        kind: "city", "region" or "zone".
        known: whether it stands out among other words: no village, no code of two letters.
    """

    city: City
    label: str | None = None
    namesake: bool = True
    kind: str = "city"
    known: bool = True


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of the words of a reply, one after the other.

    Attributes:
        words: plain words, and "," wherever something parted them.
        capitals: which of the words are written in capitals in a reply that is not so all through.
        is_last: whether nothing follows in the same breath.
        is_all: whether the reply ends with it.
        article: whether "the" or its like stands before it.
    """

    words: tuple[str, ...]
    capitals: frozenset[str] = frozenset()
    is_last: bool = True
    is_all: bool = True
    article: bool = False


def look_up(stretch: Stretch, home: str) -> list[Found]:
    """Return the places that exactly these words may mean, the likeliest first."""
    words = [word for word in stretch.words if word != ","]
    name = " ".join(words)
    if name in _NO_PLACE or (len(name) > 2 and name in SMALL_CODES):
        return []
    if zone := _zone_named(name, words):
        spoken = len(words) > 1
        return [
            Found(City(zone.rsplit("/", 1)[-1].replace("_", " "), "", "", 1, zone), kind="zone", known=spoken)
        ]
    cities, regions = find_cities(name, home), find_regions(name, home)
    if cities and not _may_be_meant(name, words, cities[0], home):
        cities = []
    if len(name) == 2:  # "se" is no Sweden: only the states at home and a few countries stand alone
        regions = [region for region in regions if region.division or name in _SHORT_COUNTRIES]
    if regions and not _is_city_first(name, cities, regions, home):
        return of_regions(name, regions, cities, home)
    if cities:
        return [_city(city, home) for city in _with_towns(name, cities, home)]
    return _city_in_region(stretch, home) or _town_alone(name, words, stretch, home)


def _city(city: City, home: str) -> Found:
    return Found(city, known=city.weight(home) >= _KNOWN_TO_ALL // 10)


def _may_be_meant(name: str, words: list[str], city: City, home: str) -> bool:
    if city.weight(home) >= _KNOWN_TO_ALL or name in NICKNAMES:
        return True
    if name in _EVERYDAY:
        return False  # Best, Nada, Much and Time are towns, but not what people mean
    # "The Valley" is the capital of Anguilla; someone elsewhere means the one they live in.
    return is_home(city.country, home) or not (words[0] in ARTICLES and len(words) > 1)


def _with_towns(name: str, cities: list[City], home: str) -> list[City]:
    """Return cities and the towns of the same name that are not far smaller than the first."""
    if name in NICKNAMES:
        return cities
    towns = [town for town in find_towns(name, home) if town.weight(home) * BY_FAR > cities[0].weight(home)]
    return sorted(cities + towns, key=lambda city: -city.weight(home)) if towns else cities


def _town_alone(name: str, words: list[str], stretch: Stretch, home: str) -> list[Found]:
    """Return the towns of a name that no city has; what is named for what it is ("the valley") is none."""
    if stretch.article or name in _EVERYDAY or set(words) <= VAGUE_PLACES | AROUND_A_PLACE or len(name) < 4:
        return []
    towns = [town for town in find_towns(name, home) if is_home(town.country, home)]
    if not towns or towns[0].population < _SMALLEST_ALONE:
        return []
    near = find_misspelt(name, home) if len(words) == 1 else []
    return [Found(city, known=False, namesake=not near) for city in (*near[:1], *towns)]


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


def _is_city_first(name: str, cities: list[City], regions: list[Region], home: str) -> bool:
    """Tell whether a name that is both ("New York") means the city: a great one, by the same clock."""
    if not cities:
        return False
    best = cities[0]
    if fold_name(best.name) != name and name not in NICKNAMES:
        return False  # "Puerto Rico" is also an old name of San Juan
    main = main_cities(regions[0])
    return (
        len(main) == 1
        and clock_rule(main[0].zone) == clock_rule(best.zone)
        and best.weight(home) > _KNOWN_TO_ALL
    )


def of_regions(name: str, regions: list[Region], cities: list[City], home: str) -> list[Found]:
    """Return the main city of each zone of a region; a great city of the same name stands beside it."""
    region = regions[0]
    # Of a state with two clocks another word may say which: "Arizona, on the reservation".
    known = len(name) > 3 and has_one_clock(region)
    found = [Found(city, namesake=False, kind="region", known=known) for city in main_cities(region)]
    if len(found) == 1:
        found = [Found(found[0].city, region.name, namesake=False, kind="region", known=known)]
        # A state abroad is less on the mind than a city at home: "Ontario" may be California's.
        great = _GREAT_RIVAL if is_home(region.country, home) else _KNOWN_TO_ALL
        rivals = [city for city in cities if not region.holds(city) and city.weight(home) > great]
        found += [Found(city) for city in rivals]
    return found


def cities_within(name: str, regions: list[Region], home: str) -> list[City]:
    """Return the cities and towns of a plain name that lie in one of the regions."""
    names = {name, fold_name(NICKNAMES[name][0])} if name in NICKNAMES else {name}
    named = dict.fromkeys(find_cities(name, home))
    for each in names:
        named |= dict.fromkeys(find_namesakes(each, home) + find_towns(each, home))
    return [city for city in named if any(region.holds(city) for region in regions)]


def is_written_as_region(name: str, stretch: Stretch, after_comma: bool) -> bool:
    """Tell whether words after a city are written as its state is: "Portland, OR", not "Portland or"."""
    if name not in SMALL_CODES and not (len(name) <= 3 and name in COMMON | AROUND_A_PLACE):
        return True
    return stretch.is_last and (name in stretch.capitals or (after_comma and stretch.is_all))


def _splits(stretch: Stretch) -> list[tuple[list[str], str, bool]]:
    """Return each way to part a stretch into what may be a city and what may be its region."""
    ways = []
    for place, word in enumerate(stretch.words):
        before = [each for each in stretch.words[:place] if each != ","]
        if word != "," and before:
            after = " ".join(each for each in stretch.words[place:] if each != ",")
            ways.append((before, after, stretch.words[place - 1] == ","))
    return ways


def _city_in_region(stretch: Stretch, home: str) -> list[Found]:
    """Return the cities of a "city, state", or the state's own clock when no table has the city."""
    for before, after, comma in _splits(stretch):
        regions = find_regions(after, home)
        if not regions or not is_written_as_region(after, stretch, comma):
            continue
        if not comma and set(before) <= PARTS_OF_A_PLACE:
            continue  # "west Texas" is no town called West
        name = " ".join(before)
        if cities := cities_within(name, regions, home):
            return [Found(city) for city in cities]
        inside = (
            look_up(Stretch(tuple(before), stretch.capitals, is_all=False), home) if len(before) > 1 else []
        )
        if held := [found for found in inside if any(region.holds(found.city) for region in regions)]:
            return held  # "Austin, TX, USA"
        inner = [
            region
            for region in find_regions(name, home)
            if region.division and region.country == regions[0].country
        ]
        if inner and len(name) > 2:
            return of_regions(name, inner, [], home)  # "Ontario, Canada"
        if _is_unknown_town(before, after, comma, stretch) and has_one_clock(regions[0]):
            return [Found(city, name.title(), namesake=False) for city in main_cities(regions[0])]
    return []


def _is_unknown_town(before: list[str], after: str, comma: bool, stretch: Stretch) -> bool:
    """Tell whether words before a region are surely the name of a town, though no table has it."""
    if len(before) > _MOST_UNKNOWN or not stretch.is_last or set(before) & (AROUND_A_PLACE | COMMON):
        return False
    if find_regions(before[-1], ""):
        return False  # "Bristol TN/VA"
    code = after in stretch.capitals or (comma and after not in SMALL_CODES)
    return code or len(after) > 3


def look_up_misspelt(words: list[str], home: str) -> list[Found]:
    """Return the places whose name someone nearly wrote: "Chicgo", "Albuquerqe NM", "Ontario Oregn"."""
    if not set(words) & VAGUE_PLACES and (misspelt := find_misspelt(" ".join(words), home)):
        return [Found(city) for city in misspelt]
    for split in range(1, len(words)):
        name, after = " ".join(words[:split]), " ".join(words[split:])
        regions = [] if after in SMALL_CODES else find_regions(after, home)
        near = [city for city in find_misspelt(name, home) if any(region.holds(city) for region in regions)]
        if near:
            return [Found(city) for city in near]
        if (
            not regions
            and (regions := find_misspelt_regions(after, home))
            and (cities := cities_within(name, regions, home))
        ):
            return [Found(city) for city in cities]
    return []


def find_misspelt_regions(name: str, home: str) -> list[Region]:
    """Return the states at home and great countries whose name of five letters or more is one slip away."""
    return [region for near in _near_regions(name) for region in find_regions(near, home)]


@lru_cache(maxsize=256)
def _near_regions(name: str) -> tuple[str, ...]:
    from rapidfuzz.distance import OSA

    from assistant.language.places.cities import load_atlas

    if len(name) < 5:
        return ()
    return tuple(
        known
        for known in load_atlas().regions
        if len(known) >= 5 and known[0] == name[0] and OSA.distance(known, name, score_cutoff=1) == 1
    )
