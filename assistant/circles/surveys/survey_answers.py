"""Asks the questions of one point, and keeps each answer as a sealed number that nobody is shown."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.people.emptying import empty_rows
from assistant.circles.surveys.survey_items import ASKED_AT, ITEMS, LASTING, choices_for
from assistant.circles.surveys.survey_plan import ASKABLE, FLOW
from assistant.store.tables import Answer, Applicant, Cohort, Question, SeatDraw, Survey, SurveyAnswer

PULSE: Final = "middle"
"""The point at which one question is all, and SKIP is enough of a no."""


@action("ask", "pulse", "over")
def open_survey(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Open the questions of one point; over: they are not for whoever was to be asked, or not any more.

    On a phone that others see nothing is asked. Whoever waits for a seat is not asked about a circle.
    """
    row = _mine(ctx, survey)
    if row is None or row.state != "asked" or ctx.person.plain:
        return ActionResult("over")
    waits = row.applicant_id is not None
    if not (_waits_still(ctx, row) if waits else _is_member_still(ctx)):
        return ActionResult("over")
    count = len(LASTING if waits else ASKED_AT[row.point])
    values = {**choices_for(language_of(ctx)), "count": str(count), "waiting": waits}
    return ActionResult("pulse" if row.point == PULSE else "ask", values)


@action("begun")
def begin_survey(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Note that the member agreed to be asked."""
    return _settle(ctx, survey, "yes", "begun")


@action("declined")
def decline_survey(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Note that the member would rather not, at this point."""
    return _settle(ctx, survey, "no", "declined")


@action("stopped")
def stop_surveys(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Note that the member is never to be asked again."""
    return _settle(ctx, survey, "never", "stopped")


@action("kept")
def keep_survey(
    ctx: ActionContext,
    *,
    survey: int = 0,
    lonely: str = "",
    hope: str = "",
    steps: int | None = None,
    someone: str = "",
    belonging: str = "",
) -> ActionResult:
    """Keep what was just answered as a number, in place of an earlier one, and nothing else of it."""
    row = _mine(ctx, survey)
    if row is None:
        return ActionResult("kept")
    said = {"lonely": lonely, "hope": hope, "someone": someone, "belonging": belonging}
    said["steps"] = "" if steps is None else str(steps)
    for item, score in said.items():
        if not score.isdigit() or int(score) not in ITEMS[item].scores:
            continue
        earlier = select(SurveyAnswer).where(SurveyAnswer.survey_id == row.id, SurveyAnswer.item == item)
        kept = ctx.session.scalars(earlier).first()
        if kept is None:
            kept = SurveyAnswer(survey_id=row.id, item=item)
            ctx.session.add(kept)
        kept.score, kept.at = score, ctx.now
    if row.state == "asked":
        row.state, row.settled_at = "yes", ctx.now
    ctx.session.flush()
    _forget_words(ctx)
    return ActionResult("kept", {"lonely": "", "hope": "", "steps": None, "someone": "", "belonging": ""})


@action("belonging", "done")
def what_is_left(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Whether the circle itself is asked about, too: at the end."""
    row = _mine(ctx, survey)
    about_circle = row is not None and row.point == "end" and row.applicant_id is None
    return ActionResult("belonging" if about_circle else "done")


@action("ask", "done")
def may_ask_later(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Whether to ask for a yes to the same questions in twelve weeks: at the end, of whoever answered any."""
    row = _mine(ctx, survey)
    if row is None or row.point != "end":
        return ActionResult("done")
    answered = ctx.session.scalar(
        select(SurveyAnswer.item)
        .where(SurveyAnswer.survey_id == row.id, SurveyAnswer.item.in_(ASKED_AT["later"]))
        .limit(1)
    )
    return ActionResult("ask" if answered is not None else "done")


@action("agreed")
def agree_to_later(ctx: ActionContext, *, survey: int = 0) -> ActionResult:
    """Note that the member agreed to be asked once more."""
    row = _mine(ctx, survey)
    if row is not None:
        row.again = True
        ctx.session.flush()
    return ActionResult("agreed")


def _mine(ctx: ActionContext, survey: int) -> Survey | None:
    row = ctx.session.get(Survey, survey)
    if row is None:
        return None
    if row.applicant_id is not None:
        mine = ctx.session.get_one(Applicant, row.applicant_id).person_id == ctx.person.id
    else:
        mine = ctx.member is not None and row.member_id == ctx.member.id
    return row if mine else None


def _is_member_still(ctx: ActionContext) -> bool:
    if ctx.member is None or ctx.circle is None:
        return False
    return ctx.member.state in ASKABLE and ctx.circle.surveyed


def _waits_still(ctx: ActionContext, row: Survey) -> bool:
    applicant = ctx.session.get_one(Applicant, row.applicant_id)
    cohort = ctx.session.get_one(Cohort, ctx.session.get_one(SeatDraw, applicant.draw_id).cohort_id)
    return applicant.state == "waiting" and cohort.surveyed


def _settle(ctx: ActionContext, survey: int, state: str, outcome: str) -> ActionResult:
    row = _mine(ctx, survey)
    if row is not None:
        row.state, row.settled_at = state, ctx.now
        ctx.session.flush()
    return ActionResult(outcome)


def _forget_words(ctx: ActionContext) -> None:
    """Empty the answers as every question keeps them: the number is enough."""
    seat = ctx.member.id if ctx.member is not None else None
    asked = select(Question.id).where(
        Question.person_id == ctx.person.id, Question.member_id == seat, Question.flow == FLOW
    )
    ctx.session.flush()
    empty_rows(ctx.session, Answer, Answer.question_id.in_(asked), ctx.now, words=None, value=None)
