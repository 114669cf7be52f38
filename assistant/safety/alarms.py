"""Sees to it that a person hears of danger: whom to page, what may be promised, what answers come to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Alarm, Effect, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.memberships import seat_of, seats_of
from assistant.circles.people.reachability import hears_us
from assistant.circles.people.recent_texts import was_said
from assistant.safety.alert_holding import hands_of
from assistant.safety.danger_reader import read_danger
from assistant.safety.first_response import FLOWS, LATELY
from assistant.safety.on_call import circles_answered_for, first_on_call
from assistant.store.tables import Alert, AlertStep, Circle, Member, Person

CRISIS_TEXTS: Final = (
    *("danger/crisis/say", "danger/crisis_alone/say"),
    *("emergency/call/say", "emergency/call_alone/say"),
)
"""Wordings of the approved texts, which are not said twice in `LATELY`."""
SHORT_LINE: Final = "danger/line/say"
NEWS: Final = "news told"
NEWS_ONCE_IN: Final = dt.timedelta(minutes=10)
KNOWN_FOR: Final = dt.timedelta(days=60)


@action("told", "nobody", "again", "again_alone", "said")
def raise_alarm(ctx: ActionContext) -> ActionResult:
    """Page whoever is on call in one of the person's circles, without a word of what was written.

    told: someone is, and `host` is who. nobody: nothing may be promised; whoever else there is, is paged all
    the same. again, again_alone: the same, and the approved text was said within ten minutes; said: so was
    the short one.
    """
    circle, people = _who_answers(ctx)
    alarm = Alarm("danger", circle.id if circle else None, ctx.person.id)
    seat = seat_of(ctx.session, ctx.person.id, circle.id) if circle else None
    since = ctx.now - LATELY
    lately = was_said(ctx.session, ctx.person.id, since, *CRISIS_TEXTS)
    if people:
        named = next((person.name for person in people if person.name), None)
        values = {"host": shorten(named, PLACEHOLDERS["host"].longest)} if named else {}
        return ActionResult("again" if lately else "told", values, (alarm,), seat)
    if lately and was_said(ctx.session, ctx.person.id, since, SHORT_LINE):
        return ActionResult("said", effects=(alarm,), member=seat)
    return ActionResult("again_alone" if lately else "nobody", effects=(alarm,), member=seat)


@action("told", "nobody")
def who_is_told(ctx: ActionContext) -> ActionResult:
    """Whether someone who is on call hears of the person right now."""
    _, people = _who_answers(ctx)
    return ActionResult("told" if people else "nobody")


@action("yes", "no", "unsure")
def pass_on_safe(ctx: ActionContext, *, safe: str = "") -> ActionResult:
    """The answer to "are you safe?" is there for whoever answers the alarm; who did so hears of it."""
    return ActionResult(safe or "unsure", effects=tuple(_news(ctx)))


@action("told")
def pass_on_silence(ctx: ActionContext) -> ActionResult:
    """No answer came: whoever looked at the alarm hears that there is something to look at.

    Whoever gets what the person writes knows as much.
    """
    quiet = [alert for alert in _open_ones(ctx) if not hands_of(ctx.session, alert).told]
    told = (_tell_news(ctx, alert, alert.answered_by) for alert in quiet if alert.answered_by is not None)
    return ActionResult("told", effects=tuple(told))


@action("self_harm", "abuse", "emergency")
def which_danger(_ctx: ActionContext, *, maybe: str = "self_harm") -> ActionResult:
    """The gentle question was not answered with "fine": from here on it is a safety talk of that kind."""
    kind = maybe if maybe in FLOWS else "self_harm"
    return ActionResult(kind, {"danger": kind})


def pass_on_more(ctx: ActionContext) -> Iterator[Effect]:
    """Ask for everything that follows when more comes from someone who may be in danger.

    Whoever looks after it, else everyone who was paged, hears that more came, at most every ten minutes.
    Words of danger page again where nobody has looked for an hour; certain ones open a closed alarm anew, and
    what may be danger is asked about gently there.
    """
    level = read_danger(ctx.words, ctx.person.language).level
    if level == "sure" or (level == "perhaps" and _open_ones(ctx)):
        circle, _ = _who_answers(ctx)
        yield Alarm("danger", circle.id if circle else None, ctx.person.id)
    for alert in _open_ones(ctx):
        steps = ctx.session.scalars(select(AlertStep).where(AlertStep.alert_id == alert.id)).all()
        if any(step.what == NEWS and step.at > ctx.now - NEWS_ONCE_IN for step in steps):
            continue
        paged = {
            step.person_id for step in steps if step.what.endswith(" paged") or step.what == "paged again"
        }
        for person_id in sorted({alert.answered_by} if alert.answered_by else paged - {None}, key=str):
            if person_id is not None:
                yield _tell_news(ctx, alert, person_id)


def is_looked_after(ctx: ActionContext) -> bool:
    """Return whether a person has been told of an alarm about whoever writes, and it is still open."""
    return any(
        ctx.session.scalar(
            select(AlertStep.id)
            .where(AlertStep.alert_id == alert.id, AlertStep.person_id.is_not(None))
            .limit(1)
        )
        for alert in _open_ones(ctx)
    )


def _who_answers(ctx: ActionContext) -> tuple[Circle | None, list[Person]]:
    """Return the circle whose people are to hear, and who is on call there; that of this talk comes first."""
    circles = list(_her_circles(ctx))
    for circle in circles:
        people = first_on_call(ctx.session, circle.id, ctx.person.id, ctx.identity.sender, ctx.now)
        if people:
            return circle, list(people)
    return (circles[0] if circles else None), []


def _her_circles(ctx: ActionContext) -> Iterator[Circle]:
    """Yield where the person is a member, this conversation's circle first; then what the person hosts."""
    seen = set()
    seats: list[tuple[Member, Circle]] = list(seats_of(ctx.session, ctx.person.id))
    hosted = ctx.session.scalars(
        select(Circle)
        .where(Circle.id.in_(circles_answered_for(ctx.session, ctx.person.id)))
        .order_by(Circle.id)
    ).all()
    given_up = [] if seats or hosted else _left_by_stop(ctx)
    of_this_talk = [ctx.circle] if ctx.circle else []
    for circle in (*of_this_talk, *(circle for _, circle in seats), *hosted, *given_up):
        if circle.id not in seen:
            seen.add(circle.id)
            yield circle


