"""How many texts a week may come stands in one place, and whatever says a number says that one."""

from __future__ import annotations

import re

from assistant.circles.people.weekly_texts import TEXTS_A_WEEK
from assistant.runtime import FLOWS, read_flows
from assistant.simulation.texts_a_week import promised

SAYS = re.compile(
    r"\b(?:up to|more than|hasta|más de) (\d+) (?:texts|msgs|mensajes|msjs|a week)", re.IGNORECASE
)


def test_every_text_that_says_how_many_texts_a_week_says_the_true_number() -> None:
    said = {
        path.name: numbers
        for path in FLOWS.glob("*.toml")
        if (numbers := [int(number) for number in SAYS.findall(path.read_text("utf-8"))])
    }
    assert {number for numbers in said.values() for number in numbers} == {TEXTS_A_WEEK}
    # What it costs, coming back, EACH, a START, joining, and a new phone: each in both languages.
    files = ("answers.toml", "join.toml", "news.toml", "notices.toml", "shared.toml")
    assert {name: len(numbers) for name, numbers in said.items()} == {
        **dict.fromkeys(files, 2),
        "shared.toml": 4,
    }


def test_the_season_is_held_to_it() -> None:
    assert promised(read_flows()) == TEXTS_A_WEEK
