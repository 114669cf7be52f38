"""Words that may speak of danger wait for a private question; nobody gets them before it is settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.safety.danger_reader import read_danger
from assistant.simulation.world import World
from assistant.store.tables import Alert, AlertStep, Answer, Note, Outbox, Share

DAY = dt.datetime(2026, 6, 1, 14, 0, tzinfo=ZoneInfo("America/Chicago"))
WORDS = "I ran out of insulin and have no money"
OTHERS = "ya no aguanto más"
ASKED = "maybe_danger/ask/say"


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def world(book: FlowBook) -> Iterator[World]:
    with World(book, start=DAY) as made:
        made.circle("MAPLE", "Bold Moves", state="running")
        made.role("luz", "host", "MAPLE")
        made.member("ana", "MAPLE")
        yield made


def wordings(world: World, name: str) -> list[str]:
    with world.database.read() as session:
        rows = session.scalars(select(Outbox).order_by(Outbox.id)).all()
        return [row.wording or "" for row in rows if row.to_uri.endswith(world.number(name))]


def alerts(world: World) -> int:
    with world.database.read() as session:
        return len(session.scalars(select(Alert)).all())


def later(world: World, **time: int) -> None:
    world.move_to(world.clock.now() + dt.timedelta(**time))


def test_the_words_of_these_tests_may_be_danger() -> None:
    assert {read_danger(words).level for words in (WORDS, OTHERS)} == {"perhaps"}


@pytest.mark.parametrize("written", [WORDS, f"@ {WORDS}", OTHERS])
def test_nobody_gets_them_and_nobody_is_paged_before_the_answer(world: World, written: str) -> None:
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2})
    world.text("ana", written)
    assert wordings(world, "ana")[-1] == ASKED
    assert (wordings(world, "luz"), alerts(world)) == ([], 0)
    with world.database.read() as session:
        for table in (Answer, Share, Note):
            assert session.scalars(select(table)).all() == []


@pytest.mark.parametrize("answer", ["2", "3", "why do you ask", "SKIP", "ok then goodbye", OTHERS])
def test_whatever_is_not_clearly_fine_leads_to_a_person(world: World, answer: str) -> None:
    world.text("ana", WORDS)
    world.text("ana", answer)
    assert wordings(world, "luz") == ["notices/alert_page_last"]
    assert alerts(world) == 1


def test_so_does_silence(world: World) -> None:
    world.text("ana", WORDS)
    later(world, hours=1, minutes=1)
    assert wordings(world, "luz") == ["notices/alert_page_last"]


def test_after_fine_it_is_asked_again_only_of_whoever_goes_on(world: World) -> None:
    world.text("ana", WORDS)
    world.text("ana", "I'm fine")
    world.text("ana", WORDS)
    assert wordings(world, "ana").count(ASKED) == 1
    world.text("ana", OTHERS)
    assert wordings(world, "ana").count(ASKED) == 2
    world.text("ana", "estoy bien")
    later(world, days=3)
    world.text("ana", "i cant do this anymore")
    assert wordings(world, "ana").count(ASKED) == 2
    later(world, days=8)
    world.text("ana", "i cant do this anymore")
    assert wordings(world, "ana").count(ASKED) == 3
    assert alerts(world) == 0


def test_to_whoever_opted_out_nothing_is_said_and_nobody_is_paged(world: World) -> None:
    world.text("ana", "STOP")
    before = wordings(world, "ana")
    world.text("ana", WORDS)
    later(world, hours=2)
    assert (wordings(world, "ana"), alerts(world)) == (before, 0)
    assert "notices/alert_page_last" not in wordings(world, "luz")


def test_certain_words_while_it_is_asked_are_answered_as_such(world: World) -> None:
    world.text("ana", WORDS)
    world.text("ana", "I want to kill myself")
    assert wordings(world, "ana")[1:] == ["danger/crisis/say", "safe/ask/say"]


@pytest.mark.parametrize("first", ["I want to kill myself", "my husband hits me"])
def test_nobody_in_a_safety_talk_writes_into_silence_twice(world: World, first: str) -> None:
    world.text("ana", first)
    world.text("ana", "2")
    said = [len(wordings(world, "ana"))]
    for written in ("is anybody there??", "please", "call me please", "?", "done", "I'm here", "hello", "ok"):
        world.text("ana", written)
        said.append(len(wordings(world, "ana")))
    assert all(after > before for before, after in zip(said, said[2:], strict=False)), said


def test_news_come_at_most_every_ten_minutes(world: World) -> None:
    world.text("ana", "my husband hits me")
    world.text("ana", "no")
    for _ in range(6):
        world.text("ana", "is anybody there??")
        later(world, minutes=4)
    with world.database.read() as session:
        told = session.scalars(select(AlertStep.at).where(AlertStep.what == "news told")).all()
    assert len(told) == 2
    assert all(b - a >= dt.timedelta(minutes=10) for a, b in pairwise(told))


def test_what_is_asked_at_an_ordinary_question_later_is_answered_and_shared_with_nobody(world: World) -> None:
    world.text("ana", "NOW locked out of the house with my sleepy mitten")
    later(world, hours=3)
    world.start("ana", "circle_close", {"week": 5, "theme": 5})
    for words in ("SHOW", "1"):
        world.text("luz", words)
    world.text("ana", "how much does this cost?")
    assert "answers/cost" in wordings(world, "ana")
    with world.database.read() as session:
        assert session.scalars(select(Answer).where(Answer.visible_to == "circle")).all() == []
