"""Seats hosts, backup hosts and organizers, who take up an offered seat by texting HOST and a code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, OptIn, Tell
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.calendar.brief_schedule import plan_briefs
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import find_circle, seat_of, told_of_news
from assistant.circles.people.permissions import held_roles
from assistant.store.tables import Circle, Cohort, Person, Role


@action("accepted", "already", "not_offered")
def accept_role(ctx: ActionContext, *, code: str = "") -> ActionResult:
    """Take up every role that was offered to the sender for the circle of `code`, or for its cohort.

    `role` is the seat to speak of: host before backup before organizer. Who was offered nothing gets no hint.
    """
    circle = find_circle(ctx.session, code)
    roles = _offered(ctx, circle) if circle is not None else ()
    if circle is None or not roles:
        return ActionResult("not_offered")
    fresh = [role for role in roles if role.accepted_at is None]
    ctx.person.language = ctx.person.language or circle.language
    ctx.person.zone = ctx.person.zone or circle.zone
    told = [effect for role in fresh for effect in take_up_role(ctx, role, circle)]
    spoken_of = (fresh or roles)[0]
    cohort = ctx.session.get(Cohort, circle.cohort_id) if circle.cohort_id else None
    values = {
        "role": spoken_of.kind,
        "circle": circle.name,
        "code": circle.code,
        "cohort": cohort.name if cohort else "",
    }
    return ActionResult("accepted" if fresh else "already", values, (OptIn(), *told))


def offer_role(
    ctx: ActionContext, person: Person, kind: str, circle: Circle, *, replaces: Role | None = None
) -> Role | None:
    """Offer a seat as host or backup, for the person in `ctx`; see `offer_seat_to`."""
    return offer_seat_to(ctx.session, person, kind, circle, ctx.now, by=ctx.person.id, replaces=replaces)


def offer_seat_to(
    session: Session,
    person: Person,
    kind: str,
    circle: Circle,
    now: dt.datetime,
    *,
    by: int | None = None,
    replaces: Role | None = None,
) -> Role | None:
    """Offer a seat as host or backup, in place of an older offer of it; None: the person has it already.

    What it replaces ends when it is taken up. Nobody is texted by this.

    Args:
        session: Inside one writing transaction.
        now: Aware UTC.
        by: Who offers it; None: the command line.
    """
    open_roles = session.scalars(
        select(Role).where(Role.circle_id == circle.id, Role.kind == kind, Role.ended_at.is_(None))
    ).all()
    theirs = next((role for role in open_roles if role.person_id == person.id), None)
    if theirs is not None and theirs.accepted_at is not None:
        return None
    for older in open_roles:
        # One offer at a time to be backup, and one from each host who would hand the seat on.
        same = kind == "backup" or (replaces is not None and older.replaces_id == replaces.id)
        if older.accepted_at is None and older is not theirs and same:
            older.ended_at = now
    if theirs is None:
        theirs = Role(person_id=person.id, kind=kind, circle_id=circle.id)
        session.add(theirs)
    theirs.offered_at = now
    theirs.replaces_id = replaces.id if replaces else None
    session.flush()
    record(session, f"offer {kind}", now, by=by, circle_id=circle.id, role=theirs.id)
    return theirs


def take_up_role(ctx: ActionContext, role: Role, circle: Circle) -> tuple[Effect, ...]:
    """Take up a seat that was offered; what it replaces ends, and whom it concerns hears so."""
    role.accepted_at = ctx.now
    replaced = replaced_by(ctx, role)
    if replaced is not None:
        replaced.ended_at = ctx.now
    if role.kind == "host" and replaced is not None:
        # Whoever is paged first need not be paged again as backup.
        for own in held_roles(ctx.session, circle, "backup"):
            if own.person_id == ctx.person.id:
                own.ended_at = ctx.now
    ctx.session.flush()
    plan_briefs(ctx.session, circle, ctx.now)
    record(ctx.session, f"take up {role.kind}", ctx.now, by=ctx.person.id, circle_id=role.circle_id)
    named = other_name_of(ctx.person)
    if role.kind == "backup":
        circle.backup_named = None
        over = (Tell(replaced.person_id, "backup_over", circle_id=circle.id),) if replaced else ()
        return (
            *over,
            *(Tell(host, "backup_found", named, circle_id=circle.id) for host in hosts_to_tell(ctx, role)),
        )
    if role.kind != "host":
        return ()
    if replaced is None:
        # Beside whoever hosts already.
        return tuple(
            Tell(host, "host_found", named, circle_id=circle.id) for host in hosts_to_tell(ctx, role)
        )
    news = "new_host" if named else "new_host_unnamed"
    return (
        Tell(replaced.person_id, "hosting_passed", circle_id=circle.id),
        *_tell_circle(ctx, circle, news, named, but={ctx.person.id, replaced.person_id}),
    )


def still_offered(ctx: ActionContext, role: Role) -> bool:
    """Whether a seat can be taken up, or was.

    Not if what it would replace has ended some other way, nor if the person has left the circle since.
    """
    if role.ended_at is not None or role.accepted_at is not None:
        return role.ended_at is None
    if role.replaces_id is not None and replaced_by(ctx, role) is None:
        return False
    seat = seat_of(ctx.session, role.person_id, role.circle_id) if role.circle_id else None
    return seat is None or seat.state not in ("left", "declined") or seat.state_at <= role.offered_at


def replaced_by(ctx: ActionContext, role: Role) -> Role | None:
    """The role that ends once this one is taken up, if it has not ended yet."""
    replaced = ctx.session.get(Role, role.replaces_id) if role.replaces_id else None
    return replaced if replaced is not None and replaced.ended_at is None else None


def hosts_to_tell(ctx: ActionContext, role: Role) -> list[int]:
    """Ids of those who wait to hear what comes of an offer: whose hosting it passes on, else all hosts."""
    if role.kind == "host" and (replaced := replaced_by(ctx, role)) is not None:
        return [replaced.person_id]
    circle = ctx.session.get(Circle, role.circle_id)
    hosts = held_roles(ctx.session, circle, "host") if circle is not None else []
    return [host.person_id for host in hosts if host.person_id != ctx.person.id]


def _tell_circle(
    ctx: ActionContext, circle: Circle, notice: str, placeholders: dict[str, str], *, but: set[int]
) -> list[Effect]:
    """Members who take part or read along, and backups, hear it once each."""
    members = told_of_news(ctx.session, circle.id, but)
    told = but | {member.person_id for member in members}
    backups = [
        role.person_id for role in held_roles(ctx.session, circle, "backup") if role.person_id not in told
    ]
    return [
        *(Tell(m.person_id, notice, placeholders, circle_id=circle.id, member_id=m.id) for m in members),
        *(Tell(backup, notice, placeholders, circle_id=circle.id) for backup in backups),
    ]


def _offered(ctx: ActionContext, circle: Circle) -> Sequence[Role]:
    roles = ctx.session.scalars(
        select(Role).where(
            Role.person_id == ctx.person.id,
            Role.ended_at.is_(None),
            or_(Role.circle_id == circle.id, Role.cohort_id == (circle.cohort_id or 0)),
        )
    )
    standing = [role for role in roles if still_offered(ctx, role)]
    return sorted(standing, key=lambda role: ("host", "backup", "organizer").index(role.kind))
