"""Two workers meet one number by two channels at the same moment: it is one person, whoever comes second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaitingError

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from assistant.circles.people.addresses import claim_senders, person_at
from assistant.circles.people.row_locks import hold_every_number
from assistant.store.database import Database
from assistant.store.tables import Address, Inbox, Person
from tests import servers
from tests.circles.town import NOW

SMS, WHATSAPP = "sms:+525512345678", "whatsapp:+5215512345678"
HIDDEN = "whatsapp:MX.AB12CD34EF"
LONGEST = 20


@pytest.fixture
def two_workers(postgresql_server: str) -> Iterator[Database]:
    name = "met_at_once"
    opened = Database(servers.create_database(postgresql_server, name, template="template_circle"))
    yield opened
    opened.close()
    servers.drop_database(postgresql_server, name)


def put_in(database: Database, *texts: tuple[str, str | None]) -> list[int]:
    """Texts from these addresses, each with the id that comes along, wait."""
    with database.write() as session:
        rows = [
            Inbox(
                carrier_id=f"SM{number}",
                from_uri=uri,
                to_uri="sms:+14155550100",
                body="hi",
                params={"ExternalUserId": lasting} if lasting else {},
                received_at=NOW,
                state="new",
            )
            for number, (uri, lasting) in enumerate(texts)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def claims(inbox_id: int) -> Callable[[Session], object]:
    return lambda session: claim_senders(session, [session.get_one(Inbox, inbox_id)])


def at_once(
    database: Database, first: Callable[[Session], object], second: Callable[[Session], object]
) -> bool:
    """Let the second begin while the first has not committed; return whether it had to wait for that."""
    begun = threading.Event()

    def go_second() -> None:
        with database.write() as session:
            session.execute(text("SELECT 1"))
            begun.set()
            second(session)

    with ThreadPoolExecutor(1) as beside:
        with database.write() as session:
            first(session)
            running: Future[None] = beside.submit(go_second)
            assert begun.wait(LONGEST)
            try:
                running.result(timeout=0.5)
                waited = False
            except StillWaitingError:
                waited = True
        running.result(timeout=LONGEST)
    return waited


def people(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


def owners(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {row.uri: row.person_id for row in session.scalars(select(Address))}


def test_both_channels_of_one_number_are_one_person(two_workers: Database) -> None:
    sms, whatsapp = put_in(two_workers, (SMS, None), (WHATSAPP, None))
    assert at_once(two_workers, claims(sms), claims(whatsapp))
    assert people(two_workers) == 1
    assert set(owners(two_workers)) == {SMS, WHATSAPP}


def test_an_id_that_comes_along_is_met_once(two_workers: Database) -> None:
    shown, hidden = put_in(two_workers, (WHATSAPP, HIDDEN), (HIDDEN, None))
    assert at_once(two_workers, claims(shown), claims(hidden))
    assert people(two_workers) == 1


def test_whoever_is_named_while_they_write_is_whoever_writes(two_workers: Database) -> None:
    """A host adds a number, or a list is imported, as its owner writes in WhatsApp."""
    (whatsapp,) = put_in(two_workers, (WHATSAPP, None))
    assert at_once(two_workers, lambda session: person_at(session, "+525512345678", NOW), claims(whatsapp))
    assert len(set(owners(two_workers).values())) == people(two_workers) == 1


def test_a_list_and_a_stranger_wait_for_each_other(two_workers: Database) -> None:
    (whatsapp,) = put_in(two_workers, (WHATSAPP, None))
    assert at_once(two_workers, claims(whatsapp), hold_every_number)
    assert people(two_workers) == 1


def test_strangers_of_other_numbers_do_not_wait(two_workers: Database) -> None:
    sms, other = put_in(two_workers, (SMS, None), ("whatsapp:+5215587654321", None))
    assert not at_once(two_workers, claims(sms), claims(other))
    assert people(two_workers) == 2
