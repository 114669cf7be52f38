"""Hears the first text of somebody who was asked to write, so that what waits can be said, and lets it go."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from assistant.channels.payloads import asks_to_read
from assistant.channels.windows import just_opened
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again
from assistant.language.signals.courtesy import is_courtesy
from assistant.store.tables import Conversation, Outbox


def note_channel(context: Context) -> bool:
    """Note by what the person's text came, and let go what waited for it; return whether some may have."""
    text, address = context.inbox, context.address
    if text is None:
        return False
    channel = text.params.get("channel")
    if address.channel != channel:
        address.channel = channel
    opened = just_opened(address.opened_at, address.heard_at)
    if opened:
        # Loaded late: what claims texts is of no use here but for chats whose window was closed.
        from assistant.delivery.waited import let_go

        let_go(context.session, address.id, context.now)
    return opened


def gather_waited(context: Context) -> None:
    """Say what waited in as few texts as fit; what is asked in them is not asked by this turn as well."""
    from assistant.delivery.waited import gather

    asked = gather(context.session, context.address.id, context.now)
    context.progress.drafts[:] = [
        draft
        for draft in context.progress.drafts
        if (draft.conversation_id, "/".join((draft.wording or "").split("/")[:2])) not in asked
    ]


def answer_opener(context: Context) -> bool:
    """See to a text that only lets us speak: the opener's button, an OK, a greeting; else False.

    What waited says itself. Where nothing is left that is still true, the question that is open is put again,
    or they hear that nothing waits.
    """
    text, address = context.inbox, context.address
    if text is None:
        return False
    tapped = asks_to_read(text.params)
    if not tapped and not (just_opened(address.opened_at, address.heard_at) and is_courtesy(context.words)):
        return False
    waiting = select(func.count()).where(
        Outbox.address_id == address.id,
        Outbox.state.in_(("queued", "claimed", "unsure")),
        Outbox.not_before <= context.now,
        or_(Outbox.expires_at.is_(None), Outbox.expires_at > context.now),
    )
    if context.session.scalar(waiting):
        return True
    if (question := context.question) is not None:
        ask_again(context, context.session.get_one(Conversation, question.conversation_id))
    else:
        context.notice("nothing_waits")
    return True
