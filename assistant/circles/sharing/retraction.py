"""Takes back what a member gave last: unread, it is gone; read, the member is told by how many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import AskAgain
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.audit import record
from assistant.circles.sharing.given_words import PRIVATE, Given, erase, find, forget_answers, last_given
from assistant.language.commands.taking_back import read_taking_back
from assistant.language.rendering import readable_date, readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Answer, Audit, Conversation, Person, Question

AT_ONCE: Final = dt.timedelta(days=1)
"""What was given longer ago is shown first: whoever says "delete that" may mean something else."""
TAKING_BACK: Final = "take back"
"""What the audit calls it."""
_HANGS_ON: Final = {("goal", "plan"): "goal"}
"""A question that makes no sense without the answer before it -> the step that asked for that."""
_ENDS_WITH_IT: Final = ("step_day", "step_plan")
"""Flows that only ask about words just given."""


@action("unread", "read", "arrived", "private", "kept_private", "older", "nothing")
def take_back_words(ctx: ActionContext) -> ActionResult:
    """Take back what the member gave last, if it is clear what that is.

    read: `count` people have read it. arrived: one has it (`other_name`), and nobody else was to get it.
    private: nobody was to see it; it is gone. kept_private: it was only not to be shared, and is not. older:
    it was given a while ago, or something after it was taken back: it is shown (`said`) and asked about.
    """
    heard = read_taking_back(ctx.words)
    given = last_given(ctx.session, ctx.person.id, private=True)
    if given is not None and given.visible_to == PRIVATE and heard is not None and heard.sharing:
        if given.at > ctx.now - AT_ONCE:
            return ActionResult("kept_private")
        given = last_given(ctx.session, ctx.person.id, private=False)
    if given is None:
        return ActionResult("nothing", effects=(AskAgain(),) if _is_being_asked(ctx) else ())
    if given.at <= ctx.now - AT_ONCE or _took_back_since(ctx, given):
        zone = home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))
        day, language = given.at.astimezone(zone).date(), language_of(ctx)
        date = f"{readable_day(day, language)} {readable_date(day, language)}"
        return ActionResult("older", {"given": given.ref, "said": _said(given), "date": date})
    return _take_back(ctx, given)


@action("unread", "read", "arrived", "private", "nothing")
def take_back_older(ctx: ActionContext, *, given: str = "") -> ActionResult:
    """Take back what was shown and asked about."""
    found = find(ctx.session, ctx.person.id, given)
    return _take_back(ctx, found) if found is not None else ActionResult("nothing")


def forget_held(ctx: ActionContext) -> None:
    """Erase what was about to be shared; where it was only not to be shared, nobody else is to see it."""
    heard, sharing = read_taking_back(ctx.words), ctx.values.get("sharing")
    if not isinstance(sharing, dict) or "answer" not in sharing:
        return
    given = find(ctx.session, ctx.person.id, f"answer:{sharing['answer']}")
    if given is None or given.answer is None:
        return
    if heard is not None and heard.sharing:
        given.answer.visible_to = PRIVATE
    else:
        erase(ctx.session, given, ctx.now)


def forget_draft(ctx: ActionContext, conversation: Conversation, flows: Collection[str]) -> None:
    """Erase what was written for a draft of these flows, and all that its conversation remembers of it."""
    written = (
        select(Answer)
        .join(Question, Question.id == Answer.question_id)
        .where(
            Question.conversation_id == conversation.id,
            Question.flow.in_(flows),
            Answer.outcome == "text",
            Answer.words.is_not(None),
        )
    )
    forget_answers(ctx.session, ctx.person.id, ctx.session.scalars(written).all(), ctx.now)
    if conversation.ended_at is not None:
        conversation.values = {}


def _take_back(ctx: ActionContext, given: Given) -> ActionResult:
    values: dict[str, Any] = {"said": _said(given)}
    question = given.answer.question_id if given.answer is not None else None
    reached = erase(ctx.session, given, ctx.now)
    ids = {"member": given.member.id, "reached": len(reached), "inbox": ctx.inbox_id or 0}
    record(ctx.session, TAKING_BACK, ctx.now, by=ctx.person.id, circle_id=given.member.circle_id, **ids)
    effects = _settle_question(ctx, question)
    if given.visible_to == PRIVATE:
        return ActionResult("private", values, effects)
    if not reached:
        return ActionResult("unread", values, effects)
    if given.visible_to in ("buddy", "host") and len(reached) == 1:
        reader = ctx.session.get_one(Person, next(iter(reached)))
        return ActionResult("arrived", {**values, **other_name_of(reader)}, effects)
    return ActionResult("read", {**values, "count": str(len(reached))}, effects)


def _settle_question(ctx: ActionContext, answered: int | None) -> tuple[AskAgain, ...]:
    """Put right the open question that hangs on the answer taken back: that is asked for anew, or nothing."""
    question = ctx.session.get(Question, answered) if answered is not None else None
    if question is None:
        return ()
    conversation = ctx.session.get_one(Conversation, question.conversation_id)
    asked = ctx.session.scalars(
        select(Question).where(
            Question.conversation_id == conversation.id, Question.state.in_(("open", "waiting"))
        )
    ).first()
    if asked is None:
        return ()
    if _HANGS_ON.get((asked.flow, asked.step)) == question.step and conversation.flow == question.flow:
        asked.step = conversation.step = question.step
        asked.visible_to, asked.unclear = question.visible_to, 0
        return (AskAgain(),)
    if asked.flow in _ENDS_WITH_IT:
        asked.state, asked.outcome, asked.closed_at = "closed", "taken back", ctx.now
        conversation.ended_at = ctx.now
    return ()


def _took_back_since(ctx: ActionContext, given: Given) -> bool:
    last = ctx.session.scalars(
        select(Audit)
        .where(Audit.person_id == ctx.person.id, Audit.action == TAKING_BACK)
        .order_by(Audit.id.desc())
        .limit(1)
    ).first()
    return last is not None and (last.at, last.details.get("inbox") or 0) >= given.order[:2]


def _is_being_asked(ctx: ActionContext) -> bool:
    asked = select(Question.id).where(Question.person_id == ctx.person.id, Question.state == "open")
    return ctx.session.scalar(asked.limit(1)) is not None


def _said(given: Given) -> str:
    return shorten(given.words, PLACEHOLDERS["said"].longest)
