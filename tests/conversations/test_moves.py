"""A new phone, a silent number, two circles on one evening: who learns what, and what moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select

from assistant.circles.people import consent
from assistant.circles.people.silence import SILENT_FOR
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import (
    Address,
    Answer,
    Conversation,
    Inbox,
    Member,
    Outbox,
    Person,
    PhoneClaim,
    Role,
)

BEGINNING = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
WORD = "sunflower"
SECRETS = ("Rosa", "Bold Moves", "Luz", "wrote to you")


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def world(book: FlowBook) -> Iterator[World]:
    with World(book, start=BEGINNING) as world:
        world.circle("MAPLE", "Bold Moves")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        world.member("rosa", "MAPLE")
        yield world


def said_to(world: World, name: str, since: int = 0) -> list[str]:
    return [each.body for each in world.heard_since(since) if each.to == world.number(name)]


def claim(world: World, stranger: str, who: str, *words: str) -> list[str]:
    """What a stranger hears who says they are someone, and tries these words."""
    since = len(world.heard)
    for each in ("NEW PHONE", who, *words):
        world.text(stranger, each)
    return said_to(world, stranger, since)


def owner(world: World, name: str) -> str | None:
    """The first name of whoever has a phone now."""
    with world.database.read() as session:
        uri = f"sms:{world.number(name)}"
        address = session.scalars(select(Address).where(Address.uri == uri)).one()
        return session.get_one(Person, address.person_id).name


@pytest.mark.parametrize(
    "words", [("tulip", "rose", "daisy"), ("tulip", "no", "ok"), ("no", "who sees this?")]
)
def test_a_stranger_hears_the_same_of_whoever_is_there_and_whoever_is_not(
    world: World, words: tuple[str, ...]
) -> None:
    world.text("ana", f"WORD {WORD}")
    there = claim(world, "eve", "Ana MAPLE", *words)
    nobody = claim(world, "eva", "Zoe MAPLE", *words)
    nowhere = claim(world, "ida", "Ana WILLOW", *words)
    assert there == nobody == nowhere
    assert not any(secret in text for text in there for secret in SECRETS)
    assert owner(world, "ana") == "Ana"


def test_guessing_has_an_end_and_the_right_word_comes_too_late(world: World) -> None:
    world.text("ana", f"WORD {WORD}")
    for _ in range(3):
        claim(world, "eve", "Ana MAPLE", "tulip", "rose", "daisy")
    assert not any("It's you" in each for each in claim(world, "eve", "Ana MAPLE", WORD, "ok"))
    assert owner(world, "ana") == "Ana"


def test_many_numbers_guess_no_better_than_one(world: World) -> None:
    world.text("ana", f"WORD {WORD}")
    for number in range(9):
        claim(world, f"eve{number}", "Ana MAPLE", "tulip")
    claim(world, "late", "Ana MAPLE", WORD, "ok")
    assert owner(world, "ana") == "Ana"


def test_the_own_word_is_kept_nowhere_but_as_a_hash(world: World) -> None:
    world.text("ana", f"WORD {WORD}")
    claim(world, "ana_new", "Ana MAPLE", "sunflowers", WORD, "ok")
    with world.database.read() as session:
        kept = [*session.scalars(select(Inbox.body)), *session.scalars(select(Answer.words))]
        kept += [str(values) for values in session.scalars(select(Conversation.values))]
        kept += list(session.scalars(select(Outbox.body)))
        assert not any(WORD in (each or "").lower() for each in kept)
        assert session.scalars(select(Person.own_word).where(Person.own_word.is_not(None))).all()


def test_everything_follows_to_the_new_phone_and_consent_is_given_there(world: World) -> None:
    world.role("ana", "backup", "MAPLE")
    world.text("ana", f"WORD {WORD}")
    with world.database.read() as session:
        ana = next(person for person in session.scalars(select(Person)) if person.name == "Ana")
        before = session.scalars(select(Member).where(Member.person_id == ana.id)).one().id
    since = len(world.heard)
    assert claim(world, "ana_new", "Ana MAPLE", WORD)[-1].startswith("It's you! Reply OK")
    assert owner(world, "ana_new") is None
    world.text("ana_new", "ok")
    assert (owner(world, "ana_new"), owner(world, "ana")) == ("Ana", None)
    with world.database.read() as session:
        uri = f"sms:{world.number('ana_new')}"
        address = session.scalars(select(Address).where(Address.uri == uri)).one()
        assert consent.consent_of(session, address.id, world.services.identity.sender) == "in"
        seat = session.scalars(select(Member).where(Member.person_id == address.person_id)).one()
        role = session.scalars(select(Role).where(Role.person_id == address.person_id)).one()
        assert (seat.id, seat.state, role.kind) == (before, "active", "backup")
        assert session.scalars(select(PhoneClaim.state)).all() == ["moved"]
    world.move_to(world.clock.now() + dt.timedelta(days=3))
    (last,) = said_to(world, "ana", since)
    assert not any(secret in last for secret in (*SECRETS, "Ana"))
    with world.database.read() as session:
        uri = f"sms:{world.number('ana')}"
        old = session.scalars(select(Address).where(Address.uri == uri)).one()
        assert consent.consent_of(session, old.id, world.services.identity.sender) == "out"


def test_a_host_who_says_no_tells_the_stranger_nothing(world: World) -> None:
    claim(world, "eve", "Ana MAPLE", "no")
    assert "Is this Ana of Bold Moves" in said_to(world, "luz")[-1]
    since = len(world.heard)
    world.text("luz", "2")
    assert said_to(world, "eve", since) == []
    world.text("eve", "ok")
    assert owner(world, "ana") == "Ana"


def test_nothing_personal_reaches_a_number_that_was_silent_too_long(world: World) -> None:
    world.text("ana", "hello")
    world.text("luz", "HOST")
    world.move_to(world.clock.now() + SILENT_FOR - dt.timedelta(days=1))
    world.text("luz", "HOST")
    world.move_to(world.clock.now() + dt.timedelta(days=2))
    since = len(world.heard)
    for words in ("NOTE Ana your landlord called", "SAY see you at Rosa's"):
        world.text("luz", words)
    world.text("luz", "SEND")
    world.move_to(world.clock.now() + dt.timedelta(minutes=20))
    for words in ("who is this?", "READ", "who is in my circle?", "COPY", "GOAL", "@ hi", "skip"):
        world.text("ana", words)
    told = " ".join(said_to(world, "ana", since))
    assert "is this still A.?" in told, told
    assert not any(secret in told for secret in (*SECRETS, "Ana", "landlord", "see you")), told
    world.text("ana", "yes")
    assert "landlord" in " ".join(said_to(world, "ana", since))


def test_two_circles_prompts_are_two_hours_apart_and_never_both_open(book: FlowBook) -> None:
    with World(book, start=BEGINNING) as world:
        for code, name in (("MAPLE", "Bold Moves"), ("OAK", "New Moms")):
            world.circle(code, name)
            world.member("ana", code)
            world.member(f"mate_{code.lower()}", code)
            world.season(code, "four_weeks")
        for day in range(28):
            world.move_to(BEGINNING + dt.timedelta(days=day, hours=2 + day % 5))
            if day % 3:
                world.text("ana", "skip")
        with world.database.read() as session:
            ana = next(person for person in session.scalars(select(Person)) if person.name == "Ana")
            texts = session.execute(
                select(Outbox.sent_at, Outbox.member_id)
                .where(
                    Outbox.person_id == ana.id,
                    Outbox.purpose == "prompt",
                    Outbox.wording.like("weekly_reflection/open%/say"),
                    Outbox.sent_at.is_not(None),
                )
                .order_by(Outbox.sent_at)
            ).all()
            texts_sent = [(at, member) for at, member in texts if at is not None]
        assert len({member for _, member in texts_sent}) == 2
        apart = [later - sooner for (sooner, one), (later, other) in pairwise(texts_sent) if one != other]
        assert len(apart) > 1
        assert min(apart) >= dt.timedelta(hours=2)


def test_whoever_stopped_our_texts_can_have_all_of_it_erased(world: World) -> None:
    world.text("ana", "STOP")
    world.text("ana", "ERASE ME")
    world.text("ana", "erase me")
    world.move_to(world.clock.now() + dt.timedelta(minutes=3))
    with world.database.read() as session:
        names = set(session.scalars(select(Person.name)))
        assert "Ana" not in names
        assert not session.scalars(select(Address).where(Address.uri == f"sms:{world.number('ana')}")).all()


def test_a_no_after_a_stop_erases_nothing(world: World) -> None:
    world.text("ana", "STOP")
    for words in ("ERASE ME", "no", "yes"):
        world.text("ana", words)
    world.move_to(world.clock.now() + dt.timedelta(minutes=3))
    with world.database.read() as session:
        assert "Ana" in set(session.scalars(select(Person.name)))
