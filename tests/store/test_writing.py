"""What a transaction made and changed is written table by table, as SQLAlchemy itself would have done it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from assistant.store.bulk import insert_rows, update_rows
from assistant.store.database import Database
from assistant.store.insert import insert_later
from assistant.store.numbering import new_ids
from assistant.store.tables import Answer, Base, Circle, Conversation, Person, Question, ServiceState, Timer

NOW = dt.datetime(2026, 6, 1, 15, tzinfo=dt.UTC)

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def question(session: Any, person: Person, state: str = "open") -> Question:
    talk = Conversation(person_id=person.id, flow="goal", version="1", step="ask", began_at=NOW)
    session.add(talk)
    asked = Question(
        conversation_id=talk.id,
        person_id=person.id,
        flow="goal",
        step="ask",
        visible_to="us",
        state=state,
        opened_at=NOW,
    )
    session.add(asked)
    return asked


def answer(asked: Question, **values: Any) -> Answer:
    return Answer(
        question_id=asked.id,
        person_id=asked.person_id,
        key="goal",
        outcome="text",
        visible_to="us",
        **{"at": NOW, **values},
    )


@pytest.fixture
def person(database: Database) -> Person:
    with database.write() as session:
        made = Person(created_at=NOW)
        session.add(made)
    return made


@given(words=WORDS, value=st.dictionaries(WORDS, JSON, max_size=3), other=WORDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_read_again(
    database: Database, person: Person, words: str, value: dict[str, Any], other: str
) -> None:
    with database.write() as session:
        asked = question(session, person, state="closed")
        made = answer(asked, words=words, value=value)
        bare = answer(asked, words=None, value=None)
        session.add_all([made, bare])
    with database.write() as session:
        found, nothing = session.get_one(Answer, made.id), session.get_one(Answer, bare.id)
        assert (found.words, found.value, found.at) == (words, value, NOW)
        assert (nothing.words, nothing.value, nothing.erased_at) == (None, None, None)
        found.words, found.value, nothing.value = other, {"was": value}, {}
    with database.read() as session:
        found = session.get_one(Answer, made.id)
        assert (found.words, found.value) == (other, {"was": value})
        assert session.get_one(Answer, bare.id).value == {}


def test_what_nothing_is_said_of_is_as_the_table_says(database: Database, person: Person) -> None:
    with database.write() as session:
        made = Timer(kind="prompt", person_id=person.id, due_at=NOW)
        session.add(made)
        row = {"id": new_ids(session, Timer, 1)[0], "kind": "prompt", "person_id": person.id, "due_at": NOW}
        insert_later(session, Timer, [row])
    with database.read() as session:
        for number in (made.id, row["id"]):
            found = session.get_one(Timer, number)
            assert (found.attempts, found.values, found.at_once, found.done_at) == (0, {}, False, None)


def test_what_gives_way_goes_before_what_takes_its_place(database: Database, person: Person) -> None:
    with database.write() as session:
        question(session, person)
    with database.write() as session:
        session.scalars(select(Question)).one().state = "closed"
        question(session, person)
    with database.read() as session:
        assert sorted(session.scalars(select(Question.state))) == ["closed", "open"]


def test_rows_that_were_written_are_the_sessions_until_it_rolls_back(database: Database) -> None:
    with database.write() as session:
        part = session.begin_nested()
        lost = Person(created_at=NOW)
        session.add(lost)
        session.flush()
        assert inspect(lost).persistent
        assert not session.is_modified(lost)
        part.rollback()
        assert inspect(lost).transient
        kept = Person(created_at=NOW)
        session.add(kept)
    assert inspect(kept).detached
    with database.read() as session:
        assert session.scalars(select(Person.id)).all() == [kept.id]


def test_a_row_that_is_to_be_read_anew_is_written_too(database: Database, person: Person) -> None:
    with database.write() as session:
        found = session.get_one(Person, person.id)
        session.expire(found)
        found.name = "Ana"
    with database.read() as session:
        assert session.get_one(Person, person.id).name == "Ana"


def test_a_row_that_is_gone_cannot_be_changed(database: Database, person: Person) -> None:
    with database.write() as session:
        found = session.get_one(Person, person.id)
        session.connection().execute(text("DELETE FROM person"))
        found.name = "Ana"
        with pytest.raises(StaleDataError, match="person"):
            session.flush()
        session.rollback()


def test_where_the_database_refused_a_row_nothing_is_kept(database: Database, person: Person) -> None:
    def write_on() -> None:
        with database.write() as session:
            session.get_one(Person, person.id).name = "Ana"
            question(session, person)
            question(session, person)
            with pytest.raises(IntegrityError):
                session.flush()

    with pytest.raises(RuntimeError, match="roll back"):
        write_on()
    with database.read() as session:
        assert session.get_one(Person, person.id).name != "Ana"
    with database.write() as session:
        question(session, person)
        with pytest.raises(IntegrityError), session.begin_nested():
            question(session, person)
        session.get_one(Person, person.id).name = "Eva"
    with database.read() as session:
        assert session.get_one(Person, person.id).name == "Eva"
        assert len(session.scalars(select(Question)).all()) == 1


def test_rows_with_a_name_for_a_number_are_changed_by_it_and_days_are_written(database: Database) -> None:
    with database.write() as session:
        session.add(ServiceState(name="one", value={"at": 1}))
        session.add(Circle(code="MAPLE", name="Bold Moves", zone="America/Chicago", created_at=NOW))
    with database.write() as session:
        circle = session.scalars(select(Circle)).one()
        session.get_one(ServiceState, "one").value = {"at": 2}
        circle.starts_on = NOW.date()
    with database.read() as session:
        assert session.get_one(ServiceState, "one").value == {"at": 2}
        assert session.scalars(select(Circle.starts_on)).all() == [NOW.date()]


def test_every_kind_of_column_comes_back_as_it_went_in(database: Database) -> None:
    """One row of every table, each column with a value of its type, whatever the tables point to."""
    numbers, words, json = (
        ("BigInteger", "Integer"),
        ("String", "Text", "Words", "Findable", "SealedUri"),
        ("JSON", "WordsJson"),
    )
    told: dict[str, Any] = {"Boolean": True, "UtcDateTime": NOW, "Date": NOW.date()}
    told |= dict.fromkeys(numbers, 7) | dict.fromkeys(words, "7") | {kind: {"a": [None]} for kind in json}
    kinds: dict[str, tuple[Any, Any]] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kinds.setdefault(f"{type(column.type).__name__} {column.type}", (table, column))
    with database.engine.begin() as connection:
        for table, column in kinds.values():
            name, value = f"kind_{table.name}_{column.name}", told[type(column.type).__name__]
            alone = Table(
                name, MetaData(), Column("id", BigInteger, primary_key=True), Column("it", column.type)
            )
            alone.create(connection)
            insert_rows(connection, alone, ("id", "it"), [(1, value), (2, None)])
            assert update_rows(connection, alone, ("it",), [(value, 2), (None, 1)]) == 2
            assert connection.execute(select(alone.c.it).order_by(alone.c.id)).scalars().all() == [
                None,
                value,
            ]


def test_every_column_bears_the_name_that_its_rows_have_for_it() -> None:
    named = {
        (str(mapper), each.key, each.columns[0].name)
        for mapper in Base.registry.mappers
        for each in mapper.column_attrs
        if each.key != each.columns[0].name
    }
    assert not named, "a row is written by the names of its attributes"
