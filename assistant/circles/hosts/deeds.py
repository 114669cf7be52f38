"""Holds what a host does for a minute, in which UNDO takes it back; the row decides whether it happens.

A deed is drafted (a preview), held, and then done by whatever was set in motion when it was held: timers that
start flows with those it concerns. Each of these asks `take_up` first, which says no to what was undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.audit import record
from assistant.circles.scene import Scene
from assistant.store.tables import Circle, Deed, Member

HELD_FOR: Final = dt.timedelta(seconds=60)
"""So long UNDO takes back what a host has done."""
PREVIEW_HOLDS: Final = dt.timedelta(minutes=10)
"""So long SEND sends what she was shown."""

TakeBack = Callable[[Scene, Deed], None]
_TAKEN_BACK: dict[str, TakeBack] = {}


def draft(
    scene: Scene, kind: str, circle: Circle, *, words: str | None = None, details: Mapping[str, Any] = {}
) -> Deed:
    """Keep what she is about to send, for a preview; an older preview of hers lapses."""
    for older in scene.session.scalars(
        select(Deed).where(Deed.by_person_id == scene.person.id, Deed.state == "preview")
    ):
        older.state, older.settled_at = "lapsed", scene.now
    return _add(scene, kind, circle, state="preview", words=words, details=dict(details))


def previewed(scene: Scene) -> Deed | None:
    """What she was shown last and has neither sent nor let lapse, however long ago; locked."""
    return scene.session.scalars(
        select(Deed)
        .where(Deed.by_person_id == scene.person.id, Deed.state == "preview")
        .order_by(Deed.id.desc())
        .limit(1)
        .with_for_update()
    ).first()


def hold(
    scene: Scene,
    kind: str,
    circle: Circle,
    *,
    member: Member | None = None,
    about: Deed | None = None,
    words: str | None = None,
    details: Mapping[str, Any] = {},
) -> Deed:
    """Do something in a minute, unless she takes it back; it is on the audit record."""
    deed = _add(scene, kind, circle, state="preview", words=words, details=dict(details))
    deed.member_id = member.id if member else None
    deed.about_id = about.id if about else None
    hold_preview(scene, deed)
    return deed


def hold_preview(scene: Scene, deed: Deed) -> None:
    """She said SEND: it happens in a minute, unless she takes it back; it is on the audit record."""
    deed.state, deed.held_until = "held", scene.now + HELD_FOR
    scene.session.flush()
    _note(scene, deed, deed.kind)


def take_up(session: Session, deed_id: object, now: dt.datetime) -> Deed | None:
    """The deed, if it may happen now: its minute is over and it was not undone. Locks it until the commit.

    Every member's part of a broadcast asks this; the first one finds it held, the others done.
    """
    if not isinstance(deed_id, int):
        return None
    deed = session.scalars(
        select(Deed).where(Deed.id == deed_id).with_for_update().execution_options(populate_existing=True)
    ).first()
    if deed is None:
        return None
    if deed.state == "held" and deed.held_until is not None and deed.held_until <= now:
        deed.state, deed.settled_at = "done", now
        session.flush()
    return deed if deed.state == "done" else None


def happened(deed: Deed, now: dt.datetime) -> bool:
    """Whether its minute is over and it was not undone, even if nobody's part of it has come yet."""
    over = deed.held_until is not None and deed.held_until <= now
    return deed.state == "done" or (deed.state == "held" and over)


def newest(scene: Scene) -> Deed | None:
    """The last thing she did as a host that is held, done or undone."""
    return scene.session.scalars(
        select(Deed)
        .where(Deed.by_person_id == scene.person.id, Deed.held_until.is_not(None))
        .order_by(Deed.id.desc())
        .limit(1)
        .with_for_update()
    ).first()


def take_back(scene: Scene, deed: Deed) -> bool:
    """Undo a deed whose minute is not over; False: it is too late, or it was undone before."""
    if deed.state != "held" or deed.held_until is None or deed.held_until <= scene.now:
        return False
    deed.state, deed.settled_at = "undone", scene.now
    if deed.kind in _TAKEN_BACK:
        _TAKEN_BACK[deed.kind](scene, deed)
    scene.session.flush()
    _note(scene, deed, f"undo {deed.kind}")
    return True


def under_way(scene: Scene, kind: str, member: Member) -> Deed | None:
    """What she has just done to this member and can still take back: said twice, it is done once."""
    return scene.session.scalars(
        select(Deed)
        .where(
            Deed.by_person_id == scene.person.id,
            Deed.kind == kind,
            Deed.member_id == member.id,
            Deed.state == "held",
            Deed.held_until > scene.now,
        )
        .limit(1)
    ).first()


def taken_back(kind: str) -> Callable[[TakeBack], TakeBack]:
    """Say what else has to be put right when a deed of this kind is undone."""

    def offer(run: TakeBack) -> TakeBack:
        _TAKEN_BACK[kind] = run
        return run

    return offer


def _add(
    scene: Scene, kind: str, circle: Circle, *, state: str, words: str | None, details: dict[str, Any]
) -> Deed:
    deed = Deed(
        kind=kind,
        circle_id=circle.id,
        by_person_id=scene.person.id,
        words=words,
        details=details,
        state=state,
        created_at=scene.now,
    )
    scene.session.add(deed)
    scene.session.flush()
    return deed


def _note(scene: Scene, deed: Deed, what: str) -> None:
    ids = {"deed": deed.id, **({"member": deed.member_id} if deed.member_id is not None else {})}
    action = what.replace("_", " ")
    record(scene.session, action, scene.now, by=scene.person.id, circle_id=deed.circle_id, **ids)
