"""What is wrong with answers.toml is named, with its place and a way to mend it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversations.helping.asking_back import asked_of
from assistant.engine.loading import load
from assistant.engine.problems import FlowErrors
from assistant.language.asking.question_patterns import parse_pattern
from tests.engine.flow_folder import KNOWN

KNOWING = replace(KNOWN, question=parse_pattern, asked=asked_of)
GOOD = """
flow = "answers"
title = "Questions"

[kinds]
it.en = ["it", "this"]
it.es = ["esto", "eso"]

[cost]
asks.en = ["what does {it} cost", "is {it} free"]
asks.es = ["cuanto cuesta [{it}]"]
label.en = "what does it cost"
label.es = "cuánto cuesta"
say.en = "Nothing."
say.es = "Nada."

[puzzled]
asks.en = ["i dont get it"]
asks.es = ["no entiendo"]
asks_loosely.en = ["lost"]
asks_loosely.es = ["nada"]
label.en = "I don't get it"
label.es = "no entiendo"
does = "reword"
"""


def problems(folder: Path, text: str) -> list[str]:
    (folder / "answers.toml").write_text(text, "utf-8")
    with pytest.raises(FlowErrors) as raised:
        load(folder, KNOWING)
    return [str(each) for each in raised.value.problems]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(GOOD, "utf-8")
    book = load(tmp_path, KNOWING)
    assert book.answers["cost"].asks["en"] == ("what does (it|this) cost", "is (it|this) free")
    assert (book.answers["puzzled"].does, book.answers["puzzled"].say) == ("reword", None)
    assert book.answers["puzzled"].loosely["es"] == ("nada",)
    assert not book.flows


@pytest.mark.parametrize(
    ("good", "bad", "place", "part"),
    [
        ('say.es = "Nada."\n', "", "[cost] say.es", "no translation"),
        ("{it} cost", "{its} cost", "[cost] asks.en", "no kind {its}"),
        ("is {it} free", "is [{it} free", "[cost] asks.en", "not closed"),
        ("i dont get it", "what does {it} cost", "[puzzled] asks.en", "is asked of"),
        ('does = "reword"', 'does = "rewrod"', "[puzzled] does", 'Did you mean "reword"'),
        ('does = "reword"', 'starts = "nowhere"', "[puzzled] starts", "no flow"),
        ('does = "reword"', 'does = "reword"\nsay.en = "a"\nsay.es = "b"', "[puzzled]", "it has one of"),
        ('label.en = "I don\'t get it"', 'label.en = "is it free"', "[puzzled] label.en", "asks for cost"),
        ('label.en = "what does it cost"', 'label.en = "is it free?"', "[cost] label.en", "question marks"),
        ('say.en = "Nothing."', 'say.en = "Nothing, {nobody}."', "[cost] say.en", "nothing fills"),
        ('say.en = "Nothing."', f'say.en = "{"Nothing. " * 60}"', "[cost] say.en", "too long"),
        ("asks_loosely.en", "ask_loosely.en", "[puzzled] ask_loosely", "no key"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, good: str, bad: str, place: str, part: str
) -> None:
    assert good in GOOD
    found = problems(tmp_path, GOOD.replace(good, bad))
    assert any(place in each and part in each for each in found), found
