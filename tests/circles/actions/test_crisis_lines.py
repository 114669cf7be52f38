"""Crisis lines: each number stands in one place, and every text that names one reads as it was approved."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ServiceIdentity
from assistant.circles.actions.crisis_lines import LINES, NUMBERS, find_gaps, gaps, lines_of, read_lines
from assistant.conversations.text_rendering import speak
from assistant.engine import FlowErrors, Texts, load
from assistant.language.languages import LANGUAGES
from assistant.runtime import FLOWS, known, read_flows
from assistant.store.tables import Person

GOLDEN = Path(__file__).with_name("crisis_texts.txt")
FILE = FLOWS / "crisis_lines.toml"
LINES_TO_CALL = FLOWS / "help_lines.toml"
"""Other lines, each with a number of its own, which may be the same."""
TABLES = tomllib.loads(FILE.read_text(encoding="utf-8"))
UNKNOWN = "FR"
COUNTRIES = ("US", "CA", "MX", UNKNOWN)
GIVEN = {"name": "Ana", "host": "Luz", "service": "Circle", "contact": "help@example.org"}
KNOWN = "lines_known"

_WRITTEN_OTHERWISE = ("800 911 2000", "8009112000", "799-7233", "7997233")
_BUT_FOR = re.compile(r"24/7")


def crisis_texts() -> Iterator[tuple[str, Texts]]:
    """Every text that names a crisis line, by where it stands."""
    book = read_flows()
    for flow in book.flows.values():
        for step in flow.steps.values():
            parts = [("say", step.say), ("unclear", step.unclear)]
            parts += [(f"silence.{n}", silence.say) for n, silence in enumerate(step.silence)]
            yield from ((f"{flow.name} [{step.name}] {part}", texts) for part, texts in parts if texts)
    yield from ((f"notices [{name}] say", texts) for name, texts in book.notices.items())


def said(texts: Texts, country: str, language: str, *, plain: bool, **values: Any) -> str:
    """What one person reads."""
    identity = ServiceIdentity("Circle", "help@example.org", country, "+14155550100", "+14155550100")
    ctx = ActionContext(
        session=cast(Session, None),
        now=dt.datetime(2027, 1, 4, tzinfo=dt.UTC),
        identity=identity,
        person=Person(name="Ana", language=language, plain=plain),
        address_id=1,
        values=values,
    )
    return speak(ctx, texts, uri="sms:+14155550101", given=GIVEN)


def rendered() -> str:
    """Every text that names a line, as it is read in each country, language and kind of phone."""
    lines = []
    for place, texts in sorted(crisis_texts()):
        if all(KNOWN in variants for variants in texts.values()):
            lines += [
                f"{place} {country} {language}{' shared phone' if plain else ''}\n"
                f"    {said(texts, country, language, plain=plain)}\n"
                for language in ("en", "es")
                for country in COUNTRIES
                for plain in (False, True)
            ]
    return "".join(lines)


def test_every_text_that_names_a_line_reads_as_it_was_approved(request: pytest.FixtureRequest) -> None:
    """A change here is seen as a difference, for a clinician to read: `pytest --update` writes it anew."""
    if request.config.getoption("--update"):
        GOLDEN.write_text(rendered(), encoding="utf-8")
    assert rendered() == GOLDEN.read_text(encoding="utf-8")


def test_no_number_of_a_line_stands_anywhere_but_in_the_one_file() -> None:
    numbers = {TABLES[country][name] for country in TABLES for name in NUMBERS if name in TABLES[country]}
    shapes = [rf"(?<!\d){re.escape(number)}(?!\d)" for number in {*numbers, *_WRITTEN_OTHERWISE}]
    for path in FLOWS.rglob("*.toml"):
        if path not in (FILE, LINES_TO_CALL):
            text = _BUT_FOR.sub("", path.read_text(encoding="utf-8"))
            found = [match[0] for shape in shapes for match in re.finditer(shape, text)]
            assert found == [], f"{path.name} names {found}: write a placeholder of crisis_lines.toml"


def test_within_the_file_each_number_stands_once_for_a_country() -> None:
    for country, table in TABLES.items():
        for language in LANGUAGES:
            for form, words in table[language].items():
                held = [table[name] for name in NUMBERS if name in table and table[name] in words]
                assert held == [], f"{country}.{language}.{form} writes out {held}: put its name in braces"


def test_the_file_has_no_gaps() -> None:
    assert gaps() == []
    assert set(LINES) == set(TABLES)


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"emergency": None}, "US.emergency", "missing"),
        ({"abuse": " "}, "US.abuse", "missing"),
        ({"crisiss": "988"}, "US.crisiss", "no number that is known"),
        ({"es": None}, "US.es", "no words for this language"),
        ({"en": {**TABLES["US"]["en"], "crisis_call": "call {crises}"}}, "US.en.crisis_call", "{crises}"),
        ({"en": {**TABLES["US"]["en"], "crisis_call": "call {crisis"}}, "US.en.crisis_call", "lone"),
        ({"en": {**TABLES["US"]["en"], "crisis_cal": "call"}}, "US.en.crisis_cal", "crisis_call"),
    ],
)
def test_what_is_missing_or_misspelt_is_said(change: dict[str, Any], key: str, message: str) -> None:
    table = {name: value for name, value in {**TABLES["US"], **change}.items() if value is not None}
    (gap,) = find_gaps({**TABLES, "US": table})
    assert (gap.file, gap.key) == ("crisis_lines.toml", key)
    assert message in gap.message
    assert set(read_lines({**TABLES, "US": table})) == set(TABLES) - {"US"}


def test_a_country_without_lines_claims_none() -> None:
    assert lines_of(UNKNOWN, "en") == {}
    texts = {"en": {"full": "Call someone.", KNOWN: "Call {crisis_number}."}}
    assert said(texts, UNKNOWN, "en", plain=False) == "Call someone."
    assert said(texts, "MX", "en", plain=False) == "Call 800 911 2000."


@pytest.mark.parametrize("variant", ["full", "plain", "week_2"])
def test_a_line_is_named_only_where_the_lines_are_known(variant: str, tmp_path: Path) -> None:
    said = {
        "full": "Hi.",
        "plain": "Hi.",
        "week_2": "Hi.",
        KNOWN: "{emergency}.",
        f"{KNOWN}_plain": "{emergency}.",
    }
    lines = [f'say.{language}.{name} = "{text}"' for language in LANGUAGES for name, text in said.items()]
    notices = "\n".join(['flow = "notices"', "[help]", *lines])
    (tmp_path / "notices.toml").write_text(notices, encoding="utf-8")
    assert load(tmp_path, known()).notice("help")["en"] == said

    wrong = notices.replace(f'{variant} = "Hi."', f'{variant} = "{{emergency}}."')
    (tmp_path / "notices.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(FlowErrors) as raised:
        load(tmp_path, known())
    assert [problem.key for problem in raised.value.problems] == [
        f"say.{code}.{variant}" for code in LANGUAGES
    ]
    assert "only in the variant lines_known" in str(raised.value)


def test_nothing_that_was_written_or_kept_stands_for_a_line() -> None:
    texts = {"en": {"full": "Call someone.", KNOWN: "Call {crisis_number}, {emergency}."}}
    values = {"crisis_number": "555", "emergency": "555", "lines": "unknown"}
    assert said(texts, "US", "en", plain=False, **values) == "Call 988, 911."
    assert said(texts, UNKNOWN, "en", plain=False, lines="known") == "Call someone."
