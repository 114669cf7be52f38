"""Tells whether words that nobody asked for answer an invitation, and answers those who have no seat."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.membership.invitations import open_invitations, yes_or_no
from assistant.circles.membership.waiting_answers import waits_for_seat
from assistant.circles.people.recent_texts import was_said
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start
from assistant.language.signals.courtesy import is_courtesy
from assistant.store.tables import Question

STRANGERS_ONCE_IN: Final = dt.timedelta(days=1)


def answers_invitation(context: Context, late: Question | None) -> bool:
    """Return whether words are for an invitation: of someone with a seat, a plain yes or no after it came."""
    invited = open_invitations(context.session, context.person.id, context.now)
    if not invited:
        return False
    sent_at = invited[-1][0].sent_at
    if late is not None and sent_at is not None and late.opened_at > sent_at:
        return False
    return "member" not in context.known.hears or yes_or_no(context.words) is not None


def answer_outsider(context: Context) -> str | None:
    """Answer somebody without a seat: how it stands for who waits for one, else who we are, once a day.

    Returns:
        Why nothing was said, if so.
    """
    if waits_for_seat(context.session, context.person.id):
        start(context, "waiting", {})
        return None
    since = context.now - STRANGERS_ONCE_IN
    declined = was_said(context.session, context.person.id, since, "invited/declined/say")
    if declined and is_courtesy(context.words):
        return "courtesy"
    if was_said(context.session, context.person.id, since, "notices/stranger"):
        return "stranger"
    context.notice("stranger")
    return None
