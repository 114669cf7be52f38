"""Hears an ask, an offer or a need for someone now in plain words; in a question it asks which is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from assistant.circles.sharing.unrouted_messages import names_someone
from assistant.conversations.answers import step_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start_instead
from assistant.language.commands.command_reading import CommandReading
from assistant.language.exchange.openings import (
    ASK,
    NOW,
    OFFER,
    names_who_is_asked,
    read_opening,
    sounds_urgent,
)
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Question

KEYWORDS: Final = {
    ASK: {"en": "ASK", "es": "PIDO"},
    OFFER: {"en": "OFFER", "es": "OFREZCO"},
    NOW: {"en": "NOW", "es": "AHORA"},
}
TAKEN_UP_IN: Final = ("ask", "offer", "now", "post_listing")
"""Flows whose questions ask for just that."""


def as_command(
    context: Context, language: str, reading: CommandReading | None = None
) -> CommandReading | None:
    """Return the command that a sentence means by its opening: "does anybody know ...", "I have a spare ...".

    With a question open, only what is said to everyone counts: "I can teach braids" is an answer; and what
    calls for someone now ("I just got locked out"), where words are no answer. Whoever may be in danger is
    heard, not served.
    """
    question = context.question
    if question is not None and context.services.book.is_safety(question.flow):
        return None
    if question is None and reading is not None and reading.name in KEYWORDS and reading.value:
        # "ask ..." with nothing else asked: shown before it goes anywhere. "Now ..." opens many a sentence.
        calls = reading.name != NOW or sounds_urgent(str(reading.value))
        if calls:
            return replace(reading, sure=True)
    opening = read_opening(context.words)
    if opening is None:
        return None
    calls = opening.to_all or (opening.kind == NOW and not _takes_words(context, question))
    if question is not None and not calls:
        return None
    said = KEYWORDS[opening.kind].get(language, KEYWORDS[opening.kind]["en"])
    return CommandReading(opening.kind, context.words.strip(), sure=True, said=said)


def _takes_words(context: Context, question: Question | None) -> bool:
    """Whether the open question takes any words at all, or is itself about an ask."""
    if question is None:
        return False
    return (step_of(context, question).expect or "text") == "text" or question.flow in TAKEN_UP_IN


def is_sentence(context: Context, command: CommandReading) -> bool:
    """Whether the command was not said as such, but heard in a sentence as it stands; see `as_command`."""
    return command.name in KEYWORDS and command.value == context.words.strip()


def asks_somebody(context: Context, reading: CommandReading) -> bool:
    """Whether it is said who is to be asked, and not the circle: "ask me tomorrow", "ask Luz to call"."""
    if reading.name != ASK or not reading.value:
        return False
    said = str(reading.value)
    first = said.split(maxsplit=1)[0]
    return names_who_is_asked(said) or names_someone(context.about(None), first)


def is_talk(reading: CommandReading | None) -> bool:
    """Whether a small "now" or "ahora" only opens a sentence: "ahora entiendo" is not even asked about."""
    return reading is not None and reading.name == NOW and bool(reading.value) and not reading.capitals


def ask_which(
    context: Context, question: Question | None, reading: Reading | None, command: CommandReading | None
) -> bool:
    """Ask whether words said to everyone answer the open question or are put to the circle; hold them.

    Only where any words are an answer, which these could be; what is typed as the ask itself is one.
    """
    if question is None or reading is None or reading.outcome != "text" or command is None:
        return False
    if not is_sentence(context, command) or question.flow in TAKEN_UP_IN:
        return False
    values = {"held": context.words.strip(), "meant": question.id, "kind": command.name}
    start_instead(context, question, "ask_meant", values)
    return True
