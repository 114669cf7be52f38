"""Shows members to a host: by name, by number to choose from, or by first letters on a shared phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, other_name_of
from assistant.store.tables import Member, Person


def people_of(session: Session, member_ids: Iterable[int]) -> dict[int, Person]:
    """Return who sits in these seats, by seat, in the order given."""
    wanted = list(member_ids)
    rows = session.execute(
        select(Member.id, Person).join(Person, Person.id == Member.person_id).where(Member.id.in_(wanted))
    )
    found = {row.id: row.Person for row in rows}
    return {each: found[each] for each in wanted if each in found}


def name_placeholders(ctx: ActionContext, person: Person) -> dict[str, Any]:
    """Return how a line names a member to a host: by name, and on a shared phone by the first letter."""
    return {**other_name_of(person), "initials": initials([person], language_of(ctx))}


def initials(people: Iterable[Person], language: str) -> str:
    """Return first letters, for a host whose phone others see: "A.", "A. & R."."""
    letters = [
        f"{person.name.strip()[0].upper()}." if person.name else PLACEHOLDERS["other_name"].plain[language]
        for person in people
    ]
    return " & ".join(letters)


def member_choices(people: Mapping[int, Person]) -> dict[str, Any]:
    """Return the values by which one of these seats is chosen, by number or by name."""
    return list_choices("people", ((key, person.name or str(key)) for key, person in people.items()))


def numbered(ctx: ActionContext, people: Iterable[Person]) -> Lines:
    """Return these members, a line each, by the numbers that choose them."""
    return Lines(
        tuple(
            Line("numbered_name", {**name_placeholders(ctx, person), "count": str(number)})
            for number, person in enumerate(people, 1)
        )
    )


def fitting_options(labels: Sequence[str], last: str = "") -> str:
    """Return as many options as fit into a text: "1 Ana, 2 Rosa"; whoever does not is found by name still.

    Args:
        labels: In their order.
        last: What stands as the last option, whoever is left out before it; "" for none.
    """
    shown = [f"{number} {label}" for number, label in enumerate(labels, 1)]
    end = [f"{len(labels) + 1} {last}"] if last else []
    while shown and len(", ".join((*shown, *end))) > PLACEHOLDERS["options"].longest:
        shown.pop()
    return ", ".join((*shown, *end))
