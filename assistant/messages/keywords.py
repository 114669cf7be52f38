"""Answers the words that stand above any conversation: stop, start and help."""

from __future__ import annotations

from assistant.circles.leaving import returned
from assistant.language.signals import signal
from assistant.messages import consent
from assistant.messages.effects import apply, opt_in, opt_out
from assistant.messages.moment import Moment
from assistant.messages.turns import ask_again
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


def lets_in_again(moment: Moment) -> bool:
    """Whether the carrier takes this text for an opt-in: to it, YES is one from who is out."""
    return moment.opted_out and _is_keyword(moment, CARRIER_STARTS)


def stop(moment: Moment) -> None:
    """She is out; she hears so once, from the carrier or from us, and not again while she is out."""
    opt_out(moment, confirm=not moment.opted_out and not _carrier_answers(moment, "stop", CARRIER_STOPS))


def start(moment: Moment, text: Inbox) -> None:
    """She is in again, her seats are hers again, and she is asked again what she was being asked."""
    stopped_at = consent.out_since(moment.session, moment.address.id, moment.desk.house.sender)
    opt_in(moment, text)
    if not _carrier_answers(moment, "start", CARRIER_STARTS):
        moment.notice("opted_in")
    if stopped_at is not None:
        apply(moment, returned(moment.session, moment.person, stopped_at, moment.now))
    question = moment.question
    if question is not None:
        ask_again(moment, moment.session.get_one(Conversation, question.conversation_id))


def help_her(moment: Moment) -> None:
    """HELP carries the crisis line: people in distress send it too."""
    if not _carrier_answers(moment, "help", CARRIER_HELPS):
        moment.notice("help")


def _is_keyword(moment: Moment, words: frozenset[str]) -> bool:
    return moment.address.uri.startswith("sms:") and moment.words.lower() in words


def _carrier_answers(moment: Moment, keyword: str, words: frozenset[str]) -> bool:
    """Whether the carrier has answered this text already, so that we must not."""
    if moment.inbox is not None and moment.inbox.params.get("OptOutType"):
        return True
    return keyword in moment.desk.carrier_replies and _is_keyword(moment, words)
