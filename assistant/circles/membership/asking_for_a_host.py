"""Tells whoever hosts that a member would like a hand: the member knows, and no words of theirs go along."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import hosts_of
from assistant.store.tables import Audit

WANTED: Final = "wants_a_hand"
AGAIN_AFTER: Final = dt.timedelta(days=1)
"""A host hears of the same member once a day at most."""


@action("told", "again", "nobody", "none")
def ask_for_person(ctx: ActionContext) -> ActionResult:
    """Tell the hosts of this seat's circle that the member would like a hand; nobody: there is no host."""
    if ctx.member is None or ctx.circle is None:
        return ActionResult("none")
    hosts = [host for host in hosts_of(ctx.session, ctx.circle.id, ctx.now) if host.id != ctx.person.id]
    if not hosts:
        return ActionResult("nobody")
    lately = select(Audit.id).where(
        Audit.action == WANTED,
        Audit.person_id == ctx.person.id,
        Audit.circle_id == ctx.circle.id,
        Audit.at > ctx.now - AGAIN_AFTER,
    )
    if ctx.session.scalar(lately.limit(1)) is not None:
        return ActionResult("again")
    record(ctx.session, WANTED, ctx.now, by=ctx.person.id, circle_id=ctx.circle.id)
    notice = WANTED if ctx.member.promised_at else f"newcomer_{WANTED}"
    said = other_name_of(ctx.person)
    return ActionResult(
        "told", effects=tuple(Tell(host.id, notice, said, circle_id=ctx.circle.id) for host in hosts)
    )
