"""Puts texts into the outbox, cut into parts and chained in order, and holds what each purpose is allowed.

Rows wait here before anything is sent; `assistant.delivery.sender` decides again, when each is due, whether
it may go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from assistant.channels.showing import SMS, Tap, parts_of
from assistant.circles.people.carried_media import along_with, by_themselves
from assistant.circles.people.foreign_words import are_to_translate
from assistant.circles.people.receipts import Reading, note_reads
from assistant.language.sms.segments import measure, split
from assistant.store.insert import insert_later
from assistant.store.numbering import new_ids
from assistant.store.tables import Outbox

LONGEST_TEXT = 2
"""Segments. A longer text is cut into parts: carriers garble and reorder long concatenations."""
TRANSLATED = "notices/translated"
"""The wording of what follows a text that a reader could not read."""
ANSWER_WHILE_FRESH = dt.timedelta(minutes=30)
"""So long after a person's text an answer may come at any hour; later it would be a text out of the blue."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text of one purpose is allowed."""

    priority: int
    """Lower goes first; the column's own words are in `assistant.store.tables.message_tables`."""
    lives: dt.timedelta | None
    """So long after it was due it is dropped: too late to matter. None: never."""
    needs: str
    """The consent it needs: "opt-in" is an opt-in in force, "no opt-out" the absence of one (the recipient
    wrote first), "nothing" the one confirmation that an opt-out itself may get (47 CFR 64.1200(a)(12))."""
    any_hour: bool = False
    any_hour_while_fresh: bool = False
    """Any hour, but only shortly after the text it answers."""
    waits_for_inbox: bool = True
    """Nothing unprompted leaves while the recipient has texts nobody has handled."""
    needs_seat: bool = False
    """Dropped when the seat it is about was paused or given up."""
    through_pause: bool = False
    """Goes even while everything is paused."""
    to_unreachable: bool = False
    """Worth a try even where the carrier said that nobody can be reached."""
    tries: int = 20
    slowest: dt.timedelta = dt.timedelta(minutes=15)
    """The longest pause between two tries."""


