"""A key that changes: everything stays readable and findable, half-way too, and a wrong key is refused."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select, text, update

from assistant.circles.people.addresses import address_for, claim_senders
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.schedule.clock import ManualClock
from assistant.store import resealing
from assistant.store.database import Database
from assistant.store.keys_in_use import (
    WrongKeyError,
    check_keys,
    forget_keys_before,
    keys_in_use,
    take_up_keys,
)
from assistant.store.resealing import count_values, reseal
from assistant.store.sealing import Keyring, SealError
from assistant.store.tables import Address, Conversation, Inbox, Person

FIRST, SECOND, THIRD = (os.urandom(32) for _ in range(3))
PEOPLE = 25
Open = Callable[[Keyring | None], Database]


class Killed(Exception):  # noqa: N818 - it is what happened
    """The process ended there."""


@pytest.fixture
def opened(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the one database with some keys, as a process that starts does."""
    monkeypatch.setattr(resealing, "AT_ONCE", 10)
    every: list[Database] = []

    def open_with(keyring: Keyring | None) -> Database:
        database = Database(database_url, keyring=keyring)
        every.append(database)
        take_up_keys(database)
        return database

    yield open_with
    for each in every:
        each.close()


def uri_of(number: int) -> str:
    return f"sms:+1415555{number:04}"


def incoming(number: int, now: dt.datetime, text: str = "") -> IncomingText:
    return IncomingText(
        f"SM{number:032}{len(text)}",
        uri_of(number),
        "sms:+18005550100",
        text or f"rose {number}",
        {"a": "b"},
        now,
    )


def write(database: Database, clock: ManualClock, numbers: range) -> None:
    now = clock.now()
    with database.write() as session:
        for number in numbers:
            address = address_for(session, [uri_of(number)], now)
            session.get_one(Person, address.person_id).name = f"Ana {number}"
        insert_texts(session, [incoming(number, now) for number in numbers])


def read(database: Database) -> tuple[list[str | None], list[str | None]]:
    with database.read() as session:
        return (
            list(session.scalars(select(Inbox.body).order_by(Inbox.id))),
            list(session.scalars(select(Person.name).order_by(Person.id))),
        )


def left(database: Database) -> int:
    with database.read() as session:
        assert database.keyring is not None
        counts = count_values(session, database.keyring.fingerprint)
    return sum(each.plain + each.others for each in counts)


def expected(count: int) -> tuple[list[str], list[str]]:
    return [f"rose {number}" for number in range(count)], [f"Ana {number}" for number in range(count)]


def test_what_was_kept_without_a_key_is_sealed_once_there_is_one(opened: Open, clock: ManualClock) -> None:
    write(opened(None), clock, range(PEOPLE))
    database = opened(Keyring(FIRST))
    assert read(database) == expected(PEOPLE)
    told: list[int] = []
    reseal(database, lambda _table, count: told.append(count))
    assert left(database) == 0
    # Names, bodies and parameters; addresses were sealed when the key was taken up.
    assert sum(told) == PEOPLE * 3
    assert read(database) == expected(PEOPLE)
    assert forget_keys_before(database)
    with database.engine.connect() as connection:
        lie = repr(
            [
                connection.execute(text(f"SELECT * FROM {table}")).all()
                for table in ("inbox", "person", "address")
            ]
        )
    # With a space after them: sealed words have none, and three letters turn up in them by chance.
    assert not [each for each in ("rose ", "Ana ", "1415555") if each in lie]


def test_a_new_database_needs_no_sealing_anew(opened: Open) -> None:
    database = opened(Keyring(FIRST))
    with database.read() as session:
        known = keys_in_use(session)
    assert known is not None
    assert (known.key, known.before) == (Keyring(FIRST).fingerprint, ())


def test_half_way_texts_come_in_and_addresses_are_found_and_nothing_is_doubled(
    opened: Open, clock: ManualClock
) -> None:
    write(opened(Keyring(FIRST)), clock, range(PEOPLE))
    database = opened(Keyring(SECOND, FIRST))

    def killed(table: str, _count: int) -> None:
        if table == "person":
            raise Killed

    with pytest.raises(Killed):
        reseal(database, killed)
    assert 0 < left(database) < PEOPLE * 3
    assert read(database) == expected(PEOPLE)

    with database.write() as session:
        insert_texts(session, [incoming(3, clock.now(), "again"), incoming(3, clock.now(), "again")])
        claim_senders(session, session.scalars(select(Inbox).order_by(Inbox.id)).all())
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Address)) == PEOPLE
        found = session.scalars(select(Address.id).where(Address.uri.in_([uri_of(3), uri_of(4)]))).all()
        assert len(found) == 2
        joined = select(Inbox.id).join(Address, Address.uri == Inbox.from_uri).where(Inbox.state == "new")
        assert len(session.scalars(joined).all()) == PEOPLE + 1

    reseal(database, lambda *_: None)
    assert left(database) == 0
    assert forget_keys_before(database)
    alone = opened(Keyring(SECOND))
    bodies, names = read(alone)
    assert (bodies[:PEOPLE], names) == expected(PEOPLE)
    assert bodies[PEOPLE:] == ["again"]


