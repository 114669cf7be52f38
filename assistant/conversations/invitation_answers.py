"""Tells whether words that nobody asked for answer an invitation."""

from __future__ import annotations

from assistant.circles.membership.invitations import open_invitations, yes_or_no
from assistant.conversations.turn_context import Context
from assistant.store.tables import Question


def answers_invitation(context: Context, late: Question | None) -> bool:
    """Return whether words are for an invitation: of someone with a seat, a plain yes or no after it came."""
    invited = open_invitations(context.session, context.person.id, context.now)
    if not invited:
        return False
    sent_at = invited[-1][0].sent_at
    if late is not None and sent_at is not None and late.opened_at > sent_at:
        return False
    return "member" not in context.known.hears or yes_or_no(context.words) is not None
