"""Answers what looked like a command, and was none or none of hers, as ordinary words: without a hint."""

from __future__ import annotations

from assistant.circles.rights import standing
from assistant.circles.scene import Done, Scene, Tell, action


@action("answered")
def answer_as_ordinary(scene: Scene) -> Done:
    """Say what a stranger, or a member who was asked nothing, is told."""
    known = bool(standing(scene.session, scene.person.id))
    notice = "no_question" if known else "stranger"
    return Done("answered", effects=(Tell(scene.person.id, notice, purpose="reply"),))
