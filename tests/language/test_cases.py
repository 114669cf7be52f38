"""Every case of the tables in `cases/` reads as the table says."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from assistant.language.commands.command_lines import read_code_line
from assistant.language.commands.command_reading import CommandPattern, read_command
from assistant.language.replies.reply_reading import WHOLE, Choice, Expect, Reading, find_phones, read
from assistant.language.signals.signal_reading import signal
from assistant.language.signals.signatures import without_signature
from tests.case_tables import each_case

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, 9:00 in Chicago


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))


def answer(expect: Expect, text: str, *, language: str = "en", country: str = "US") -> Reading:
    return read(expect, text, language, now=NOW, zone="America/Chicago", country=country)


def listed(name: str) -> list[tuple[str, str]]:
    """Return (reply, outcome) of a table whose keys are outcomes."""
    return [(reply, outcome) for outcome, replies in table(name).items() for reply in replies]


@each_case("language", ["en", "es"])
@each_case(("reply", "outcome"), listed("yes_no"))
def test_yes_and_no_are_read_in_both_languages(reply: str, outcome: str, language: str) -> None:
    assert answer(Expect("yes_no"), reply, language=language) == Reading(outcome)


@each_case(("reply", "outcome"), listed("agree"))
def test_agreement_is_read_and_never_guessed(reply: str, outcome: str) -> None:
    assert answer(Expect("agree"), reply) == Reading(outcome)


WHOLE_KINDS = {
    "yes_no": Expect("yes_no", sure={"*": WHOLE}),
    "agree": Expect("agree", sure={"*": WHOLE}),
    "number": Expect("number", 1, 5, sure={"*": WHOLE}),
}


@each_case("language", ["en", "es"])
@each_case(
    ("kind", "reply", "outcome"),
    [
        (kind, reply, outcome)
        for kind, outcomes in table("whole").items()
        for outcome, replies in outcomes.items()
        for reply in replies
    ],
)
def test_where_it_may_harm_only_a_reply_that_is_explained_whole_counts(
    kind: str, reply: str, outcome: str, language: str
) -> None:
    assert answer(WHOLE_KINDS[kind], reply, language=language).outcome == outcome


@each_case(("reply", "reading"), [(reply, reading) for reply, reading in table("facts").items()])
def test_a_reading_says_what_it_explains_and_what_is_left_over(reply: str, reading: dict[str, Any]) -> None:
    found = answer(Expect("yes_no"), reply)
    assert found.outcome == reading["outcome"]
    assert " ".join(found.explained) == reading.get("explained", "")
    assert " ".join(found.leftover) == reading.get("leftover", "")
    facts = {name for name in ("asks", "denies", "conditional") if getattr(found, name)}
    assert facts == set(reading.get("facts", []))


@each_case(("reply", "outcome"), listed("text"))
def test_free_words_are_taken_as_they_are(reply: str, outcome: str) -> None:
    expected = Reading("text", reply.strip()) if outcome == "text" else Reading(outcome)
    assert answer(Expect("text"), reply) == expected


SCALES = {"any": Expect("number"), "scale": Expect("number", 1, 5)}


def numbers() -> Iterator[tuple[str, str, Reading]]:
    cases = table("number")
    for scale in SCALES:
        yield from ((scale, reply, Reading("number", value)) for reply, value in cases[scale].items())
        for outcome in ("unclear", "skip"):
            yield from ((scale, reply, Reading(outcome)) for reply in cases[outcome][scale])


@each_case(("scale", "reply", "reading"), list(numbers()))
def test_numbers_are_read_in_digits_and_words(scale: str, reply: str, reading: Reading) -> None:
    assert answer(SCALES[scale], reply) == reading


def valued(name: str, kind: str, group: str, others: str) -> list[tuple[str, Reading]]:
    cases = table(name)
    found = [(reply, Reading(kind, value)) for reply, value in cases[group].items()]
    return found + [
        (reply, Reading(outcome)) for outcome, replies in cases[others].items() for reply in replies
    ]


@each_case(("reply", "reading"), valued("name", "name", "name", "not_a_name"))
def test_names_are_found_and_tidied(reply: str, reading: Reading) -> None:
    assert answer(Expect("name"), reply) == reading


@each_case(("reply", "reading"), valued("phone", "phone", "phone", "not_a_phone"))
def test_a_phone_is_found_among_words(reply: str, reading: Reading) -> None:
    assert answer(Expect("phone"), reply) == reading


@each_case(("words", "phones"), table("phone")["find"].items())
def test_every_phone_in_relayed_words_is_found(words: str, phones: list[str]) -> None:
    assert find_phones(words, "US") == phones


def days() -> Iterator[tuple[str, str, Reading]]:
    cases = table("date")
    for group, country in (("us", "US"), ("mexico", "MX")):
        for reply, day in cases[group].items():
            yield country, reply, Reading("date", day.isoformat())
    for outcome, replies in cases["not_a_day"].items():
        yield from (("US", reply, Reading(outcome)) for reply in replies)


@each_case(("reply", "day"), table("date")["june"].items())
def test_a_weekday_goes_by_the_words_around_it(reply: str, day: date) -> None:
    now = datetime(2026, 6, 1, 14, tzinfo=UTC)
    reading = read(Expect("date"), reply, "en", now=now, zone="America/Chicago", country="US")
    assert reading == Reading("date", day.isoformat())


@each_case(("country", "reply", "reading"), list(days()))
def test_days_are_read_in_the_persons_own_calendar(country: str, reply: str, reading: Reading) -> None:
    assert answer(Expect("date"), reply, country=country) == reading


def in_short(reading: Reading) -> str | list[str]:
    """Return a place as the table writes it."""
    if reading.value is None:
        return reading.outcome
    if reading.outcome == "several":
        return [place["label"] for place in reading.value["places"]]
    hour = "-" if reading.value["hour"] is None else str(reading.value["hour"])
    hour += "!" if reading.value.get("clamped") else ""
    return f"{reading.value['city']}, {reading.value['zone']}, {hour}" if reading.outcome == "place" else hour


def places() -> Iterator[tuple[str, str, str | list[str]]]:
    cases = table("place")
    for outcome in ("place", "time", "several"):
        yield from ((reply, outcome, expected) for reply, expected in cases[outcome].items())
    for outcome, replies in cases["unknown"].items():
        yield from ((reply, outcome, outcome) for reply in replies)


@each_case(("reply", "outcome", "expected"), list(places()))
def test_places_and_hours_are_read_together(reply: str, outcome: str, expected: str | list[str]) -> None:
    reading = answer(Expect("place"), reply)
    assert (reading.outcome, in_short(reading)) == (outcome, expected)


def choices() -> Iterator[tuple[Expect, str, str]]:
    for question in table("choice")["question"]:
        options = question.pop("options")
        asked = tuple(
            Choice(option["key"], {"en": tuple(option["en"]), "es": tuple(option["es"])})
            for option in options
        )
        for outcome, replies in question.items():
            yield from ((Expect("choice", choices=asked), reply, outcome) for reply in replies)


@each_case("language", ["en", "es"])
@each_case(("expect", "reply", "outcome"), list(choices()))
def test_a_choice_is_read_by_number_word_or_near_miss(
    expect: Expect, reply: str, outcome: str, language: str
) -> None:
    assert answer(expect, reply, language=language) == Reading(outcome)


@each_case(("text", "kind"), listed("signals"))
def test_what_stands_above_any_question_is_recognised(text: str, kind: str) -> None:
    assert signal(text).kind == kind


PATTERNS = [
    CommandPattern(name, {language: tuple(ways) for language, ways in phrases.items()})
    for name, phrases in table("commands")["patterns"].items()
]


@each_case("language", ["en", "es"])
@each_case(("text", "expected"), table("commands")["cases"].items())
def test_commands_are_recognised_in_both_languages(text: str, expected: str, language: str) -> None:
    command = read_command(PATTERNS, text, language)
    assert command is not None
    value = command.value["city"] if isinstance(command.value, dict) else command.value
    shown = f"{command.name} {'-' if value is None else value}{'' if command.sure else ' ?'}"
    assert shown == expected


@each_case("language", ["en", "es"])
@each_case(("text", "expected"), table("code_lines")["lines"].items())
def test_a_command_with_a_code_is_found_where_it_stands_by_itself(
    text: str, expected: str, language: str
) -> None:
    command = read_code_line(PATTERNS, text, language)
    shown = "-"
    if command is not None:
        shown = f"{command.name} {command.value}" + ("" if command.sure else f" ? {command.said}")
    assert shown == expected


@each_case(("text", "left"), table("code_lines")["signatures"].items())
def test_what_a_phone_writes_under_a_text_is_taken_off(text: str, left: str) -> None:
    assert without_signature(text) == left


@each_case("text", table("commands")["no_command"]["texts"])
def test_sentences_that_only_look_like_commands_are_left_alone(text: str) -> None:
    assert read_command(PATTERNS, text, "en") is None
