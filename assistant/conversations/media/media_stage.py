"""The stages of texts that bring a picture or a voice note, which comes by twice.

First as it arrives: what it says is heard as ever (STOP, danger, HELP), and what may go on is noted, to be
fetched. Then, once it is here or cannot be had: its sender says whom it is for, in the very flows that ask
this of words; `people.carried_media` lets it go with them. Words that answer a question answer it at once,
and the picture is asked about by itself. Of a voice that was turned into words danger is heard at once; else
it is said back before anybody reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from assistant.circles.people.carried_media import MEDIA, VOICE, brought_by, is_transcribed
from assistant.conversations.answers import step_of
from assistant.conversations.danger_stage import hear_out, is_in_talk
from assistant.conversations.given_commands import obey, read_given
from assistant.conversations.helping import hour_for_two
from assistant.conversations.text_rendering import language_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import lay_aside, start
from assistant.language.languages import LANGUAGES
from assistant.store.tables import Inbox, Media

MOST: Final = 5
"""Of one text; what is beyond is left out."""
TO_A_BUDDY: Final = "relay"
"""The command of words that begin with @."""
TO_WHOM: Final = "route"
SAID_BACK: Final = "voice_note"
_UNFIT: Final = {
    "kind": "media_kind",
    "video": "media_video",
    "large": "media_large",
    "broken": "media_lost",
    "lost": "media_lost",
}


def is_taken_in(context: Context) -> bool:
    """Return whether what this text brings may go on: its sender is in a running circle, and in no need."""
    text = context.inbox
    if text is None or context.progress.quiet or not any(_sources(text)):
        return False
    if _is_in_need(context):
        return False
    return bool(_seats(context)) and not brought_by(context.session, text)


def take_in(context: Context) -> bool:
    """Note what a text brings, to be fetched; return whether its words are to wait for that.

    What was heard in a voice is said back instead.
    """
    if _say_back(context):
        return True
    if not is_taken_in(context):
        return False
    assert context.inbox is not None
    alone = bool(context.words) and not _go_together(context)
    context.session.add_all(
        Media(
            person_id=context.person.id,
            inbox_id=context.inbox.id,
            source=source,
            alone=alone,
            at=context.now,
        )
        for source in list(_sources(context.inbox))[:MOST]
    )
    return not alone


def take_up(context: Context) -> bool:
    """Ask whom it is for that was fetched, or say why it is not passed on; return whether nothing is left.

    Words that came with something that is not passed on are heard by the stages that follow.
    """
    text = context.inbox
    brought = brought_by(context.session, text) if text is not None else ()
    if not brought or text is None or is_transcribed(text):
        return False
    kept = [each for each in brought if each.state == "kept"]
    if context.progress.quiet or not _seats(context):
        return True
    alone = brought[0].alone
    if _is_in_need(context):
        return alone or not context.words  # Something happened meanwhile: this is no moment for a photo.
    if not kept:
        why = next((each.reason for each in brought if each.reason), "lost")
        context.notice(_UNFIT[why])
        return alone or not context.words
    _ask(context, "" if alone else context.words, kept)
    return True


def without_words(context: Context, text: Inbox) -> str | None:
    """See to a text without words that brings nothing which may go on; return why nothing was made of it."""
    carries = text.params.get("NumMedia", "0") not in ("", "0") or "Latitude" in text.params
    if context.question is None and hear_out(context):
        return None
    if not carries:
        return "empty"
    if "member" in context.known.hears:
        context.notice("media_only")
    return "media only"


def _say_back(context: Context) -> bool:
    text = context.inbox
    if text is None or not is_transcribed(text):
        return False
    kept = [each.id for each in brought_by(context.session, text) if each.state == "kept"]
    values = {"held": context.words, "voice": _label(context, brought_by(context.session, text)), MEDIA: kept}
    _start_with(context, SAID_BACK, values)
    return True


def _is_in_need(context: Context) -> bool:
    """Whether someone is being looked after, or sits with another: what is said then goes its own way."""
    return context.known.in_alert or hour_for_two.is_together(context) or is_in_talk(context, None)


def _ask(context: Context, words: str, kept: Sequence[Media]) -> None:
    said = f"{words} {_label(context, kept)}".strip()
    media = {MEDIA: [each.id for each in kept]}
    command = read_given(replace(context, words=said)) if words else None
    if command is not None and command.sure and command.name == TO_A_BUDDY:
        obey(replace(context, words=said), command, media)
    else:
        _start_with(context, TO_WHOM, {"held": said, **media})


def _start_with(context: Context, flow: str, values: dict[str, Any]) -> None:
    """Start the flow that asks whom it is for; what is being asked meanwhile may be meant, too, or rests."""
    question = context.question
    seats = _seats(context)
    member_id = seats[0] if len(seats) == 1 else None
    if question is not None:
        if _takes_words_for(context, "circle", "host"):
            values = {**values, "answers": question.id}
            member_id = question.member_id
        lay_aside(context, question)
    start(context, flow, values, member_id)


def _go_together(context: Context) -> bool:
    """Return whether words and picture are one: nothing was asked, or what the circle is to read."""
    # "@" alone names a buddy, once something stands behind it.
    said = f"{context.words} {LANGUAGES[language_of(context.person, None)].labels['photo']}"
    command = read_given(context) or read_given(replace(context, words=said))
    if command is not None and command.sure:
        return command.name == TO_A_BUDDY
    return context.question is None or _takes_words_for(context, "circle")


def _takes_words_for(context: Context, *readers: str) -> bool:
    """Return whether words are asked for that one of these is to read."""
    question = context.question
    if question is None or question.visible_to not in readers or question.member_id is None:
        return False
    return (step_of(context, question).expect or "text") == "text"


def _seats(context: Context) -> list[int]:
    return [
        member.id
        for member, circle in context.known.seats
        if circle.state == "running" and member.promised_at is not None
    ]


def _sources(text: Inbox) -> Iterator[str]:
    """Yield where the carrier has each; what it is is looked at once it is here, whatever it is called."""
    count = str(text.params.get("NumMedia") or "0")
    for place in range(int(count) if count.isdigit() else 0):
        if source := text.params.get(f"MediaUrl{place}"):
            yield str(source)


def _label(context: Context, some: Sequence[Media]) -> str:
    """Return what stands among words for what goes along with them: "(photo)"."""
    labels = LANGUAGES[language_of(context.person, None)].labels
    voices = sum((each.content_type or "").startswith(VOICE) for each in some)
    pictures = len(some) - voices
    said = [labels["photo" if pictures == 1 else "photos"]] if pictures else []
    return " ".join([*said, *([labels["voice_note"]] if voices else [])])