def _left_by_stop(ctx: ActionContext) -> Sequence[Circle]:
    """Return the circles that an opt-out took the person out of lately: nothing goes there, someone may."""
    if hears_us(ctx.session, ctx.person.id, ctx.identity.sender):
        return []
    left = (
        select(Circle)
        .join(Member, Member.circle_id == Circle.id)
        .where(
            Member.person_id == ctx.person.id,
            Member.state == "left",
            Member.state_at > ctx.now - KNOWN_FOR,
            Circle.state != "closed",
        )
        .order_by(Member.state_at.desc())
    )
    return ctx.session.scalars(left).all()


def _news(ctx: ActionContext) -> Iterator[Tell]:
    for alert in _open_ones(ctx):
        if alert.answered_by is not None:
            yield _tell_news(ctx, alert, alert.answered_by)


def _tell_news(ctx: ActionContext, alert: Alert, person_id: int) -> Tell:
    ctx.session.add(AlertStep(alert_id=alert.id, at=ctx.now, what=NEWS, person_id=person_id))
    return Tell(person_id, "alert_news", purpose="alert", circle_id=alert.circle_id)


def _open_ones(ctx: ActionContext) -> Sequence[Alert]:
    about_them = (Alert.kind == "danger", Alert.person_id == ctx.person.id, Alert.closed_at.is_(None))
    return ctx.session.scalars(select(Alert).where(*about_them).order_by(Alert.id)).all()
