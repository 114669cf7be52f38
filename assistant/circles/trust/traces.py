"""Forgets what is left of someone who asked for it: their name in what others were told, and on the disk.

"Ana is no longer in" has to reach the others first; with the last of them it is gone. What cannot reach them
within the hour, for it waits for their daytime, says "someone" instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.actions.placeholders import PLACEHOLDERS
from assistant.circles.people.carried_words import LEAVING
from assistant.language.folding import plain_words, split_words
from assistant.language.languages import spoken
from assistant.store import looks
from assistant.store.tables import (
    Approach,
    Conversation,
    Erasure,
    Inbox,
    Introduced,
    Introduction,
    Listing,
    Member,
    Outbox,
    Person,
    Role,
    Timer,
)

FIRST_LOOK: Final = dt.timedelta(minutes=30)
"""By then the texts of that minute have left, and what a machine had spooled is in the database, or found."""
NOBODYS: Final = "erased"
"""Stands where an address stood."""
AGAIN_AFTER: Final = dt.timedelta(minutes=30)
AT_THE_LATEST: Final = dt.timedelta(hours=1)
"""So long, whoever was forgotten was told, until nothing here names them."""
WAITING: Final = ("queued", *LEAVING)
SOMEONE: Final = PLACEHOLDERS["other_name"].plain


WORK: Final = (select(Erasure.id).where(Erasure.done_at.is_(None), Erasure.due_at <= looks.moment()),)
"""Whether `forget_due` would find anything."""
NEXT: Final = looks.Next(
    select(func.min(Erasure.due_at)).where(Erasure.done_at.is_(None), Erasure.due_at > looks.moment())
)
"""When something is to be forgotten next."""


def forget_due(session: Session, now: dt.datetime) -> Sequence[int]:
    """Forget what is due, and return the ids of all that was looked at: `settle` them with a clean disk."""
    looked = session.scalars(select(Erasure).where(*_due(now)).with_for_update(skip_locked=True)).all()
    for erasure in looked:
        names, by = erasure.traces.get("names") or [], erasure.at + AT_THE_LATEST
        _forget_new_texts(session, erasure.person_id, now)
        if forget_told(session, erasure.person_id, names, now, by):
            erasure.due_at = now + AGAIN_AFTER
            if erasure.due_at > by:
                erasure.traces = {"names": names}  # Whatever a spool had of theirs is in the tables by now.
        else:
            erasure.traces = {}
    session.flush()
    return [erasure.id for erasure in looked]


def settle(session: Session, erasures: Sequence[int], now: dt.datetime) -> None:
    """Nothing of those that are not to be looked at again is left, in the tables or on the disk."""
    for erasure in session.scalars(select(Erasure).where(Erasure.id.in_(erasures), Erasure.due_at <= now)):
        erasure.done_at = now


def forgotten_uris(session: Session) -> dict[str, dt.datetime]:
    """Return the addresses of which no spool of any machine may hold anything from before these times."""
    rows = session.execute(select(Erasure.traces, Erasure.at).where(Erasure.done_at.is_(None)))
    return {uri: at for traces, at in rows for uri in traces.get("uris") or ()}


def names_of(session: Session, person: Person) -> list[str]:
    """Return by which words others know the person, or knew them on another phone."""
    known = [person, *once_two(session, person.id)]
    return list(dict.fromkeys(word for each in known for word in plain_words(each.name or "")))


def once_two(session: Session, person_id: int) -> Sequence[Person]:
    """Return who turned out to be this person (`trust.one_person`): what is left of them is a name."""
    found: list[Person] = []
    wanted = {person_id}
    while wanted:
        gone = session.scalars(select(Person).where(Person.merged_into_id.in_(wanted))).all()
        found += gone
        wanted = {each.id for each in gone}
    return found


def forget_told(
    session: Session, person_id: int, names: Sequence[str], now: dt.datetime, by: dt.datetime | None = None
) -> bool:
    """Erase the name from what others were told and from what conversations with them hold.

    Args:
        by: What we say ourselves and cannot say before then names nobody; words of others stay as they are.

    Returns:
        Whether a text that names the person still waits to leave.
    """
    if not names:
        return False
    circles, mates = _circles_of(session, person_id), mates_of(session, person_id)
    waits = False
    told = select(Outbox).where(
        or_(Outbox.circle_id.in_(circles), Outbox.person_id.in_(mates)), Outbox.body.is_not(None)
    )
    for each in session.scalars(told.with_for_update()):
        titles = [title for _, title in each.taps or ()]
        if not any(_names(said, names) for said in (each.body or "", *titles)):
            continue
        if each.state == "queued" and not each.carries and by and max(each.not_before, now) >= by:
            someone = SOMEONE[_language(session, each)]
            each.body = _nameless(each.body or "", names, someone)
            each.taps = [
                [payload, _nameless(title, names, someone)] for payload, title in each.taps or ()
            ] or None
        elif each.state in WAITING:
            waits = True
        else:
            each.body, each.taps, each.erased_at = None, None, each.erased_at or now
    tables: tuple[Any, ...] = (Conversation, Timer)
    for table in tables:
        for row in session.scalars(select(table).where(table.person_id.in_(mates))):
            kept = _without(row.values, names)
            if kept != row.values:
                row.values = kept
    session.flush()
    return waits


def mates_of(session: Session, person_id: int) -> set[int]:
    """Return everyone who is or was in a circle with the person, hosts too, or was linked with them."""
    circles = _circles_of(session, person_id)
    mates = set(session.scalars(select(Member.person_id).where(Member.circle_id.in_(circles))))
    mates |= set(session.scalars(select(Role.person_id).where(Role.circle_id.in_(circles))))
    return (mates | _met_across(session, person_id)) - {person_id}


def _met_across(session: Session, person_id: int) -> set[int]:
    """Return whom an ask or an introduction may have told of the person, in whichever circle they are."""
    mine = select(Member.id).where(Member.person_id == person_id)
    asked = select(Approach.member_id).join(Listing, Listing.id == Approach.listing_id)
    asked_by = select(Listing.member_id).join(Approach, Approach.listing_id == Listing.id)
    introduced = select(Introduced.introduction_id).where(Introduced.member_id.in_(mine))
    by = Introduction.by_person_id == person_id
    ours = or_(Introduction.id.in_(introduced), by)
    sides = select(Introduced.member_id).join(Introduction, Introduction.id == Introduced.introduction_id)
    seats = {
        *session.scalars(asked.where(Listing.member_id.in_(mine))),
        *session.scalars(asked_by.where(Approach.member_id.in_(mine))),
        *session.scalars(sides.where(ours)),
    }
    people = set(session.scalars(select(Member.person_id).where(Member.id.in_(seats))))
    return people | set(session.scalars(select(Introduction.by_person_id).where(ours)))


def _forget_new_texts(session: Session, person_id: int, now: dt.datetime) -> None:
    """What was on its way as the person was forgotten: a text in the carrier's hands, one of theirs."""
    for each in session.scalars(
        select(Outbox).where(Outbox.person_id == person_id, Outbox.to_uri != NOBODYS)
    ):
        each.body, each.taps, each.to_uri = None, None, NOBODYS
        each.erased_at = each.erased_at or now
    for text in session.scalars(select(Inbox).where(Inbox.person_id == person_id, Inbox.body.is_not(None))):
        text.body, text.erased_at = None, now


