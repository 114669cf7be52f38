"""Answers words of danger before anything else: the approved text at any hour, and a person is paged.

What she wrote then goes nowhere: it is no command, no answer, no words for a buddy or a circle.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.safety import raise_alarm
from assistant.messages import effects
from assistant.messages.answers import answer_late
from assistant.messages.moment import Moment, scene_of
from assistant.messages.questions import close_all, missed
from assistant.messages.turns import start
from assistant.safety.danger_reader import read_danger
from assistant.store.tables import Conversation, Outbox

FLOWS: Final = {"self_harm": "danger", "abuse": "abuse", "emergency": "emergency"}
"""Kind of danger -> the flow that answers it."""
LATELY: Final = dt.timedelta(minutes=10)
"""Within it the same text is not said again: what she writes now answers the question it ended with."""


def answer_danger(moment: Moment) -> bool:
    """Act on words of danger; gives whether that was all there is to do with her text.

    To someone who opted out nothing is said, for an opt-out stands above all; but a person is paged.
    """
    found = read_danger(moment.words, moment.person.language)
    if found.level != "sure" or found.kind is None:
        return False
    question = moment.question
    if moment.opted_out:
        _page_only(moment)
        return True
    asked = question is not None and moment.desk.book.is_safety(question.flow)
    if asked and question is not None and question.opened_at > moment.now - LATELY:
        return False  # She is being asked already whether she is safe.
    # A loop is suspected of a machine; someone in despair writes much, too.
    moment.quiet = moment.quiet and _said_lately(moment)
    let_go(moment, talk_of(moment))
    values = {"danger": found.kind}
    start(moment, FLOWS[found.kind], values, question.member_id if question is not None else None)
    return True


def stays_with_her(moment: Moment) -> bool:
    """Whether a safety talk with her goes on, or has only just been left to rest."""
    return talk_of(moment) is not None


def hear_her_out(moment: Moment) -> bool:
    """What she writes when the questions of a safety talk are over: no machine's small talk answers it.

    Gives whether her words belong there. After words of abuse nothing is said about them: another may read.
    """
    talk = talk_of(moment)
    if talk is None:
        return False
    late = missed(moment.session, moment.person.id, moment.now)
    if late is not None and late.conversation_id == talk.id and answer_late(moment, late):
        return True
    if talk.values["danger"] != "abuse" and not _said_lately(moment, "notices/crisis_line"):
        moment.notice("crisis_line", purpose="safety")
    return True


def talk_of(moment: Moment) -> Conversation | None:
    """The safety talk with her that is not over yet, if there is one."""
    talks = moment.session.scalars(
        select(Conversation)
        .where(Conversation.person_id == moment.person.id, Conversation.ended_at.is_(None))
        .order_by(Conversation.id.desc())
    )
    return next((talk for talk in talks if "danger" in talk.values), None)


def unfinished(moment: Moment, flow: str) -> Conversation | None:
    """The last conversation of this flow that she has not brought to its end."""
    return moment.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == moment.person.id,
            Conversation.flow == flow,
            Conversation.ended_at.is_(None),
        )
        .order_by(Conversation.id.desc())
        .limit(1)
    ).first()


def _page_only(moment: Moment) -> None:
    done = raise_alarm(scene_of(moment, None))
    effects.apply(moment, done.effects)


def let_go(moment: Moment, talk: Conversation | None) -> None:
    """A talk from before gives way to the new one, and does not come back."""
    if talk is not None:
        close_all(moment.session, talk, moment.now)
        talk.ended_at = moment.now
        moment.session.flush()


def _said_lately(moment: Moment, wording: str | None = None) -> bool:
    said = Outbox.purpose == "safety" if wording is None else Outbox.wording == wording
    latest = select(Outbox.id).where(
        Outbox.person_id == moment.person.id, said, Outbox.created_at > moment.now - LATELY
    )
    return moment.session.scalar(latest.limit(1)) is not None
