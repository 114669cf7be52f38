"""Starts a circle's season when its host says BEGIN, and tells her once when enough people are there."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from assistant.circles.audit import record
from assistant.circles.fills import language_of
from assistant.circles.hosts.hosted import hosted
from assistant.circles.scene import Done, Effect, Scene, Tell, action
from assistant.circles.seasons import begin_season
from assistant.circles.seats import hosts_of, lock_circle, told_of_news
from assistant.language.folding import plain_words
from assistant.language.rendering import readable_date
from assistant.schedule.programs import programs
from assistant.store.tables import Audit, Circle, Member

ENOUGH: Final = 4
"""People who have promised, from which on there is a circle."""
HERE: Final = ("active", "reading", "paused")
TOLD: Final = "enough to begin"
"""The row on the audit record that says so was told."""
_SAID_ALONG: Final = frozenset({"on", "this", "next", "monday", "el", "este", "proximo", "lunes"})


@action("begun", "few", "dated", "running", "no_program", "unsure", "none")
def begin_circle(scene: Scene) -> Done:
    """Start the season of the circle she hosts next Monday, never today; everyone in it hears the date.

    few: fewer than four have promised (`n`). dated, running: it begins, or began, on `date` already.
    unsure: more was said than BEGIN.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    if set(plain_words(str(scene.values.get("text") or ""))) - _SAID_ALONG:
        return Done("unsure")
    circle = lock_circle(scene.session, circle.id)
    today = scene.now.astimezone(ZoneInfo(circle.zone)).date()
    if circle.state != "gathering" and circle.starts_on is not None:
        date = readable_date(circle.starts_on, language_of(scene))
        return Done("dated" if circle.starts_on > today else "running", {"date": date})
    here = _promised(scene, circle)
    if here < ENOUGH:
        return Done("few", {"n": str(here)})
    if circle.program not in programs():
        return Done("no_program")
    tomorrow = today + dt.timedelta(days=1)
    begin_season(scene.session, circle, max(circle.starts_on or tomorrow, tomorrow), scene.now)
    record(scene.session, "start circle", scene.now, by=scene.person.id, circle_id=circle.id)
    return Done("begun", effects=_tell_all(scene, circle))


def tell_when_enough(scene: Scene, circle: Circle) -> tuple[Effect, ...]:
    """Say to whoever hosts that the circle can begin: once, however people come and go after that."""
    if circle.state != "gathering" or circle.starts_on is not None:
        return ()
    here = _promised(scene, lock_circle(scene.session, circle.id))
    told = select(Audit.id).where(Audit.circle_id == circle.id, Audit.action == TOLD)
    hosts = hosts_of(scene.session, circle.id, scene.now)
    if here < ENOUGH or not hosts or scene.session.scalar(told.limit(1)) is not None:
        return ()
    record(scene.session, TOLD, scene.now, circle_id=circle.id)
    return tuple(Tell(host.id, "ready_to_begin", {"n": str(here)}, circle_id=circle.id) for host in hosts)


def _promised(scene: Scene, circle: Circle) -> int:
    scene.session.flush()
    found = scene.session.scalar(
        select(func.count())
        .select_from(Member)
        .where(Member.circle_id == circle.id, Member.state.in_(HERE), Member.promised_at.is_not(None))
    )
    return found or 0


def _tell_all(scene: Scene, circle: Circle) -> tuple[Effect, ...]:
    """Members who take part or read along, and whoever else hosts, hear it once, in their own daytime."""
    members = told_of_news(scene.session, circle.id, but=[scene.person.id])
    told = {scene.person.id, *(member.person_id for member in members)}
    hosts = [host for host in hosts_of(scene.session, circle.id, scene.now) if host.id not in told]
    return (
        *(Tell(m.person_id, "season_begins", circle_id=circle.id, member_id=m.id) for m in members),
        *(Tell(host.id, "season_begins", circle_id=circle.id) for host in hosts),
    )