def _circles_of(session: Session, person_id: int) -> list[int]:
    seats = session.scalars(select(Member.circle_id).where(Member.person_id == person_id))
    roles = session.scalars(
        select(Role.circle_id).where(Role.person_id == person_id, Role.circle_id.is_not(None))
    )
    return sorted({*seats, *(each for each in roles if each is not None)})


def _names(said: str, names: Sequence[str]) -> bool:
    words = plain_words(said)
    first = names[0]
    return any(word == first or (len(first) > 2 and word in (f"{first}s", f"{first}es")) for word in words)


def _nameless(said: str, names: Sequence[str], someone: str) -> str:
    """Return the same with `someone` wherever it names the person, by all of the name or its first word."""
    words, parts, until = split_words(said), [], 0
    for at, word in enumerate(words):
        if word.start < until or not _names(word.plain, names):
            continue
        end = at + 1
        while words[end : end + 1] and words[end].plain in names[1:]:
            end += 1
        begins = not said[: word.start].strip() or said[: word.start].rstrip(" ")[-1] in ".!?\n"
        parts += [said[until : word.start], someone.capitalize() if begins else someone]
        until = words[end - 1].end
    return "".join([*parts, said[until:]])


def _language(session: Session, text: Outbox) -> str:
    reader = session.get(Person, text.person_id) if text.person_id is not None else None
    return spoken(reader.language if reader is not None else None)


def _without(value: Any, names: Sequence[str]) -> Any:
    """Return the same with "" for what names the person: what stands for someone is said there then."""
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(each, names) for each in value]
    return "" if isinstance(value, str) and _names(value, names) else value


def _due(now: dt.datetime) -> tuple[Any, ...]:
    return Erasure.done_at.is_(None), Erasure.due_at <= now
