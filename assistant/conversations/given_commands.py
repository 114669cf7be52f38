"""Reads the command that a person gives, among those that person may give, and starts what it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.calendar.brief_schedule import BRIEF
from assistant.conversations import held_words
from assistant.conversations.answers import step_of
from assistant.conversations.danger_stage import let_go, unfinished
from assistant.conversations.helping import asking_the_circle
from assistant.conversations.interruptions import is_offered, slot_of
from assistant.conversations.questions import asking
from assistant.conversations.text_rendering import language_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start, start_instead
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import CAPITALS
from assistant.language.commands.command_lines import read_code_line
from assistant.language.commands.command_reading import CommandPattern, CommandReading, read_command
from assistant.language.replies.reply_reading import Reading
from assistant.language.signals.signatures import without_signature
from assistant.store.tables import Question

RUNNING = ("host", "organizer")
"""Whose commands are about circles, not about a seat of their own."""
OF_NO_SEAT = ("new",)
"""Commands for anyone that are about no seat either: the circle one begins is none that one sits in."""


def read_given(context: Context) -> CommandReading | None:
    """Return the command that is given; without the right to it, words are ordinary ones, without a hint."""
    patterns = _patterns(context.services.book, context.known.hears)
    language, country = language_of(context.person, None), context.services.identity.country
    reading = read_command(patterns, without_signature(context.words), language, country=country)
    if reading is not None and asking_the_circle.asks_somebody(context, reading):
        return None
    if reading is not None and reading.sure:
        return reading
    if "member" in context.known.hears:
        taken_back = held_words.as_command(context, language)
        asked = asking_the_circle.as_command(context, language, reading)
        return taken_back or asked or (None if asking_the_circle.is_talk(reading) else reading)
    # Whoever has no seat yet writes around the code what people write who begin.
    return read_code_line(patterns, context.words, language, country=country) or reading


@lru_cache(maxsize=64)
def _patterns(book: FlowBook, hears: frozenset[str]) -> tuple[CommandPattern, ...]:
    return tuple(
        CommandPattern(command.name, command.words)
        for command in book.commands.values()
        if command.who in hears
    )


def obey(context: Context, reading: CommandReading, more: Mapping[str, Any] | None = None) -> None:
    """Start the flow of a command, with what its words left a place for, and `more`."""
    command = context.services.book.commands[reading.name]
    slot = slot_of(command)
    values = {**({slot: reading.value} if slot and reading.value is not None else {}), **(more or {})}
    ctx = context.about(None)
    if context.services.book.is_safety(command.starts):
        let_go(context, unfinished(context, command.starts))
    if command.who in RUNNING:
        _let_lapse(context)
    # What a host asks for is about a circle that is hosted, whatever seat the host has.
    member = None if command.who in RUNNING or command.name in OF_NO_SEAT else ctx.member
    start(context, command.starts, values, member.id if member else None)


def obey_meant(context: Context) -> None:
    """Obey the words of which the person has said that they are a command."""
    words, context.progress.commanded = context.progress.commanded, None
    if words is not None:
        context = replace(context, words=words)
        command = read_given(context)
        if command is not None and command.sure:
            obey(context, command)


def ask_if_answer(
    context: Context, question: Question, reading: Reading, command: CommandReading | None
) -> bool:
    """Ask whether words that are exactly a command, in small letters, answer a question that others read.

    They are held meanwhile: what was meant for us would be read by a buddy, the circle or a host.
    """
    if command is None or not command.sure or command.value is not None or command.capitals:
        return False
    meant = context.services.book.commands[command.name]
    if meant.interrupts != CAPITALS or meant.names_subject:
        return False
    if reading.outcome != "text" or question.visible_to == "us":
        return False
    step = step_of(context, question)
    if (step.expect or "text") != "text" or is_offered(context, question):
        return False
    said = shorten(command.said, PLACEHOLDERS["said"].longest)
    values = {"held": context.words.strip(), "meant": question.id, "said": said}
    start_instead(context, question, held_words.MEANT, values)
    return True


def _let_lapse(context: Context) -> None:
    """End what hosts' commands asked before, and the brief: whoever gives one has gone on."""
    book = context.services.book
    begun = {command.starts for command in book.commands.values() if command.who in RUNNING} | {BRIEF}
    for conversation in asking(context.session, context.person.id):
        if (conversation.callers[0][0] if conversation.callers else conversation.flow) in begun:
            let_go(context, conversation)
