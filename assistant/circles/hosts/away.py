"""Lets hosts be away until a day: meanwhile alerts go to whoever else is on call; BACK ends it early."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from assistant.circles.audit import record
from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.on_call import RUNGS, on_rung
from assistant.circles.rights import hosted_by
from assistant.circles.scene import Done, Effect, Line, Lines, Scene, Tell, action
from assistant.circles.seats import seats_of
from assistant.language.dates import read_date
from assistant.language.rendering import readable_date, readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.schedule.wall import at_wall
from assistant.store.tables import Alert, AlertStep, Circle, Outbox, Person, Role

LONGEST_AWAY: Final = dt.timedelta(weeks=12)
BACK_AT: Final = dt.time(9)
"""Alerts come back to her on the morning after her last day, at this hour where she is."""
LINES_A_TEXT: Final = 3
"""So many fit into two segments, whatever her circles are called."""
URGENT: Final = ("danger", "not_ok")


@action("yes", "no")
def runs_a_circle(scene: Scene) -> Done:
    """Whether she hosts or backs up a circle that is not over."""
    return Done("yes" if hosted_by(scene.session, scene.person.id) else "no")


@action("heard", "ask", "unclear")
def hear_away(scene: Scene) -> Done:
    """The last day on which she is away, in `away_until`; ask: she named none."""
    said = scene.values.get("date")
    if said is None:
        return Done("ask")
    zone = _zone(scene)
    today = scene.now.astimezone(zone).date()
    day = next(
        (
            found
            for words in (str(said), f"in {said}")  # "2 weeks" is said for "in 2 weeks"
            if (found := read_date(words, now=scene.now, zone=zone.key, country=scene.house.country))
        ),
        None,
    )
    if day is None or not today <= day <= today + LONGEST_AWAY:
        return Done("unclear")
    return Done("heard", {"away_until": day.isoformat()})


@action("away", "none")
def go_away(scene: Scene) -> Done:
    """Until that day is over she is on call nowhere; she reads who is, circle by circle, and they hear of it.

    Pages that wait for her answer go on to the next at once.
    """
    roles = _roles(scene)
    if not roles:
        return Done("none")
    day = dt.date.fromisoformat(str(scene.values["away_until"]))
    until = at_wall(day + dt.timedelta(days=1), BACK_AT, _zone(scene))
    for role, _ in roles:
        role.away_until = until
    scene.session.flush()
    circles = list({circle.id: circle for _, circle in roles}.values())
    record(scene.session, "away", scene.now, by=scene.person.id, until=day.isoformat())
    _pass_pages_on(scene, [circle.id for circle in circles])
    _stands_in_no_more(scene)
    language = language_of(scene)
    lines = [
        Line("away_set", {"day": readable_day(day, language), "date": readable_date(day, language)}),
        *(_who_instead(scene, circle) for circle in circles),
    ]
    if seats_of(scene.session, scene.person.id):
        lines.append(Line("away_own_seat"))
    texts = (Lines(tuple(lines[at : at + LINES_A_TEXT])) for at in range(0, len(lines), LINES_A_TEXT))
    return Done("away", effects=(*texts, *_tell_others(scene, roles, "host_away", day)))


@action("back", "here", "no")
def end_away(scene: Scene) -> Done:
    """She is on call again. here: she was not away. no: she hosts no circle."""
    roles = _roles(scene)
    away = [(role, circle) for role, circle in roles if role.away_until and role.away_until > scene.now]
    if not away:
        return Done("here" if roles else "no")
    for role, _ in away:
        role.away_until = None
    scene.session.flush()
    record(scene.session, "back", scene.now, by=scene.person.id)
    return Done("back", effects=tuple(_tell_others(scene, away, "host_back")))


def _zone(scene: Scene) -> ZoneInfo:
    """Where she is, else where the first of her circles is."""
    circles = hosted_by(scene.session, scene.person.id)
    return home(zone_of(scene.person.zone, circles[0].zone if circles else None))


def _roles(scene: Scene) -> list[tuple[Role, Circle]]:
    rows = scene.session.execute(
        select(Role, Circle)
        .join(Circle, Circle.id == Role.circle_id)
        .where(
            Role.person_id == scene.person.id,
            Role.kind.in_(("host", "backup")),
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state != "closed",
        )
        .order_by(Role.id)
    )
    return [(role, circle) for role, circle in rows]


def _who_instead(scene: Scene, circle: Circle) -> Line:
    """A line that says who is on call for a circle now."""
    for rung in RUNGS:
        if people := _on(scene, circle, rung):
            names = [person.name for person in people if person.name]
            fills = {"name2": shorten(names[0], FILLS["name2"].longest)} if names else {}
            notice = "away_to_organizer" if rung == "organizer" else "away_to"
            return Line(notice, {**fills, "circle": circle.name})
    return Line("away_to_nobody", {"circle": circle.name})


def _on(scene: Scene, circle: Circle, rung: str) -> Sequence[Person]:
    """Who is on call there, if she is not counted."""
    return on_rung(scene.session, circle.id, rung, scene.person.id, scene.house.sender, scene.now)


def _tell_others(
    scene: Scene, roles: Iterable[tuple[Role, Circle]], notice: str, day: dt.date | None = None
) -> Iterable[Effect]:
    """Whoever shares a circle with her hears that alerts come to them, or no longer do; others need not."""
    for role, circle in roles:
        rungs = ("host", "backup") if role.kind == "host" else ("host",)
        people = next((found for rung in rungs if (found := _on(scene, circle, rung))), [])
        for person in people:
            language = person.language or circle.language
            fills = {"circle": circle.name}
            if scene.person.name:
                fills["name2"] = scene.person.name
            if day is not None:
                fills["date"] = readable_date(day, language)
            told = notice if role.kind == "host" else notice.replace("host", "backup")
            yield Tell(person.id, told, fills, circle_id=circle.id)


def _stands_in_no_more(scene: Scene) -> None:
    """What she was to hear in the morning, that alerts come to her, is not true any more."""
    scene.session.execute(
        update(Outbox)
        .where(
            Outbox.person_id == scene.person.id,
            Outbox.state == "queued",
            Outbox.wording == "notices/host_away",
        )
        .values(state="cancelled", reason="is away herself")
    )


def _pass_pages_on(scene: Scene, circle_ids: Sequence[int]) -> None:
    """Nobody waits a quarter of an hour for someone who has just said that she is not there."""
    waiting = scene.session.scalars(
        select(Alert).where(
            Alert.circle_id.in_(circle_ids),
            Alert.kind.in_(URGENT),
            Alert.closed_at.is_(None),
            Alert.answered_at.is_(None),
            Alert.next_page_at.is_not(None),
        )
    ).all()
    for alert in waiting:
        paged = select(AlertStep.id).where(
            AlertStep.alert_id == alert.id,
            AlertStep.person_id == scene.person.id,
            AlertStep.what.like("%paged%"),
        )
        if scene.session.scalar(paged.limit(1)) is not None:
            alert.next_page_at = scene.now
            scene.session.add(
                AlertStep(alert_id=alert.id, at=scene.now, what="went away", person_id=scene.person.id)
            )
