"""Runs a circle hour: lets in who comes, deals roles, shows the opening round, notes who was there."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.recipients import still_gets
from assistant.circles.hours.hour_roles import FLOOR, HOUR_ROLES, KEEPS, OPENS, deal_hour_roles
from assistant.circles.hours.hour_rows import (
    is_left_in_peace,
    locked_hour,
    seat_in,
    seats_in,
    stands,
    way_values,
)
from assistant.circles.hours.hour_times import LASTS, LET_IN_EARLY
from assistant.circles.people.inactivity import may_nudge
from assistant.circles.sharing.news_reading import mark_read
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import CircleHour, Conversation, HourSeat, Member, Question, Share

THIS_HOUR: Final = dt.timedelta(hours=3)
"""So long the words of an opening round belong to it."""
CLOSING_WITHIN: Final = dt.timedelta(hours=16)
"""So long after an hour began its closing round still comes: the next morning, where texts ended before."""
MOST_WORDS: Final = 5
NAMED_AS: Final = {FLOOR: "first", OPENS: "second", KEEPS: "third"}
"""Role -> the placeholder for the name of whoever has it."""


@action("roles", "few", "over")
def open_hour(ctx: ActionContext, *, circle_hour: int = 0, at: str = "") -> ActionResult:
    """Let a member in who comes: who has which role, by first names, and which is theirs, as `mine`.

    Roles are dealt once, among those who come by then. few: they are not three. over: they do not come, or it
    was moved, called off, or is over.
    """
    found = locked_hour(ctx.session, circle_hour)
    if found is None or not stands(found, at) or ctx.member is None:
        return ActionResult("over")
    if is_left_in_peace(ctx.session, ctx.person.id):
        return ActionResult("over")
    if ctx.now >= found.starts_at + LASTS or ctx.now < found.starts_at - LET_IN_EARLY:
        return ActionResult("over")
    seat = seat_in(ctx.session, found, ctx.member.id)
    if seat.reply != "coming" or not still_gets(ctx.session, ctx.member, ctx.identity.sender, readers=True):
        return ActionResult("over")
    way = way_values(ctx.session, found, ctx.person, ctx.identity.country)
    roles = _roles(ctx, found)
    if not roles:
        return ActionResult("few", way)
    return ActionResult("roles", {**way, **roles, "mine": seat.role or "none"})


@action("heard", "alone")
def hear_the_round(ctx: ActionContext) -> ActionResult:
    """Show what others of the circle said in this hour so far, without names; alone: nobody has yet."""
    if ctx.member is None or ctx.circle is None:
        return ActionResult("alone")
    said = ctx.session.scalars(
        select(Share)
        .join(Member, Member.id == Share.member_id)
        .where(
            Share.circle_id == ctx.circle.id,
            Share.member_id != ctx.member.id,
            Share.words.is_not(None),
            Share.at > ctx.now - THIS_HOUR,
            Member.person_id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Share.id.desc())
        .limit(MOST_WORDS)
    )
    shares = said.all()
    if not shares:
        return ActionResult("alone")
    if not ctx.person.plain:
        mark_read(ctx.session, ctx.member, shares, ctx.now)
    told = Tell(
        ctx.person.id,
        "round_so_far",
        {"words": " / ".join(share.words or "" for share in shares)},
        purpose="reply",
        circle_id=ctx.circle.id,
        verbatim=("words",),
        carries=" ".join(f"share:{share.id}" for share in shares),
    )
    return ActionResult("heard", effects=(told,))


@action("rested")
def rest_opening(ctx: ActionContext, *, at: str = "") -> ActionResult:
    """Let go of an opening word that was set aside for something else: after the hour it is asked no more."""
    rows = ctx.session.execute(
        select(Question, Conversation)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(
            Question.person_id == ctx.person.id,
            Question.flow == "circle_hour",
            Question.step == "open",
            Question.state == "waiting",
        )
    )
    for question, conversation in rows.all():
        if conversation.values.get("at") == at:
            question.state, question.outcome, question.closed_at = "closed", "over", ctx.now
            conversation.ended_at = ctx.now
    ctx.session.flush()
    return ActionResult("rested")


@action("close", "late")
def may_close(ctx: ActionContext, *, circle_hour: int = 0) -> ActionResult:
    """Whether the closing round still makes sense; late: it would come on another day."""
    found = ctx.session.get(CircleHour, circle_hour) if circle_hour else None
    over = found is not None and ctx.now > found.starts_at + CLOSING_WITHIN
    return ActionResult("late" if over else "close")


@action("ask", "known")
def ask_if_there(ctx: ActionContext, *, circle_hour: int = 0) -> ActionResult:
    """Whether to ask somebody who said they would come, and was not heard in the hour, if they were there."""
    seat = _seat(ctx, circle_hour)
    if is_left_in_peace(ctx.session, ctx.person.id):
        return ActionResult("known")
    if seat is None or seat.came is not None or seat.reply != "coming" or ctx.member is None:
        return ActionResult("known")
    if not still_gets(ctx.session, ctx.member, ctx.identity.sender, readers=True):
        return ActionResult("known")
    return ActionResult("ask" if may_nudge(ctx.session, ctx.person.id, ctx.now) else "known")


@action("noted")
def was_there(ctx: ActionContext, *, circle_hour: int = 0) -> ActionResult:
    """The member was there."""
    seat = _seat(ctx, circle_hour)
    if seat is not None:
        seat.came = True
        ctx.session.flush()
    return ActionResult("noted")


@action("noted")
def was_not_there(ctx: ActionContext, *, circle_hour: int = 0) -> ActionResult:
    """The member was not there after all."""
    seat = _seat(ctx, circle_hour)
    if seat is not None:
        seat.came = False
        ctx.session.flush()
    return ActionResult("noted")


def _seat(ctx: ActionContext, hour_id: int) -> HourSeat | None:
    hour = ctx.session.get(CircleHour, hour_id) if hour_id else None
    if hour is None or ctx.member is None or ctx.member.circle_id != hour.circle_id:
        return None
    return seat_in(ctx.session, hour, ctx.member.id)


def _roles(ctx: ActionContext, hour: CircleHour) -> dict[str, Any]:
    """Return who has which role, dealt now if it was not before; nothing where there are not three."""
    coming = [
        (seat, member, person)
        for seat, member, person in seats_in(ctx.session, hour)
        if seat.reply == "coming"
    ]
    if not any(seat.role for seat, _, _ in coming):
        dealt = deal_hour_roles([member.id for _, member, _ in coming], _held_before(ctx, hour))
        for seat, member, _ in coming:
            seat.role = dealt.get(member.id)
        ctx.session.flush()
    unnamed = PLACEHOLDERS["other_name"].plain[language_of(ctx)].capitalize()
    held = {seat.role: person.name or unnamed for seat, _, person in coming if seat.role}
    if set(held) != set(HOUR_ROLES):
        return {}
    return {
        placeholder: shorten(held[role], PLACEHOLDERS[placeholder].longest)
        for role, placeholder in NAMED_AS.items()
    }


def _held_before(ctx: ActionContext, hour: CircleHour) -> dict[int, list[str]]:
    rows = ctx.session.execute(
        select(HourSeat.member_id, HourSeat.role)
        .join(CircleHour, CircleHour.id == HourSeat.hour_id)
        .where(
            CircleHour.circle_id == hour.circle_id,
            CircleHour.id != hour.id,
            CircleHour.state == "set",
            HourSeat.role.is_not(None),
        )
        .order_by(CircleHour.starts_at)
    )
    held: defaultdict[int, list[str]] = defaultdict(list)
    for member_id, role in rows:
        held[member_id].append(role or "")
    return held
