"""Hears what is answered to an invitation: only a plain yes lets anyone in, and a no is the end of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import circle_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.circles.membership.invitation_fate import OPEN
from assistant.circles.people.recent_texts import was_said
from assistant.language.folding import plain_words
from assistant.language.replies.yes_no import is_skip, read_yes_no
from assistant.store.tables import Address, Circle, Invitation, Outbox

ANSWERABLE: Final = dt.timedelta(days=14)
"""So long a yes that names no circle answers an invitation, and an unanswered one holds a seat."""
_REACHED: Final = ("sent", "unreachable")
"""Whoever texts us was reached after all."""
_EXPLAINED_ONCE_IN: Final = dt.timedelta(days=1)
_COULD_BE_NO: Final = frozenset({"fine", "good", "bien", "done", "hecho", "lista", "listo"})
"""I'm fine, I'm good, estoy bien, done: how people say no, or that they have seen it, without saying so."""


def open_invitations(
    session: Session, person_id: int, now: dt.datetime
) -> Sequence[tuple[Invitation, Circle]]:
    """Return the invitations that reached a person lately and wait for an answer, the oldest first."""
    rows = session.execute(
        select(Invitation, Circle)
        .join(Address, Address.id == Invitation.address_id)
        .join(Circle, Circle.id == Invitation.circle_id)
        .where(
            Address.person_id == person_id,
            Invitation.state.in_(_REACHED),
            Invitation.sent_at > now - ANSWERABLE,
            Circle.state != "closed",
        )
        .order_by(Invitation.id)
    )
    return [(invitation, circle) for invitation, circle in rows]


def yes_or_no(words: str) -> str | None:
    """Return what words answer to an invitation, "yes" or "no"; None when they do not say so plainly.

    A yes makes the recipient a member, so that every word of it has to say so: "ok who is this" is a
    question, "I'm fine" is perhaps a no. A no may give its reason.
    """
    said = set(plain_words(words))
    if is_skip(words):
        return "no"
    answer = read_yes_no(words)
    if answer == "no":
        return None if said == {"2"} else "no"  # Nobody has listed a second choice.
    return None if said & _COULD_BE_NO else read_yes_no(words, whole=True)


@action("yes", "which", "no", "who", "rest")
def hear_invited(ctx: ActionContext) -> ActionResult:
    """Hear what is answered to the invitations that are open.

    yes: to the only one; its `code` is that of the circle. which: to one of several; `invitations` lists
    them. who: it is not plain; the person hears who writes and how to answer, once a day at most (else rest).
    """
    found = open_invitations(ctx.session, ctx.person.id, ctx.now)
    if not found:
        return ActionResult("rest")
    circle = found[-1][1]
    values = {"circle": circle.name, "code": circle.code, "several": len(found) > 1}
    ctx.person.language = ctx.person.language or found[-1][0].language or circle.language
    answer = yes_or_no(ctx.words)
    if answer == "no":
        decline(ctx.session, ctx.person.id, ctx.now)
        return ActionResult("no", values)
    if answer == "yes":
        return ActionResult("yes", values) if len(found) == 1 else ActionResult("which", _listed(ctx, found))
    return ActionResult("rest" if _explained_lately(ctx) else "who", values)


@action("taken", "none")
def take_invitation(ctx: ActionContext, *, invitation: str = "") -> ActionResult:
    """Go on with the invitation that was chosen in `invitation`."""
    for _, circle in open_invitations(ctx.session, ctx.person.id, ctx.now):
        if str(circle.id) == invitation:
            return ActionResult("taken", {"code": circle.code})
    return ActionResult("none")


def decline(session: Session, person_id: int, now: dt.datetime) -> None:
    """Decline all of a person's invitations, after a no or an opt-out: no reminder comes."""
    theirs = select(Address.id).where(Address.person_id == person_id)
    declined = session.execute(
        update(Invitation)
        .where(Invitation.address_id.in_(theirs), Invitation.state.in_((*OPEN, "unreachable")))
        .values(state="declined", settled_at=now)
        .returning(Invitation.address_id, Invitation.circle_id)
    ).all()
    take_back(session, [(address_id, circle_id) for address_id, circle_id in declined], "declined")


def take_back(session: Session, invitations: Collection[tuple[int, int]], reason: str) -> None:
    """Texts of these invitations (address, circle) that have not left yet do not leave any more."""
    if not invitations:
        return
    session.execute(
        update(Outbox)
        .where(
            tuple_(Outbox.address_id, Outbox.circle_id).in_(list(invitations)),
            Outbox.purpose == "invitation",
            Outbox.state == "queued",
        )
        .values(state="cancelled", reason=reason),
        execution_options={"synchronize_session": False},
    )


def _listed(ctx: ActionContext, found: Sequence[tuple[Invitation, Circle]]) -> dict[str, object]:
    choices = ((circle.id, circle) for _, circle in found)
    return circle_choices("invitations", choices, plain=ctx.person.plain)


def _explained_lately(ctx: ActionContext) -> bool:
    since = ctx.now - _EXPLAINED_ONCE_IN
    return was_said(ctx.session, ctx.person.id, since, "invited/who/%")
