"""Lets whoever is on call answer alerts: SHOW says who it is; then she is reached, or the next is paged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.audit import record
from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.on_call import RUNGS, circles_answered_for, on_rung
from assistant.circles.profile import number_options
from assistant.circles.scene import Done, Scene, action
from assistant.store.tables import Alert, AlertStep, Answer, Circle, Person

URGENT: Final = ("danger", "not_ok")


@action("one", "several", "none")
def show_alerts(scene: Scene) -> Done:
    """Who may need her, in the circles she answers for and no others; from here on she has answered.

    several: `alerts` and `options` list them.
    """
    alerts = _open_alerts(scene)
    for alert in alerts:
        _answer(scene, alert)
    if not alerts:
        return Done("none")
    if len(alerts) == 1:
        return Done("one", _about(scene, alerts[0]))
    labels = [f"{about['who']} ({about['circle']})" for about in (_about(scene, each) for each in alerts)]
    listed = [{"key": str(each.id), "label": label} for each, label in zip(alerts, labels, strict=True)]
    return Done("several", {"alerts": listed, "options": number_options(labels)})


@action("one", "none")
def take_alert(scene: Scene) -> Done:
    """The one of several that she chose (`alert`)."""
    alert = _chosen(scene)
    return Done("none") if alert is None else Done("one", _about(scene, alert))


@action("closed", "more")
def close_alert(scene: Scene) -> Done:
    """She has reached her; more: someone else still needs her."""
    alert = _chosen(scene)
    if alert is not None:
        alert.closed_at, alert.next_page_at = scene.now, None
        _note(scene, alert, "reached")
    return Done("more" if _open_alerts(scene) else "closed")


@action("called", "nobody")
def call_backup(scene: Scene) -> Done:
    """Page whoever comes next, at once; `backup` is who. nobody: there is nobody else on call."""
    alert = _chosen(scene)
    following = _following(scene, alert) if alert is not None else []
    if alert is None or not following:
        return Done("nobody")
    alert.answered_at, alert.next_page_at = None, scene.now
    _note(scene, alert, "asked for the next")
    name = next((person.name for person in following if person.name), None)
    return Done("called", {"backup": shorten(name, FILLS["backup"].longest)} if name else {})


def _open_alerts(scene: Scene) -> Sequence[Alert]:
    """Oldest first. One's own is someone else's to answer."""
    return scene.session.scalars(
        select(Alert)
        .where(
            Alert.kind.in_(URGENT),
            Alert.closed_at.is_(None),
            Alert.circle_id.in_(circles_answered_for(scene.session, scene.person.id)),
            Alert.person_id != scene.person.id,
        )
        .order_by(Alert.id)
        .with_for_update()
    ).all()


def _chosen(scene: Scene) -> Alert | None:
    number = str(scene.values.get("alert") or "")
    return next((alert for alert in _open_alerts(scene) if str(alert.id) == number), None)


def _answer(scene: Scene, alert: Alert) -> None:
    alert.next_page_at = None
    alert.answered_at = alert.answered_at or scene.now
    alert.answered_by = scene.person.id
    _note(scene, alert, "shown")
    record(
        scene.session, "alert shown", scene.now, by=scene.person.id, circle_id=alert.circle_id, alert=alert.id
    )


def _about(scene: Scene, alert: Alert) -> dict[str, Any]:
    """Who it is, where, and what she answered to "are you safe?", which she knew would be read."""
    person = scene.session.get_one(Person, alert.person_id)
    circle = scene.session.get_one(Circle, alert.circle_id)
    safe = scene.session.scalars(
        select(Answer.outcome)
        .where(
            Answer.person_id == person.id,
            Answer.key == "safe",
            Answer.sees == "host",
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
        "who": shorten(person.name or FILLS["name2"].plain[language_of(scene)], FILLS["who"].longest),
        "circle": circle.name,
    }


def _following(scene: Scene, alert: Alert) -> list[Person]:
    """Who is paged when she asks for the next: the first rung that was not, else everyone but her."""
    taken = set(scene.session.scalars(select(AlertStep.what).where(AlertStep.alert_id == alert.id)))
    everyone: list[Person] = []
    for rung in RUNGS:
        people = [
            person
            for person in on_rung(
                scene.session, alert.circle_id or 0, rung, alert.person_id, scene.house.sender, scene.now
            )
            if person.id != scene.person.id
        ]
        if people and not taken & {f"{rung} paged", f"no {rung}"}:
            return people
        everyone += people
    return everyone


def _note(scene: Scene, alert: Alert, what: str) -> None:
    scene.session.add(AlertStep(alert_id=alert.id, at=scene.now, what=what, person_id=scene.person.id))
