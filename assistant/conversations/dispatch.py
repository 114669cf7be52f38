"""Decides what one text of one person means, and answers it: under the person's lock, in one commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from assistant.circles.people.recent_texts import was_said
from assistant.conversations import attribution, crossing, held_words, keywords, paged_stage
from assistant.conversations.answers import answer_anew, answer_late, read_answer, take_answer
from assistant.conversations.channels import heard_taps, opened_windows, where_texted
from assistant.conversations.channels.offered_taps import offer_taps
from assistant.conversations.danger_stage import (
    answer_danger,
    ask_gently,
    hear_out,
    is_in_talk,
    may_be_danger,
)
from assistant.conversations.given_commands import RUNNING, ask_if_answer, obey, obey_meant, read_given
from assistant.conversations.helping import (
    asking_back,
    asking_the_circle,
    hour_for_two,
    switching_language,
)
from assistant.conversations.helping.coming_back import come_back
from assistant.conversations.interruptions import is_everyday, is_the_answer, is_to_be_asked
from assistant.conversations.invitation_answers import answer_outsider, answers_invitation
from assistant.conversations.media import media_stage
from assistant.conversations.moves import after_stop, astray, handed_on
from assistant.conversations.moves.doubted_numbers import ask_who_it_is
from assistant.conversations.moves.host_replies import offer_reply
from assistant.conversations.questions import SILENCE, missed, set_aside
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start
from assistant.engine.flow_model import TOGETHER
from assistant.engine.movement import UNCLEAR
from assistant.language.commands.command_reading import CommandReading
from assistant.language.replies.reply_reading import Reading
from assistant.language.signals.reactions import without_quotation
from assistant.safety.alarms import is_looked_after
from assistant.safety.alert_answers import is_needed
from assistant.safety.first_response import is_safety_talk
from assistant.store.tables import Conversation, Inbox

LOOP_TEXTS = 30
"""More texts than this in `LOOP_WINDOW`: a machine talks to us; Twilio's 14107 stops such pairs too."""
ON_CALL: Final = "on_call"
ONCE_IN: Final = dt.timedelta(days=1)


def handle(context: Context) -> str | None:
    """Act on a person's text and draft what is said to it: the stages in order, until one has seen to it.

    The caller holds the person's lock, and commits.

    Returns:
        Why nothing was made of the text, if nothing was.

    Raises:
        Exception: whatever went wrong; the caller rolls this text back, and tries again or sets it aside.
    """
    text = context.inbox
    assert text is not None
    context.address.unreachable_at = None
    opened = opened_windows.note_channel(context)
    # What is read on a button is ours: it is no keyword.
    kind = "words" if heard_taps.asking_tapped(context) else handed_on.kind_here(context, text)
    if (kind == "stop" and _runs_a_circle(context)) or (kind == "start" and keywords.is_in_already(context)):
        kind = "words"
    seen = next(found for stage in STAGES if (found := stage(context, text, kind)) is not None)
    attribution.hand_over(context)
    obey_meant(context)
    come_back(context)
    if kind == "words":
        switching_language.offer(context)
    if opened:
        opened_windows.gather_waited(context)
    offer_taps(context)
    where_texted.follow(context)
    return seen.reason


@dataclass(frozen=True, slots=True)
class Seen:
    """A stage has seen to the text; `reason` says why nothing was made of it, if nothing was."""

    reason: str | None = None


def _hear_stop(context: Context, _text: Inbox, kind: str) -> Seen | None:
    if kind not in ("stop", "wrong_number"):
        return None
    paged_stage.after_stop(context)
    (keywords.stop if kind == "stop" else keywords.stop_wrong_number)(context)
    answer_danger(context)
    return Seen()


def _hear_start(context: Context, text: Inbox, kind: str) -> Seen | None:
    if kind != "start" and not keywords.lets_in_again(context):
        return None
    keywords.start(context, text)
    return Seen()


def _fall_silent(context: Context, _text: Inbox, _kind: str) -> Seen | None:
    """From here on nothing is said to whoever opted out, or to what seems to be a machine."""
    context.progress.quiet = _is_looping(context) or context.progress.opted_out
    return None


def _hear_help(context: Context, _text: Inbox, kind: str) -> Seen | None:
    if kind != "help":
        return None
    keywords.help_person(context)
    return Seen()


def _hear_tap(context: Context, _text: Inbox, _kind: str) -> Seen | None:
    """A tap says itself what it answers: nothing else is made of it."""
    tapped = heard_taps.hear_tap(context)
    return None if tapped is None else Seen(tapped or None)


def _pass_over_reactions(_context: Context, text: Inbox, kind: str) -> Seen | None:
    """What a reaction quotes are not the person's words: they may be another's, who is forgotten one day."""
    if kind != "tapback":
        return None
    text.body = without_quotation(text.body or "")
    return Seen(kind)


def _pass_over_machines(context: Context, _text: Inbox, kind: str) -> Seen | None:
    """An automatic reply; but while a person looks after someone in danger, whatever comes is heard."""
    if kind != "auto_reply":
        return None
    return None if is_in_talk(context, None) and is_looked_after(context.about(None)) else Seen(kind)


