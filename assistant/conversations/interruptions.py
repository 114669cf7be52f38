"""Decides whether words that could be a command are one while a question is open, or its answer."""

from __future__ import annotations

import re

from sqlalchemy import select

from assistant.conversations.answers import step_of
from assistant.conversations.helping.hour_for_two import is_together
from assistant.conversations.turn_context import Context
from assistant.engine.flow_model import ASKED, CAPITALS, TOGETHER, UNLESS_ANSWER, Command
from assistant.engine.movement import UNCLEAR
from assistant.language.commands.command_reading import CommandReading
from assistant.language.folding import plain_words
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Member, Outbox, Person, Question


def is_the_answer(
    context: Context, question: Question | None, reading: Reading | None, command: CommandReading
) -> bool:
    """Return whether words that could be a command are just what the open question asks for."""
    if question is None or reading is None or reading.outcome == UNCLEAR:
        return False
    interrupts = True if _is_timed(command) else context.services.book.commands[command.name].interrupts
    if interrupts == TOGETHER and (context.known.in_alert or is_together(context)):
        return False
    if interrupts == UNLESS_ANSWER:
        open_to_words = (step_of(context, question).expect or "text") == "text"
        # "No, delete that" says more than the no that a question would take from it.
        answers = not open_to_words and not reading.leftover
        return not command.capitals and (reading.outcome == "skip" or answers)
    if reading.outcome == "skip":
        return False
    written = command.capitals or (interrupts == ASKED and _is_meant(context, question, command))
    if interrupts is False or (interrupts in (CAPITALS, ASKED, TOGETHER) and not written):
        return True
    expect = step_of(context, question).expect or ""
    if expect == "name" and len(command.said) == 1:
        return not _is_meant(context, question, command)  # Q is short for a question, and a name.
    if expect == "text" and (is_offered(context, question) or _is_talk(context, command)):
        return True
    words = " ".join(
        phrase
        for phrases in context.services.book.commands[command.name].words.values()
        for phrase in phrases
    )
    if "{" in words:
        # "call me Ana" answers "what is your name?"; "I moved to Madrid" answers "what city?".
        # A question that takes any words at all says nothing about what these were meant for.
        return expect != "text" and command.value is not None and f"{{{expect}}}" in words
    return expect == "choice"


def _is_timed(command: CommandReading) -> bool:
    """Whether it names a place and until when, which is meant for the clock: "I'm in Madrid until Sunday"."""
    return isinstance(command.value, dict) and bool(command.value.get("until"))


def is_everyday(context: Context, command: CommandReading) -> bool:
    """Return whether in the middle of a question it is no command, nor to be asked about: "who knows".

    A keyword that wants words after it and has none is as likely an idiom.
    """
    meant = context.services.book.commands[command.name]
    half = command.value is None and slot_of(meant) == "text"
    return meant.interrupts == CAPITALS and not command.capitals and (half or not command.sure)


def is_to_be_asked(context: Context, reading: Reading, command: CommandReading) -> bool:
    """Return whether words that any question takes may be a command that is not to be missed: LEAVE."""
    asked = context.services.book.commands[command.name].interrupts == ASKED
    return asked and command.sure and reading.outcome == "text"


def _is_meant(context: Context, question: Question, command: CommandReading) -> bool:
    """Whether the last text told the person to send this keyword: a nudge, or the question about it."""
    last = context.session.scalars(
        select(Outbox)
        .where(Outbox.person_id == context.person.id, Outbox.created_at >= question.opened_at)
        .order_by(Outbox.id.desc())
        .limit(1)
    ).first()
    if last is None or command.said not in (last.body or ""):
        return False
    return last.wording == "notices/did_you_mean" or "/silence." in (last.wording or "")


def is_offered(context: Context, question: Question) -> bool:
    """Return whether the question itself offers this very keyword as an answer to it: "... or LATER"."""
    said = (step_of(context, question).say or {}).values()
    keyword = context.words.strip(" .!").upper()
    return any(re.search(rf"\b{re.escape(keyword)}\b", text) for texts in said for text in texts.values())


def _is_talk(context: Context, command: CommandReading) -> bool:
    """Whether a command about a person, not in capitals, names nobody of the circles of whoever gives it."""
    slot = slot_of(context.services.book.commands[command.name])
    if command.capitals or command.value is None or slot != "person":
        return False
    circles = [circle.id for _, circle in context.known.seats]
    names = context.session.scalars(
        select(Person.name)
        .join(Member, Member.person_id == Person.id)
        .where(Member.circle_id.in_(circles), Person.name.is_not(None))
    )
    named = plain_words(str(command.value))[:1]
    return not any(plain_words(name or "")[:1] == named for name in names)


def slot_of(command: Command) -> str | None:
    """Return what a command's words leave a place for: "person" for "block {person}"; None for nothing."""
    for phrases in command.words.values():
        for phrase in phrases:
            if "{" in phrase:
                return phrase[phrase.index("{") + 1 : phrase.index("}")]
    return None
