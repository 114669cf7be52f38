"""The stage of what is only handed on: a forwarded text is no answer, and nor are our own words."""

from __future__ import annotations

from typing import Final

from assistant.conversations import keywords
from assistant.conversations.answers import step_of, take_answer
from assistant.conversations.attribution import hold
from assistant.conversations.danger_stage import ask_gently, is_in_talk, may_be_danger
from assistant.conversations.moves.choosing_anew import hold_for
from assistant.conversations.turn_context import Context
from assistant.engine.movement import UNCLEAR
from assistant.language.replies.reply_reading import Reading
from assistant.language.signals.forwards import is_forwarded, is_ours
from assistant.safety.danger_reader import read_danger
from assistant.store.tables import Conversation, Inbox

OURS: Final = "ours"
FORWARDED: Final = "forwarded"
LONG: Final = 60
"""Characters of an answer that may be one of our texts come back; shorter ones are not looked at for it."""


def kind_here(context: Context, text: Inbox) -> str:
    """Return what kind of text it is: as `keywords.kind_here`, but for what is only handed on.

    Our own texts speak of danger and of STOP. What we sent is looked up only where it matters.
    """
    kind, body = keywords.kind_here(context, text), (text.body or "").strip()
    if kind in ("tapback", "empty", "auto_reply") or keywords.is_carriers_stop(context):
        return kind
    forwarded = is_forwarded(body) or str(text.params.get("Forwarded", "")).lower() == "true"
    keyword = kind not in ("words", "puzzled")
    looks = forwarded or keyword or len(body) >= LONG or read_danger(body).level != "none"
    if looks and is_ours(body, keywords.newest_texts(context)):
        return OURS
    return FORWARDED if forwarded and kind != "stop" else kind


def hear(context: Context, kind: str) -> bool:
    """Hear what was handed on; return whether that was all there is to do with it.

    Words of danger in it are another's, and asked about gently; while someone is in a talk about their
    safety, whatever comes is heard as their own.
    """
    question = context.question
    if kind not in (OURS, FORWARDED) or context.progress.quiet or is_in_talk(context, None):
        return False
    if kind == FORWARDED and (danger := may_be_danger(context, of_another=True)) is not None:
        ask_gently(context, danger)
        return True
    if question is None:
        if kind == FORWARDED and "member" in context.known.hears:
            hold(context)
            return True
        return kind == OURS
    if kind == FORWARDED and (step_of(context, question).expect or "text") == "text":
        hold_for(context, question)
        return True
    conversation = context.session.get_one(Conversation, question.conversation_id)
    take_answer(context, question, conversation, Reading(UNCLEAR))
    return True
