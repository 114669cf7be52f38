"""Lets whoever is on call answer alerts: SHOW says who it is; they are reached, or the next is paged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.audit import record
from assistant.safety.on_call import LEVELS, circles_answered_for, on_level
from assistant.store.tables import Alert, AlertStep, Answer, Circle, Person
from assistant.store.tables.operation_tables import URGENT


@action("one", "several", "none")
def show_alerts(ctx: ActionContext) -> ActionResult:
    """Show who may need help, in the circles the host answers for and no others; from here on it is answered.

    several: `alerts` and `options` list them.
    """
    alerts = _open_alerts(ctx)
    for alert in alerts:
        _answer(ctx, alert)
    if not alerts:
        return ActionResult("none")
    if len(alerts) == 1:
        return ActionResult("one", _about(ctx, alerts[0]))
    labels = [f"{about['who']} ({about['circle']})" for about in (_about(ctx, each) for each in alerts)]
    choices = ((each.id, label) for each, label in zip(alerts, labels, strict=True))
    return ActionResult("several", list_choices("alerts", choices))


@action("one", "none")
def take_alert(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """The one of several that was chosen (`alert`)."""
    chosen = _chosen(ctx, alert)
    return ActionResult("none") if chosen is None else ActionResult("one", _about(ctx, chosen))


@action("closed", "more")
def close_alert(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """The person was reached; more: someone else still needs whoever is on call."""
    chosen = _chosen(ctx, alert)
    if chosen is not None:
        chosen.closed_at, chosen.next_page_at = ctx.now, None
        _note(ctx, chosen, "reached")
    return ActionResult("more" if _open_alerts(ctx) else "closed")


@action("called", "nobody")
def call_backup(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """Page whoever comes next, at once; `backup` is who. nobody: there is nobody else on call."""
    chosen = _chosen(ctx, alert)
    following = _following(ctx, chosen) if chosen is not None else []
    if chosen is None or not following:
        return ActionResult("nobody")
    chosen.answered_at, chosen.next_page_at = None, ctx.now
    _note(ctx, chosen, "asked for the next")
    name = next((person.name for person in following if person.name), None)
    return ActionResult("called", {"backup": shorten(name, PLACEHOLDERS["backup"].longest)} if name else {})


def is_needed(ctx: ActionContext) -> bool:
    """Return whether someone needs this person: an urgent alert is open that is theirs to answer."""
    return ctx.session.scalars(_theirs(ctx).limit(1)).first() is not None


def _open_alerts(ctx: ActionContext) -> Sequence[Alert]:
    return ctx.session.scalars(_theirs(ctx).with_for_update()).all()


def _theirs(ctx: ActionContext) -> Select[Alert]:
    """Oldest first. One's own is someone else's to answer."""
    return (
        select(Alert)
        .where(
            Alert.kind.in_(URGENT),
            Alert.closed_at.is_(None),
            Alert.circle_id.in_(circles_answered_for(ctx.session, ctx.person.id)),
            Alert.person_id != ctx.person.id,
        )
        .order_by(Alert.id)
    )


def _chosen(ctx: ActionContext, alert_id: int) -> Alert | None:
    return next((alert for alert in _open_alerts(ctx) if alert.id == alert_id), None)


def _answer(ctx: ActionContext, alert: Alert) -> None:
    alert.next_page_at = None
    alert.answered_at = alert.answered_at or ctx.now
    alert.answered_by = ctx.person.id
    _note(ctx, alert, "shown")
    record(ctx.session, "alert shown", ctx.now, by=ctx.person.id, circle_id=alert.circle_id, alert=alert.id)


def _about(ctx: ActionContext, alert: Alert) -> dict[str, Any]:
    """Return who it is, where, and the answer to "are you safe?", of which it was said who reads it."""
    person = ctx.session.get_one(Person, alert.person_id)
    circle = ctx.session.get_one(Circle, alert.circle_id)
    safe = ctx.session.scalars(
        select(Answer.outcome)
        .where(
            Answer.person_id == person.id,
            Answer.key == "safe",
            Answer.visible_to == "host",
            Answer.at >= alert.opened_at,
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
    known = alert.kind == "danger" and safe in ("yes", "no", "unsure")
    return {
        "alert": str(alert.id),
        "kind": alert.kind,
        "safe": safe if known else "",
        "who": shorten(
            person.name or PLACEHOLDERS["other_name"].plain[language_of(ctx)], PLACEHOLDERS["who"].longest
        ),
        "circle": circle.name,
    }


def _following(ctx: ActionContext, alert: Alert) -> list[Person]:
    """Return who is paged next: the first level that was not, else everyone but the one who asks."""
    taken = set(ctx.session.scalars(select(AlertStep.what).where(AlertStep.alert_id == alert.id)))
    everyone: list[Person] = []
    for level in LEVELS:
        people = [
            person
            for person in on_level(
                ctx.session, alert.circle_id or 0, level, alert.person_id, ctx.identity.sender, ctx.now
            )
            if person.id != ctx.person.id
        ]
        if people and not taken & {f"{level} paged", f"no {level}"}:
            return people
        everyone += people
    return everyone


def _note(ctx: ActionContext, alert: Alert, what: str) -> None:
    ctx.session.add(AlertStep(alert_id=alert.id, at=ctx.now, what=what, person_id=ctx.person.id))
