"""Keeps to the address that a person writes from: what waits follows, and TEXT ME HERE is offered once."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.people.reachability import SEVERAL, addresses_of, best_of, consents_of
from assistant.circles.people.readdressing import readdress
from assistant.circles.people.recent_texts import was_said
from assistant.conversations.turn_context import Context

OFFER: Final = "texted_elsewhere"
"""The notice that says where texts go, and how to have them here."""
OFFERED_ONCE_IN: Final = dt.timedelta(days=180)


def follow(context: Context) -> None:
    """See to a text from another address of its writer than the one before; others cost nothing here.

    Texts go to the address last written from, where they may go there. Where they may not, because nobody has
    agreed to them at it, its writer is answered all the same, and hears once how to have them there.
    """
    session, person, here = context.session, context.person, context.address
    if person.heard_at is None or here.heard_at == person.heard_at or context.progress.opted_out:
        return
    found = addresses_of(session, person.id)
    if len(found) < SEVERAL or here.doubted_at is not None:
        return
    here.heard_at = context.now
    kinds = consents_of(session, found, context.services.identity.sender)
    best = best_of(found, kinds)
    readdress(session, person.id, best, context.now)
    elsewhere = best.id != here.id and kinds.get(best.id) == "in"
    if elsewhere and kinds.get(here.id) is None and _may_offer(context):
        context.notice(OFFER)


def _may_offer(context: Context) -> bool:
    """Whether it comes in between nothing: a question that was just put, or a talk about danger."""
    question = context.question
    asked_now = question is not None and question.opened_at == context.now
    if asked_now or context.progress.quiet or context.known.in_talk or context.known.in_alert:
        return False
    since = context.now - OFFERED_ONCE_IN
    return not was_said(context.session, context.person.id, since, f"notices/{OFFER}")
