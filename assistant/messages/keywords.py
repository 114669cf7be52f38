"""Answers the words that stand above any conversation: stop, start and help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.leaving import returned
from assistant.language.reactions import has_quotation, quotes_ours
from assistant.language.signals import signal
from assistant.messages import consent
from assistant.messages.effects import apply, opt_in, opt_out
from assistant.messages.moment import Moment
from assistant.messages.turns import ask_again
from assistant.store.tables import Conversation, Inbox, Outbox

CARRIER_STOPS = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout", "cancel"})
CARRIER_STARTS = frozenset({"start", "yes", "unstop"})
CARRIER_HELPS = frozenset({"help", "info"})
"""Single words that Twilio itself acts upon for SMS (its default opt-out keywords)."""
LONGEST_KEYWORD_LINE: Final = 60
"""Characters: "please stop Bold Moves" is an opt-out by her circle's name, a longer text is a sentence."""
NEWEST_TEXTS: Final = 20
"""So many of our texts back a reaction may reach; older ones have left the screen."""


def kind_of(text: Inbox) -> str:
    """What kind of text it is, as `Signal.kind` lists them.

    The carrier's own reading of an opt-out keyword stands before ours; but it marks every YES as an opt-in,
    and a YES of someone who is in answers what she was asked.
    """
    said = _marked(text)
    if said in ("stop", "help"):
        return said
    kind = signal(text.body or "").kind
    # A keyword that only the carrier knows as an opt-in is a word to us; `lets_in_again` hears it.
    return kind if said != "start" or kind in ("words", "start") else said


def kind_here(moment: Moment, text: Inbox) -> str:
    """What kind of text it is, with what is known of her: her circles' names, and what we sent to her."""
    kind, body = kind_of(text), text.body or ""
    if kind in ("words", "maybe_stop") and len(body) <= LONGEST_KEYWORD_LINE:
        names = _names_around(moment)
        kind = "stop" if names and signal(body, names=names).kind == "stop" else kind
    if kind in ("words", "maybe_stop") and has_quotation(body) and quotes_ours(body, _newest_texts(moment)):
        return "tapback"
    return kind


def overtakes(text: Inbox) -> bool:
    """Whether it goes before older texts of hers that still wait: stop, start, help and a wrong number do."""
    return kind_of(text) in ("stop", "start", "help", "wrong_number")


def lets_in_again(moment: Moment) -> bool:
    """Whether the carrier takes this text for an opt-in: to it, YES is one from who is out."""
    marked = moment.inbox is not None and _marked(moment.inbox) == "start"
    return moment.opted_out and (marked or _is_keyword(moment, CARRIER_STARTS))


def is_carriers_stop(moment: Moment) -> bool:
    """Whether the carrier itself takes this text for an opt-out, whatever we make of it."""
    marked = moment.inbox is not None and _marked(moment.inbox) == "stop"
    return marked or _is_keyword(moment, CARRIER_STOPS)


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


def _marked(text: Inbox) -> str:
    return str(text.params.get("OptOutType", "")).lower()


def _names_around(moment: Moment) -> list[str]:
    return [name for _, circle in moment.known.seats for name in (circle.name, circle.code) if name]


def _newest_texts(moment: Moment) -> Sequence[str]:
    """What we sent to her last; read only when her text quotes something."""
    newest = select(Outbox.body).where(Outbox.person_id == moment.person.id, Outbox.body.is_not(None))
    found = moment.session.scalars(newest.order_by(Outbox.id.desc()).limit(NEWEST_TEXTS))
    return [body for body in found if body]


def _is_keyword(moment: Moment, words: frozenset[str]) -> bool:
    return moment.address.uri.startswith("sms:") and moment.words.lower() in words


def _carrier_answers(moment: Moment, keyword: str, words: frozenset[str]) -> bool:
    """Whether the carrier has answered this text already, so that we must not."""
    if moment.inbox is not None and moment.inbox.params.get("OptOutType"):
        return True
    return keyword in moment.desk.carrier_replies and _is_keyword(moment, words)
