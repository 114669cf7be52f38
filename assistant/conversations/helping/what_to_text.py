"""Says what someone can do where they stand: how to reply to an open question, or the words that serve."""

from __future__ import annotations

from assistant.circles.membership.invitations import open_invitations
from assistant.conversations.answers import step_of
from assistant.conversations.danger_stage import is_in_talk
from assistant.conversations.helping.misunderstandings import reword
from assistant.conversations.turn_context import Context
from assistant.store.tables import Conversation


def help_here(context: Context) -> None:
    """Say what can be done here; in a talk about someone's safety nothing is added to it."""
    question = context.question
    conversation = (
        context.session.get_one(Conversation, question.conversation_id) if question is not None else None
    )
    if is_in_talk(context, conversation) or (
        question is not None and context.services.book.is_safety(question.flow)
    ):
        return
    if question is not None:
        reword(context, question, step_of(context, question))
    else:
        stands, values = _stands(context)
        context.notice("help_here", {**values, "stands": stands})


def _stands(context: Context) -> tuple[str, dict[str, str]]:
    hears = context.known.hears
    if "host" in hears:
        return "host", {}
    seats = [member for member, _ in context.known.seats]
    if any(member.promised_at is not None for member in seats):
        taking_part = any(member.state in ("active", "joining") for member in seats)
        return ("member" if taking_part else "away"), {}
    if seats:
        return "joining", {}
    if "organizer" in hears:
        return "organizer", {}
    invited = open_invitations(context.session, context.person.id, context.now)
    if invited:
        circle = invited[-1][1]
        return "invited", {"circle": circle.name, "code": circle.code}
    return "nowhere", {}
