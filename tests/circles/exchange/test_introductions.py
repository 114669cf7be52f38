"""Introductions: two yeses, or nothing that shows; no more than two asks a week; erased with their writer."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.engine.book import FlowBook
from assistant.language.exchange.whom import may_be_topic, read_whom
from assistant.runtime import read_flows
from assistant.simulation.transcript import BEGINNING, play_in
from assistant.simulation.world import World
from assistant.store.tables import Base, Introduced, Introduction

CIRCLE = """
circle MAPLE "Bold Moves" host luz running
member ana MAPLE
member bea MAPLE
member kim MAPLE
member sol MAPLE
... Monday 9:00
"""
ANA_ASKS = """
ana: INTRODUCE Bea
ana: bikes, patience
ana: 1
"""
TWO_ARE_ASKED = """
kim: INTRODUCE Ana and Bea
kim: SKIP
kim: SKIP
kim: 1
"""


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.mark.parametrize(
    ("said", "me", "names"),
    [
        ("Bea", False, ("Bea",)),
        ("me to Bea", True, ("Bea",)),
        ("Ana and Bea", False, ("Ana", "Bea")),
        ("Ana to Bea please", False, ("Ana", "Bea")),
        ("Ana, Bea", False, ("Ana", "Bea")),
        ("Ana & Bea", False, ("Ana", "Bea")),
        ("a Bea", False, ("Bea",)),
        ("Ana con Bea, por favor", False, ("Ana", "Bea")),
        ("María José y Bea", False, ("María José", "Bea")),
        ("", False, ()),
    ],
)
def test_whom_is_read_in_both_languages(said: str, me: bool, names: tuple[str, ...]) -> None:
    whom = read_whom(said)
    assert (whom.me, whom.names) == (me, names)


def test_a_topic_is_told_from_a_name_nobody_has() -> None:
    assert may_be_topic("resumes")
    assert may_be_topic("someone who knows about braids")
    assert not may_be_topic("Bertha")


def heard_of_it(book: FlowBook, script: str, *names: str) -> list[tuple[str, dt.datetime, str]]:
    """Who of these heard what of an introduction, when."""
    with World(book, start=BEGINNING) as world:
        play_in(world, CIRCLE + script)
        return [
            (world.name(each.to), each.at, each.body)
            for each in world.heard
            if world.name(each.to) in names and ("ntroduc" in each.body or "Meet " in each.body)
        ]


@pytest.mark.parametrize("begins", [ANA_ASKS, TWO_ARE_ASKED + "ana: 1\nana: bikes\nana: 1\n"])
def test_a_no_a_silence_a_block_a_pause_and_a_stop_look_the_same(book: FlowBook, begins: str) -> None:
    heard = {
        what: heard_of_it(
            book, f"{begins}... 2 hours pass\nbea: {what or 'READ'}\n... 8 days pass\n", "ana", "kim"
        )
        for what in ("2", "", "BLOCK Ana", "PAUSE 2", "STOP", "skip")
    }
    assert len({tuple(each) for each in heard.values()}) == 1, heard
    last = next(iter(heard.values()))[-1]
    assert last[2].startswith("No introduction")
    assert last[1] <= BEGINNING + dt.timedelta(days=9)


def test_a_block_before_it_is_asked_asks_nobody_and_looks_the_same(book: FlowBook) -> None:
    blocked = "bea: BLOCK Ana\n... 5 minutes pass\n"
    silent = heard_of_it(book, f"... 5 minutes pass\n{ANA_ASKS}... 8 days pass\n", "ana")
    apart = heard_of_it(book, f"{blocked}{ANA_ASKS}... 8 days pass\n", "ana")
    assert [each[2] for each in silent] == [each[2] for each in apart]
    assert heard_of_it(book, f"{blocked}{ANA_ASKS}... 8 days pass\n", "bea") == []


def test_two_yeses_at_the_same_moment_are_one_meeting(book: FlowBook) -> None:
    script = f"{TWO_ARE_ASKED}ana: 1\nbea: 1\nana: bikes\nbea: salons\nana, at once: 1\nbea, at once: 1\n"
    with World(book, start=BEGINNING) as world:
        play_in(world, CIRCLE + script)
        with world.database.read() as session:
            (one,) = session.scalars(select(Introduction)).all()
            assert (one.outcome, one.linked_at is not None) == ("met", True)
    heard = heard_of_it(book, script, "ana", "bea")
    assert [each[0] for each in heard if each[2].startswith("Meet ")] == ["bea", "ana"]


def test_an_introduction_counts_into_the_two_asks_a_week_and_waits_its_turn(book: FlowBook) -> None:
    asks = "".join(f"sol: ASK a ride on Friday number {each}\nsol: 1\n" for each in ("one", "two"))
    with World(book, start=BEGINNING) as world:
        play_in(world, CIRCLE + asks + "... 1 hour passes\n" + ANA_ASKS + "... 5 days pass\n")
        with world.database.read() as session:
            side = session.scalars(select(Introduced).where(Introduced.due_at.is_not(None))).one()
            assert side.asked_at is None
        play_in(world, "... Monday 9:30\n... 3 hours pass\n")
        with world.database.read() as session:
            side = session.scalars(select(Introduced).where(Introduced.due_at.is_not(None))).one()
            ends = session.scalars(select(Introduction.ends_at)).one()
            assert side.asked_at is None or side.asked_at < ends


def test_what_was_written_for_an_introduction_can_be_taken_back_and_is_erased(book: FlowBook) -> None:
    with World(book, start=BEGINNING) as world:
        play_in(world, f"{CIRCLE}{ANA_ASKS}... 1 hour passes\nana: DELETE\n... 5 minutes pass\nbea: 1\n")
        with world.database.read() as session:
            (one,) = session.scalars(select(Introduction)).all()
            assert one.outcome == "gone"
        play_in(
            world,
            "kim: INTRODUCE Sol\nkim: zebra lantern\nkim: 1\nkim: ERASE ME\nkim: yes\n... 2 hours pass\n",
        )
        with world.database.read() as session:
            rows = [
                str(tuple(row))
                for table in Base.metadata.sorted_tables
                for row in session.execute(select(table))
            ]
    assert not [row for row in rows if "zebra lantern" in row]


def test_whoever_met_someone_of_another_circle_forgets_them_too(book: FlowBook) -> None:
    """Their circles share nobody but the host who introduced them."""
    script = """
circle MAPLE "Bold Moves" host luz running
circle OAK "New Start" host luz running
member zora MAPLE
member bea OAK
... Monday 9:00
luz: INTRODUCE Zora and Bea
luz: SKIP
luz: SKIP
luz: 1
zora: 1
zora: zebra lantern
zora: 1
bea: 1
bea: bikes
bea: 1
zora: ERASE ME
zora: yes
... 2 hours pass
"""
    with World(book, start=BEGINNING) as world:
        play_in(world, script)
        assert any("Meet Zora" in each.body and "zebra lantern" in each.body for each in world.heard)
        with world.database.read() as session:
            kept = [
                str(tuple(row))
                for table in Base.metadata.sorted_tables
                for row in session.execute(select(table))
            ]
    # What Luz herself wrote, with the name in it, is hers.
    assert not [row for row in kept if "zebra lantern" in row or ("Zora" in row and "INTRODUCE" not in row)]
