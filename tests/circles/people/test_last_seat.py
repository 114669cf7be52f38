"""Two who come at once: the circle's lock is waited for, and then its seats are seen as they stand."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

from assistant.circles.people.memberships import is_full, lock_circle, seats_of
from assistant.store.database import Database
from assistant.store.read_ahead import announce, reading_ahead
from assistant.store.tables import Circle, Member, Person

NOW = dt.datetime(2026, 6, 1, 15, tzinfo=dt.UTC)


def _sit(session: Any, circle: Circle, person_id: int) -> None:
    session.add(Member(circle_id=circle.id, person_id=person_id, state="active", state_at=NOW))


def test_whoever_waits_for_the_circle_sees_who_took_the_last_seat(database: Database) -> None:
    with database.write() as session:
        circle = Circle(code="MAPLE", name="Bold Moves", zone="America/Chicago", size=2, created_at=NOW)
        people = [Person(created_at=NOW) for _ in range(3)]
        session.add_all([circle, *people])
        _sit(session, circle, people[0].id)
        ids = [person.id for person in people]
    holds, waits = threading.Event(), threading.Event()
    second: list[bool] = []

    def come_second() -> None:
        assert holds.wait(10)
        waits.set()
        with database.write() as late, reading_ahead(late):
            announce(late, person_id=ids)
            seats_of(
                late, ids[0]
            )  # Read before the lock, as whoever is handled earlier in a batch may have it.
            second.append(is_full(late, lock_circle(late, circle.id)))

    other = threading.Thread(target=come_second)
    other.start()
    with database.write() as session, reading_ahead(session):
        locked = lock_circle(session, circle.id)
        assert not is_full(session, locked)
        holds.set()
        assert waits.wait(10)
        other.join(0.5)  # Long enough to stand before the lock; whether it does changes nothing below.
        _sit(session, locked, ids[1])
        assert is_full(session, locked)
    other.join(20)
    assert second == [True]
