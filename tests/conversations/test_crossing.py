"""What crossed with our question, came twice, or in two halves is no answer to what nobody had read yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Answer, Goal, Inbox, Member, Question, Share

MONDAY = dt.datetime(2026, 6, 1, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


@pytest.fixture
def world() -> Iterator[World]:
    with World(read_flows(), start=MONDAY) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        world.member("rosa", "MAPLE")
        yield world


def together(world: World, name: str, *bodies: str, apart: float = 0.0) -> None:
    """Texts that all came before the first of them is looked at, `apart` seconds from one another."""
    world.move_to(world.clock.now() + dt.timedelta(minutes=5))
    texts = [
        IncomingText(
            carrier_id=f"SM{body}{number}{world.clock.now().timestamp()}",
            from_uri=to_uri(world.number(name)),
            to_uri=to_uri(LOCAL_NUMBER),
            body=body,
            params={},
            received_at=world.clock.now() - dt.timedelta(seconds=max(apart, 0.1) * (len(bodies) - number)),
        )
        for number, body in enumerate(bodies)
    ]
    with world.database.write() as session:
        insert_texts(session, texts)
    world.settle()


def reasons(world: World) -> list[str | None]:
    with world.database.read() as session:
        return list(session.scalars(select(Inbox.reason).order_by(Inbox.id)))


def answers(world: World) -> list[tuple[str, str | None]]:
    with world.database.read() as session:
        return [(row.key, row.words) for row in session.scalars(select(Answer).order_by(Answer.id))]


@pytest.mark.parametrize("apart", [0.0, 4.0, 90.0])
def test_a_text_that_comes_twice_before_our_reply_counts_once(world: World, apart: float) -> None:
    world.text("kim", "JOIN MAPLE")
    together(world, "kim", "SKIP", "SKIP", "skip.", apart=apart)
    assert reasons(world)[-2:] == ["doubled", "doubled"]
    with world.database.read() as session:
        asked = session.scalars(select(Question).where(Question.state == "open")).one()
    assert asked.step == "language", "the second SKIP is not for the question that the first one led to"


def test_halves_that_come_before_anything_is_said_are_one_answer(world: World) -> None:
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2})
    together(world, "ana", "I got the job", "and it felt great", "and my kids danced", apart=3)
    assert answers(world) == [("open", "I got the job and it felt great and my kids danced")]
    assert reasons(world) == [None, "joined", "joined"]


def test_words_of_a_minute_later_join_nothing_that_others_read(world: World) -> None:
    world.start("ana", "weekly_reflection", {"week": 8, "theme": 8})
    together(world, "ana", "I am less alone", "the lawyer came today, finally", apart=60)
    assert answers(world) == [("open", "I am less alone")]
    with world.database.read() as session:
        shared = session.scalars(select(Share.words)).all()
    assert all("lawyer" not in (words or "") for words in shared)


def test_a_goal_grows_by_its_second_half(world: World) -> None:
    world.text("ana", "GOAL")
    together(world, "ana", "find work", "near my kids' school", apart=2)
    with world.database.read() as session:
        goals = session.scalars(select(Goal.words).where(Goal.words.is_not(None))).all()
    assert list(goals) == ["find work near my kids' school"]


def test_a_word_that_goes_on_lets_nobody_read_a_goal(world: World) -> None:
    world.start("ana", "goal", {})
    world.text("ana", "Ahorrar para un violín")
    world.text("ana", "Si hay cansancio, entonces pongo música")
    world.text("ana", "y", after=dt.timedelta(seconds=1))
    with world.database.read() as session:
        asked = session.scalars(select(Question).where(Question.state == "open")).one()
        assert (asked.flow, session.scalars(select(Share)).all()) == ("second_half", [])


def test_a_correction_before_our_reply_answers_nothing_and_is_said_so(world: World) -> None:
    world.text("kim", "JOIN MAPLE")
    world.text("kim", "Kim")
    world.text("kim", "1")
    index = len(world.heard)
    together(world, "kim", "Austin", "sorry, Dallas", apart=1)
    said = [heard.body for heard in world.heard_since(index)]
    assert reasons(world)[-1] == "crossed"
    assert any("crossed" in each for each in said)
    with world.database.read() as session:
        asked = session.scalars(select(Question).where(Question.state == "open")).one()
    assert asked.step == "shared_phone"


def test_no_half_is_guessed_when_it_could_answer_the_question_that_just_left(world: World) -> None:
    world.start("ana", "weekly_reflection", {"week": 8, "theme": 8})
    world.text("ana", "I am less alone")
    world.text("ana", "Rosa never listens", after=dt.timedelta(seconds=2))
    with world.database.read() as session:
        asked = session.scalars(select(Question).where(Question.state == "open")).one()
        rosa = session.scalars(select(Member.id)).all()
    assert asked.flow == "second_half", rosa
    assert answers(world) == [("open", "I am less alone")]
    world.text("ana", "and she talks too much", after=dt.timedelta(seconds=2))
    world.text("ana", "1")
    assert answers(world)[0] == ("open", "I am less alone"), "what was gathered is shown first"
    assert "'Rosa never listens and she talks too much' OK?" in world.heard[-1].body
    world.text("ana", "1")
    assert answers(world)[0] == ("open", "I am less alone Rosa never listens and she talks too much")


def test_an_answer_typed_in_the_time_that_takes_is_an_answer(world: World) -> None:
    world.start("ana", "weekly_reflection", {"week": 5, "theme": 5})
    world.text("ana", "bought less coffee")
    world.text("ana", "2")
    world.text("ana", "how do I ask for a raise", after=dt.timedelta(seconds=9))
    assert ("question_unnamed", "how do I ask for a raise") in answers(world)


def test_what_is_shared_can_be_read_only_when_its_second_half_would_be_there(world: World) -> None:
    world.start("ana", "weekly_reflection", {"week": 2, "theme": 2})
    world.text("ana", "I got the job")
    world.text("ana", "1")
    world.text("rosa", "READ", after=dt.timedelta(seconds=3))
    assert not any(
        "Ana: I got the job" in heard.body or "Someone: I got" in heard.body for heard in world.heard
    )
    together(world, "ana", "and nothing else", apart=0)
    world.text("rosa", "READ")
    with world.database.read() as session:
        shared = session.scalars(select(Share.words)).all()
    assert any("Ana: I got the job" in heard.body for heard in world.heard)
    assert list(shared) == ["I got the job"], "what came after we had replied is asked about"


def test_safety_is_not_confirmed_by_words_written_before_the_question(world: World) -> None:
    together(world, "ana", "I want to die", "yes I do", apart=2)
    with world.database.read() as session:
        question = session.scalars(select(Question).where(Question.state == "open")).one()
    assert question.flow == "safe"
    assert not any(outcome == "yes" for outcome, _ in answers(world))


def test_words_that_come_sooner_than_a_question_that_others_read_answer_nothing(world: World) -> None:
    world.start("ana", "weekly_reflection", {"week": 5, "theme": 5})
    world.text("ana", "bought less coffee")
    world.text("ana", "2")
    world.text("ana", "how do I ask for a raise", after=dt.timedelta(seconds=2))
    assert "question_unnamed" not in dict(answers(world))
    assert "crossed" in world.heard[-2].body
    world.text("ana", "how do I ask for a raise", after=dt.timedelta(seconds=20))
    assert dict(answers(world))["question_unnamed"] == "how do I ask for a raise"


@pytest.mark.parametrize("soon", ["Rosa", "4", "the whole circle"])
def test_nothing_chooses_a_reader_sooner_than_the_readers_can_have_been_read(world: World, soon: str) -> None:
    world.text("ana", "I passed the driving test")
    assert "Who is that for?" in world.heard[-1].body
    world.text("ana", soon, after=dt.timedelta(seconds=2))
    world.text("ana", "Rosa:", after=dt.timedelta(minutes=2))  # It announces the words that it is about.
    with world.database.read() as session:
        asked = session.scalars(select(Question).where(Question.state == "open")).one()
    assert (asked.flow, asked.step) == ("route", "ask")
    assert not answers(world)


@pytest.mark.parametrize(("seconds", "kept"), [(1.7, False), (60, True)])
def test_what_crosses_with_a_prompt_that_others_read_is_no_answer_to_it(
    world: World, seconds: float, kept: bool
) -> None:
    world.start("ana", "weekly_reflection", {"week": 5, "theme": 5})
    world.text("ana", "the salty saddle came today, finally", after=dt.timedelta(seconds=seconds))
    assert bool(answers(world)) == kept
    if not kept:
        assert "Who is that for?" in world.heard[-1].body
