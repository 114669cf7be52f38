"""Texts are rows before they are anything else: cut, chained, and each with its own limits."""

import datetime as dt

import pytest

from assistant.circles.people import consent
from assistant.delivery.outbox import PURPOSE_RULES, cancel, put
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables.message_tables import PURPOSES
from tests.delivery.fakes import ANA, ROSA, SENDER, a_text, in_force, queue, row, seat_the_cast


@pytest.fixture
def database(database: Database, clock: ManualClock) -> Database:
    seat_the_cast(database, clock.now())
    return database


def test_every_purpose_has_its_rule() -> None:
    assert set(PURPOSE_RULES) == set(PURPOSES)


def test_a_long_text_is_cut_at_words_into_parts_of_two_segments_each_after_the_one_before(
    database: Database, clock: ManualClock
) -> None:
    body = " ".join(f"word{number}" for number in range(120))
    ids = queue(database, clock.now(), a_text(ANA, body))
    rows = [row(database, each) for each in ids]
    assert len(rows) == 3
    assert " ".join(each.body or "" for each in rows) == body
    assert all(each.segments <= 2 for each in rows)
    assert [each.after_id for each in rows] == [None, ids[0], ids[1]]


def test_the_texts_of_one_turn_stay_in_order_and_two_people_do_not_wait_for_each_other(
    database: Database, clock: ManualClock
) -> None:
    ids = queue(
        database, clock.now(), a_text(ANA, "1"), a_text(ROSA, "2"), a_text(ANA, "3"), a_text(ROSA, "4")
    )
    rows = [row(database, each) for each in ids]
    assert [each.body for each in rows] == ["1", "2", "3", "4"]
    assert [each.after_id for each in rows] == [None, None, ids[0], ids[1]]


def test_a_text_expires_when_its_purpose_says_so_unless_the_draft_does(
    database: Database, clock: ManualClock
) -> None:
    later = clock.now() + dt.timedelta(hours=5)
    ids = queue(
        database,
        clock.now(),
        a_text(ANA, purpose="legal"),
        a_text(ANA, purpose="safety"),
        a_text(ANA, purpose="prompt", not_before=later),
        a_text(ANA, purpose="prompt", expires_at=later),
    )
    expiries = [row(database, each).expires_at for each in ids]
    assert expiries == [clock.now() + dt.timedelta(minutes=1), None, later + dt.timedelta(days=1), later]


def test_a_draft_without_words_or_with_an_unknown_purpose_is_refused(
    database: Database, clock: ManualClock
) -> None:
    with pytest.raises(ValueError, match="without words"):
        queue(database, clock.now(), a_text(ANA, "  "))
    with pytest.raises(ValueError, match='"gossip"; choose one of safety'):
        queue(database, clock.now(), a_text(ANA, purpose="gossip"))


def test_nothing_is_put_when_nothing_is_drafted(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        assert put(session, [], SENDER, clock.now()) == []


def test_what_has_not_left_can_be_taken_back(database: Database, clock: ManualClock) -> None:
    prompt, reply, rosas = queue(
        database, clock.now(), a_text(ANA, purpose="prompt"), a_text(ANA), a_text(ROSA, purpose="prompt")
    )
    with database.write() as session:
        assert cancel(session, [ANA], "Ana left") == 1
    assert (row(database, prompt).state, row(database, prompt).reason) == ("cancelled", "Ana left")
    assert row(database, reply).state == row(database, rosas).state == "queued"


def test_the_newest_row_of_the_ledger_is_in_force_and_none_is_a_no(
    database: Database, clock: ManualClock
) -> None:
    with database.write() as session:
        consent.refuse(session, ANA, SENDER, "please stop", "text", clock.now())
        assert consent.kinds_in_force(session, [ANA, ROSA, 99], SENDER) == {ANA: "out", ROSA: "in"}
        assert consent.kinds_in_force(session, [ROSA], "MGanother") == {}
        assert in_force(session, ANA) == ("out", "text")
        consent.agree(session, ANA, SENDER, "START", "text", clock.now())
        assert consent.kinds_in_force(session, [ANA], SENDER) == {ANA: "in"}
        assert in_force(session, ANA) == ("in", "text")
        newest = consent.in_force(session, ANA, SENDER)
        assert newest is not None
        assert newest.wording == "START"
