"""A day that is named is read as that day, or asked about; never as another."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.times.dates import read_date
from tests.case_tables import each_case

ENGLISH = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPANISH = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
BEGIN, END = date(2026, 1, 1), date(2027, 12, 31)
days = st.dates(BEGIN, END)
ahead = st.integers(1, 27)

# What may be said before and after a day without changing it.
BEFORE = ("", "by ", "I will do it on ", "maybe ", "ok, ", "see the lawyer ", "para ", "tengo cita ")
AFTER = (
    "",
    " please",
    " I see the lawyer",
    ", thanks",
    " with my 2 kids",
    " at 5pm",
    " a las 4",
    " for my 3 boys",
)


def ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def read(text: str, today: date) -> date | None:
    now = datetime(today.year, today.month, today.day, 18, tzinfo=UTC)
    return read_date(text, now=now, zone="America/Chicago", country="US")


@given(days, ahead, st.sampled_from(BEFORE), st.sampled_from(AFTER))
def test_a_weekday_with_its_number_is_that_day(today: date, ahead: int, before: str, after: str) -> None:
    day = today + timedelta(days=ahead)
    said = f"{before}{ENGLISH[day.weekday()]} the {ordinal(day.day)}{after}"
    assert read(said, today) == day, said
    said = f"{before}{SPANISH[day.weekday()]} {day.day}{after}"
    assert read(said, today) == day, said


@given(days, st.integers(0, 6), st.integers(13, 31))
def test_a_weekday_with_a_number_never_falls_on_another_weekday(
    today: date, weekday: int, number: int
) -> None:
    found = read(f"{ENGLISH[weekday]} the {ordinal(number)}", today)
    assert found is None or (found.weekday(), found.day) == (weekday, number)


@given(days, st.integers(0, 6), st.sampled_from(BEFORE), st.sampled_from(AFTER))
def test_words_around_a_weekday_never_make_it_another_day(
    today: date, weekday: int, before: str, after: str
) -> None:
    coming = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    for name in (ENGLISH[weekday], SPANISH[weekday]):
        assert read(f"{before}{name}{after}", today) in {coming, None}
        assert read(name, today) == coming


@given(days, st.integers(0, 6))
def test_a_week_from_a_day_is_seven_days_later(today: date, weekday: int) -> None:
    coming = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    week = timedelta(days=7)
    english, spanish = ENGLISH[weekday], SPANISH[weekday]
    for said in (
        f"a week from {english}",
        f"{english} after next",
        f"del {spanish} en ocho",
        f"not this {english}, the next one",
    ):
        assert read(said, today) == coming + week, said
    assert read(f"two weeks from {english}", today) == coming + 2 * week
    assert read("de hoy en ocho", today) == today + week
    assert read("a week from tomorrow", today) == today + timedelta(days=8)


@given(days, st.integers(0, 6))
def test_a_past_day_stays_past(today: date, weekday: int) -> None:
    for said in (
        f"last {ENGLISH[weekday]}",
        f"this past {ENGLISH[weekday]}",
        f"el {SPANISH[weekday]} pasado",
    ):
        found = read(said, today)
        assert found is not None
        assert today - timedelta(days=7) <= found < today
        assert found.weekday() == weekday


@given(days, st.dates(date(1950, 1, 1), date(2045, 12, 31)))
def test_a_year_that_is_written_is_kept(today: date, day: date) -> None:
    assert read(day.isoformat(), today) == day
    assert read(f"{day.isoformat()}T18:30:15-08:00", today) == day
    assert read(f"{day:%m/%d/%Y}", today) == day
    assert read(f"it was {day:%B} {day.day}, {day.year}", today) == day


@given(days, st.integers(0, 6))
def test_a_refused_day_is_not_read(today: date, weekday: int) -> None:
    name, other = ENGLISH[weekday], ENGLISH[(weekday + 2) % 7]
    for said in (
        f"not {name}",
        f"I can't on {name}",
        f"{name} doesn't work",
        f"el {SPANISH[weekday]} no puedo",
    ):
        assert read(said, today) is None, said
    found = read(f"not {name}, {other}", today)
    assert found is not None
    assert found.weekday() == (weekday + 2) % 7


@each_case("number", range(1, 32))
@each_case(
    "said",
    [
        "I have {} kids",
        "apt {}",
        "{} years clean",
        "my {}th job",
        "call 512-555-01{:02}",
        "{}% done",
        "size {}",
    ],
)
def test_a_number_in_a_sentence_is_no_day(said: str, number: int) -> None:
    assert read(said.format(number), date(2026, 6, 1)) is None


@given(st.text(max_size=160))
def test_whatever_is_written_a_day_is_read_or_none(text: str) -> None:
    assert read(text, date(2026, 6, 1)) is None or isinstance(read(text, date(2026, 6, 1)), date)
