"""One phrase of `commands.toml` may stand for several; the first of them is how the command is shown."""

from __future__ import annotations

import pytest

from assistant.engine.flow_model import Command
from assistant.engine.phrase_forms import spelled_out, with_every_phrase
from assistant.engine.problems import Notes
from tests.case_tables import each_case


@each_case(
    ("phrase", "forms"),
    [
        ("quiet {code}", ("quiet {code}",)),
        ("(i'm|i am) away [now]", ("i'm away now", "i'm away", "i am away now", "i am away")),
        ("[to (me|us)|here] please", ("to me please", "here please", "please", "to us please")),
        ("(a|a) [b]", ("a b", "a")),
    ],
)
def test_brackets_are_spelled_out(phrase: str, forms: tuple[str, ...]) -> None:
    assert sorted(spelled_out(phrase)) == sorted(forms)
    assert spelled_out(phrase)[0] == forms[0]


@pytest.mark.parametrize("phrase", ["(a|b", "a]", "a | b"])
def test_a_bracket_that_stands_alone_is_told_of_and_the_command_kept(phrase: str) -> None:
    with pytest.raises(ValueError, match="stands alone"):
        spelled_out(phrase)
    notes = Notes("commands.toml", "")
    command = Command("away", {"en": (phrase,)}, "anyone", "away", False, False)
    assert with_every_phrase(command, notes).words == {"en": (phrase,)}
    assert "stands alone" in str(notes.problems[0])
