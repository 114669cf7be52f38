"""Says what waits to be sent to someone in the language that they have just chosen."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select

from assistant.conversations.text_rendering import speak
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import with_versions
from assistant.delivery.outbox import LONGEST_TEXT
from assistant.language.sms.segments import measure
from assistant.store.tables import Conversation, Outbox

NOTICES = "notices"


def reword_waiting(context: Context) -> None:
    """Word anew what conversations have asked or said and has not left: wording is always today's.

    What tells of others (notices) stays as it was written when it was: what stood in it is not kept.
    """
    waiting = context.session.scalars(
        select(Outbox).where(
            Outbox.person_id == context.person.id,
            Outbox.state == "queued",
            Outbox.conversation_id.is_not(None),
            Outbox.body.is_not(None),
        )
    ).all()
    parts = [(each.conversation_id, each.wording, each.created_at) for each in waiting]
    for text in waiting:
        flow, _, rest = (text.wording or "").partition("/")
        step, _, part = rest.partition("/")
        whole = parts.count((text.conversation_id, text.wording, text.created_at)) == 1
        if flow == NOTICES or not part or not whole or text.carries:
            continue
        conversation = context.session.get_one(Conversation, text.conversation_id)
        look = partial(context.services.book.texts, flow, step, part, conversation.version)
        texts = with_versions(context, look)
        words = speak(context.about(conversation), texts, uri=context.address.uri)
        segments = measure(words).segments
        if segments <= LONGEST_TEXT:
            text.body, text.segments = words, segments
