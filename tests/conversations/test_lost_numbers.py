"""A number that is someone else's by now forgets the member: no seat, no word and no name goes with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Address, Inbox, Member, Person
from assistant.store.tables.circle_tables import Circle

BEGINNING = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
SECRET = "my rose is a secret job"
TOLD = (
    "this is not Ana's phone anymore, I'm Bob",
    "wrong number, I'm Bob",
    "se equivocó de número, no soy Ana",
)


@pytest.fixture
def world() -> Iterator[World]:
    with World(read_flows(), start=BEGINNING) as world:
        world.circle("MAPLE", "Bold Moves")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        world.member("rosa", "MAPLE")
        world.season("MAPLE")
        world.text("ana", SECRET)
        world.text("ana", "1")
        yield world


def said_to(world: World, name: str, since: int = 0) -> list[str]:
    return [each.body for each in world.heard_since(since) if each.to == world.number(name)]


@pytest.mark.parametrize("words", TOLD)
def test_the_stranger_learns_nothing_and_the_host_the_truth(world: World, words: str) -> None:
    before = len(world.heard)
    world.text("ana", words)
    (answer,) = said_to(world, "ana", before)
    assert all(told not in answer for told in ("Ana", "Bold", "Luz", "circle", "círculo"))
    assert any("someone else" in each for each in said_to(world, "luz", before))
    assert not any("no longer in" in each for each in said_to(world, "rosa", before))


def test_the_seat_is_kept_for_the_member_and_not_for_the_number(world: World) -> None:
    world.text("ana", TOLD[0])
    with world.database.read() as session:
        address = session.scalars(select(Address).where(Address.uri == f"sms:{world.number('ana')}")).one()
        ana = next(person for person in session.scalars(select(Person)) if person.name == "Ana")
        seat = session.scalars(select(Member).where(Member.person_id == ana.id)).one()
        assert (seat.state, address.person_id == ana.id) == ("unreachable", False)


def test_nothing_the_member_wrote_is_read_out_to_whoever_comes_back(world: World) -> None:
    world.text("ana", TOLD[0])
    before = len(world.heard)
    for words in (
        "START",
        "READ",
        "COPY",
        "GOAL",
        "Q",
        "?",
        "who is in my circle?",
        "ABOUT ME",
        "BUDDY",
        "HELP",
    ):
        world.text("ana", words)
    told = " ".join(said_to(world, "ana", before))
    assert all(private not in told for private in (SECRET, "secret", "Ana", "Rosa", "Bold Moves"))


def test_the_circles_word_begins_anew(world: World) -> None:
    world.text("ana", TOLD[0])
    before = len(world.heard)
    world.text("ana", "JOIN MAPLE")
    assert any("What first name" in each for each in said_to(world, "ana", before))
    with world.database.read() as session:
        circle = session.scalars(select(Circle)).one()
        seats = session.scalars(select(Member).where(Member.circle_id == circle.id)).all()
        assert sorted(seat.state for seat in seats) == ["active", "joining", "unreachable"]


def test_what_still_waited_is_the_strangers(world: World) -> None:
    world.text("ana", TOLD[0])
    with world.database.read() as session:
        assert not session.scalars(select(Inbox).where(Inbox.state == "new")).all()
