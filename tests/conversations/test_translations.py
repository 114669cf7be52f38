"""TRANSLATE: others' words come as they were written, and a translation under them, for who asked for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from assistant.conversations.translating import translations
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Outbox, Receipt, Share
from assistant.translation.translator import TranslationError

START = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
BOOK = read_flows()
BY_MACHINE = "(In English, by a machine:) "


class Backwards:
    """Says every word from its end, so that a test sees what was translated."""

    pairs = (("es", "en"), ("en", "es"))

    def __init__(self) -> None:
        self.fails = False

    def translate(self, words: str, source: str, target: str) -> str:
        assert (source, target) in self.pairs
        if self.fails:
            raise TranslationError("out of order")
        return " ".join(word[::-1] for word in words.split())


@pytest.fixture
def translator() -> Backwards:
    return Backwards()


@pytest.fixture
def world(translator: Backwards) -> Iterator[World]:
    with World(BOOK, start=START, translator=translator) as world:
        world.circle("MAPLE", "Bold Moves")
        for name, language in (("ana", "en"), ("bea", "en"), ("sol", "es")):
            world.member(name, "MAPLE", language=language)
        yield world


def heard_by(world: World, name: str, since: int = 0) -> list[str]:
    return [each.body for each in world.heard_since(since) if each.to == world.number(name)]


def pass_on(world: World, words: str, writer: str = "sol") -> list[str]:
    """Somebody answers the week's question, with their name; what ana hears until two days later."""
    world.start(writer, "weekly_reflection", {"week": 1, "theme": 1, "weeks": 8}, "MAPLE")
    since = len(world.heard)
    for answer in (words, "1"):
        world.text(writer, answer)
    world.move_to(world.clock.now() + dt.timedelta(days=2))
    return heard_by(world, "ana", since)


def test_others_words_come_with_a_translation_under_them(world: World) -> None:
    world.text("ana", "TRANSLATE")
    assert "translation" in heard_by(world, "ana")[-1]
    heard = pass_on(world, "tengo trabajo nuevo")
    at = next(at for at, body in enumerate(heard) if "tengo trabajo nuevo" in body)
    assert heard[at + 1] == f"{BY_MACHINE}ognet ojabart oveun"
    assert not any(BY_MACHINE in body for body in heard_by(world, "bea"))
    with world.database.read() as session:
        shown = session.scalars(select(Receipt).where(Receipt.kind == "share")).all()
    assert {each.outbox_id is not None for each in shown} == {True}


def test_no_translation_ends_it(world: World) -> None:
    world.text("ana", "TRANSLATE")
    world.text("ana", "NO TRANSLATION")
    assert not any(BY_MACHINE in body for body in pass_on(world, "tengo trabajo nuevo"))


def test_words_in_the_readers_own_language_are_not_translated(world: World) -> None:
    world.text("sol", "TRADUCE")
    world.text("ana", "TRANSLATE")
    pass_on(world, "a new start on Monday", "ana")
    assert "(En español, por una maquina:) a wen trats no yadnoM" in heard_by(world, "sol")
    assert not any("by a machine" in body for body in heard_by(world, "bea"))


def test_one_that_fails_leaves_the_words_as_they_were_written(world: World, translator: Backwards) -> None:
    world.text("ana", "TRANSLATE")
    translator.fails = True
    heard = pass_on(world, "tengo trabajo nuevo")
    assert any("tengo trabajo nuevo" in body for body in heard)
    assert not any(BY_MACHINE in body for body in heard)
    with world.database.read() as session:
        assert session.scalars(select(Outbox.id).where(Outbox.to_translate)).all() == []


def test_words_that_were_taken_back_are_not_translated(world: World) -> None:
    world.text("ana", "TRANSLATE")
    assert any("tengo trabajo" in body for body in pass_on(world, "tengo trabajo nuevo"))
    with world.database.write() as session:
        session.execute(update(Outbox).where(Outbox.carries.is_not(None)).values(to_translate=True))
        session.execute(update(Share).values(words=None))
    before = len(world.heard)
    assert translations.translate_waiting(world.services)
    world.settle()
    assert heard_by(world, "ana", before) == []


def test_where_nothing_is_set_up_it_is_said() -> None:
    with World(BOOK, start=START) as world:
        world.circle("MAPLE", "Bold Moves")
        world.member("ana", "MAPLE")
        world.text("ana", "TRANSLATE")
        assert "as they were written" in heard_by(world, "ana")[-1]
        world.text("ana", "translate for me")
        assert "Nothing translates" in heard_by(world, "ana")[-1]
