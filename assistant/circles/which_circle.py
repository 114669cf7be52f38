"""Settles which of her circles something is about, where her words alone do not say."""

from __future__ import annotations

from assistant.circles.profile import number_options
from assistant.circles.scene import Done, Scene, action
from assistant.circles.seats import seats_of
from assistant.store.circles import SEATED
from assistant.store.tables import Circle


@action("one", "several", "none")
def which_seat(scene: Scene) -> Done:
    """The seat this is about: the conversation's own, or her only one; with more, `seats` lists them."""
    seats = seats_of(scene.session, scene.person.id)
    if scene.member is not None and scene.member.state in SEATED:
        return Done("one", member=scene.member)
    if not seats:
        return Done("none")
    if len(seats) == 1:
        return Done("one", member=seats[0][0])
    labels = [circle_label(circle, plain=scene.person.plain) for _, circle in seats]
    listed = [
        {"key": str(member.id), "label": label} for (member, _), label in zip(seats, labels, strict=True)
    ]
    return Done("several", {"seats": listed, "options": number_options(labels)})


@action("taken", "none")
def take_seat(scene: Scene) -> Done:
    """Go on in the circle she chose in `seat`."""
    chosen = scene.values.get("seat")
    for member, _ in seats_of(scene.session, scene.person.id):
        if str(member.id) == chosen:
            return Done("taken", member=member)
    return Done("none")


def circle_label(circle: Circle, *, plain: bool) -> str:
    """A circle's name, or its initials alone where others see the phone."""
    return "".join(word[0] for word in circle.name.split()).upper() if plain else circle.name
