"""Settles which of the circles she hosts a command is about, and lets nobody near any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.profile import number_options
from assistant.circles.rights import circle_for, hosted_by
from assistant.circles.scene import Done, Scene, action
from assistant.circles.which_circle import circle_label
from assistant.language.folding import split_words
from assistant.store.tables import Circle, Conversation, Question

NOT_WORTH_COMING_BACK_TO: Final = ("hosted_circle", "status")
"""Flows whose questions are over once she asks for something else."""


@action("one", "several", "none")
def which_hosted(scene: Scene) -> Done:
    """The circle this is about: the conversation's own, that whose code her words name, or her only one.

    several: `hosted` and `options` list them. Where `text` begins with a code ("CHECKIN MAPLE how are you?"),
    the rest stays in `text`; so does it in `code`, for what takes no words ("STATUS MAPLE").
    """
    forget_asked(scene, *NOT_WORTH_COMING_BACK_TO)
    if (already := hosted(scene)) is not None:
        return Done("one", circle=already)
    circles = hosted_by(scene.session, scene.person.id)
    if not circles:
        return Done("none")
    text = str(scene.values.get("text") or scene.values.get("code") or "")
    if words := split_words(text):
        named = [circle for circle in circles if circle.code == words[0].plain.upper()]
        if named:
            rest = {"text": text[words[0].end :].lstrip(" :,.-")}
            return Done("one", rest | ({"code": ""} if "code" in scene.values else {}), circle=named[0])
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


def forget_asked(scene: Scene, *flows: str) -> None:
    """She has gone on to something else: what these flows asked her before is not asked again."""
    rows = scene.session.execute(
        select(Question, Conversation)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(Question.person_id == scene.person.id, Question.flow.in_(flows), Question.state != "closed")
    )
    for question, conversation in rows.all():
        question.state, question.outcome, question.closed_at = "closed", "replaced", scene.now
        conversation.ended_at = scene.now
    scene.session.flush()


def list_circles(scene: Scene, circles: Sequence[Circle]) -> dict[str, object]:
    """Values by which she is asked which of several circles she means."""
    labels = [circle_label(circle, plain=scene.person.plain) for circle in circles]
    listed = [{"key": str(circle.id), "label": label} for circle, label in zip(circles, labels, strict=True)]
    return {"hosted": listed, "options": number_options(labels)}
