"""A reply that nobody understands gets something new each time, at every question of every flow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update

from assistant.engine.book import FlowBook
from assistant.engine.flow_model import Flow, Step
from assistant.language.folding import fold
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Alert, Conversation, Member, Outbox, Person, Question, Timer
from tests.case_tables import each_case

BEGINNING = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
STRANGE = ("qwrtz zzz", "blorp", "xyzzy plugh", "qwrtz zzz")
BOOK = read_flows()
QUESTIONS = [
    (flow, step)
    for flow in BOOK.flows.values()
    for step in flow.steps.values()
    if step.kind == "ask" and step.expect != "text"
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(BOOK, start=BEGINNING) as world:
        world.circle("MAPLE", "Bold Moves")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        yield world


def ask(world: World, book: FlowBook, flow: Flow, step: Step) -> int:
    """Leave ana at this question, no other, and no alert; return the question's id."""
    now = world.clock.now()
    listed = [{"key": "one", "label": "One"}, {"key": "two", "label": "Two"}]
    values: dict[str, Any] = {"options": "1 One, 2 Two", "held": "words", "step": "call the school"}
    if step.choices_from:
        values[step.choices_from] = listed
    with world.database.write() as session:
        session.execute(update(Question).values(state="closed", outcome="ended", closed_at=now))
        session.execute(update(Conversation).values(ended_at=now))
        session.execute(update(Timer).where(Timer.done_at.is_(None)).values(done_at=now))
        session.execute(update(Alert).values(closed_at=now, next_page_at=None))
        member = session.scalars(select(Member)).one()
        talk = Conversation(
            person_id=member.person_id,
            member_id=member.id,
            flow=flow.name,
            version=flow.version,
            step=step.name,
            callers=[],
            values=values,
            began_at=now,
        )
        session.add(talk)
        session.flush()
        question = Question(
            conversation_id=talk.id,
            person_id=member.person_id,
            member_id=member.id,
            flow=flow.name,
            step=step.name,
            visible_to=next(iter(step.visible_to.values())),
            state="open",
            opened_at=now,
        )
        session.add(question)
        session.flush()
        return question.id


EXPLAINED = {
    f"{flow.name}.{step.name}": (flow, step)
    for flow in BOOK.flows.values()
    for step in flow.steps.values()
    if step.kind == "ask" and not flow.safety
}
"""A talk about someone's safety keeps to its own rules."""


ASKED_BACK = {"en": "why do you need that? and who sees this?", "es": "¿para qué es? ¿quién lo ve?"}


@each_case(("turn", "place"), enumerate(EXPLAINED))
def test_every_question_says_what_it_is_for_and_who_reads_it(world: World, turn: int, place: str) -> None:
    flow, step = EXPLAINED[place]
    language = ("en", "es")[turn % 2]  # Each text is there in both: the reading of the files sees to it.
    with world.database.write() as session:
        session.get_one(Person, session.scalars(select(Member)).one().person_id).language = language
    world.clock.move_to(world.clock.now() + dt.timedelta(hours=1))
    question, before = ask(world, BOOK, flow, step), len(world.heard)
    world.text("ana", ASKED_BACK[language])
    heard = [fold(each.body) for each in world.heard_since(before) if each.to == world.number("ana")]
    assert is_open(world, question)
    assert len(heard) == 3, heard
    for said, texts in zip(heard, (step.because, BOOK.answers["who_sees"].say), strict=False):
        assert texts is not None
        assert said.startswith(tuple(fold(text).split("{")[0] for text in texts[language].values()))


def is_open(world: World, question_id: int) -> bool:
    with world.database.read() as session:
        return session.get_one(Question, question_id).state == "open"


@pytest.mark.parametrize(
    ("flow", "step"), QUESTIONS, ids=[f"{flow.name}.{step.name}" for flow, step in QUESTIONS]
)
def test_nobody_reads_the_same_text_twice_running(world: World, flow: Flow, step: Step) -> None:
    world.clock.move_to(world.clock.now() + dt.timedelta(hours=1))  # Far from the pace of a machine.
    question = ask(world, BOOK, flow, step)
    said: list[str] = []
    for words in STRANGE:
        before = len(world.heard)
        world.text("ana", words)
        heard = [each.body for each in world.heard_since(before) if each.to == world.number("ana")]
        said += heard
        if not is_open(world, question):
            return  # It led on: what is said there is another question's.
        assert heard, "it stays open, and nothing was said"
    assert len(said) == len(STRANGE)
    assert all(one != other for one, other in pairwise(said))
    if not BOOK.is_safety(flow.name):
        assert len(set(said[:3])) == 3  # Other words, an example, a way out.


def test_words_of_another_that_a_question_says_once_more_are_carried_once_more() -> None:
    with World(BOOK, start=BEGINNING) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        for name in ("rosa", "ana"):
            world.member(name, "MAPLE")
        world.text("rosa", "ASK a ride on Friday")
        world.text("rosa", "1")
        for words in ("who is in my circle?", "what?"):
            world.text("ana", words)
        with world.database.read() as session:
            shown = session.scalars(
                select(Outbox).where(Outbox.wording == "can_you_help/ask/say").order_by(Outbox.id)
            ).all()
            assert [row.carries for row in shown] == [shown[0].carries] * 2
            assert shown[0].carries is not None
