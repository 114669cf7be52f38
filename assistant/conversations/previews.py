"""Shows a host the text that is about to go out, just as its recipients will read it."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import OWN, Line, Preview
from assistant.conversations.text_rendering import language_of, speak
from assistant.conversations.turn_context import Context
from assistant.engine.flow_model import Texts
from assistant.language.sms.segments import measure
from assistant.services import Services
from assistant.store.tables import Conversation, Person


def show_preview(context: Context, preview: Preview, conversation: Conversation | None) -> None:
    """Say the text to the host once for each way in which it will be read, with its segments."""
    circle = context.about(conversation).circle
    texts = _texts(context.services, preview.wording)
    seen = set()
    for person in context.session.scalars(
        select(Person).where(Person.id.in_(preview.people)).order_by(Person.id)
    ):
        reads = f"{language_of(person, circle)}{'_shared' if person.plain else ''}"
        if reads in seen:
            continue
        seen.add(reads)
        ctx = ActionContext(
            context.session,
            context.now,
            context.services.identity,
            person,
            context.address.id,
            circle=circle,
            values=dict(preview.values),
        )
        words = speak(ctx, texts, uri=context.address.uri, verbatim=preview.verbatim)
        placeholders = {"reads": reads, "words": words, "count": str(measure(words).segments)}
        shown = Line("preview_text", placeholders, verbatim=("words",), carries=OWN)
        context.lines([shown], conversation)


def _texts(services: Services, wording: str) -> Texts:
    where, _, name = wording.partition("/")
    if where == "notices":
        return services.book.notice(name)
    return services.book.flow(where).steps[name].say or {}
