"""Lets a member block another: from then on the two are never paired, and do not reach each other."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.buddies import buddies_of
from assistant.circles.hosts.naming import is_called
from assistant.circles.mending import keep_apart
from assistant.circles.profile import number_options
from assistant.circles.scene import Done, Scene, action
from assistant.circles.seats import seats_of
from assistant.store.tables import Member, Person


@action("one", "several", "nobody", "unknown")
def find_to_block(scene: Scene) -> Done:
    """Whom she means: whoever of her circles has the name in `person`, else her buddy."""
    seats = [member for member, _ in seats_of(scene.session, scene.person.id)]
    said = scene.values.get("person")
    if said:
        found = [person for person in _circle_mates(scene, seats) if is_called(person, str(said))]
    else:
        members = [buddy for seat in seats for buddy in buddies_of(scene.session, seat)]
        found = [scene.session.get_one(Person, member.person_id) for member in members]
    found = list({person.id: person for person in found}.values())
    if not found:
        return Done("unknown" if said else "nobody")
    if len(found) == 1:
        return Done("one", {"blocked": str(found[0].id)})
    labels = [person.name or str(at) for at, person in enumerate(found, 1)]
    people = [{"key": str(person.id), "label": label} for person, label in zip(found, labels, strict=True)]
    return Done("several", {"people": people, "options": number_options(labels)})


@action("blocked", "nobody")
def block(scene: Scene) -> Done:
    """Keep the two apart for good. The other is not told, and nobody hears who asked."""
    other = scene.session.get(Person, int(scene.values.get("blocked") or 0))
    seats = [member for member, _ in seats_of(scene.session, scene.person.id)]
    if other is None or other.id not in {person.id for person in _circle_mates(scene, seats)}:
        return Done("nobody")
    effects = keep_apart(scene.session, scene.person, other, scene.now)
    return Done("blocked", {"buddy": other.name} if other.name else {}, effects)


def _circle_mates(scene: Scene, seats: list[Member]) -> list[Person]:
    return list(
        scene.session.scalars(
            select(Person)
            .join(Member, Member.person_id == Person.id)
            .where(Member.circle_id.in_([seat.circle_id for seat in seats]), Person.id != scene.person.id)
            .order_by(Person.id)
        ).unique()
    )
