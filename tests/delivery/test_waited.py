"""What waited behind a closed window: said together, in order, as far as it is still true."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from assistant.channels.showing import MOST_CHARACTERS, Tap
from assistant.circles.people.carried_words import SAID_WITH, call_back
from assistant.circles.people.receipts import reads_of
from assistant.delivery.waited import SETTLED, gather, let_go
from assistant.delivery.ways import WAITS
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Conversation, Member, Note, Outbox, Question, Receipt
from tests.delivery.fakes import ANA, ROSA, a_text, queue, seat_the_cast

CHAT = "whatsapp:+525512345678"


@pytest.fixture
def database(database: Database, clock: ManualClock) -> Database:
    clock.move_to(dt.datetime(2027, 3, 2, 15, 0, tzinfo=dt.UTC))
    seat_the_cast(database, clock.now() - dt.timedelta(days=9))
    return database


def waits(database: Database, clock: ManualClock, body: str, purpose: str = "notice", **more: object) -> int:
    """A text that waits for Ana's word."""
    draft = replace(a_text(ANA, body, purpose, **more), uri=CHAT)
    (number,) = queue(database, clock.now(), draft)
    until = clock.now() + dt.timedelta(days=3)
    with database.write() as session:
        held = update(Outbox).where(Outbox.id == number)
        session.execute(held.values(reason=WAITS, not_before=until))
    return number


def asks(database: Database, clock: ManualClock, state: str) -> int:
    """A conversation that asks Ana how she is; the question is open, or closed by now."""
    with database.write() as session:
        talk = Conversation(
            person_id=ANA, flow="group_check_in", step="ask", version="1", began_at=clock.now()
        )
        session.add(talk)
        session.flush()
        asked = {"flow": "group_check_in", "step": "ask", "visible_to": "host", "state": state}
        session.add(Question(conversation_id=talk.id, person_id=ANA, opened_at=clock.now(), **asked))
        session.flush()
        return talk.id


def said(database: Database, clock: ManualClock) -> list[str]:
    """Ana writes an hour later: what is queued for her then."""
    clock.forward(dt.timedelta(hours=1))
    with database.write() as session:
        let_go(session, ANA, clock.now())
        gather(session, ANA, clock.now())
    with database.read() as session:
        queued = select(Outbox.body).where(Outbox.state == "queued").order_by(Outbox.id)
        return [body or "" for body in session.scalars(queued)]


def reason(database: Database, number: int) -> str | None:
    with database.read() as session:
        return session.get_one(Outbox, number).reason


def test_notices_of_one_circle_are_one_text_and_a_question_stands_alone_where_it_stood(
    database: Database, clock: ManualClock
) -> None:
    talk = asks(database, clock, "open")
    first, second = waits(database, clock, "One."), waits(database, clock, "Two.")
    waits(
        database,
        clock,
        "How are you?",
        "prompt",
        conversation_id=talk,
        wording="group_check_in/ask/say",
        taps=(Tap("ask:1:ok", "Ok"),),
    )
    waits(database, clock, "Three.")
    assert said(database, clock) == ["One.\n\nTwo.", "How are you?", "Three."]
    assert [reason(database, each) for each in (first, second)] == [None, SAID_WITH]


def test_what_asks_something_that_is_closed_by_now_or_is_past_is_not_said(
    database: Database, clock: ManualClock
) -> None:
    talk = asks(database, clock, "closed")
    closed = waits(
        database, clock, "How are you?", "prompt", conversation_id=talk, wording="group_check_in/ask/say"
    )
    past = waits(database, clock, "See you at noon.", expires_at=clock.now() + dt.timedelta(minutes=30))
    waits(database, clock, "This holds.")
    assert said(database, clock) == ["This holds."]
    assert [reason(database, each) for each in (closed, past)] == [SETTLED, "too late"]


def test_no_text_gets_longer_than_a_chat_shows(database: Database, clock: ManualClock) -> None:
    for letter in "abcde":
        waits(database, clock, letter * 300)
    texts = said(database, clock)
    assert "\n\n".join(texts) == "\n\n".join(letter * 300 for letter in "abcde")
    assert [len(text) <= MOST_CHARACTERS for text in texts] == [True, True]


def keep_notes(database: Database, clock: ManualClock, count: int) -> None:
    """Rosa has written so many lines to Ana."""
    with database.write() as session:
        seats = dict(session.execute(select(Member.person_id, Member.id)).all())
        between = {"from_member_id": seats[ROSA], "to_member_id": seats[ANA], "kind": "buddy"}
        for number in range(1, count + 1):
            words = f"Words {number}"
            session.add(Note(id=number, circle_id=1, words=words, at=clock.now(), **between))


def test_whose_words_stand_in_it_has_a_receipt_by_the_text_that_says_them(
    database: Database, clock: ManualClock
) -> None:
    keep_notes(database, clock, 2)
    first = waits(database, clock, "Rosa: Words 1", "relay", carries="note:1")
    waits(database, clock, "Rosa: Words 2", "relay", carries="note:2")
    assert said(database, clock) == ["Rosa: Words 1\n\nRosa: Words 2"]
    with database.read() as session:
        assert session.get_one(Outbox, first).carries == "note:1 note:2"
        read = select(Receipt.ref_id).where(Receipt.outbox_id == first, Receipt.reader_id == ANA)
        assert sorted(session.scalars(read)) == [1, 2]


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_one_of_several_is_taken_back_and_the_others_are_said_in_their_order(
    database: Database, clock: ManualClock, gone: int
) -> None:
    keep_notes(database, clock, 3)
    ids = [
        waits(database, clock, f"Rosa: Words {number}", "relay", carries=f"note:{number}", circle_id=1)
        for number in (1, 2, 3)
    ]
    waits(database, clock, "Four.", circle_id=1)
    assert len(said(database, clock)) == 1
    with database.write() as session:
        assert call_back(session, 1, {f"note:{gone}"}, "taken back", clock.now()) == set()
    left = [f"Words {number}" for number in (1, 2, 3) if number != gone]
    with database.write() as session:
        (whole,) = session.scalars(select(Outbox).where(Outbox.state == "queued"))
        assert whole.id == ids[0]
        assert whole.body == "\n\n".join([*(f"Rosa: {each}" for each in left), "Four."])
        bodies = session.scalars(select(Outbox.body).where(Outbox.body.is_not(None)))
        assert not any(f"Words {gone}" in (body or "") for body in bodies)
        whole.state = "sent"
        session.flush()
        assert {read.ref[1] for read in reads_of(session, ROSA)} == {1, 2, 3} - {gone}
        # What has left is not taken out of it any more: its writer hears that it was read.
        other = 1 if gone != 1 else 2
        assert call_back(session, 1, {f"note:{other}"}, "taken back", clock.now()) == {ANA}
    with database.write() as session:
        assert not session.scalars(select(Outbox).where(Outbox.state == "queued")).all()


def test_once_all_of_several_are_taken_back_nothing_is_said(database: Database, clock: ManualClock) -> None:
    keep_notes(database, clock, 2)
    for number in (1, 2):
        waits(database, clock, f"Rosa: Words {number}", "relay", carries=f"note:{number}", circle_id=1)
    said(database, clock)
    for number in (1, 2):
        with database.write() as session:
            assert call_back(session, 1, {f"note:{number}"}, "taken back", clock.now()) == set()
    with database.write() as session:
        assert session.scalars(select(Outbox.state).where(Outbox.state.in_(("queued", "sent")))).all() == []
        assert reads_of(session, ROSA) == []