PURPOSE_RULES: dict[str, Rule] = {
    "safety": Rule(
        priority=0,
        lives=None,
        needs="no opt-out",
        any_hour=True,
        waits_for_inbox=False,
        through_pause=True,
        to_unreachable=True,
        tries=1000,
        slowest=dt.timedelta(seconds=30),
    ),
    "alert": Rule(
        priority=1,
        lives=dt.timedelta(days=1),
        needs="opt-in",
        any_hour=True,
        waits_for_inbox=False,
        tries=100,
        slowest=dt.timedelta(minutes=1),
    ),
    # The law presumes consent to it for five minutes; whoever said STOP wants the last text at once or never.
    "legal": Rule(
        priority=1,
        lives=dt.timedelta(minutes=1),
        needs="nothing",
        any_hour=True,
        waits_for_inbox=False,
        to_unreachable=True,
        slowest=dt.timedelta(seconds=10),
    ),
    "reply": Rule(
        priority=1,
        lives=dt.timedelta(days=1),
        needs="no opt-out",
        any_hour_while_fresh=True,
        waits_for_inbox=False,
        tries=60,
        slowest=dt.timedelta(seconds=30),
    ),
    "notice": Rule(priority=2, lives=dt.timedelta(days=3), needs="opt-in", needs_seat=True),
    "relay": Rule(priority=2, lives=dt.timedelta(days=3), needs="opt-in", needs_seat=True),
    "prompt": Rule(priority=2, lives=dt.timedelta(days=1), needs="opt-in", needs_seat=True),
    "invitation": Rule(priority=2, lives=dt.timedelta(days=7), needs="opt-in"),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that a turn wants to send, before it is a row. Times are aware UTC, in the service's time."""

    person_id: int
    address_id: int
    uri: str
    body: str
    purpose: str
    circle_id: int | None = None
    member_id: int | None = None
    inbox_id: int | None = None
    conversation_id: int | None = None
    wording: str | None = None
    not_before: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    carries: str | None = None
    taps: tuple[Tap, ...] = ()
    """The options that can be tapped; none where the address shows none."""


def put(
    session: Session,
    drafts: Sequence[Draft],
    sender: str,
    now: dt.datetime,
    toll_free: bool = False,
) -> list[int]:
    """Queue texts: each cut into parts of at most two segments, and those to one address sent in this order.

    What is put later follows as well: see `assistant.delivery.order`.

    Args:
        session: A session inside `Database.write()`; nothing leaves before it commits.
        drafts: Of any number of people.
        sender: Whom the texts come from.
        now: Aware UTC, the service's time.
        toll_free: Whether the sender is a US or Canadian toll-free number (its segments hold less).

    Returns:
        The rows' ids, in the order of `drafts`.

    Raises:
        ValueError: A draft has nothing to say, or a purpose that is not in `PURPOSE_RULES`.
    """
    rows = [row for draft in drafts for row in _rows(draft, sender, now, toll_free)]
    if not rows:
        return []
    of_words, rows = rows, _with_media(session, rows)
    last: dict[tuple[int, int], int] = {}
    for row, row["id"] in zip(rows, new_ids(session, Outbox, len(rows)), strict=True):
        # Never behind what is less urgent: a reply must not wait for the morning with a notice.
        chain = row["address_id"], row["priority"]
        row["after_id"] = last.get(chain)
        last[chain] = row["id"]
    carrying = [row for row in of_words if row["carries"]]
    if carrying:
        foreign = are_to_translate(session, [(row["person_id"], row["carries"]) for row in carrying])
        for row, to_translate in zip(carrying, foreign, strict=True):
            row["to_translate"] = to_translate and row["wording"] != TRANSLATED
    insert_later(session, Outbox, rows)
    if carrying:
        readings = [Reading(row["carries"], row["person_id"], row["id"]) for row in carrying]
        note_reads(session, readings, "text", now)
    return [row["id"] for row in of_words]


def _with_media(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let pictures go with the last part of the text of their words, or after it what cannot go with it."""
    # A translation brings no picture once more.
    said = [row for row in rows if row["last"] and row["wording"] != TRANSLATED]
    carrying = [row for row in said if row["carries"]]
    if carrying:
        found = along_with(session, [(row["to_uri"], row["carries"]) for row in carrying])
        for row, media in zip(carrying, found, strict=True):
            row["media"] = media or None
    written = []
    for row in rows:
        del row["last"]
        written.append(row)
        together, alone = by_themselves(row["to_uri"], row["media"] or [])
        row["media"] = together or None
        written += ({**row, "body": "", "segments": 1, "taps": None, "media": [each]} for each in alone)
    return written


def cancel(
    session: Session,
    person_ids: Collection[int],
    reason: str,
    *,
    member_id: int | None = None,
    purposes: Collection[str] = ("notice", "relay", "prompt", "invitation"),
) -> int:
    """Take back what is queued for these people and has not left yet; return how many texts that were.

    Args:
        session: A session inside `Database.write()`.
        person_ids: Whose texts.
        reason: Why, in a few words; kept on the row.
        member_id: Only those about this seat.
        purposes: Only those sent for these reasons.
    """
    texts = update(Outbox).where(
        Outbox.person_id.in_(person_ids), Outbox.state == "queued", Outbox.purpose.in_(purposes)
    )
    if member_id is not None:
        texts = texts.where(Outbox.member_id == member_id)
    result = session.execute(texts.values(state="cancelled", reason=reason[:80]).returning(Outbox.id))
    return len(result.all())


def _rows(draft: Draft, sender: str, now: dt.datetime, toll_free: bool) -> Iterator[dict[str, Any]]:
    if (rule := PURPOSE_RULES.get(draft.purpose)) is None:
        raise ValueError(f'no text goes out as "{draft.purpose}"; choose one of {", ".join(PURPOSE_RULES)}')
    # What a segment holds, and costs, is a matter of SMS alone.
    by_sms = draft.uri.startswith(SMS)
    parts = split(draft.body, segments=LONGEST_TEXT, toll_free=toll_free) if by_sms else parts_of(draft.body)
    if not parts:
        raise ValueError(f"a text without words was drafted ({draft.wording or 'of no wording'})")
    not_before = draft.not_before or now
    expires_at = draft.expires_at or (not_before + rule.lives if rule.lives else None)
    taps = [[tap.payload, tap.title] for tap in draft.taps] or None
    for place, part in enumerate(parts, 1):
        yield {
            "person_id": draft.person_id,
            "member_id": draft.member_id,
            "circle_id": draft.circle_id,
            "address_id": draft.address_id,
            "to_uri": draft.uri,
            "sender": sender,
            "body": part,
            "segments": measure(part, toll_free=toll_free).segments if by_sms else 1,
            "purpose": draft.purpose,
            "priority": rule.priority,
            "inbox_id": draft.inbox_id,
            "conversation_id": draft.conversation_id,
            "wording": draft.wording,
            "carries": draft.carries,
            "to_translate": False,
            "taps": taps if place == len(parts) else None,
            "media": None,
            "last": place == len(parts),
            "created_at": now,
            "not_before": not_before,
            "expires_at": expires_at,
            "state": "queued",
            "attempt": 0,
        }
