"""Settles which of the circles she hosts a command is about, and lets nobody near any other."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.circles.profile import number_options
from assistant.circles.rights import circle_for, hosted_by
from assistant.circles.scene import Done, Scene, action
from assistant.circles.which_circle import circle_label
from assistant.language.folding import split_words
from assistant.store.tables import Circle


@action("one", "several", "none")
def which_hosted(scene: Scene) -> Done:
    """The circle this is about: the conversation's own, that whose code her words name, or her only one.

    several: `hosted` and `options` list them. Where `text` begins with a code ("CHECKIN MAPLE how are you?"),
    the rest stays in `text`.
    """
    if (already := hosted(scene)) is not None:
        return Done("one", circle=already)
    circles = hosted_by(scene.session, scene.person.id)
    if not circles:
        return Done("none")
    text = str(scene.values.get("text") or "")
    if words := split_words(text):
        named = [circle for circle in circles if circle.code == words[0].plain.upper()]
        if named:
            return Done("one", {"text": text[words[0].end :].lstrip(" :,.-")}, circle=named[0])
    if len(circles) == 1:
        return Done("one", circle=circles[0])
    return Done("several", list_circles(scene, circles))


@action("taken", "none")
def take_hosted(scene: Scene) -> Done:
    """Go on with the circle she chose in `hosted_circle`."""
    chosen = str(scene.values.get("hosted_circle") or "")
    circle = circle_for(scene.session, scene.person.id, int(chosen)) if chosen.isdigit() else None
    return Done("taken", circle=circle) if circle is not None else Done("none")


def hosted(scene: Scene) -> Circle | None:
    """The circle of this conversation, as long as she still hosts it; every action of hers asks anew."""
    return circle_for(scene.session, scene.person.id, scene.circle.id) if scene.circle is not None else None


def list_circles(scene: Scene, circles: Sequence[Circle]) -> dict[str, object]:
    """Values by which she is asked which of several circles she means."""
    labels = [circle_label(circle, plain=scene.person.plain) for circle in circles]
    listed = [{"key": str(circle.id), "label": label} for circle, label in zip(circles, labels, strict=True)]
    return {"hosted": listed, "options": number_options(labels)}
