"""Decides what one text of one person means, and answers it. She is locked; it all becomes one commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.circles.rights import standing
from assistant.engine.model import Command, Step
from assistant.engine.movement import UNCLEAR, advance, find_way
from assistant.language.commands import CommandPattern, CommandReading, read_command
from assistant.language.reading import Choice, Expect, Reading, parse_expect, read
from assistant.language.signals import signal
from assistant.messages import consent
from assistant.messages.desk import Desk
from assistant.messages.moment import Moment, scene_of
from assistant.messages.questions import close, missed, open_of, set_aside
from assistant.messages.senders import address_for, uris_of
from assistant.messages.speech import language_of
from assistant.messages.turns import ask_again, move, start, with_versions
from assistant.store.tables import Answer, Conversation, Inbox, Outbox, Person, Question

CARRIER_STOPS = frozenset(["stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout", "cancel"])
CARRIER_STARTS = frozenset(["start", "yes", "unstop"])
CARRIER_HELPS = frozenset(["help", "info"])
"""Single words that Twilio itself acts upon for SMS (carriers.md, "Consent and opt-out")."""

LOOP_WINDOW = dt.timedelta(minutes=10)
LOOP_TEXTS = 30
"""More texts than this in that time is a machine talking to us; Twilio's 14107 stops such pairs as well."""
STRANGERS_ONCE_IN = dt.timedelta(days=1)
MOST_UNCLEAR = 4
"""After so many replies to one question that could not be read, we stop repeating ourselves."""


def handle(session: Session, desk: Desk, text: Inbox, person: Person, now: dt.datetime) -> None:
    """Act on a text and draft what is said to it. The caller holds her lock and commits.

    Raises:
        Exception: whatever went wrong; the caller rolls this text back, and tries again or sets it aside.
    """
    address = address_for(session, uris_of(text), now)
    moment = Moment(session, desk, person, address, now, inbox=text, words=(text.body or "").strip())
    person.heard_at = address.heard_at = now
    if address.unreachable_at is not None:
        address.unreachable_at = address.unreachable_why = None
    ignored = _respond(moment)
    text.state = "ignored" if ignored else "done"
    text.reason = ignored
    text.handled_at = now
    _come_back(moment)
    moment.hand_over()


def overtakes(text: Inbox) -> bool:
    """Whether it goes before older texts of hers that still wait: stop, start and help do."""
    return _kind(text) in ("stop", "start", "help")


def _respond(moment: Moment) -> str | None:
    """Answer the text; gives the reason when nothing is made of it."""
    text = moment.inbox
    assert text is not None
    kind = _kind(text)
    stance = consent.in_force(moment.session, moment.address.id, moment.desk.house.sender)
    opted_out = stance is not None and stance.kind == "out"
    if kind == "stop":
        return _stop(moment, text, opted_out)
    if kind == "start" or (opted_out and _carrier_keyword(moment, CARRIER_STARTS)):
        return _start(moment, text)
    looping = _loops(moment)
    moment.quiet = opted_out or looping
    if kind == "help":
        if not _carrier_answers(moment, "help", CARRIER_HELPS):
            moment.notice("help")
        return None
    if kind in ("tapback", "auto_reply"):
        return kind
    if kind == "empty":
        return _without_words(moment, text)
    ignored = _understand(moment)
    return ignored or ("loop" if looping else None)


def _kind(text: Inbox) -> str:
    """What kind of text it is; the carrier's own reading of an opt-out keyword stands before ours."""
    said = str(text.params.get("OptOutType", "")).lower()
    return said if said in ("stop", "start", "help") else signal(text.body or "").kind


def _stop(moment: Moment, text: Inbox, opted_out: bool) -> str | None:
    consent.refuse(
        moment.session,
        moment.address.id,
        moment.desk.house.sender,
        wording=moment.words,
        way="text",
        now=moment.now,
        inbox_id=text.id,
    )
    moment.session.execute(
        update(Outbox)
        .where(Outbox.address_id == moment.address.id, Outbox.state == "queued")
        .values(state="cancelled", reason="opted out")
    )
    # One confirmation is allowed, and no second one to who is out already.
    if not opted_out and not _carrier_answers(moment, "stop", CARRIER_STOPS):
        moment.notice("stop", purpose="legal")
    moment.quiet = True
    return None


