"""Answers the words that stand above any conversation: stop, start and help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.effects import Effect
from assistant.circles.membership.leaving import returned
from assistant.circles.people import consent
from assistant.circles.people.carried_media import is_transcribed
from assistant.circles.people.reachability import addresses_of, hears_elsewhere
from assistant.conversations.effect_handlers import apply
from assistant.conversations.helping.answer_facts import facts_for, standing
from assistant.conversations.helping.what_to_text import help_here
from assistant.conversations.opting import opt_in, opt_out, part_from_strangers_number
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again
from assistant.language.signals.forwards import own_words
from assistant.language.signals.opt_outs import stops_everything
from assistant.language.signals.reactions import has_quotation, quotes_ours
from assistant.language.signals.signal_reading import is_stop_by_name, signal
from assistant.store.tables import Conversation, Inbox, Outbox

CARRIER_STOPS = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout", "cancel"})
CARRIER_STARTS = frozenset({"start", "yes", "unstop"})
CARRIER_HELPS = frozenset({"help", "info"})
"""Single words that Twilio itself acts upon for SMS (its default opt-out keywords)."""
LONGEST_KEYWORD_LINE: Final = 60
"""Characters: "please stop Bold Moves" is an opt-out by the circle's name, a longer text is a sentence."""
HAS_A_PLACE: Final = frozenset({"joined", "invited", "hosting"})
"""Of the ways that `answer_facts` knows of coming here, those by which somebody is in."""
NEWEST_TEXTS: Final = 20
"""So many of our texts back a reaction may reach; older ones have left the screen."""


def kind_of(text: Inbox) -> str:
    """Return what kind of text it is, as `Signal.kind` lists them.

    The carrier's own reading of an opt-out keyword stands before ours; but it marks every YES as an opt-in,
    and a YES of someone who is in answers what was asked.
    """
    said = _marked(text)
    if said in ("stop", "help"):
        return said
    kind = signal(own_words(text.body or "")).kind
    # A keyword that only the carrier knows as an opt-in is a word to us; `lets_in_again` hears it.
    return kind if said != "start" or kind in ("words", "start") else said


def kind_here(context: Context, text: Inbox) -> str:
    """Return what kind of text it is, knowing the person's circles' names and what we sent to them."""
    if is_transcribed(text):
        return "words"  # What a machine heard is no keyword: it is said back first.
    kind, body = kind_of(text), own_words(text.body or "")
    if kind in ("words", "maybe_stop") and len(body) <= LONGEST_KEYWORD_LINE:
        names = _names_around(context)
        kind = "stop" if names and is_stop_by_name(body, names) else kind
    if kind in ("words", "maybe_stop") and has_quotation(body) and quotes_ours(body, newest_texts(context)):
        return "tapback"
    return kind


def overtakes(text: Inbox) -> bool:
    """Return whether it goes before older texts that still wait: stop, start, help and a wrong number do."""
    return kind_of(text) in ("stop", "start", "help", "wrong_number")


def lets_in_again(context: Context) -> bool:
    """Return whether the carrier takes this text for an opt-in: to it, YES is one from whoever is out."""
    marked = context.inbox is not None and _marked(context.inbox) == "start"
    return context.progress.opted_out and (marked or _is_keyword(context, CARRIER_STARTS))


def is_in_already(context: Context) -> bool:
    """Return whether a wish to begin again is about something else: the person never stopped our texts.

    "I want to start again" and "alta" are answers then; the carrier's own keywords count all the same.
    """
    marked = context.inbox is not None and _marked(context.inbox) == "start"
    return not (context.progress.opted_out or marked or _is_keyword(context, CARRIER_STARTS))


def is_carriers_stop(context: Context) -> bool:
    """Return whether the carrier itself takes this text for an opt-out, whatever we make of it."""
    marked = context.inbox is not None and _marked(context.inbox) == "stop"
    return marked or _is_keyword(context, CARRIER_STOPS)


