"""Tells a host on Monday how the circle does, in counts that name nobody."""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.hosts.inactive_members import quiet_members, week_began
from assistant.circles.hosts.open_requests import open_asks
from assistant.circles.people.permissions import circle_for
from assistant.circles.sharing.shares import sharers
from assistant.schedule.programs import programs
from assistant.store.tables import Alert, Circle, Member, Pair, PairMember, Round
from assistant.store.tables.operation_tables import URGENT

FEWEST_PAIRS = 3


@action("first", "needs", "counts", "none")
def brief(ctx: ActionContext, *, circle: int = 0) -> ActionResult:
    """Tell how the circle in `circle` did last week; first: its season begins, with nothing to count yet.

    needs: `needs` people may need the host right now. Of the counts, `says` chooses the wording.
    """
    about = circle_for(ctx.session, ctx.person.id, circle)
    week = current_week(about, ctx.now) if about is not None else 0
    if about is None or about.state != "running" or not week:
        return ActionResult("none")
    needs = _needing(ctx, about)
    values: dict[str, object] = {"circle": about.name, "needs": needs, "needing": str(needs)}
    if week == 1:
        program = programs().get(about.program)
        here = _asked(ctx, about)
        values |= {"count": str(len(here)), "weeks": str(program.weeks if program else "")}
        return ActionResult("first", values, circle=about)
    shared = sharers(ctx.session, about.id, week=week - 1)
    asks = len(open_asks(ctx.session, about, ctx.person.id, ctx.now))
    quiet = len(quiet_members(ctx.session, about, ctx.now, but=ctx.person.id))
    values |= {
        "count": str(len(shared)),
        "prompted": str(len(shared | _asked(ctx, about))),
        "pairs_met": _pairs_met(ctx.session, about.id, week - 1),
        "open_requests": str(asks),
        "quiet_members": str(quiet),
        "says": f"{'some' if asks else 'no'}_asks_{'some' if quiet else 'no'}_quiet",
    }
    return ActionResult("needs" if needs else "counts", values, circle=about)


def _needing(ctx: ActionContext, circle: Circle) -> int:
    """How many others of this circle may need a person, whether anyone has looked at it yet or not."""
    alerts = select(func.count(func.distinct(Alert.person_id))).where(
        Alert.circle_id == circle.id,
        Alert.kind.in_(URGENT),
        Alert.closed_at.is_(None),
        Alert.person_id != ctx.person.id,
    )
    return ctx.session.scalar(alerts) or 0


def _asked(ctx: ActionContext, circle: Circle) -> set[int]:
    """Who is asked every week, and was in before this one began."""
    members = select(Member.id, Member.promised_at).where(
        Member.circle_id == circle.id, Member.state == "active", Member.promised_at.is_not(None)
    )
    began = week_began(circle, ctx.now)
    first = current_week(circle, ctx.now) == 1
    return {
        row.id
        for row in ctx.session.execute(members)
        if first or (row.promised_at and row.promised_at < began)
    }


def _pairs_met(session: Session, circle_id: int, week: int) -> str:
    """In how many pairs of a week somebody said that they connected; "-" where so few would tell of someone.

    They were promised that nobody sees what each of them answers.
    """
    rows = session.execute(
        select(Pair.id, func.max(case((PairMember.did == "yes", 1), else_=0)))
        .join(Round, Round.id == Pair.round_id)
        .join(PairMember, PairMember.pair_id == Pair.id)
        .where(Round.circle_id == circle_id, Round.week == week)
        .group_by(Pair.id)
    ).all()
    return str(sum(met for _, met in rows)) if len(rows) >= FEWEST_PAIRS else "-"