def _see_no_words(context: Context, text: Inbox, kind: str) -> Seen | None:
    passed = kind != "empty" or media_stage.is_taken_in(context)
    return None if passed else Seen(media_stage.without_words(context, text))


def _pass_to_paged(context: Context, _text: Inbox, kind: str) -> Seen | None:
    """Words of someone in an open alert go to whoever has taken it; words of danger count all the same."""
    if kind == "start" or not paged_stage.pass_on(context, _sure_command) or kind == "help":
        return None
    paged_stage.hear_besides(context)
    return Seen()


def _answer_page(context: Context, _text: Inbox, kind: str) -> Seen | None:
    if kind in ("start", "help"):
        return None
    return Seen() if paged_stage.answer_page(context, _sure_command) else None


def _ask_gently(context: Context, _text: Inbox, _kind: str) -> Seen | None:
    """Words that may speak of danger wait for the answer to a private question; a command alone does not."""
    kind, command = may_be_danger(context), read_given(context)
    bare = command is not None and command.sure and command.value is None
    if kind is None or bare or _commands_a_circle(context):
        return None
    if hour_for_two.came(context):
        return None  # What someone says who is there for another is about that other.
    ask_gently(context, kind)
    return Seen()


def _carry_in_the_hour(context: Context, _text: Inbox, _kind: str) -> Seen | None:
    """In an hour of two, words go to the other; after danger, and before anything else is made of them."""
    return Seen() if hour_for_two.carry(context, _sure_command) else None


def _answer_back(context: Context, _text: Inbox, _kind: str) -> Seen | None:
    """What people ask us is answered, and the open question put again in other words; a command is none."""
    if switching_language.takes_offer(context):
        return Seen()
    asked = asking_back.asked_back(context)
    label = None if asked else asking_back.near_miss(context)
    if (asked is None and label is None) or _is_a_command(context, asked is not None and asked.whole):
        return None
    crossed = crossing.look(context)
    if crossed.doubled or ((crossed.unread or crossed.again) and (asked is None or not asked.whole)):
        return None
    if label is not None:
        context.notice("did_you_mean", {"said": label})
        return Seen()
    return Seen() if asked and asking_back.answer_back(context, asked) else None


def _is_a_command(context: Context, asked_wholly: bool) -> bool:
    """Return whether words are a command, or may be one here; with a question open only some interrupt.

    "Has anyone read what I wrote" is put to us, and to no one in the circle.
    """
    given = read_given(context)
    if given is None or not given.sure or (asked_wholly and asking_the_circle.is_sentence(context, given)):
        return False
    return context.question is None or context.services.book.commands[given.name].interrupts is not False


def _ask_once_more(context: Context, _text: Inbox, kind: str) -> Seen | None:
    """Put an open question in other words for "?" and "what?"; with none, say what a member can do here."""
    if kind != "puzzled":
        return None
    question, who, now = context.question, context.person.id, context.now
    if question is not None:
        conversation = context.session.get_one(Conversation, question.conversation_id)
        take_answer(context, question, conversation, Reading(UNCLEAR))
        return Seen()
    if hear_out(context):
        return Seen()
    if set_aside(context.session, who, now) or missed(context.session, who, now, SILENCE):
        context.progress.again = True  # Asked when all is done: see `come_back`.
        return Seen()
    if "member" not in context.known.hears:
        return None
    keywords.help_person(context)
    return Seen()


def _ask_about_stop(context: Context, _text: Inbox, kind: str) -> Seen | None:
    """Of our texts or of something in the person's life: asked once, and kept as words when said again."""
    since = context.now - ONCE_IN
    if kind != "maybe_stop" or was_said(context.session, context.person.id, since, "notices/maybe_stop"):
        return None
    command = read_given(context)
    if command is not None and command.sure and command.value is None:
        return None  # "leave the circle", of whoever may say so.
    context.notice("maybe_stop")
    return Seen()


def _understand_words(context: Context, _text: Inbox, _kind: str) -> Seen:
    looping = _is_looping(context)
    return Seen(_understand(context) or ("loop" if looping else None))


def _is_looping(context: Context) -> bool:
    return context.known.recent > LOOP_TEXTS


def _seen_by(look: Callable[[Context], bool]) -> Callable[[Context, Inbox, str], Seen | None]:
    """Make a stage of what says whether it has seen to a text, whatever kind of text that is."""
    return lambda context, _text, _kind: Seen() if look(context) else None


