"""Who has a seat in which circle, and who goes by which first name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.language.folding import fold, plain_words
from assistant.store.tables import Circle, Member, Person
from assistant.store.tables.circle_tables import SEATED


class Named(NamedTuple):
    """A seat, whose it is, and where."""

    member: Member
    person: Person
    circle: Circle


def members_of(session: Session, circles: Sequence[Circle], states: Sequence[str] = SEATED) -> list[Named]:
    """Who has a seat in these circles, the oldest first; a host hears of nobody before the promise."""
    rows = session.execute(
        select(Member, Person, Circle)
        .join(Person, Person.id == Member.person_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Member.circle_id.in_([circle.id for circle in circles]),
            Member.state.in_(states),
            Member.promised_at.is_not(None),
        )
        .order_by(Member.id)
    )
    return [Named(*row) for row in rows]


def called(people: Sequence[Named], said: str) -> list[Named]:
    """Those of the first name in `said`; where it tells more ("Ana Lopez") and that helps, by all of it."""
    found = [each for each in people if is_called(each.person, said)]
    whole = plain_words(said)
    exact = [each for each in found if plain_words(each.person.name or "")[: len(whole)] == whole]
    return exact if len(whole) > 1 and exact else found


def is_called(person: Person, said: str) -> bool:
    """Whether that is her first name, in any case and with or without accents."""
    return bool(person.name) and fold(person.name or "").split()[:1] == fold(said).split()[:1]
