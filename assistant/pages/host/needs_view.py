"""Who may need a person now; who it is stands there only for whoever has looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.safety.alert_answers import about_alert
from assistant.safety.alert_holding import SHOWN, TAKEN, hands_after
from assistant.store.tables import Alert, AlertStep, Person
from assistant.store.tables.operation_tables import URGENT


@dataclass(frozen=True, slots=True)
class Need:
    """One open alert."""

    id: int
    kind: str
    minutes: int
    """Since it was opened."""
    paged: tuple[str, ...]
    """Who was texted about it, by name."""
    about: dict[str, Any] | None
    """Who it is, and how words get there (`alert_answers.about_alert`); None: the visitor has not looked."""
    mine: bool
    """It is in the visitor's hands."""
    holder: str | None
    """Whose hands it is in, if another's."""
    circle_id: int | None


def needs_of(ctx: ActionContext, circles: Collection[int], names: dict[int, str | None]) -> Sequence[Need]:
    """Return the open alerts of circles, the oldest first; not those about the visitor.

    Args:
        ctx: Of whoever looks.
        circles: Ids of circles that they answer for.
        names: Names that are known already, by person; those of whoever was paged are added.
    """
    session = ctx.session
    alerts = session.scalars(
        select(Alert)
        .where(
            Alert.kind.in_(URGENT),
            Alert.closed_at.is_(None),
            Alert.circle_id.in_(circles),
            Alert.person_id != ctx.person.id,
        )
        .order_by(Alert.id)
    ).all()
    if not alerts:
        return []
    steps: dict[int, list[AlertStep]] = {alert.id: [] for alert in alerts}
    for step in session.scalars(
        select(AlertStep).where(AlertStep.alert_id.in_(steps)).order_by(AlertStep.id)
    ):
        steps[step.alert_id].append(step)
    people = {step.person_id for each in steps.values() for step in each if step.person_id is not None}
    names |= dict(
        session.execute(select(Person.id, Person.name).where(Person.id.in_(people - names.keys()))).all()
    )
    return [_need(ctx, alert, steps[alert.id], names) for alert in alerts]


def _need(ctx: ActionContext, alert: Alert, steps: list[AlertStep], names: dict[int, str | None]) -> Need:
    me = ctx.person.id
    looked = any(step.person_id == me and step.what in (SHOWN, TAKEN) for step in steps)
    holder = hands_after(steps).holder
    paged = dict.fromkeys(
        step.person_id for step in steps if step.what.endswith("paged") and step.person_id is not None
    )
    return Need(
        id=alert.id,
        kind=alert.kind,
        minutes=int((ctx.now - alert.opened_at) / dt.timedelta(minutes=1)),
        paged=tuple(name for each in paged if (name := names.get(each))),
        about=about_alert(ctx, alert) if looked else None,
        mine=holder == me,
        holder=names.get(holder) if holder not in (None, me) else None,
        circle_id=alert.circle_id,
    )