def test_whoever_changes_a_row_meanwhile_wins(opened: Open, clock: ManualClock) -> None:
    write(opened(Keyring(FIRST)), clock, range(3))
    database = opened(Keyring(SECOND, FIRST))
    tables = resealing._tables(database.engine.dialect.name)
    person = next(each for each in tables if each.clause.name == "person")
    keyring = database.keyring
    assert keyring is not None
    with database.read() as session:
        rows = resealing._read(session, person, keyring)
    with database.write() as session:
        session.execute(update(Person).where(Person.id == rows[0].id).values(name="Rosa"))
        session.execute(update(Person).where(Person.id == rows[1].id).values(name=None))
    with database.write() as session:
        resealing._replace(session, person, keyring, rows)
    assert read(database)[1] == ["Rosa", None, "Ana 2"]


def test_json_and_what_is_nothing_are_sealed_and_left(opened: Open, clock: ManualClock) -> None:
    now = clock.now()
    plain = opened(None)
    with plain.write() as session:
        session.add(Person(id=1, created_at=now))
        session.flush()
        for values in ({}, {"words": "sealed:1:x", "n": [1, None]}):
            session.add(
                Conversation(person_id=1, flow="f", version="v", step="s", values=values, began_at=now)
            )
    database = opened(Keyring(FIRST))
    reseal(database, lambda *_: None)
    assert left(database) == 0
    with database.read() as session:
        kept = session.scalars(select(Conversation.values).order_by(Conversation.id)).all()
        assert kept == [{}, {"words": "sealed:1:x", "n": [1, None]}]
        assert session.scalars(select(Person.name)).all() == [None]


def test_a_wrong_key_is_refused_in_one_sentence_and_changes_nothing(opened: Open, clock: ManualClock) -> None:
    write(opened(Keyring(FIRST)), clock, range(2))
    first, other = Keyring(FIRST).fingerprint, Keyring(THIRD).fingerprint
    with pytest.raises(WrongKeyError, match=f"sealed with the key {first}, and there is no DATA_KEY"):
        opened(None)
    with pytest.raises(WrongKeyError, match=f"sealed with the key {first}, and DATA_KEY is {other}"):
        opened(Keyring(THIRD))
    assert read(opened(Keyring(FIRST))) == expected(2)


def test_a_third_key_waits_until_the_first_is_needed_no_more(opened: Open, clock: ManualClock) -> None:
    write(opened(Keyring(FIRST)), clock, range(2))
    database = opened(Keyring(SECOND, FIRST))
    with pytest.raises(WrongKeyError, match="finish `circle key rotate`"):
        opened(Keyring(THIRD, SECOND))
    with pytest.raises(WrongKeyError, match="finish `circle key rotate`"):
        opened(Keyring(SECOND))
    reseal(database, lambda *_: None)
    assert forget_keys_before(database)
    assert read(opened(Keyring(THIRD, SECOND))) == expected(2)


def test_keys_before_are_not_forgotten_while_a_value_needs_them(opened: Open, clock: ManualClock) -> None:
    write(opened(Keyring(FIRST)), clock, range(2))
    database = opened(Keyring(SECOND, FIRST))
    assert not forget_keys_before(database)
    assert check_keys(database) is not None


def test_processes_that_know_both_keys_may_seal_with_either_while_they_are_exchanged(
    opened: Open, clock: ManualClock
) -> None:
    write(opened(Keyring(FIRST)), clock, range(2))
    still_first = opened(Keyring(FIRST, SECOND))
    second = opened(Keyring(SECOND, FIRST))
    write(still_first, clock, range(2, 4))
    assert read(second) == read(still_first) == expected(4)
    reseal(second, lambda *_: None)
    assert left(second) == 0


def test_what_cannot_be_opened_stops_the_sealing_and_names_its_column(
    opened: Open, clock: ManualClock
) -> None:
    write(opened(Keyring(FIRST)), clock, range(2))
    database = opened(Keyring(SECOND, FIRST))
    with database.write() as session:
        session.execute(text("UPDATE person SET place = name WHERE id = 1"))
    with pytest.raises(SealError, match=r"person\.place"):
        reseal(database, lambda *_: None)


def test_a_database_without_tables_is_left_alone(empty_database: Database) -> None:
    take_up_keys(empty_database)
    with empty_database.engine.connect() as connection:
        assert not connection.dialect.has_table(connection, "service_state")
