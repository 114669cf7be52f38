"""Asks whoever an open alert is about whether the person who looks after them may have their number."""

from __future__ import annotations

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import are_apart
from assistant.circles.hosts.calls import number_of
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import seat_of
from assistant.circles.people.reachability import hears_us
from assistant.safety.alert_answers import (
    about_alert,
    alerts_shown,
    chosen_alert,
    list_alerts,
    take_over,
    tell_who_is_here,
)
from assistant.safety.alert_holding import hands_of, note
from assistant.safety.alert_way import way_to
from assistant.safety.on_call import circles_answered_for
from assistant.store.tables import Alert, AlertStep, Person

ASKED_NUMBER = "asked for the number"
GIVEN = "number given"
KEPT = "number kept"
FLOW = "alert_call"


@action("one", "several", "none")
def find_to_call(ctx: ActionContext) -> ActionResult:
    """Find whom a host would like to call, of those they were shown; `alerts` and `options` list several."""
    alerts = alerts_shown(ctx)
    if not alerts:
        return ActionResult("none")
    if len(alerts) == 1:
        return ActionResult("one", about_alert(ctx, alerts[0]))
    return ActionResult("several", list_alerts(ctx, alerts))


@action("asked", "again", "unsafe", "waits", "stopped", "none")
def ask_for_call(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """Ask the person it is about whether the host may have their number, once an alert and host.

    again: they have answered already. waits: their phone is shared, and nobody knows whose hand it is in.
    unsafe, stopped: nothing may be asked there.
    """
    chosen = chosen_alert(ctx, alert)
    if chosen is None or chosen.person_id is None:
        return ActionResult("none")
    effects = tuple(take_over(ctx, chosen))
    values = about_alert(ctx, chosen)
    way = way_to(ctx.session, chosen, ctx.identity.sender, ctx.now)
    if are_apart(ctx.session, ctx.person, ctx.session.get_one(Person, chosen.person_id)):
        way = "stopped"
    if way != "open":
        return ActionResult(way, values, effects)
    if any(_has(ctx, chosen, what, ctx.person.id) for what in (GIVEN, KEPT)):
        return ActionResult("again", values, effects)
    effects += tuple(tell_who_is_here(ctx, chosen))
    note(ctx.session, chosen, ASKED_NUMBER, ctx.now, ctx.person.id)
    asks: dict[str, object] = {"alert": chosen.id, "caller": ctx.person.id}
    if ctx.person.name:
        asks["host"] = shorten(ctx.person.name, PLACEHOLDERS["host"].longest)
    seat = seat_of(ctx.session, chosen.person_id, chosen.circle_id) if chosen.circle_id else None
    # The question may not wait until another that is open has had its time.
    start = Start(chosen.person_id, FLOW, asks, seat.id if seat else None, at_once=True)
    return ActionResult("asked", values, (*effects, start))


@action("ask", "no")
def may_be_called(ctx: ActionContext, *, alert: int = 0, caller: int = 0) -> ActionResult:
    """Say whether to ask now: the alert is open, and nothing keeps the question from this phone."""
    chosen = _about_me(ctx, alert)
    if chosen is None or not _may_have_it(ctx, chosen, caller):
        return ActionResult("no")
    open_way = way_to(ctx.session, chosen, ctx.identity.sender, ctx.now) == "open"
    return ActionResult("ask" if open_way and number_of(ctx) else "no")


@action("given", "gone")
def give_number_for_call(ctx: ActionContext, *, alert: int = 0, caller: int = 0) -> ActionResult:
    """Give the number that the member is texted at to whoever asked, once, after a yes."""
    chosen, number = _about_me(ctx, alert), number_of(ctx)
    if chosen is None or number is None or not _may_have_it(ctx, chosen, caller):
        return ActionResult("gone")
    if _has(ctx, chosen, GIVEN, caller):
        return ActionResult("gone")
    note(ctx.session, chosen, GIVEN, ctx.now, caller)
    record(ctx.session, "give number", ctx.now, by=ctx.person.id, circle_id=chosen.circle_id, alert=chosen.id)
    return ActionResult("given", effects=(_answer(ctx, chosen, caller, "paged_call_yes", number=number),))


@action("kept")
def keep_number_from_call(ctx: ActionContext, *, alert: int = 0, caller: int = 0) -> ActionResult:
    """Keep the number, after a no or silence: whoever asked hears the same words for both."""
    chosen = _about_me(ctx, alert)
    if chosen is None or not _may_have_it(ctx, chosen, caller) or _has(ctx, chosen, GIVEN, caller):
        return ActionResult("kept")
    note(ctx.session, chosen, KEPT, ctx.now, caller)
    return ActionResult("kept", effects=(_answer(ctx, chosen, caller, "paged_call_no"),))


def _about_me(ctx: ActionContext, alert_id: int) -> Alert | None:
    alert = ctx.session.get(Alert, alert_id)
    mine = alert is not None and alert.person_id == ctx.person.id and alert.closed_at is None
    return alert if mine else None


def _may_have_it(ctx: ActionContext, alert: Alert, caller: int) -> bool:
    """Whether the caller still answers for the circle, gets our texts, and asked for this number."""
    answers = alert.circle_id in circles_answered_for(ctx.session, caller)
    asked = _has(ctx, alert, ASKED_NUMBER, caller)
    holds = hands_of(ctx.session, alert).holder == caller
    return answers and asked and holds and hears_us(ctx.session, caller, ctx.identity.sender)


def _has(ctx: ActionContext, alert: Alert, what: str, person_id: int) -> bool:
    found = select(AlertStep.id).where(
        AlertStep.alert_id == alert.id, AlertStep.what == what, AlertStep.person_id == person_id
    )
    return ctx.session.scalar(found.limit(1)) is not None


def _answer(ctx: ActionContext, alert: Alert, caller: int, notice: str, **placeholders: str) -> Tell:
    named = {"who": about_alert(ctx, alert)["who"], **placeholders}
    return Tell(caller, notice, named, purpose="alert", circle_id=alert.circle_id)
