"""Holds what someone does for a minute, in which UNDO takes it back; the row decides whether it happens.

Hosts do so to a circle or to one of its members; a member leaves, or blocks another.

An action is drafted (a preview), held, and then done by what was set in motion when it was held: timers that
start flows with those it concerns. Each of these asks `take_up` first, which says no to what was undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.people.audit import record
from assistant.store.tables import Circle, Member, PendingAction

HELD_FOR: Final = dt.timedelta(seconds=60)
"""So long UNDO takes back what was done."""
PREVIEW_HOLDS: Final = dt.timedelta(minutes=10)
"""So long SEND sends what the host was shown."""

MEMBERS_OWN: Final = ("leave", "block")
"""Kinds that a member does alone. They are on no audit record: nobody reads there who blocked whom."""

TakeBack = Callable[[ActionContext, PendingAction], None]
_TAKEN_BACK: dict[str, TakeBack] = {}


def draft(
    ctx: ActionContext,
    kind: str,
    circle: Circle,
    *,
    words: str | None = None,
    details: Mapping[str, Any] = {},
) -> PendingAction:
    """Keep what the host is about to send, for a preview; an older preview of the same host lapses."""
    for older in ctx.session.scalars(
        select(PendingAction).where(
            PendingAction.by_person_id == ctx.person.id, PendingAction.state == "preview"
        )
    ):
        older.state, older.settled_at = "lapsed", ctx.now
    return _add(ctx, kind, circle, state="preview", words=words, details=dict(details))


def previewed(ctx: ActionContext) -> PendingAction | None:
    """Return what the host was shown last and has neither sent nor let lapse, however long ago; locked."""
    return ctx.session.scalars(
        select(PendingAction)
        .where(PendingAction.by_person_id == ctx.person.id, PendingAction.state == "preview")
        .order_by(PendingAction.id.desc())
        .limit(1)
        .with_for_update()
    ).first()


def hold(
    ctx: ActionContext,
    kind: str,
    circle: Circle,
    *,
    member: Member | None = None,
    about: PendingAction | None = None,
    words: str | None = None,
    details: Mapping[str, Any] = {},
) -> PendingAction:
    """Do something in a minute, unless it is taken back; what a host does is on the audit record."""
    pending = _add(ctx, kind, circle, state="preview", words=words, details=dict(details))
    pending.member_id = member.id if member else None
    pending.about_id = about.id if about else None
    hold_preview(ctx, pending)
    return pending


def hold_preview(ctx: ActionContext, pending: PendingAction) -> None:
    """Do what was previewed in a minute, unless the host takes it back; it is on the audit record."""
    pending.state, pending.held_until = "held", ctx.now + HELD_FOR
    ctx.session.flush()
    _note(ctx, pending, pending.kind)


def take_up(session: Session, pending_id: int | None, now: dt.datetime) -> PendingAction | None:
    """Return the action if it may happen now: its minute is over, it was not undone. Locks it until commit.

    Every member's part of a broadcast asks this; the first one finds it held, the others done.
    """
    if pending_id is None:
        return None
    pending = session.scalars(
        select(PendingAction)
        .where(PendingAction.id == pending_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if pending is None:
        return None
    if pending.state == "held" and pending.held_until is not None and pending.held_until <= now:
        pending.state, pending.settled_at = "done", now
        session.flush()
    return pending if pending.state == "done" else None


def happened(pending: PendingAction, now: dt.datetime) -> bool:
    """Whether its minute is over and it was not undone, even if nobody's part of it has come yet."""
    over = pending.held_until is not None and pending.held_until <= now
    return pending.state == "done" or (pending.state == "held" and over)


def newest(ctx: ActionContext) -> PendingAction | None:
    """Return the last thing the person did that is held, done or undone."""
    return ctx.session.scalars(
        select(PendingAction)
        .where(PendingAction.by_person_id == ctx.person.id, PendingAction.held_until.is_not(None))
        .order_by(PendingAction.id.desc())
        .limit(1)
        .with_for_update()
    ).first()


def take_back(ctx: ActionContext, pending: PendingAction) -> bool:
    """Undo an action whose minute is not over; False: it is too late, or it was undone before."""
    if pending.state != "held" or pending.held_until is None or pending.held_until <= ctx.now:
        return False
    pending.state, pending.settled_at = "undone", ctx.now
    if pending.kind in _TAKEN_BACK:
        _TAKEN_BACK[pending.kind](ctx, pending)
    ctx.session.flush()
    _note(ctx, pending, f"undo {pending.kind}")
    return True


def under_way(ctx: ActionContext, kind: str, member: Member) -> PendingAction | None:
    """Return what was just done to this seat and can be taken back: said twice, it is done once."""
    return ctx.session.scalars(
        select(PendingAction)
        .where(
            PendingAction.by_person_id == ctx.person.id,
            PendingAction.kind == kind,
            PendingAction.member_id == member.id,
            PendingAction.state == "held",
            PendingAction.held_until > ctx.now,
        )
        .limit(1)
    ).first()


def taken_back(kind: str) -> Callable[[TakeBack], TakeBack]:
    """Say what else has to be put right when an action of this kind is undone."""

    def offer(run: TakeBack) -> TakeBack:
        _TAKEN_BACK[kind] = run
        return run

    return offer


def _add(
    ctx: ActionContext, kind: str, circle: Circle, *, state: str, words: str | None, details: dict[str, Any]
) -> PendingAction:
    pending = PendingAction(
        kind=kind,
        circle_id=circle.id,
        by_person_id=ctx.person.id,
        words=words,
        details=details,
        state=state,
        created_at=ctx.now,
    )
    ctx.session.add(pending)
    ctx.session.flush()
    return pending


def _note(ctx: ActionContext, pending: PendingAction, what: str) -> None:
    if pending.kind in MEMBERS_OWN:
        return
    ids = {
        "pending_action": pending.id,
        **({"member": pending.member_id} if pending.member_id is not None else {}),
    }
    action = what.replace("_", " ")
    record(ctx.session, action, ctx.now, by=ctx.person.id, circle_id=pending.circle_id, **ids)
