"""Seats hosts, backup hosts and organizers, who take up an offered seat by texting HOST and a code."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from assistant.circles.mondays import plan_briefs
from assistant.circles.scene import Done, OptIn, Scene, action
from assistant.circles.seats import find_circle
from assistant.store.tables import Circle, Cohort, Role


@action("accepted", "already", "not_offered")
def accept_role(scene: Scene) -> Done:
    """Take up every seat that was offered to her for the circle whose code she sent, or for its cohort.

    `role` is the seat to speak of: host before backup before organizer. Who was offered nothing gets no hint.
    """
    circle = find_circle(scene.session, str(scene.values.get("code") or ""))
    roles = _offered(scene, circle) if circle is not None else ()
    if circle is None or not roles:
        return Done("not_offered")
    fresh = [role for role in roles if role.accepted_at is None]
    for role in fresh:
        role.accepted_at = scene.now
    scene.person.language = scene.person.language or circle.language
    scene.person.zone = scene.person.zone or circle.zone
    plan_briefs(scene.session, circle, scene.now)
    spoken_of = (fresh or roles)[0]
    cohort = scene.session.get(Cohort, circle.cohort_id) if circle.cohort_id else None
    values = {
        "role": spoken_of.kind,
        "circle": circle.name,
        "code": circle.code,
        "cohort": cohort.name if cohort else "",
    }
    return Done("accepted" if fresh else "already", values, (OptIn(),))


def _offered(scene: Scene, circle: Circle) -> Sequence[Role]:
    roles = scene.session.scalars(
        select(Role).where(
            Role.person_id == scene.person.id,
            Role.ended_at.is_(None),
            or_(Role.circle_id == circle.id, Role.cohort_id == (circle.cohort_id or 0)),
        )
    )
    return sorted(roles, key=lambda role: ("host", "backup", "organizer").index(role.kind))
