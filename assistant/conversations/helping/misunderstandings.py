"""Says a question in other words, and what a reply that nobody understood gets: never twice the same.

The first time the step's own `unclear` text, then an example of an answer, then a way out, then the question
itself once more; after that we stop repeating ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.circles.people.memberships import hosts_of
from assistant.conversations.text_rendering import carried_by_values, language_of, speak
from assistant.conversations.turn_context import Context
from assistant.engine.flow_model import Option, Step, Texts
from assistant.engine.movement import find_way
from assistant.store.tables import Conversation, Outbox, Question

MOST_UNCLEAR: Final = 4
"""After so many replies to one question that could not be read, we stop repeating ourselves."""
EXAMPLE_AT: Final = 2
WAY_OUT_AT: Final = 3
"""Which misunderstanding of a question is answered with an example, and which with a way out."""
SKIP: Final = "skip"


def reword(context: Context, question: Question, step: Step) -> None:
    """Put an open question in other words than it was put last, without counting a misunderstanding."""
    conversation = context.session.get_one(Conversation, question.conversation_id)
    today = context.services.book.today(question.flow, question.step) or step
    ways = [(part, texts) for part, texts in _parts(today) if texts is not None]
    _say_new(context, conversation, question, ways)


def give_example(context: Context, question: Question, step: Step) -> None:
    """Show what an answer to the open question looks like."""
    conversation = context.session.get_one(Conversation, question.conversation_id)
    texts, values, wording = _example(context, question, conversation, step)
    context.say(_spoken(context, conversation, texts, values), wording, conversation=conversation)


def say_why(context: Context, question: Question, step: Step) -> None:
    """Say what the open question is for, in today's words; a flow of one's own need not have any."""
    conversation = context.session.get_one(Conversation, question.conversation_id)
    today = context.services.book.today(question.flow, question.step) or step
    if today.because is not None:
        words = _spoken(context, conversation, today.because, {})
        context.say(words, f"{question.flow}/{question.step}/because", conversation=conversation)


def escalate(context: Context, question: Question, step: Step, drafted: int) -> None:
    """Put in the place of what would be repeated what helps more, the longer someone is misunderstood.

    Args:
        question: Still open, its misunderstandings counted.
        step: Its step, as it moves in the version its conversation keeps to.
        drafted: How many texts were drafted before this one; what came after them is what would be said.
    """
    if context.progress.quiet or not context.progress.drafts[drafted:]:
        return
    conversation = context.session.get_one(Conversation, question.conversation_id)
    repeated = context.progress.drafts.pop()
    last, count = last_said(context), question.unclear
    if context.services.book.is_safety(question.flow):
        # Where someone may be in danger only approved texts are said, and nobody is led to an answer.
        count = 1 if repeated.body != last else MOST_UNCLEAR
    if count == 1 and repeated.body != last:
        context.progress.drafts.append(repeated)
    elif count == EXAMPLE_AT:
        give_example(context, question, step)
    elif count == WAY_OUT_AT:
        _show_way_out(context, conversation, step)
    else:
        today = context.services.book.today(question.flow, question.step) or step
        _say_new(context, conversation, question, [("say", today.say), *_parts(today)])


def last_said(context: Context) -> str | None:
    """Return the last text to the person: one drafted in this turn, or the newest of those before it."""
    if context.progress.drafts:
        return context.progress.drafts[-1].body
    newest = select(Outbox.body).where(Outbox.person_id == context.person.id)
    return context.session.scalar(newest.order_by(Outbox.id.desc()).limit(1))


def _parts(step: Step) -> Sequence[tuple[str, Texts | None]]:
    return (("again", step.again), ("unclear", step.unclear), ("say", step.say))


def _say_new(
    context: Context,
    conversation: Conversation,
    question: Question,
    ways: Sequence[tuple[str, Texts | None]],
) -> None:
    """Say the first of these texts that was not said last."""
    last = last_said(context)
    for part, texts in ways:
        words = _spoken(context, conversation, texts, {}) if texts else None
        if texts is not None and words is not None and words != last:
            wording = f"{question.flow}/{question.step}/{part}"
            # Another's words that it says once more are read once more, and have a receipt for it.
            carries = carried_by_values(context.about(conversation), texts)
            context.say(words, wording, conversation=conversation, carries=carries)
            return


def _spoken(context: Context, conversation: Conversation, texts: Texts, values: Mapping[str, Any]) -> str:
    ctx = context.about(conversation)
    return speak(replace(ctx, values={**ctx.values, **values}), texts, uri=context.address.uri)


def _example(
    context: Context, question: Question, conversation: Conversation, step: Step
) -> tuple[Texts, Mapping[str, Any], str]:
    today = context.services.book.today(question.flow, question.step)
    if today is not None and today.example is not None:
        return today.example, {}, f"{question.flow}/{question.step}/example"
    kind = (step.expect or "text").split()[0]
    name = f"example_{kind}"
    return (
        context.services.book.notice(name),
        _listed(context, question, conversation, step),
        f"notices/{name}",
    )


def _listed(
    context: Context, question: Question, conversation: Conversation, step: Step
) -> Mapping[str, Any]:
    """Return the options of a choice as they stand in a text; none is named before another as an example."""
    if step.choices_from:
        return {}  # The action that listed them has put `options` among the values.
    language = language_of(context.person, context.about(conversation).circle)
    options = context.services.book.options(question.flow, question.step, conversation.version)
    labels = [_label(option, language) for option in options]
    if not labels:
        return {}
    if offers_numbers(step):
        return {"options": ", ".join(f"{n} {label}" for n, label in enumerate(labels, 1))}
    return {"options": ", ".join(label.upper() for label in labels)}


def _label(option: Option, language: str) -> str:
    words = option.words.get(language) or next(iter(option.words.values()))
    return words[0]


def offers_numbers(step: Step) -> bool:
    """Return whether the question names its options by number; to "Reply SEND", a 1 says nothing."""
    texts = [
        *(step.say or {}).values(),
        *(kept.say[each] for kept in step.silence if kept.say for each in kept.say),
    ]
    return any(re.search(r"\b1\b", text) for variants in texts for text in variants.values())


def _show_way_out(context: Context, conversation: Conversation, step: Step) -> None:
    """Offer what truly works here: to pass over the question, a person, or both."""
    skips = find_way(step, SKIP) is not None
    person = can_have_a_person(context.about(conversation))
    way = {(True, True): "both", (True, False): SKIP, (False, True): "person"}.get((skips, person), "none")
    texts = context.services.book.notice("way_out")
    words = _spoken(context, conversation, texts, {"way": way})
    context.say(words, "notices/way_out", conversation=conversation)


def can_have_a_person(ctx: ActionContext) -> bool:
    """Return whether PERSON reaches somebody: a host of this seat's circle who is not the person."""
    if ctx.circle is None or ctx.member is None:
        return False
    return any(host.id != ctx.person.id for host in hosts_of(ctx.session, ctx.circle.id, ctx.now))
