"""`circle simulate`: a season to read on standard output, and exit status 1 where a promise was broken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from assistant.simulation import season_play
from assistant.simulation.invariants import PROMISES, Score
from assistant.simulation.story import Story, Week
from assistant.simulation.text_checks import Passed
from tests.cli.shell import Circle

ZONE = ZoneInfo("America/Chicago")
NINE = dt.datetime(2026, 9, 14, 9, 0, tzinfo=ZONE)
ROW = SimpleNamespace(id=1, member_id=None, purpose="prompt", wording="", created_at=NINE)


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    """What is played instead of a whole season."""
    score = Score()
    score.hold("asleep", True, NINE, "Ana", "")
    shown = Story(
        title="Bold Moves: 4 members, 4 weeks, seed 7",
        starts_on=NINE.date(),
        weeks=4,
        zone=ZONE,
        texts=[
            Passed(
                NINE,
                "Ana",
                "Week 1: Arrive.",
                False,
                "Europe/Madrid",
                ROW,
            )
        ],
        score=score,
        table=[Week(1, 1, 1, 0, 0, 4)],
        seats=[("Ana", "MAPLE", "active")],
        joined={"Ana": NINE - dt.timedelta(days=3)},
    )

    def play(*_: object, told: Callable[[float], None], **_asked: int) -> Story:
        told(0.5)
        return shown

    monkeypatch.setattr(season_play, "simulate", play)
    return shown


def test_the_season_is_printed_with_its_promises(circle: Circle, story: Story) -> None:
    result = circle("simulate", "--members", 4, "--weeks", 4, "--seed", 7)
    assert (result.code, result.err) == (0, "")
    assert "    16:00     to Ana: Week 1: Arrive." in result.out
    assert "Ana says nothing this week." in result.out
    assert f"yes  {PROMISES['asleep']}: kept 1 of 1 times" in result.out


def test_json_holds_the_summary_and_no_words(circle: Circle, story: Story) -> None:
    data = circle("simulate", "--json").data
    assert data["weeks"][0]["texts_out"] == 1
    assert {"promise": PROMISES["asleep"], "checks": 1, "broken": 0} in data["promises"]
    assert "Arrive" not in str(data)


def test_a_broken_promise_is_exit_status_1_and_shown_with_the_lines_around_it(
    circle: Circle, story: Story
) -> None:
    story.score.hold("eyes", False, NINE, "Ana", "Rosa wrote 'green ladder' for us")
    result = circle("simulate")
    assert result.code == 1
    assert "1 times a promise was broken" in result.err
    failure = result.out[result.out.index("BROKEN: ") :]
    assert "Monday, September 14, 09:00, Ana: Rosa wrote 'green ladder' for us" in failure
    assert "to Ana: Week 1: Arrive." in failure


@pytest.mark.parametrize("wrong", [("--members", 3), ("--weeks", 5), ("--circles", 7)])
def test_a_season_that_cannot_be_played_is_wrong_usage(circle: Circle, wrong: tuple[str, int]) -> None:
    assert circle("simulate", *wrong).code == 2
