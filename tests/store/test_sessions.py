"""Rows are numbered before they are written, go in after what they point to, and are found without asking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, text, update

from assistant.store.database import PREPARED_AFTER, Database
from assistant.store.insert import insert_later
from assistant.store.numbering import new_ids
from assistant.store.read_ahead import RowsBy, announce, reading_ahead
from assistant.store.sessions import forget_touched, take_back, touched
from assistant.store.tables import (
    Address,
    Answer,
    Circle,
    Consent,
    Conversation,
    Member,
    Outbox,
    Person,
    Question,
    Timer,
)

NOW = dt.datetime(2026, 6, 1, 15, tzinfo=dt.UTC)
SEATS = RowsBy(Member, "person_id")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    given: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        given.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield given
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def circle(session: Any, code: str = "MAPLE") -> Circle:
    made = Circle(code=code, name="Bold Moves", zone="America/Chicago", created_at=NOW)
    session.add(made)
    return made


def seat(session: Any, of: Circle, person: Person) -> Member:
    made = Member(circle_id=of.id, person_id=person.id, state="active", state_at=NOW)
    session.add(made)
    return made


def test_rows_that_point_to_each_other_go_in_at_once(database: Database) -> None:
    with database.write() as session:
        person = Person(created_at=NOW)
        session.add(person)
        member = seat(session, circle(session), person)
        talk = Conversation(
            person_id=person.id, member_id=member.id, flow="goal", version="1", step="open", began_at=NOW
        )
        address = Address(person_id=person.id, uri="sms:+15125550000", created_at=NOW)
        session.add_all([talk, address])
        question = Question(
            conversation_id=talk.id,
            person_id=person.id,
            flow="goal",
            step="open",
            visible_to="us",
            state="open",
            opened_at=NOW,
        )
        session.add(question)
        # A child's class name sorts before its parent's here: by names alone they would go in first.
        session.add_all(
            [
                Answer(
                    question_id=question.id,
                    person_id=person.id,
                    key="goal",
                    outcome="text",
                    visible_to="us",
                    at=NOW,
                ),
                Consent(address_id=address.id, sender="us", kind="in", wording="JOIN", way="text", at=NOW),
                Timer(kind="silence", person_id=person.id, question_id=question.id, due_at=NOW),
            ]
        )
        assert None not in {person.id, member.id, talk.id, address.id, question.id}
        session.flush()
        assert session.get_one(Conversation, talk.id) is talk


def test_numbers_taken_beforehand_and_one_by_one_never_meet(database: Database) -> None:
    with database.write() as session:
        first = Person(created_at=NOW)
        session.add(first)
        taken = new_ids(session, Person, 30)
        second = Person(created_at=NOW)
        session.add(second)
        assert len({first.id, second.id, *taken}) == 32
    with database.write() as session:
        third = Person(created_at=NOW)
        session.add(third)
        session.flush()
        assert third.id not in {first.id, second.id}


def test_a_row_is_found_before_it_is_written_and_not_after_it_was_taken_back(database: Database) -> None:
    with database.write() as session:
        person = Person(created_at=NOW)
        session.add(person)
        with counted(database) as given:
            assert session.get(Person, person.id) is person
        assert given == []
        session.flush()
        part = session.begin_nested()
        lost = Person(created_at=NOW)
        session.add(lost)
        part.rollback()
        assert session.get(Person, lost.id) is None
        assert session.get(Person, person.id) is person


def test_a_change_to_what_is_watched_is_told_and_no_other(database: Database) -> None:
    with database.write() as session:
        person = Person(created_at=NOW)
        session.add(person)
        member = seat(session, circle(session), person)
        session.flush()
        forget_touched(session)
        person.name = "Ana"
        member.state = "active"
        assert touched(session) == set(), "a person's name is not watched, and the same again is no change"
        member.state = "paused"
        assert touched(session) == {Member}


@pytest.fixture
def two(database: Database) -> tuple[int, int]:
    with database.write() as session:
        people = [Person(created_at=NOW), Person(created_at=NOW)]
        session.add_all(people)
        maple = circle(session)
        for person in people:
            seat(session, maple, person)
        return people[0].id, people[1].id


def test_asking_for_one_reads_for_all_that_were_announced(database: Database, two: tuple[int, int]) -> None:
    with database.write() as session, reading_ahead(session):
        announce(session, person_id=two)
        with counted(database) as given:
            first, second = SEATS.of(session, two[0]), SEATS.of(session, two[1])
        assert [len(first), len(second)] == [1, 1]
        assert len(given) == 1


def test_what_was_read_ahead_stays_true(database: Database, two: tuple[int, int]) -> None:
    with database.write() as session, reading_ahead(session):
        announce(session, person_id=two)
        (old,) = SEATS.of(session, two[0])
        new = seat(session, circle(session, "RIVER"), session.get_one(Person, two[0]))
        assert SEATS.of(session, two[0]) == [old, new], "a new row is among them, written or not"
        session.execute(update(Member).where(Member.id == old.id).values(state="left"))
        assert [member.state for member in SEATS.of(session, two[0])] == ["left", "active"]
        take_back(session, new)
        assert SEATS.of(session, two[0]) == [old], "one that was taken back is not"


def test_nothing_needs_to_be_asked_about_a_row_just_made(database: Database) -> None:
    with database.write() as session, reading_ahead(session):
        person = Person(created_at=NOW)
        session.add(person)
        with counted(database) as given:
            assert SEATS.of(session, person.id) == []
        assert given == []
        made = seat(session, circle(session), person)
        assert SEATS.of(session, person.id) == [made]


def test_a_new_row_of_another_kind_is_not_among_them(database: Database, two: tuple[int, int]) -> None:
    planned = RowsBy(Timer, "person_id", (Timer.key.is_not(None),), holds=lambda timer: timer.key is not None)
    with database.write() as session, reading_ahead(session):
        assert planned.of(session, two[0]) == []
        named = Timer(kind="prompt", person_id=two[0], key="week 2 open", due_at=NOW)
        session.add_all([named, Timer(kind="silence", person_id=two[0], due_at=NOW)])
        assert planned.of(session, two[0]) == [named]


def test_after_a_rollback_all_is_read_anew(database: Database, two: tuple[int, int]) -> None:
    with database.write() as session, reading_ahead(session):
        announce(session, person_id=two)
        part = session.begin_nested()
        for member in SEATS.of(session, two[0]):
            member.state = "left"
        seat(session, circle(session, "RIVER"), session.get_one(Person, two[0]))
        part.rollback()
        assert [member.state for member in SEATS.of(session, two[0])] == ["active"]


def test_outside_a_batch_each_question_is_asked(database: Database, two: tuple[int, int]) -> None:
    with database.write() as session:
        with counted(database) as given:
            assert len(SEATS.of(session, two[0])) == 1
            assert len(SEATS.of(session, two[0])) == 1
        assert len(given) == 2


def test_a_few_texts_of_the_outbox_are_written_with_others(database: Database, two: tuple[int, int]) -> None:
    from assistant.delivery.outbox import Draft, put

    with database.write() as session:
        address = Address(person_id=two[0], uri="sms:+15125550000", created_at=NOW)
        session.add(address)
        draft = Draft(two[0], address.id, address.uri, "Hello", "reply")
        ids = put(session, [draft], "us", NOW)
        assert session.scalars(select(Outbox.id)).all() == ids
        assert session.execute(text("select count(*) from outbox")).scalar() == 1


def silence(session: Any, person_id: int, outcome: str) -> None:
    row = {"kind": "silence", "person_id": person_id, "outcome": outcome, "values": {}, "due_at": NOW}
    insert_later(session, Timer, [{"id": new_ids(session, Timer, 1)[0], **row}])


def waiting(session: Any) -> list[str | None]:
    return sorted(session.scalars(select(Timer.outcome)))


def test_rows_without_objects_go_in_by_one_statement_before_anything_is_asked(
    database: Database, two: tuple[int, int]
) -> None:
    with database.write() as session:
        silence(session, two[0], "0")
        silence(session, two[1], "1")
        with counted(database) as given:
            assert waiting(session) == ["0", "1"]
        assert [each.split()[0] for each in given] == ["INSERT", "SELECT"]


def test_rows_without_objects_are_written_where_nothing_else_is(
    database: Database, two: tuple[int, int]
) -> None:
    with database.write() as session:
        silence(session, two[0], "0")
        insert_later(session, Timer, [])
    with database.read() as session:
        assert waiting(session) == ["0"]


def test_rows_without_objects_go_with_the_part_that_is_taken_back(
    database: Database, two: tuple[int, int]
) -> None:
    with database.write() as session:
        silence(session, two[0], "before")
        part = session.begin_nested()
        silence(session, two[0], "within")
        part.rollback()
        with session.begin_nested():
            silence(session, two[0], "after")
    with database.read() as session:
        assert waiting(session) == ["after", "before"]


def test_whoever_only_reads_changes_nothing(database: Database, two: tuple[int, int]) -> None:
    with database.read() as session:
        session.get_one(Person, two[0]).name = "Max"
        with pytest.raises(RuntimeError, match="read"):
            session.commit()
    with database.read() as session:
        assert session.get_one(Person, two[0]).name != "Max"


def test_plans_outlast_those_who_only_read(database: Database, two: tuple[int, int]) -> None:
    if database.is_sqlite:
        return  # It has no plans of its own to forget.
    for _ in range(PREPARED_AFTER + 1):
        with database.read() as session:
            assert session.scalars(select(Person.id).where(Person.id == two[0])).all() == [two[0]]
    with database.read() as session:
        kept = session.scalars(text("select statement from pg_prepared_statements")).all()
    assert any("person" in each for each in kept)


def test_numbers_of_all_tables_come_by_one_question(database: Database) -> None:
    with database.write() as session, counted(database) as given:
        new = [new_ids(session, table, 2) for table in (Person, Address, Question, Timer, Outbox)]
        assert len(given) == 1
        assert all(len(set(each)) == 2 for each in new)