def _start(moment: Moment, text: Inbox) -> str | None:
    consent.agree(
        moment.session,
        moment.address.id,
        moment.desk.house.sender,
        wording=moment.words,
        way="text",
        now=moment.now,
        inbox_id=text.id,
    )
    if not _carrier_answers(moment, "start", CARRIER_STARTS):
        moment.notice("start")
    question = open_of(moment.session, moment.person.id)
    if question is not None:
        ask_again(moment, moment.session.get_one(Conversation, question.conversation_id))
    return None


def _carrier_keyword(moment: Moment, words: frozenset[str]) -> bool:
    return moment.address.uri.startswith("sms:") and moment.words.lower() in words


def _carrier_answers(moment: Moment, keyword: str, words: frozenset[str]) -> bool:
    """Whether the carrier has answered this text already, so that we must not."""
    if moment.inbox is not None and moment.inbox.params.get("OptOutType"):
        return True
    return keyword in moment.desk.carrier_replies and _carrier_keyword(moment, words)


def _loops(moment: Moment) -> bool:
    recent = moment.session.scalar(
        select(func.count())
        .select_from(Inbox)
        .where(Inbox.person_id == moment.person.id, Inbox.received_at > moment.now - LOOP_WINDOW)
    )
    return (recent or 0) > LOOP_TEXTS


def _without_words(moment: Moment, text: Inbox) -> str | None:
    """A picture, a place on the map, or nothing at all."""
    carries = text.params.get("NumMedia", "0") not in ("", "0") or "Latitude" in text.params
    if not carries:
        return "empty"
    if standing(moment.session, moment.person.id):
        moment.notice("media_only")
    return "media only"


def _understand(moment: Moment) -> str | None:
    """Words: a command, an answer to what she was asked, a late answer, or something to be asked about."""
    question = open_of(moment.session, moment.person.id)
    conversation = moment.session.get_one(Conversation, question.conversation_id) if question else None
    reading = _read_answer(moment, question, conversation) if question and conversation else None
    command = _read_command(moment)
    if command is not None and command.sure and not _is_the_answer(moment, question, reading, command):
        _obey(moment, command)
        return None
    if question and conversation and reading:
        if reading.outcome == UNCLEAR and command is not None:
            moment.notice("did_you_mean", {"said": command.said})
        else:
            _take_answer(moment, question, conversation, reading)
        return None
    if command is not None:
        moment.notice("did_you_mean", {"said": command.said})
        return None
    return _unasked(moment)


def _read_command(moment: Moment) -> CommandReading | None:
    """The command she gives; one she has no right to is an ordinary text, without a hint."""
    commands = moment.desk.book.commands
    patterns = [CommandPattern(command.name, command.words) for command in commands.values()]
    language = language_of(moment.person, None)
    found = read_command(patterns, moment.words, language, country=moment.desk.house.country)
    if found is None or not _may(moment, commands[found.name]):
        return None
    return found


def _may(moment: Moment, command: Command) -> bool:
    return command.who == "anyone" or command.who in standing(moment.session, moment.person.id)


def _is_the_answer(
    moment: Moment, question: Question | None, reading: Reading | None, command: CommandReading
) -> bool:
    """Whether words that could be a command are just what the open question asks for."""
    if question is None or reading is None or reading.outcome in (UNCLEAR, "skip"):
        return False
    expect = _step_of(moment, question).expect or ""
    words = " ".join(
        phrase for phrases in moment.desk.book.commands[command.name].words.values() for phrase in phrases
    )
    if "{" in words:
        # "call me Ana" answers "what is your name?"; "I moved to Madrid" answers "what city?".
        return command.value is not None and f"{{{expect}}}" in words
    return expect == "choice"


def _obey(moment: Moment, reading: CommandReading) -> None:
    command = moment.desk.book.commands[reading.name]
    slot = _slot(command)
    values = {slot: reading.value} if slot and reading.value is not None else {}
    scene = scene_of(moment, None)
    start(moment, command.starts, values, scene.member.id if scene.member else None)


