"""Shows a host the text that she is about to send, just as those will read it whom it goes to."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.scene import Line, Preview, Scene
from assistant.engine.model import Texts
from assistant.language.segments import measure
from assistant.messages.desk import Desk
from assistant.messages.moment import Moment, scene_of
from assistant.messages.speech import language_of, speak
from assistant.store.tables import Conversation, Person


def show_preview(moment: Moment, preview: Preview, conversation: Conversation | None) -> None:
    """Say the text to her once for each way in which it will be read, with its segments."""
    circle = scene_of(moment, conversation).circle
    texts = _texts(moment.desk, preview.wording)
    seen = set()
    for person in moment.session.scalars(
        select(Person).where(Person.id.in_(preview.people)).order_by(Person.id)
    ):
        reads = f"{language_of(person, circle)}{'_shared' if person.plain else ''}"
        if reads in seen:
            continue
        seen.add(reads)
        scene = Scene(
            moment.session,
            moment.now,
            moment.desk.house,
            person,
            moment.address.id,
            circle=circle,
            values=dict(preview.values),
        )
        words = speak(scene, texts, uri=moment.address.uri, carry=preview.carry)
        fills = {"reads": reads, "words": words, "n": str(measure(words).segments)}
        moment.lines([Line("preview_text", fills, carry=("words",))], conversation)


def _texts(desk: Desk, wording: str) -> Texts:
    where, _, name = wording.partition("/")
    if where == "notices":
        return desk.book.notice(name)
    return desk.book.flow(where).steps[name].say or {}
