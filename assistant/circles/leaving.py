"""Lets people go: out of one circle, or out of all of them and of every text."""

from __future__ import annotations

from assistant.circles.joining import tell_hosts
from assistant.circles.profile import number_options
from assistant.circles.scene import Done, Effect, Finish, OptOut, Scene, action
from assistant.circles.seats import seats_of
from assistant.store.tables import Circle, Member

EVERYTHING = "all"
ALL_TEXTS = {"en": "all texts", "es": "todo"}
"""The last option, after her circles."""


@action("one", "several", "none")
def find_seats(scene: Scene) -> Done:
    """Which seats she could leave: with several, `seats` and `options` list them, and everything at once."""
    seats = seats_of(scene.session, scene.person.id)
    if len(seats) == 1:
        return Done("one", member=seats[0][0])
    if not seats:
        return Done("none")
    labels = [_label(scene, circle) for _, circle in seats]
    options = [
        *({"key": str(member.id), "label": label} for (member, _), label in zip(seats, labels, strict=True)),
        {"key": EVERYTHING, "label": ALL_TEXTS.get(scene.person.language or "en", ALL_TEXTS["en"])},
    ]
    return Done("several", {"seats": options, "options": number_options(each["label"] for each in options)})


@action("left", "all", "none")
def leave(scene: Scene) -> Done:
    """Give up the seat chosen in `leaving`, or the one this is about; "all" stops every text as well."""
    chosen = scene.values.get("leaving")
    if chosen == EVERYTHING:
        return Done("all", effects=(*_leave_all(scene), OptOut()))
    for member, circle in seats_of(scene.session, scene.person.id):
        if chosen == str(member.id) or (
            chosen is None and scene.member is not None and member.id == scene.member.id
        ):
            return Done("left", effects=_leave_one(scene, member, circle), member=member)
    return Done("none")


@action("left", "none")
def leave_everything(scene: Scene) -> Done:
    """Give up every seat and every text, without another word: the question about it went unanswered."""
    effects = _leave_all(scene)
    return Done("left" if effects else "none", effects=(*effects, OptOut(confirm=False)))


def _leave_all(scene: Scene) -> list[Effect]:
    return [
        effect
        for member, circle in seats_of(scene.session, scene.person.id)
        for effect in _leave_one(scene, member, circle)
    ]


def _leave_one(scene: Scene, member: Member, circle: Circle) -> tuple[Effect, ...]:
    """The host hears of it only if she had come in: before the promise nothing of hers was told."""
    member.state = "left"
    member.state_at = scene.now
    told = tell_hosts(scene, circle, "member_left") if member.promised_at is not None else ()
    return (Finish(scene.person.id, member.id), *told)


def _label(scene: Scene, circle: Circle) -> str:
    """A circle's name; its initials alone on a shared phone."""
    return "".join(word[0] for word in circle.name.split()).upper() if scene.person.plain else circle.name
