"""Shows a host what members asked their circle for, as far as they let the circle see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.rounds import theme_of
from assistant.circles.exchange.listings import carried
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import seat_of
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.store.tables import Answer, Circle, Listing, Member, Person, Share
from assistant.store.tables.circle_tables import SEATED

OPEN_FOR: Final = dt.timedelta(weeks=3)
"""So long an ask counts as open; nobody says yet what came of it."""
ASKS_THEME: Final = 4
"""In weeks of this theme, the question itself is what people need."""
OPENING: Final = "open"
DETAILS: Final = "ask_details"


@dataclass(frozen=True, slots=True)
class Ask:
    """What one member asked for: what was shared of it, the oldest first."""

    writer: str | None
    """The member's name, where it is shared under that."""
    words: tuple[str, ...]
    carries: tuple[str, ...]
    """The rows that hold it, as texts name them, one for each of `words`."""


@action("shown", "plain", "no_seat", "nothing", "none")
def show_asks(ctx: ActionContext, *, ok_here: str = "no") -> ActionResult:
    """Show the open asks to a host who holds a seat in this circle as well.

    no_seat: "The circle sees this" is what members read, and this host is not in it, who hears how many.
    plain: others see the host's phone, and `ok_here` does not say yet that it may be shown.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    record(ctx.session, "asks", ctx.now, by=ctx.person.id, circle_id=circle.id)
    asks = open_asks(ctx.session, circle, ctx.person.id, ctx.now)
    if not asks:
        return ActionResult("nothing")
    values = {"open_requests": str(len(asks)), "code": circle.code}
    if not is_in(seat_of(ctx.session, ctx.person.id, circle.id)):
        return ActionResult("no_seat", values)
    if ctx.person.plain and ok_here != "yes":
        return ActionResult("plain", values)
    return ActionResult("shown", values, (Lines(tuple(line for ask in asks for line in _lines(ask))),))


def open_asks(session: Session, circle: Circle, reader: int, now: dt.datetime) -> Sequence[Ask]:
    """What members of a circle asked it for in the last weeks, and what was asked with ASK and is open.

    Only what was shared with the circle, by people who are still in it; nothing of the reader's own, or of
    anyone the reader is kept apart from.

    Args:
        reader: Id of the person who asks.
    """
    rows = session.execute(
        select(Share, Answer.key, Person.name)
        .join(Answer, Answer.id == Share.answer_id)
        .join(Member, Member.id == Share.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Share.circle_id == circle.id,
            Share.words.is_not(None),
            Share.at > now - OPEN_FOR,
            Answer.key.in_((OPENING, DETAILS)),
            Answer.visible_to == "circle",
            Member.state.in_(SEATED),
            Person.id != reader,
            Person.id.not_in(apart_from(session, reader)),
        )
        .order_by(Share.id)
    )
    asked: dict[int, list[tuple[Share, str | None]]] = {}
    for share, key, name in rows:
        if key == DETAILS or theme_of(circle, share.week) == ASKS_THEME:
            asked.setdefault(share.member_id, []).append((share, name))
    shared = [
        Ask(
            shares[0][1] if all(share.named for share, _ in shares) else None,
            tuple(share.words or "" for share, _ in shares),
            tuple(f"share:{share.id}" for share, _ in shares),
        )
        for shares in asked.values()
    ]
    return [*shared, *_posted(session, circle, reader, now)]


def _posted(session: Session, circle: Circle, reader: int, now: dt.datetime) -> list[Ask]:
    """What was asked with ASK and is open."""
    rows = session.execute(
        select(Listing, Person.name)
        .join(Member, Member.id == Listing.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Listing.circle_id == circle.id,
            Listing.kind == "ask",
            Listing.state == "open",
            Listing.ends_at > now,
            Listing.words.is_not(None),
            Member.state.in_(SEATED),
            Person.id != reader,
            Person.id.not_in(apart_from(session, reader)),
        )
        .order_by(Listing.id)
    )
    return [
        Ask(name if listing.named else None, (listing.words or "",), (carried(listing),))
        for listing, name in rows
    ]


def _lines(ask: Ask) -> list[Line]:
    lines = []
    for at, (words, carries) in enumerate(zip(ask.words, ask.carries, strict=True)):
        placeholders, notice = {"words": words}, "ask_more" if at else "shared_unnamed"
        if ask.writer and not at:
            placeholders["writer"] = shorten(ask.writer, PLACEHOLDERS["writer"].longest)
            notice = "shared_by"
        lines.append(Line(notice, placeholders, verbatim=("words",), carries=carries))
    return lines