def stop(context: Context) -> None:
    """Opt the person out here, or with STOP ALL at all their addresses.

    They hear so once, from the carrier or us, and not again while they are out.
    """
    confirm = not context.progress.opted_out and not _carrier_answers(context, "stop", CARRIER_STOPS)
    apply(context, opt_out(context, confirm=confirm, everywhere=stops_everything(context.words)))


def stop_wrong_number(context: Context) -> None:
    """Stop every text to a number that is another person's now; who has it hears so once."""
    confirm = not context.progress.opted_out and not _carrier_answers(context, "stop", CARRIER_STOPS)
    apply(context, part_from_strangers_number(context, confirm=confirm))


def start(context: Context, text: Inbox) -> None:
    """Opt the person in again: their seats are theirs again, and an open question is asked once more."""
    stopped_at, answered = _stopped_since(context), _carrier_lets_in(context)
    was_out = context.progress.opted_out
    opt_in(context, text)
    effects: tuple[Effect, ...] = ()
    if stopped_at is not None:
        effects = returned(context.session, context.person, stopped_at, context.now)
        context.known.stale = True
    if not answered:
        context.notice("opted_in", _comes_to(context, was_out=was_out))
    apply(context, effects)
    question = context.question
    if question is not None:
        ask_again(context, context.session.get_one(Conversation, question.conversation_id))
    elif stopped_at is not None:
        context.progress.again = True  # What was left without an answer meanwhile: see `come_back`.


def _comes_to(context: Context, *, was_out: bool) -> Mapping[str, Any]:
    """Return where an opt-in leads: back, on, or, for whoever has no seat, nowhere until they join."""
    facts = facts_for(context, standing(context), {"came_"})
    return {"came": "here"} if facts["came"] in HAS_A_PLACE and not was_out else facts


def _stopped_since(context: Context) -> dt.datetime | None:
    """Return since when the person has been texted nowhere; None: they are, or never were."""
    session, sender = context.session, context.services.identity.sender
    if hears_elsewhere(session, context.person.id, sender):
        return None
    some = [consent.out_since(session, each.id, sender) for each in addresses_of(session, context.person.id)]
    return max((moment for moment in some if moment is not None), default=None)


def help_person(context: Context) -> None:
    """Answer HELP, with the crisis line (people in distress send it too) and what can be done here."""
    if not _carrier_answers(context, "help", CARRIER_HELPS):
        context.notice("help")
        help_here(context)


def _marked(text: Inbox) -> str:
    return str(text.params.get("OptOutType", "")).lower()


def _names_around(context: Context) -> list[str]:
    return [name for _, circle in context.known.seats for name in (circle.name, circle.code) if name]


def newest_texts(context: Context) -> Sequence[str]:
    """Return what we sent last; read only where a text may hold one of them."""
    newest = select(Outbox.body).where(Outbox.person_id == context.person.id, Outbox.body.is_not(None))
    found = context.session.scalars(newest.order_by(Outbox.id.desc()).limit(NEWEST_TEXTS))
    return [body for body in found if body]


def _is_keyword(context: Context, words: frozenset[str]) -> bool:
    # By SMS and RCS, whose opt-outs are one; on WhatsApp the carrier knows none of its own accord.
    return context.address.uri.startswith("sms:") and context.words.lower() in words


def _carrier_answers(context: Context, keyword: str, words: frozenset[str]) -> bool:
    """Return whether the carrier has answered this text already, so that we must not."""
    if context.inbox is not None and _marked(context.inbox):
        return True
    return keyword in context.services.carrier_replies and _is_keyword(context, words)


def _carrier_lets_in(context: Context) -> bool:
    """Return whether the carrier has answered an opt-in: it does so only where it had blocked the phone.

    "Stop maple" is an opt-out to us alone: whoever comes back from it hears of it from us.
    """
    if context.inbox is not None and _marked(context.inbox):
        return True
    outs = consent.outs_in_force(context.session, context.address.id, context.services.identity.sender)
    return _carrier_answers(context, "start", CARRIER_STARTS) and any(
        row.way.startswith("carrier") or row.wording.strip().lower() in CARRIER_STOPS for row in outs
    )
