"""Puts a question's options on the text that asks it, where the address shows what can be tapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from assistant.channels.payloads import fits, payload_of
from assistant.channels.showing import Style, Tap, shows_taps, style_for, titled
from assistant.conversations.text_rendering import language_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import with_versions
from assistant.engine.flow_model import Step
from assistant.language.replies.reply_reading import parse_expect
from assistant.store.tables import Conversation, Question

YES_NO: Final = (("yes", "tap_yes"), ("no", "tap_no"))
AGREE: Final = (("agree", "tap_agree"), ("no", "tap_no"))
"""Outcome -> the notice that says what is read on its button."""
LIST: Final = "tap_list"


def offer_taps(context: Context) -> None:
    """Let the options of the open question be tapped on the last text that is said of it."""
    question, drafts = context.question, context.progress.drafts
    if question is None or not drafts or not shows_taps(context.address.uri, context.address.channel):
        return
    of_it = [place for place, each in enumerate(drafts) if each.conversation_id == question.conversation_id]
    if not of_it:
        return
    taps = _taps(context, question)
    if taps:
        drafts[of_it[-1]] = replace(drafts[of_it[-1]], taps=taps)


def options_of(context: Context, question: Question, conversation: Conversation) -> Sequence[tuple[str, str]]:
    """Return the options of a question: what each comes to (an outcome, a key, a number), and its label."""
    step = step_asked(context, question, conversation)
    if step is None:
        return ()
    language = language_of(context.person, context.about(conversation).circle)
    spec = parse_expect(step.expect or "text")
    if spec.kind in ("yes_no", "agree"):
        names = YES_NO if spec.kind == "yes_no" else AGREE
        return [(outcome, _notice(context, name, language)) for outcome, name in names]
    if spec.kind == "number" and spec.low is not None and spec.high is not None:
        return [(str(number), str(number)) for number in range(spec.low, spec.high + 1)]
    if spec.kind != "choice":
        return ()
    if step.choices_from:
        listed: list[Mapping[str, Any]] = conversation.values.get(step.choices_from) or []
        return [(each["key"], titled(each["label"])) for each in listed]
    options = with_versions(
        context,
        lambda: context.services.book.options(question.flow, question.step, conversation.version),
    )
    return [
        (option.key, titled((option.words.get(language) or next(iter(option.words.values())))[0]))
        for option in options
    ]


def step_asked(context: Context, question: Question, conversation: Conversation) -> Step | None:
    """Return the question's step, if its conversation still runs on the version in which it was asked."""
    if conversation.flow != question.flow:
        return None
    version = conversation.version
    steps = with_versions(context, lambda: context.services.book.pinned(question.flow, version).steps)
    return steps.get(question.step)


def _taps(context: Context, question: Question) -> tuple[Tap, ...]:
    conversation = context.session.get_one(Conversation, question.conversation_id)
    step = step_asked(context, question, conversation)
    if context.person.plain and step is not None and step.choices_from:
        return ()  # Names and topics stay off a shared phone.
    options = options_of(context, question, conversation)
    address = context.address
    style = style_for(address.uri, address.channel, len(options))
    if style is None or not all(fits(option) for option, _ in options):
        return ()
    taps = tuple(Tap(payload_of(question.id, option), label) for option, label in options)
    if style is not Style.LIST_PICKER:
        return taps
    language = language_of(context.person, context.about(conversation).circle)
    # What brings nothing back names the list.
    return (*taps, Tap("", _notice(context, LIST, language)))


def _notice(context: Context, name: str, language: str) -> str:
    texts = context.services.book.notice(name)
    return (texts.get(language) or next(iter(texts.values())))["full"]
