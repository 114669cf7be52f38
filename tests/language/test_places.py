"""A place keeps its clock, whatever is said around it."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.places.cities import Region, clock_rule, find_regions, load_atlas
from assistant.language.places.place_reading import Place, read_place
from assistant.language.places.towns import find_towns, has_one_clock, load_towns
from assistant.language.times.offsets import read_offset, written_offset, zone_at
from tests.case_tables import each_case

# Cities that need no state, in several countries and on many clocks.
CITIES = (
    "Houston", "Chicago", "El Paso", "New York", "Los Angeles", "Denver", "Phoenix", "Seattle", "Honolulu",
    "Boston", "San Antonio",
    "Fresno", "Tampa", "Omaha", "Tucson", "Laredo", "Philadelphia", "Bogotá", "Tijuana", "Ciudad Juárez",
    "Caracas", "Toronto", "Portland, OR",
    "Ontario, Oregon", "Marianna, FL", "Kayenta, AZ", "Knoxville TN", "Gary, IN", "Las Vegas",
)  # fmt: skip
HOURS = (
    "evenings", "evenings or weekends", "mornings is best", "mañanas no", "my evenings", "late nite",
    "630pm", "six pm", "9 to 5 I work", "any time but mornings",
    "not mornings", "after 5", "de 6 a 8", "en la noche", "afternoons. I work nights",
    "when the kids are at school", "evenings or mornings", "no en la mañana",
    "in the evening", "ok evenings", "noches o tardes", "whenever", "de noche es mejor",
    "weekday nights please", "trabajo de 9 a 5", "anytime but not before 10",
    "mornings, no evenings", "11am-1pm", "at 1030",
)  # fmt: skip
FILLERS = (
    "",
    "I live in",
    "I'm in",
    "vivo en",
    "estoy en",
    "hi!",
    "soy de",
    "ok",
    "it's",
    "me in",
    "here in",
)


def zone_of(place: Place) -> str | None:
    return place.value["zone"] if place.outcome == "place" and place.value else None


@each_case("city", CITIES)
def test_an_hour_never_changes_a_citys_clock(city: str) -> None:
    alone = zone_of(read_place(city, "en", "US"))
    assert alone
    for hours in HOURS:
        for said in (f"{city}, {hours}", f"{city} {hours}", f"{city}. {hours}"):
            assert zone_of(read_place(said, "en", "US")) == alone, said


@given(st.sampled_from(CITIES), st.sampled_from(HOURS), st.sampled_from(FILLERS), st.booleans())
def test_words_around_a_city_never_change_its_clock(city: str, hours: str, filler: str, lower: bool) -> None:
    said = f"{filler} {city}, {hours}"
    read = read_place(said.lower() if lower and "," not in city else said, "en", "US")
    assert zone_of(read) == zone_of(read_place(city, "en", "US"))


BIG = sorted(
    city.name
    for city in load_atlas().by_name.within()
    if city.country in {"US", "MX"} and city.population > 250_000
)


@given(st.sampled_from(BIG), st.sampled_from(HOURS))
def test_any_large_city_keeps_its_clock_beside_any_hour(city: str, hours: str) -> None:
    alone, beside = read_place(city, "en", "US"), read_place(f"{city}, {hours}", "en", "US")
    assert beside.outcome == alone.outcome
    assert zone_of(beside) == zone_of(alone)


TOWNS = sorted({(town.name, town.division) for town in load_towns().within("US")})


@given(st.sampled_from(TOWNS))
def test_a_town_with_its_state_has_the_clock_of_one_of_that_name_there(town: tuple[str, str]) -> None:
    name, state = town
    read = read_place(f"{name}, {state}", "en", "US")
    region = next(region for region in find_regions(state.lower(), "US") if region.country == "US")
    if zone := zone_of(read):
        assert clock_rule(zone) in clock_rules_of(region)


@cache
def clock_rules_of(region: Region) -> set[tuple[float, ...]]:
    return {
        clock_rule(city.zone)
        for table in (load_towns(), load_atlas().by_name)
        for city in table.within(region.country)
        if region.holds(city)
    }


@each_case(
    "word",
    [
        "or",
        "is",
        "in",
        "my",
        "no",
        "me",
        "de",
        "hi",
        "ok",
        "oh",
        "pa",
        "ma",
        "la",
        "al",
        "id",
        "so",
        "se",
        "es",
    ],
)
def test_a_small_word_is_no_state_or_country(word: str) -> None:
    for said in (
        f"Houston {word} evenings",
        f"Houston, evenings {word} weekends",
        f"Houston evenings {word}",
        word,
    ):
        read = read_place(said, "en", "US")
        assert zone_of(read) in {"America/Chicago", None} or said == "la", said
    assert zone_of(read_place(f"Houston {word} evenings", "en", "US")) == "America/Chicago"


@each_case(
    "state",
    [
        "TX",
        "Oregon",
        "FL",
        "Idaho",
        "TN",
        "Kentucky",
        "Indiana",
        "KS",
        "Nebraska",
        "SD",
        "ND",
        "MI",
        "AZ",
        "Florida",
    ],
)
def test_an_unknown_town_of_a_state_with_two_clocks_is_asked_about(state: str) -> None:
    assert not has_one_clock(find_regions(state.lower(), "US")[0])
    assert read_place(f"Xyzzyville, {state}", "en", "US").outcome == "unclear"


@each_case(("said", "zone"), [("window rock", "America/Denver"), ("polacca", "America/Phoenix")])
def test_towns_inside_one_another_keep_their_own_clock(said: str, zone: str) -> None:
    assert {town.zone for town in find_towns(said, "US")} == {zone}


@given(st.integers(-12, 14))
def test_a_whole_hour_from_greenwich_is_a_zone_that_far_away(hours: int) -> None:
    away = timedelta(hours=hours)
    zone = zone_at(away)
    assert zone is not None
    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() == away
    assert read_offset(written_offset(away).lower()) == away


def test_an_offset_that_nobody_keeps_all_year_has_no_zone() -> None:
    assert zone_at(timedelta(hours=-3, minutes=-30)) is None
    assert zone_at(timedelta(hours=20)) is None
    assert read_offset("gmt") is None


@given(st.text(max_size=120))
def test_whatever_is_written_a_place_is_read_or_asked_about(text: str) -> None:
    assert read_place(text, "es", "US").outcome in {"place", "time", "several", "unclear"}
