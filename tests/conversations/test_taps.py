"""A tap means that option of that asking, however late; once; and a forged one is mere words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.channels.payloads import payload_of
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.simulation.world_phones import approve_templates, let_text_by, tap
from assistant.store.tables import Answer, Conversation, Inbox, Question

MONDAY = dt.datetime(2026, 6, 1, 10, 0, tzinfo=ZoneInfo("America/Chicago"))
CLOSED = "That question is closed by now"


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def world(book: FlowBook) -> Iterator[World]:
    with World(book, start=MONDAY) as world:
        approve_templates(world, opener_only=True)
        let_text_by(world, "ana", "whatsapp")
        let_text_by(world, "eva", "rcs")
        world.circle("MAPLE", "Bold Moves", state="running")
        world.role("luz", "host", "MAPLE")
        for name in ("ana", "eva", "rosa"):
            world.member(name, "MAPLE")
            world.text(name, "hello")
        yield world


def check_in(world: World, name: str = "ana") -> Question:
    world.start(name, "group_check_in", {"week": 2, "theme": 2}, "MAPLE")
    return newest(world, "ask")


def newest(world: World, step: str) -> Question:
    with world.database.read() as session:
        asked = select(Question).where(Question.step == step).order_by(Question.id.desc()).limit(1)
        found = session.scalars(asked).one()
        session.expunge(found)
    return found


def answers(world: World) -> list[tuple[str, str]]:
    with world.database.read() as session:
        return [(row.key, row.outcome) for row in session.scalars(select(Answer).order_by(Answer.id))]


def reason(world: World) -> str | None:
    with world.database.read() as session:
        return session.scalars(select(Inbox.reason).order_by(Inbox.id.desc()).limit(1)).one()


def said(world: World, name: str, since: int) -> list[str]:
    return [each.body for each in world.heard_since(since) if each.to == world.number(name)]


def payload(world: World, name: str, words: str, brings: str) -> None:
    world.text(name, words, extras={"ButtonText": words, "ButtonPayload": brings})


@pytest.mark.parametrize("name", ["ana", "eva"])
def test_a_tap_answers_and_typing_answers_as_before(world: World, name: str) -> None:
    check_in(world, name)
    tap(world, name, "Ok")
    check_in(world, name)
    world.text(name, "ok")
    assert answers(world) == [("how", "ok"), ("how", "ok")]


def test_a_doubled_tap_moves_once(world: World) -> None:
    check_in(world)
    tap(world, "ana", "Ok")
    index = len(world.heard)
    tap(world, "ana", "Ok")
    assert answers(world) == [("how", "ok")]
    assert reason(world) == "tapped twice"
    assert said(world, "ana", index) == []


def test_a_late_tap_on_a_question_that_was_left_for_another_answers_that_one(world: World) -> None:
    asked = check_in(world)
    world.move_to(world.clock.now() + dt.timedelta(hours=4))
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2}, "MAPLE")
    tap(world, "ana", "Ok")
    assert answers(world) == [("how", "ok")]
    with world.database.read() as session:
        assert session.get_one(Question, asked.id).state == "closed"
        states = session.scalars(select(Question.state).where(Question.flow == "weekly_reflection")).all()
    assert states == ["open"]


def test_a_tap_on_what_was_closed_for_silence_is_a_late_answer(world: World) -> None:
    check_in(world)
    world.move_to(world.clock.now() + dt.timedelta(hours=50))
    tap(world, "ana", "Ok")
    assert answers(world) == [("how", "ok")]


def test_a_tap_on_what_was_answered_otherwise_changes_nothing_and_says_so(world: World) -> None:
    world.start("ana", "share", {}, "MAPLE")
    asked = check_in(world)
    tap(world, "ana", "Ok")
    index = len(world.heard)
    payload(world, "ana", "Not ok", payload_of(asked.id, "not_ok"))
    assert answers(world)[-1] == ("how", "ok")
    assert any(each.startswith(CLOSED) for each in said(world, "ana", index))


def test_a_tap_on_an_old_asking_never_answers_the_new_one(world: World) -> None:
    old = check_in(world)
    tap(world, "ana", "Ok")
    world.move_to(world.clock.now() + dt.timedelta(days=1))
    new = check_in(world)
    assert new.id != old.id
    payload(world, "ana", "Not ok", payload_of(old.id, "not_ok"))
    with world.database.read() as session:
        assert session.get_one(Question, new.id).state == "open"
    assert answers(world) == [("how", "ok")]


@pytest.mark.parametrize("brings", ["ask:999999:ok", "ask:x:ok", "not_ok", "", "ask:1:" + "x" * 180])
def test_a_forged_or_garbled_payload_is_words(world: World, brings: str) -> None:
    check_in(world)
    payload(world, "ana", "ok", brings)
    assert answers(world) == [("how", "ok")]


def test_a_payload_of_somebody_elses_question_or_of_no_option_is_words(world: World) -> None:
    theirs = check_in(world, "eva")
    mine = check_in(world)
    payload(world, "ana", "ok", payload_of(theirs.id, "not_ok"))
    assert answers(world) == [("how", "ok")]
    with world.database.read() as session:
        assert session.get_one(Question, theirs.id).state == "open"
        assert session.get_one(Question, mine.id).outcome == "ok"
    again = check_in(world)
    payload(world, "ana", "not ok", payload_of(again.id, "skip"))
    assert answers(world)[-1] == ("how", "not_ok")


def test_what_is_read_on_a_button_is_no_keyword(world: World) -> None:
    asked = check_in(world)
    payload(world, "ana", "STOP asking", payload_of(asked.id, "ok"))
    assert answers(world) == [("how", "ok")]
    world.text("ana", "STOP")
    assert world.heard[-2].body.startswith("Circle: You are opted out")


def test_the_same_options_are_a_list_where_there_are_many(world: World) -> None:
    world.text("ana", "NEWS")
    shown = world.heard[-1]
    assert shown.buttons == ("Each", "Daily", "Weekly", "Only when I text read")
    assert shown.list_button == "Choose"
    tap(world, "ana", "Weekly")
    with world.database.read() as session:
        flows = session.scalars(select(Conversation.flow).where(Conversation.ended_at.is_not(None))).all()
    assert "news" in flows


def test_on_a_shared_phone_nobodys_name_is_on_a_button(world: World) -> None:
    let_text_by(world, "mia", "whatsapp")
    world.member("mia", "MAPLE", plain=True)
    world.circle("CEDAR", "Quiet Steps", state="running")
    world.member("mia", "CEDAR", plain=True)
    index = len(world.heard)
    world.text("mia", "PAUSE")
    assert all(not each.buttons or "Bold Moves" not in each.buttons for each in world.heard_since(index))
