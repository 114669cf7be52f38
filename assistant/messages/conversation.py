"""Decides what one text of one person means, and answers it. She is locked; it all becomes one commit."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from sqlalchemy import select

from assistant.circles.organizers.inviting import open_invitations, yes_or_no
from assistant.engine.book import FlowBook
from assistant.engine.model import ASKED, CAPITALS, Command
from assistant.engine.movement import UNCLEAR
from assistant.language.commands import CommandPattern, CommandReading, read_command
from assistant.language.courtesy import is_courtesy
from assistant.language.folding import plain_words
from assistant.language.reading import Reading
from assistant.messages import attribution, keywords, safety
from assistant.messages.answers import answer_late, read_answer, reopen, step_of, take_answer
from assistant.messages.moment import Moment, scene_of
from assistant.messages.questions import missed, set_aside
from assistant.messages.speech import language_of
from assistant.messages.turns import ask_again, start
from assistant.store.tables import Conversation, Inbox, Member, Outbox, Person, Question

LOOP_TEXTS = 30
"""More texts than this in `LOOP_WINDOW`: a machine talks to us; Twilio's 14107 stops such pairs too."""
RUNNING = ("host", "organizer")
"""Whose commands are about circles, not about a seat of her own."""
OF_NO_SEAT = ("new",)
"""Commands for anyone that are about no seat of hers either: a circle of her own is none she sits in."""
STRANGERS_ONCE_IN = dt.timedelta(days=1)


def handle(moment: Moment) -> str | None:
    """Act on her text and draft what is said to it. The caller holds her lock, and commits.

    Returns:
        Why nothing was made of the text, if nothing was.

    Raises:
        Exception: whatever went wrong; the caller rolls this text back, and tries again or sets it aside.
    """
    text = moment.inbox
    assert text is not None
    if moment.address.unreachable_at is not None:
        moment.address.unreachable_at = moment.address.unreachable_why = None
    ignored = _respond(moment, text)
    attribution.hand_over(moment)
    come_back(moment)
    return ignored


def _respond(moment: Moment, text: Inbox) -> str | None:
    """Answer the text; gives the reason when nothing is made of it."""
    kind = keywords.kind_of(text)
    if kind == "stop":
        keywords.stop(moment)
        safety.answer_danger(moment)
        return None
    if kind == "start" or keywords.lets_in_again(moment):
        keywords.start(moment, text)
        return None
    looping = moment.known.recent > LOOP_TEXTS
    moment.quiet = looping or moment.opted_out
    if kind == "help":
        keywords.help_her(moment)
        return None
    if kind in ("tapback", "auto_reply"):
        return kind
    if kind == "empty":
        return _without_words(moment, text)
    if safety.answer_danger(moment):
        return None
    ignored = _understand(moment)
    return ignored or ("loop" if looping else None)


def _without_words(moment: Moment, text: Inbox) -> str | None:
    """A picture, a place on the map, or nothing at all."""
    carries = text.params.get("NumMedia", "0") not in ("", "0") or "Latitude" in text.params
    if not carries:
        return "empty"
    if "member" in moment.known.hears:
        moment.notice("media_only")
    return "media only"


def _understand(moment: Moment) -> str | None:
    """Words: a command, an answer to what she was asked, a late answer, or something to be asked about."""
    question = moment.question
    conversation = moment.session.get_one(Conversation, question.conversation_id) if question else None
    reading = read_answer(moment, question, conversation) if question and conversation else None
    command = _read_command(moment)
    if command is not None and command.sure and not _is_the_answer(moment, question, reading, command):
        _obey(moment, command)
        return None
    if question and conversation and reading:
        if command is not None and (reading.outcome == UNCLEAR or _is_to_be_asked(moment, reading, command)):
            moment.notice("did_you_mean", {"said": command.said})
        elif not attribution.belongs_elsewhere(moment, question, reading):
            take_answer(moment, question, conversation, reading)
        return None
    if command is not None:
        moment.notice("did_you_mean", {"said": command.said})
        return None
    return _unasked(moment)


def _read_command(moment: Moment) -> CommandReading | None:
    """The command she gives; to one she has no right to, her words are ordinary ones, without a hint."""
    patterns = _patterns(moment.desk.book, moment.known.hears)
    language = language_of(moment.person, None)
    return read_command(patterns, moment.words, language, country=moment.desk.house.country)


@lru_cache(maxsize=64)
def _patterns(book: FlowBook, hears: frozenset[str]) -> tuple[CommandPattern, ...]:
    return tuple(
        CommandPattern(command.name, command.words)
        for command in book.commands.values()
        if command.who in hears
    )


def _is_the_answer(
    moment: Moment, question: Question | None, reading: Reading | None, command: CommandReading
) -> bool:
    """Whether words that could be a command are just what the open question asks for."""
    if question is None or reading is None or reading.outcome in (UNCLEAR, "skip"):
        return False
    interrupts = moment.desk.book.commands[command.name].interrupts
    written = command.capitals or (interrupts == ASKED and _is_meant(moment, question, command))
    if interrupts is False or (interrupts in (CAPITALS, ASKED) and not written):
        return True
    expect = step_of(moment, question).expect or ""
    if expect == "text" and (_is_offered(moment, question) or _is_talk(moment, command)):
        return True
    words = " ".join(
        phrase for phrases in moment.desk.book.commands[command.name].words.values() for phrase in phrases
    )
    if "{" in words:
        # "call me Ana" answers "what is your name?"; "I moved to Madrid" answers "what city?".
        # A question that takes any words at all says nothing about what these were meant for.
        return expect != "text" and command.value is not None and f"{{{expect}}}" in words
    return expect == "choice"


