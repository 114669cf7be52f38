"""`make hearing` runs every table of cases, counts what is heard wrong, and finds nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import hearing


@pytest.mark.parametrize(
    ("expected", "got", "asks", "became"),
    [
        ("yes", "yes", False, hearing.RIGHT),
        ("yes", "unclear", False, hearing.ASKED),
        ("unclear", "yes", False, hearing.WRONG),
        ("yes", "no", False, hearing.WRONG),
        ("sure", "perhaps", True, hearing.ASKED),
    ],
)
def test_to_ask_is_never_wrong_and_to_guess_is(expected: str, got: str, asks: bool, became: str) -> None:
    assert hearing.judge(expected, got, asks=asks) == became


def test_wrong_counts_double_where_it_harms() -> None:
    counts = {"stakes": Counter({hearing.WRONG: 1}), "place": Counter({hearing.WRONG: 1})}
    assert hearing.weigh(counts) == 3


def test_nothing_is_heard_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert hearing.main() == 0, capsys.readouterr().out
    kinds = {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:-1]}
    assert {"asks", "stakes", "danger", "whole", "place", "date", "commands", "signals"} <= kinds