def _slot(command: Command) -> str | None:
    for phrases in command.words.values():
        for phrase in phrases:
            if "{" in phrase:
                return phrase[phrase.index("{") + 1 : phrase.index("}")]
    return None


def _step_of(moment: Moment, question: Question) -> Step:
    """The question's step, as it moves in the version that its conversation keeps to."""
    conversation = moment.session.get_one(Conversation, question.conversation_id)
    version = conversation.version
    return with_versions(moment, lambda: moment.desk.book.pinned(question.flow, version).steps[question.step])


def _read_answer(moment: Moment, question: Question, conversation: Conversation) -> Reading:
    step = _step_of(moment, question)
    spec = parse_expect(step.expect or "text")
    if spec.kind == "choice":
        spec = Expect("choice", choices=_choices(moment, step, question, conversation))
    reading = read(
        spec,
        moment.words,
        language_of(moment.person, scene_of(moment, conversation).circle),
        now=moment.now,
        zone=moment.person.zone,
        country=moment.desk.house.country,
    )
    if step.choices_from and reading.outcome in {choice.key for choice in spec.choices}:
        reading = Reading("chosen", reading.outcome)
    return reading if find_way(step, reading.outcome) is not None else Reading(UNCLEAR)


def _choices(
    moment: Moment, step: Step, question: Question, conversation: Conversation
) -> tuple[Choice, ...]:
    if step.choices_from:
        listed: list[Mapping[str, str]] = conversation.values.get(step.choices_from) or []
        return tuple(
            Choice(each["key"], dict.fromkeys(("en", "es"), (each["label"],))) for each in listed
        )
    version = conversation.version
    options = with_versions(moment, lambda: moment.desk.book.options(question.flow, question.step, version))
    return tuple(Choice(option.key, option.words) for option in options)


def _take_answer(moment: Moment, question: Question, conversation: Conversation, reading: Reading) -> None:
    outcome = reading.outcome
    if outcome == UNCLEAR:
        question.unclear += 1
        moment.quiet = moment.quiet or question.unclear > MOST_UNCLEAR
    else:
        _keep(moment, question, conversation, reading)
        close(moment.session, question, outcome, moment.now)
    move(moment, conversation, lambda book, place: advance(book, place, outcome))


def _keep(moment: Moment, question: Question, conversation: Conversation, reading: Reading) -> None:
    """Write down what she answered, with who may see it: what the question said when it was asked."""
    step = _step_of(moment, question)
    key = step.save_as or question.step
    moment.session.add(
        Answer(
            question_id=question.id,
            person_id=moment.person.id,
            member_id=conversation.member_id,
            key=key,
            outcome=reading.outcome,
            words=None if reading.outcome == "skip" else moment.words,
            value={"value": reading.value},
            sees=question.sees,
            inbox_id=moment.inbox.id if moment.inbox else None,
            at=moment.now,
        )
    )
    if step.save_as and reading.outcome != "skip":
        conversation.values = {**conversation.values, key: reading.value}


def _unasked(moment: Moment) -> str | None:
    """Words that no open question asked for: a late answer finds its question; a stranger is told who we are."""
    late = missed(moment.session, moment.person.id, moment.now)
    if late is not None and _answer_late(moment, late):
        return None
    if not standing(moment.session, moment.person.id):
        if _said_lately(moment, "notices/stranger"):
            return "stranger"
        moment.notice("stranger")
        return None
    moment.notice("no_question")
    return None


def _answer_late(moment: Moment, question: Question) -> bool:
    conversation = moment.session.get_one(Conversation, question.conversation_id)
    if conversation.flow != question.flow:
        return False
    reading = _read_answer(moment, question, conversation)
    if reading.outcome == UNCLEAR:
        return False
    conversation.step, conversation.ended_at = question.step, None
    _take_answer(moment, question, conversation, reading)
    return True


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


def _come_back(moment: Moment) -> None:
    """Nothing is being asked any more: ask again what was set aside for it."""
    if moment.quiet or open_of(moment.session, moment.person.id) is not None:
        return
    question = set_aside(moment.session, moment.person.id, moment.now)
    if question is not None:
        ask_again(moment, moment.session.get_one(Conversation, question.conversation_id))