def _is_to_be_asked(moment: Moment, reading: Reading, command: CommandReading) -> bool:
    """Whether words that any question would take may be a command that is not to be missed: LEAVE."""
    asked = moment.desk.book.commands[command.name].interrupts == ASKED
    return asked and command.sure and reading.outcome == "text"


def _is_meant(moment: Moment, question: Question, command: CommandReading) -> bool:
    """Whether the last she was told is to text this keyword: by a nudge, or asked whether she meant it."""
    last = moment.session.scalars(
        select(Outbox)
        .where(Outbox.person_id == moment.person.id, Outbox.created_at >= question.opened_at)
        .order_by(Outbox.id.desc())
        .limit(1)
    ).first()
    if last is None or command.said not in (last.body or ""):
        return False
    return last.wording == "notices/did_you_mean" or "/silence." in (last.wording or "")


def _is_offered(moment: Moment, question: Question) -> bool:
    """Whether the question itself offers this very keyword as an answer to it: "... or LATER"."""
    said = (step_of(moment, question).say or {}).values()
    keyword = moment.words.strip(" .!").upper()
    return any(re.search(rf"\b{re.escape(keyword)}\b", text) for texts in said for text in texts.values())


def _is_talk(moment: Moment, command: CommandReading) -> bool:
    """Whether a command about a person, not written in capitals, names nobody she is in a circle with."""
    if (
        command.capitals
        or command.value is None
        or _slot(moment.desk.book.commands[command.name]) != "person"
    ):
        return False
    circles = [circle.id for _, circle in moment.known.seats]
    names = moment.session.scalars(
        select(Person.name)
        .join(Member, Member.person_id == Person.id)
        .where(Member.circle_id.in_(circles), Person.name.is_not(None))
    )
    named = plain_words(str(command.value))[:1]
    return not any(plain_words(name or "")[:1] == named for name in names)


def _obey(moment: Moment, reading: CommandReading) -> None:
    command = moment.desk.book.commands[reading.name]
    slot = _slot(command)
    values = {slot: reading.value} if slot and reading.value is not None else {}
    scene = scene_of(moment, None)
    if moment.desk.book.is_safety(command.starts):
        safety.let_go(moment, safety.unfinished(moment, command.starts))
    # What a host asks for is about a circle she hosts, whatever seat she has herself.
    member = None if command.who in RUNNING or command.name in OF_NO_SEAT else scene.member
    start(moment, command.starts, values, member.id if member else None)


def _slot(command: Command) -> str | None:
    for phrases in command.words.values():
        for phrase in phrases:
            if "{" in phrase:
                return phrase[phrase.index("{") + 1 : phrase.index("}")]
    return None


def _unasked(moment: Moment) -> str | None:
    """Words that nobody asked for: a late answer finds its question, a stranger hears who we are."""
    if safety.hear_her_out(moment):
        return None
    late = missed(moment.session, moment.person.id, moment.now)
    if _answers_invitation(moment, late):
        start(moment, "invited", {})
        return None
    if late is not None and answer_late(moment, late):
        return None
    if "member" not in moment.known.hears:
        if is_courtesy(moment.words) and _said_lately(moment, "invited/declined/say"):
            return "courtesy"
        if _said_lately(moment, "notices/stranger"):
            return "stranger"
        moment.notice("stranger")
        return None
    return attribution.hold(moment)


def _answers_invitation(moment: Moment, late: Question | None) -> bool:
    """Whether her words are for an invitation: of someone with a seat, a plain yes or no after it came."""
    invited = open_invitations(moment.session, moment.person.id, moment.now)
    if not invited:
        return False
    sent_at = invited[-1][0].sent_at
    if late is not None and sent_at is not None and late.opened_at > sent_at:
        return False
    return "member" not in moment.known.hears or yes_or_no(moment.words) is not None


def _said_lately(moment: Moment, wording: str) -> bool:
    found = moment.session.scalar(
        select(Outbox.id)
        .where(
            Outbox.person_id == moment.person.id,
            Outbox.wording == wording,
            Outbox.created_at > moment.now - STRANGERS_ONCE_IN,
        )
        .limit(1)
    )
    return found is not None


def come_back(moment: Moment) -> None:
    """Nothing is being asked any more: ask what was set aside for it; or ask again what she wants to hear."""
    if moment.quiet or (moment.question is not None and not moment.again):
        return
    question = moment.question or set_aside(moment.session, moment.person.id, moment.now)
    if question is not None and not moment.again and safety.stays_with_her(moment):
        return  # After words of danger, not in the same breath.
    if question is not None:
        ask_again(moment, moment.session.get_one(Conversation, question.conversation_id))
    elif moment.again and (late := missed(moment.session, moment.person.id, moment.now)) is not None:
        reopen(moment, late)
