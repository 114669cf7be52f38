"""Finds asks and offers with who is asked about them, and ends each exactly once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.exchange.lifetimes import MOST_ASKS_A_WEEK, WEEK
from assistant.circles.sharing.shares import apart_from
from assistant.language.languages import LANGUAGES, spoken
from assistant.store.tables import Approach, Circle, Introduced, Listing, Member, Person
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.exchange_tables import AT_THEIR_WISH

LONGEST_SHOWN = PLACEHOLDERS["ask"].longest
"""Characters of an ask that stand within a question about it; a longer one comes as a text of its own."""


def locked(session: Session, listing_id: int) -> Listing | None:
    """Return a listing as it stands now, held until the transaction ends: no two yeses are both the first."""
    return session.scalars(
        select(Listing)
        .where(Listing.id == listing_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def carried(listing: Listing) -> str:
    """Return how texts name the row whose words stand in them."""
    return f"listing:{listing.id}"


def writer_of(session: Session, listing: Listing) -> tuple[Member, Person]:
    """Return whose it is."""
    member = session.get_one(Member, listing.member_id)
    return member, session.get_one(Person, member.person_id)


def is_here(session: Session, listing: Listing) -> bool:
    """Whether its writer can still be brought an answer: seated, not away, in a circle that runs."""
    member = session.get_one(Member, listing.member_id)
    circle = session.get_one(Circle, listing.circle_id)
    return member.state in SEATED and member.state != "paused" and circle.state != "closed"


def approaches_of(session: Session, listing: Listing) -> Sequence[Approach]:
    """Return everyone who was or is to be asked about it, the first asked first."""
    return session.scalars(
        select(Approach).where(Approach.listing_id == listing.id).order_by(Approach.id)
    ).all()


def approach_of(session: Session, listing_id: int, member_id: int | None) -> Approach | None:
    """Return how one member was asked about one listing."""
    return session.scalars(
        select(Approach).where(Approach.listing_id == listing_id, Approach.member_id == member_id)
    ).first()


def own_open(session: Session, seats: Collection[int]) -> Sequence[Listing]:
    """Return what these seats have asked or offered and has not ended, the oldest first."""
    return session.scalars(
        select(Listing)
        .where(Listing.member_id.in_(seats), Listing.state.in_(("look", "open")))
        .order_by(Listing.id)
    ).all()


def shown_to(session: Session, reader: Member, kind: str, now: dt.datetime) -> Sequence[Listing]:
    """Return the open asks, or offers, of a circle that one of its members may see, the oldest first.

    None of the reader's own, or of anyone the reader is kept apart from; nothing whose writer is away.
    """
    rows = session.scalars(
        select(Listing)
        .join(Member, Member.id == Listing.member_id)
        .where(
            Listing.circle_id == reader.circle_id,
            Listing.kind == kind,
            Listing.state == "open",
            Listing.ends_at > now,
            Listing.words.is_not(None),
            Listing.member_id != reader.id,
            Member.state.in_(("active", "reading")),
            Member.person_id.not_in(apart_from(session, reader.person_id)),
        )
        .order_by(Listing.id)
    )
    return rows.all()


def asked_lately(session: Session, people: Collection[int], around: dt.datetime) -> dict[int, int]:
    """Return how often each of these people is asked about something within a week of a moment.

    What they took up from a list themselves does not count, nor what they were glad to be asked.
    """
    asked: Counter[int] = Counter()
    for table in (Approach, Introduced):
        rows = session.execute(
            select(Member.person_id, func.count(table.id))
            .join(table, table.member_id == Member.id)
            .where(
                Member.person_id.in_(people),
                _by_others(table),
                table.due_at > around - WEEK,
                table.due_at < around + WEEK,
                (table.withdrawn_at.is_(None)) | (table.asked_at.is_not(None)),
            )
            .group_by(Member.person_id)
        )
        asked.update(dict(rows.all()))
    return asked


def asked_since(session: Session, person_id: int, now: dt.datetime) -> int:
    """Return about how many things a person was asked in the last week, whoever asked."""
    return len(_asked_at(session, person_id, now))


def asked_enough(session: Session, approach: Approach, now: dt.datetime) -> bool:
    """Whether whoever is about to be asked has been asked often enough this week."""
    person_id = session.get_one(Member, approach.member_id).person_id
    before = asked_since(session, person_id, now)
    again = (
        approach.asked_at is not None
        and approach.asked_at > now - WEEK
        and approach.wave not in AT_THEIR_WISH
    )
    return before - again >= MOST_ASKS_A_WEEK


def free_at(session: Session, person_id: int, now: dt.datetime, *, but: int | None = None) -> dt.datetime:
    """Return from when on a person may be asked about one thing more, as far as it is planned.

    Args:
        but: The side of an introduction that is not counted: it is what they are to be asked.
    """
    moments = sorted([*_asked_at(session, person_id, now), *_to_be_asked_at(session, person_id, now, but)])
    return max(now, moments[-MOST_ASKS_A_WEEK] + WEEK) if len(moments) >= MOST_ASKS_A_WEEK else now


def _by_others(table: type[Approach | Introduced]) -> ColumnElement[bool]:
    return Approach.wave.not_in(AT_THEIR_WISH) if table is Approach else Introduced.due_at.is_not(None)


def _asked_at(session: Session, person_id: int, now: dt.datetime) -> list[dt.datetime]:
    return [
        at
        for table in (Approach, Introduced)
        for at in session.scalars(
            select(table.asked_at)
            .join(Member, Member.id == table.member_id)
            .where(Member.person_id == person_id, _by_others(table), table.asked_at > now - WEEK)
        )
        if at is not None
    ]


def _to_be_asked_at(session: Session, person_id: int, now: dt.datetime, but: int | None) -> list[dt.datetime]:
    return [
        due
        for table in (Approach, Introduced)
        for number, due in session.execute(
            select(table.id, table.due_at)
            .join(Member, Member.id == table.member_id)
            .where(
                Member.person_id == person_id,
                _by_others(table),
                table.asked_at.is_(None),
                table.withdrawn_at.is_(None),
                table.due_at > now - WEEK,
            )
        )
        if due is not None and not (table is Introduced and number == but)
    ]


def own_approach(ctx: ActionContext, approach_id: int) -> Approach | None:
    """Return the approach by which the member in `ctx` is asked; None: it is none, or somebody else's."""
    found = ctx.session.get(Approach, approach_id)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    return found if mine else None