STAGES: Final = (
    _seen_by(astray.ask_if_slip),
    _hear_stop,
    _fall_silent,
    _seen_by(media_stage.take_up),
    _seen_by(after_stop.hear_erasing),
    _hear_tap,
    _pass_over_reactions,
    _pass_to_paged,
    _answer_page,
    lambda context, _text, kind: Seen() if handed_on.hear(context, kind) else None,
    _seen_by(answer_danger),
    _hear_start,
    _hear_help,
    _pass_over_machines,
    _seen_by(ask_who_it_is),
    _seen_by(opened_windows.answer_opener),
    _see_no_words,
    _seen_by(lambda context: paged_stage.offer(context, read_given)),
    _ask_gently,
    lambda context, _text, _kind: Seen("opted out") if after_stop.is_unheard(context) else None,
    _carry_in_the_hour,
    _seen_by(media_stage.take_in),
    _seen_by(astray.leave_aside),
    _answer_back,
    _ask_once_more,
    _ask_about_stop,
    _seen_by(lambda context: offer_reply(context, read_given)),
    _understand_words,
)
"""What a text is asked, in this order; the first stage that gives an answer has seen to it."""


def _runs_a_circle(context: Context) -> bool:
    """Return whether a host's bare command is meant; from anyone else the word is an opt-out: REMOVE."""
    if keywords.is_carriers_stop(context) or not context.known.hears.intersection(RUNNING):
        return False
    command = read_given(context)
    return command is not None and command.value is None and _commands_a_circle(context)


def _commands_a_circle(context: Context) -> bool:
    command = read_given(context)
    commands = context.services.book.commands
    return command is not None and command.sure and commands[command.name].who in RUNNING


def _understand(context: Context) -> str | None:
    """Take words as a command, an answer to what was asked, a late answer, or something to be asked about.

    Returns:
        Why nothing was made of them, if nothing was.
    """
    crossed = crossing.look(context)
    if crossed.doubled:
        return crossing.DOUBLED
    question = context.question
    conversation = context.session.get_one(Conversation, question.conversation_id) if question else None
    # What was written before the question could be read is no answer to it, whatever it says.
    reads = question is not None and not crossed.unread and not crossed.again
    reading = read_answer(context, question, conversation) if question and conversation and reads else None
    command = read_given(context)
    if command is not None and not _counts_in_danger(context, conversation, command):
        command = None
    spelled = command
    if command is not None and question and command.sure and is_everyday(context, command):
        command = None  # "who knows" is no command as an answer.
    if command is not None and _is_for_an_alert(context, command):
        obey(context, command)
        return None
    if command and question and conversation and held_words.let_go(context, question, conversation, command):
        return None
    if asking_the_circle.ask_which(context, question, reading, command):
        return None
    if question and reading and ask_if_answer(context, question, reading, spelled):
        return None
    if command is not None and command.sure and not is_the_answer(context, question, reading, command):
        obey(context, command)
        return None
    if command is None and question and conversation and not reading and is_safety_talk(conversation):
        reading = Reading(UNCLEAR)  # More of what may be danger: it is heard, and not as the answer.
    if command is None and crossed.unread and not reading:
        return crossing.settle_unread(context, crossed)
    if command is None and crossed.again and question and not reading:
        return crossing.leave_out(context, question)
    if question and conversation and reading:
        reading = crossing.as_read(context, crossed, question, reading)
        unclear = reading.outcome == UNCLEAR and not (command and is_everyday(context, command))
        if command is not None and (unclear or is_to_be_asked(context, reading, command)):
            context.notice("did_you_mean", {"said": command.said})
        elif left_out := crossing.belongs_to_passed(context, crossed, question):
            return left_out
        elif not (
            crossing.ask_which(context, crossed, question, reading)
            or (
                not (crossed.at_once and crossing.holds_others(context, question))
                and attribution.belongs_elsewhere(context, question, reading)
            )
        ):
            take_answer(context, question, conversation, reading)
        return None
    if command is not None:
        context.notice("did_you_mean", {"said": command.said})
        return None
    return _unasked(context)


def _is_for_an_alert(context: Context, command: CommandReading) -> bool:
    """Whether it shows who is in danger to whoever is needed: it means that, whatever is being asked."""
    shows = context.services.book.commands[command.name].who == ON_CALL and command.value is None
    return command.sure and shows and is_needed(context.about(None))


def _counts_in_danger(context: Context, conversation: Conversation | None, command: CommandReading) -> bool:
    """Whether it is one; from someone who may be in danger "call me please" and "done" are words."""
    interrupts = context.services.book.commands[command.name].interrupts
    meant = interrupts is True or (interrupts == TOGETHER and paged_stage.knows_who_is_here(context))
    return (command.sure and (command.capitals or meant)) or not is_in_talk(context, conversation)


def _sure_command(context: Context) -> CommandReading | None:
    """Return a command that counts even where every word may be for someone in danger."""
    command = read_given(context)
    if command is None or not command.sure:
        return None
    meant = context.services.book.commands[command.name].interrupts in (True, TOGETHER)
    return command if command.capitals or meant else None


def _unasked(context: Context) -> str | None:
    """Take words that nobody asked for: a late answer finds its question, a stranger hears who we are."""
    if hear_out(context):
        return None
    late = missed(context.session, context.person.id, context.now)
    if answers_invitation(context, late):
        start(context, "invited", {})
        return None
    if late is not None and answer_late(context, late):
        return None
    if answer_anew(context):
        return None
    if "member" not in context.known.hears:
        return answer_outsider(context)
    if hour_for_two.waits(context):
        return None
    return attribution.hold(context)
