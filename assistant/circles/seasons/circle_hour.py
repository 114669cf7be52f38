"""Runs the live circle hour: whose turn it is for which role, and what each said in the opening round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.sharing.news_reading import mark_read
from assistant.circles.sharing.shares import apart_from
from assistant.store.tables import Member, Person, Share

ROLES: Final = ("first", "second", "third")
"""Has the floor, shares what has worked, keeps us kind: mentee, teacher and companion, with no titles."""
THIS_HOUR: Final = dt.timedelta(hours=3)
"""So long the words of an opening round belong to it."""
MOST_WORDS: Final = 5


def roles_of(members: Sequence[int], turn: int) -> tuple[int, int, int] | None:
    """Return who has which role in this turn: everyone comes to each once while the group stays the same.

    Args:
        members: Ids, in an order that stays.
        turn: Counted up by one each time.

    Returns:
        Who has the floor, who shares what has worked, who keeps us kind; None for fewer than three.
    """
    count = len(members)
    if count < len(ROLES):
        return None
    return tuple(members[(turn + place) % count] for place in range(len(ROLES)))  # type: ignore[return-value]


@action("roles", "few")
def roles_of_the_hour(ctx: ActionContext, *, turn: int | None = None) -> ActionResult:
    """Whose turn it is this week, by first names; few: there are not three."""
    if ctx.circle is None:
        return ActionResult("few")
    rows = ctx.session.execute(
        select(Member.id, Person.name)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == ctx.circle.id,
            Member.state == "active",
            Member.promised_at.is_not(None),
            Person.name.is_not(None),
        )
        .order_by(Member.id)
    )
    names = {key: name or "" for key, name in rows}
    held = roles_of(list(names), current_week(ctx.circle, ctx.now) if turn is None else turn)
    if held is None:
        return ActionResult("few")
    values = {
        role: shorten(names[key], PLACEHOLDERS[role].longest) for role, key in zip(ROLES, held, strict=True)
    }
    return ActionResult("roles", values)


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
