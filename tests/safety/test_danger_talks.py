"""Words of danger are answered before anything else, at any hour, and go nowhere else."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.conversations.dispatch import LOOP_TEXTS
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Alert, Answer, Note, Outbox, Question, Share

NIGHT = dt.datetime(2026, 6, 1, 2, 0, tzinfo=ZoneInfo("America/Chicago"))
WORDS = "I want to kill myself"


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def world(book: FlowBook) -> Iterator[World]:
    with World(book, start=NIGHT) as made:
        made.circle("MAPLE", "Bold Moves", state="running")
        made.role("luz", "host", "MAPLE")
        made.member("ana", "MAPLE")
        made.member("rosa", "MAPLE")
        yield made


def wordings(world: World, name: str) -> list[str]:
    """Where the texts to someone came from, in order; only those that left."""
    with world.database.read() as session:
        rows = session.scalars(select(Outbox).order_by(Outbox.id)).all()
        return [
            row.wording or ""
            for row in rows
            if row.to_uri.endswith(world.number(name)) and row.state not in ("cancelled", "dropped", "queued")
        ]


def rows(world: World, table: type[Alert | Answer | Note | Share | Question | Outbox]) -> list[Any]:
    with world.database.read() as session:
        found: list[Any] = list(session.scalars(select(table)))
        session.expunge_all()
        return found


def test_words_of_danger_are_answered_at_night_before_everything_else(world: World) -> None:
    world.text("ana", WORDS)
    assert wordings(world, "ana") == ["danger/crisis/say", "safe/ask/say"]
    assert wordings(world, "luz") == ["notices/alert_page_last"]
    said = [row for row in rows(world, Outbox) if isinstance(row, Outbox) and row.purpose == "safety"]
    assert {row.priority for row in said} == {0}


def test_words_of_danger_are_no_answer_and_nobody_gets_them(world: World) -> None:
    world.move_to(NIGHT + dt.timedelta(hours=8))
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2})
    world.text("ana", f"Rose: my kids. Thorn: {WORDS}")
    world.text("ana", f"@ {WORDS}")
    for table in (Answer, Share, Note):
        assert rows(world, table) == []
    for heard in world.heard:
        assert "kill" not in heard.body
    (alert,) = rows(world, Alert)
    assert isinstance(alert, Alert)
    assert (alert.kind, alert.closed_at) == ("danger", None)


def test_the_same_crisis_text_is_not_said_six_times_in_ten_minutes(world: World) -> None:
    for _ in range(6):
        world.text("ana", WORDS)
        world.move_to(world.clock.now() + dt.timedelta(minutes=1))
    counts = Counter(wordings(world, "ana"))
    assert counts["danger/crisis/say"] == 1
    assert 1 <= counts["safe/ask/unclear"] <= 5
    assert wordings(world, "luz") == ["notices/alert_page_last", "notices/alert_news"]


def test_an_hour_later_it_is_said_again(world: World) -> None:
    world.text("ana", WORDS)
    world.move_to(world.clock.now() + dt.timedelta(hours=1))
    world.text("ana", WORDS)
    assert Counter(wordings(world, "ana"))["danger/crisis/say"] == 2


def test_despair_writes_much_and_is_no_loop(world: World) -> None:
    for number in range(LOOP_TEXTS + 5):
        world.text("ana", f"hello {number}")
    before = len(wordings(world, "ana"))
    world.text("ana", WORDS)
    assert wordings(world, "ana")[before:] == ["danger/crisis/say", "safe/ask/say"]


def test_words_under_a_photo_count(world: World) -> None:
    world.text("ana", WORDS, media=[("", "image/jpeg")])
    assert wordings(world, "ana")[0] == "danger/crisis/say"


def test_nothing_goes_to_who_opted_out_and_a_person_is_paged(world: World) -> None:
    world.text("ana", "STOP")
    before = len(world.heard)
    world.text("ana", WORDS)
    assert [world.name(heard.to) for heard in world.heard[before:]] == ["luz"]
    assert [row.state for row in rows(world, Question) if isinstance(row, Question)] == []


def test_a_reaction_that_quotes_danger_is_none(world: World) -> None:
    world.text("ana", f"Loved “{WORDS}”")
    assert rows(world, Alert) == []


def test_what_was_asked_before_comes_back_later_and_not_at_once(world: World) -> None:
    world.move_to(NIGHT + dt.timedelta(hours=8))
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2})
    world.text("ana", WORDS)
    world.text("ana", "yes")
    asked = "weekly_reflection"
    assert sum(asked in each for each in wordings(world, "ana")) == 1
    world.move_to(world.clock.now() + dt.timedelta(hours=2, minutes=59))
    assert sum(asked in each for each in wordings(world, "ana")) == 1
    world.move_to(world.clock.now() + dt.timedelta(minutes=2))
    assert sum(asked in each for each in wordings(world, "ana")) == 2


def test_words_of_abuse_say_nothing_on_the_topic_before_a_yes(world: World) -> None:
    world.text("ana", "my husband hits me")
    world.text("ana", "no")
    world.text("ana", "are you there")
    said = [heard.body for heard in world.heard if heard.to == world.number("ana")]
    assert wordings(world, "ana") == ["abuse/check/say", "abuse/later/say", "notices/still_here"]
    for body in said:
        assert not {"safe", "danger", "hits", "hurt", "799"} & set(body.lower().replace("-", " ").split())


def test_a_late_answer_to_are_you_safe_is_taken(world: World) -> None:
    world.text("ana", WORDS)
    world.move_to(world.clock.now() + dt.timedelta(minutes=50))
    world.text("ana", "no")
    (answer,) = rows(world, Answer)
    assert isinstance(answer, Answer)
    assert (answer.key, answer.outcome, answer.visible_to) == ("safe", "no", "host")
