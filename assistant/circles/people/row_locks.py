"""Takes the locks under which people's conversations move."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from assistant.store.tables import Person

LOCKED: Final = (
    select(Person)
    .where(Person.id.in_(bindparam("people", expanding=True)))
    .order_by(Person.id)
    # Two buddies who write to each other at once set timers for each other: those need not wait.
    .with_for_update(skip_locked=True, key_share=True)
)


def lock_free_people(session: Session, people: Collection[int | None]) -> dict[int, Person]:
    """Lock those of these people whom no other worker has in hand, and return them by id; none is waited for.

    In the order of their ids, as everywhere: who holds one lock waits for nobody in turn.
    """
    return {person.id: person for person in session.scalars(LOCKED, {"people": list(people)})}