def name_in(person: Person, language: str | None, *, placeholder: str = "writer") -> str:
    """Return a person's first name as a text has it, or "Someone" where none is known."""
    unnamed = LANGUAGES[spoken(language)].plain["other_name"].capitalize()
    return shorten(person.name or unnamed, PLACEHOLDERS[placeholder].longest)


def name_on(listing: Listing, person: Person, language: str | None, *, placeholder: str = "writer") -> str:
    """Return how one of the two in a line is called to the other: whoever called without a name stays so."""
    return name_in(Person() if is_hidden(listing) else person, language, placeholder=placeholder)


def is_hidden(listing: Listing) -> bool:
    """Whether its writer stays without a name to whoever comes, as who calls for someone now may choose."""
    return listing.kind == "now" and not listing.named


def ask_placeholders(listing: Listing) -> dict[str, Any]:
    """Return what stands for a listing's words in a notice."""
    return {"ask": shorten(listing.words or "", PLACEHOLDERS["ask"].longest)}


def end(session: Session, listing: Listing, outcome: str, now: dt.datetime) -> bool:
    """End a listing, if it has not ended before; return whether this was its end."""
    if listing.ended_at is not None:
        return False
    listing.state, listing.outcome, listing.ended_at = "ended", outcome, now
    session.flush()
    return True


def thank_the_ready(session: Session, listing: Listing) -> Iterator[Effect]:
    """Tell whoever said yes and was not linked that it is settled; no reason, and nobody's name."""
    for approach in approaches_of(session, listing):
        if approach.reply in ("can", "knows") and approach.linked_at is None and not approach.withdrawn_at:
            member = session.get_one(Member, approach.member_id)
            yield Tell(member.person_id, "ask_settled", circle_id=member.circle_id, member_id=member.id)


def propose_next(session: Session, listing: Listing) -> Iterator[Effect]:
    """Put the first yes that still stands to whoever asked without a name, if none is put to them."""
    if listing.state != "open" or listing.proposed_id is not None:
        return
    member, person = writer_of(session, listing)
    for approach in approaches_of(session, listing):
        if approach.reply in ("can", "knows") and approach.withdrawn_at is None:
            listing.proposed_id = approach.id
            session.flush()
            values = {"listing": listing.id, "approach": approach.id}
            yield Start(person.id, "ask_match", values, member.id)
            return
