"""What a host hears when someone has come in: who it is, that enough are there, that the backup named is."""

from __future__ import annotations

from typing import Final

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.people.audit import record
from assistant.circles.people.known_rows import SEATS_OF_CIRCLE
from assistant.circles.people.memberships import hosts_of, lock_circle
from assistant.circles.people.permissions import held_roles
from assistant.language.folding import fold
from assistant.store.read_ahead import RowsBy
from assistant.store.tables import Audit, Circle, Person, Role

ENOUGH: Final = 4
"""People who have promised, from which on there is a circle."""


HERE: Final = ("active", "reading", "paused")


TOLD: Final = "enough to begin"
"""The row on the audit record that says so was told."""
_TOLD: Final = RowsBy(Audit, "circle_id", (Audit.action == TOLD,), lambda row: row.action == TOLD)


def tell_when_enough(ctx: ActionContext, circle: Circle) -> tuple[Effect, ...]:
    """Say to whoever hosts that the circle can begin: once, however people come and go after that."""
    if circle.state != "gathering" or circle.starts_on is not None:
        return ()
    here = _promised(ctx, lock_circle(ctx.session, circle.id))
    hosts = hosts_of(ctx.session, circle.id, ctx.now)
    if here < ENOUGH or not hosts or _TOLD.of(ctx.session, circle.id):
        return ()
    record(ctx.session, TOLD, ctx.now, circle_id=circle.id)
    return tuple(Tell(host.id, "ready_to_begin", {"count": str(here)}, circle_id=circle.id) for host in hosts)


def _promised(ctx: ActionContext, circle: Circle) -> int:
    seats = SEATS_OF_CIRCLE.of(ctx.session, circle.id)
    return sum(member.state in HERE and member.promised_at is not None for member in seats)


def ask_about_namesake(ctx: ActionContext, circle: Circle) -> tuple[Effect, ...]:
    """Ask the host about the person who has come in, if that is the name of the backup to be."""
    wanted, name = fold(circle.backup_named or "").split(), fold(ctx.person.name or "").split()
    hosts = [
        host
        for host in hosts_of(ctx.session, circle.id, ctx.now)
        if role_as_host(ctx, host, circle) is not None
    ]
    if not wanted or wanted[:1] != name[:1] or not hosts or ctx.member is None:
        return ()
    if ctx.person.id in {host.id for host in hosts}:
        return ()
    circle.backup_named = None
    return (Start(hosts[0].id, "backup_named", {"candidate": ctx.member.id}),)


def role_as_host(ctx: ActionContext, person: Person, circle: Circle) -> Role | None:
    held = held_roles(ctx.session, circle, "host")
    return next((role for role in held if role.person_id == person.id), None)
