"""Answers the words that stand above any conversation: stop, start and help."""

from __future__ import annotations

from assistant.circles.membership.leaving import returned
from assistant.circles.people import consent
from assistant.conversations.effect_handlers import apply
from assistant.conversations.opting import opt_in, opt_out
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again
from assistant.language.signals import signal
from assistant.store.tables import Conversation, Inbox

CARRIER_STOPS = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout", "cancel"})
CARRIER_STARTS = frozenset({"start", "yes", "unstop"})
CARRIER_HELPS = frozenset({"help", "info"})
"""Single words that Twilio itself acts upon for SMS (its default opt-out keywords)."""


def kind_of(text: Inbox) -> str:
    """What kind of text it is: stop, start, help, tapback, auto_reply, empty or words.

    The carrier's own reading of an opt-out keyword stands before ours.
    """
    said = str(text.params.get("OptOutType", "")).lower()
    return said if said in ("stop", "start", "help") else signal(text.body or "").kind


def overtakes(text: Inbox) -> bool:
    """Whether it goes before older texts of hers that still wait: stop, start and help do."""
    return kind_of(text) in ("stop", "start", "help")


def lets_in_again(context: Context) -> bool:
    """Whether the carrier takes this text for an opt-in: to it, YES is one from who is out."""
    return context.progress.opted_out and _is_keyword(context, CARRIER_STARTS)


def stop(context: Context) -> None:
    """Opt the person out; they hear so once, from the carrier or us, and not again while they are out."""
    confirm = not context.progress.opted_out and not _carrier_answers(context, "stop", CARRIER_STOPS)
    apply(context, opt_out(context, confirm=confirm))


def start(context: Context, text: Inbox) -> None:
    """She is in again, her seats are hers again, and she is asked again what she was being asked."""
    stopped_at = consent.out_since(context.session, context.address.id, context.services.identity.sender)
    opt_in(context, text)
    if not _carrier_answers(context, "start", CARRIER_STARTS):
        context.notice("opted_in")
    if stopped_at is not None:
        apply(context, returned(context.session, context.person, stopped_at, context.now))
    question = context.question
    if question is not None:
        ask_again(context, context.session.get_one(Conversation, question.conversation_id))


def help_person(context: Context) -> None:
    """HELP carries the crisis line: people in distress send it too."""
    if not _carrier_answers(context, "help", CARRIER_HELPS):
        context.notice("help")


def _is_keyword(context: Context, words: frozenset[str]) -> bool:
    return context.address.uri.startswith("sms:") and context.words.lower() in words


def _carrier_answers(context: Context, keyword: str, words: frozenset[str]) -> bool:
    """Whether the carrier has answered this text already, so that we must not."""
    if context.inbox is not None and context.inbox.params.get("OptOutType"):
        return True
    return keyword in context.services.carrier_replies and _is_keyword(context, words)
