"""Says which promises were broken, from what phones sent and received and the rows of the database.

Pure: it knows nothing of how the service works, only what the README promises.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

ANYTIME = ("reply", "safety", "legal", "alert")
"""Purposes that may reach a phone at any hour."""
OPENS, CLOSES = dt.time(9), dt.time(20)
ON_ITS_WAY = dt.timedelta(seconds=15)
"""So long a text may take from the decision that it may leave to its phone."""
AFTER_STOP = dt.timedelta(seconds=75)
"""A confirmation that is later than a minute is dropped, and nothing else may come."""
OVER = ("done", "ignored")
WAITS = ("queued", "claimed", "unsure")
NUMBERED = re.compile(r"number (\d+)")


@dataclass(frozen=True, slots=True)
class Sent:
    """A text from a phone to us. Times are aware UTC, real."""

    sid: str
    phone: str
    body: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Received:
    """A text on a phone; `ours` is False when the carrier said it by itself (STOP, START)."""

    sid: str
    phone: str
    body: str
    at: dt.datetime
    ours: bool = True


@dataclass(frozen=True, slots=True)
class InRow:
    """What the database holds of a text to us."""

    id: int
    sid: str
    state: str
    reason: str | None = None
    received_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class OutRow:
    """What the database holds of a text of ours. `due` is whether its time has come."""

    id: int
    phone: str
    body: str
    purpose: str
    state: str
    inbox_id: int | None = None
    sid: str | None = None
    reason: str | None = None
    due: bool = True
    created_at: dt.datetime | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a verdict may go by.

    Attributes:
        local_time: What time it was at a phone, by the service's clock, at a moment of real time.
        stops: The bodies that opt out.
    """

    sent: Sequence[Sent]
    received: Sequence[Received]
    inbox: Sequence[InRow]
    outbox: Sequence[OutRow]
    local_time: Callable[[str, dt.datetime], dt.datetime] = lambda _phone, at: at.astimezone(
        ZoneInfo("America/Chicago")
    )
    stops: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Broken:
    """One promise that was broken: which, and for whom (ids and bodies of the soak's own making)."""

    verdict: str
    what: str


@dataclass(frozen=True, slots=True)
class Reply:
    """How long a text waited for the first reply to it."""

    sent: Sent
    seconds: float
    row: OutRow


@dataclass
class Report:
    """What came of a soak."""

    broken: list[Broken] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def count(self) -> Mapping[str, int]:
        """How often each promise was broken."""
        return Counter(each.verdict for each in self.broken)


def judge(evidence: Evidence, *, latest: float = float("inf")) -> Report:
    """Return every broken promise, and how long each reply took.

    Args:
        evidence: What phones and database say.
        latest: Seconds; a reply that took longer is a broken promise.
    """
    replies = list(_replies(evidence))
    late = (
        Broken("late", f"{reply.seconds:.0f} s for a reply to {reply.sent.body!r} of {reply.sent.phone}")
        for reply in replies
        if reply.seconds > latest
    )
    checks = (_lost_texts, _lost_replies, _doubled, _in_disorder, _after_stop, _at_night, _mixed_up)
    broken = [each for check in checks for each in check(evidence)]
    return Report([*broken, *late], replies)


def _lost_texts(evidence: Evidence) -> Iterator[Broken]:
    """A text is lost that is no row, was not handled, or was handled without a word to whoever wrote it."""
    rows = {row.sid: row for row in evidence.inbox}
    answered = {row.inbox_id for row in evidence.outbox}
    for sent in evidence.sent:
        row = rows.get(sent.sid)
        what = f"{sent.body!r} of {sent.phone} at {sent.at:%H:%M:%S}"
        if row is None:
            yield Broken("lost", f"{what} never became a row")
        elif row.state not in OVER:
            yield Broken("lost", f"{what} was not handled: {row.state}, {row.reason}")
        elif row.id not in answered and sent.body not in evidence.stops:
            yield Broken("lost", f"{what} was not answered: {row.state}, {row.reason}")


def _lost_replies(evidence: Evidence) -> Iterator[Broken]:
    """A text of ours is lost that is due and has not left, or that is on record as sent and on no phone."""
    arrived = {each.sid for each in evidence.received}
    stopped = {sent.phone for sent in evidence.sent if sent.body in evidence.stops}
    for row in evidence.outbox:
        what = f"{row.purpose} {row.id} to {row.phone}"
        if row.state in ("sent", "done") and row.sid not in arrived:
            yield Broken("lost", f"{what} is on record as {row.state} and on no phone")
        elif row.state in WAITS and row.due:
            yield Broken("lost", f"{what} never left: {row.state}, {row.reason}, try {row.attempt}")
        elif row.state in ("failed", "dropped") and row.purpose == "reply" and row.phone not in stopped:
            yield Broken("lost", f"{what} was given up: {row.state}, {row.reason}")


def _doubled(evidence: Evidence) -> Iterator[Broken]:
    """A text is doubled that left more often than it is on record, or was written twice."""
    known = {row.sid for row in evidence.outbox}
    for each in evidence.received:
        if each.ours and each.sid not in known:
            yield Broken("doubled", f"on {each.phone} at {each.at:%H:%M:%S}, on no row: {each.body!r}")
    answers = Counter(
        (row.inbox_id, row.phone, row.body) for row in evidence.outbox if row.inbox_id and row.body
    )
    for (inbox_id, phone, body), count in answers.items():
        if count > 1:
            yield Broken("doubled", f"text {inbox_id} was answered {count} times, {phone}: {body!r}")
    for sid, count in Counter(row.sid for row in evidence.inbox).items():
        if count > 1:
            yield Broken("doubled", f"text {sid} is {count} rows")


def _in_disorder(evidence: Evidence) -> Iterator[Broken]:
    """Replies to one phone are in disorder when one arrives after another that was written later."""
    rows = {row.sid: row for row in evidence.outbox if row.sid and row.purpose == "reply"}
    newest: dict[str, OutRow] = {}
    for each in _as_received(evidence.received):
        row = rows.get(each.sid)
        if row is None:
            continue
        before = newest.get(each.phone)
        if before is not None and row.id < before.id:
            yield Broken("out of order", f"{row.id} after {before.id} on {each.phone}: {each.body!r}")
        else:
            newest[each.phone] = row


def _after_stop(evidence: Evidence) -> Iterator[Broken]:
    """After STOP the confirmation is the last word, and comes within a minute or never."""
    stops = {sent.phone: sent for sent in evidence.sent if sent.body in evidence.stops}
    rows = {row.sid: row for row in evidence.inbox}
    confirmed_by = {
        row.inbox_id: row.sid for row in evidence.outbox if row.inbox_id and row.purpose == "legal"
    }
    came = defaultdict(list)
    for each in _as_received(evidence.received):
        if each.phone in stops and each.at >= stops[each.phone].at:
            came[each.phone].append(each)
    for phone, texts in came.items():
        stop = stops[phone]
        row = rows.get(stop.sid)
        confirmation = confirmed_by.get(row.id) if row is not None else None
        said = [place for place, each in enumerate(texts) if each.sid == confirmation]
        late = texts[said[0] + 1 :] if said else []
        # Nobody knows of a STOP that waits outside; from its record on, the last text has a minute.
        known = row.received_at if row is not None and row.received_at is not None else stop.at
        late += [each for each in texts if each not in late and each.at > known + AFTER_STOP]
        for each in late:
            after = (each.at - stop.at).total_seconds()
            yield Broken("after STOP", f"{after:.0f} s after it on {phone}: {each.body!r}")


def _at_night(evidence: Evidence) -> Iterator[Broken]:
    """What nobody asked for reaches nobody outside 9:00 to 20:00 of their own time."""
    purposes = {row.sid: row.purpose for row in evidence.outbox if row.sid}
    for each in evidence.received:
        purpose = purposes.get(each.sid)
        if purpose is None or purpose in ANYTIME:
            continue
        moments = [evidence.local_time(each.phone, each.at - ago) for ago in (dt.timedelta(0), ON_ITS_WAY)]
        if not any(OPENS <= moment.time() < CLOSES for moment in moments):
            yield Broken("at night", f"{moments[0]:%H:%M} {purpose} on {each.phone}: {each.body!r}")


def _mixed_up(evidence: Evidence) -> Iterator[Broken]:
    """A reply that gives back a number must give back one that this phone had sent before."""
    gave: dict[str, list[tuple[dt.datetime, str]]] = defaultdict(list)
    for sent in evidence.sent:
        gave[sent.phone] += [(sent.at, number) for number in NUMBERED.findall(sent.body)]
    replies = {row.sid for row in evidence.outbox if row.sid and row.purpose == "reply"}
    for each in evidence.received:
        for number in NUMBERED.findall(each.body) if each.sid in replies else ():
            if not any(number == mine and at <= each.at for at, mine in gave[each.phone]):
                yield Broken("mixed up", f"{number} was never said by {each.phone}: {each.body!r}")


def _replies(evidence: Evidence) -> Iterator[Reply]:
    ids = {row.sid: row.id for row in evidence.inbox}
    answers: dict[int, list[OutRow]] = defaultdict(list)
    for row in evidence.outbox:
        if row.inbox_id is not None:
            answers[row.inbox_id].append(row)
    arrived = {each.sid: each for each in evidence.received}
    for sent in evidence.sent:
        came = [
            (arrived[row.sid].at, row.id, row)
            for row in answers.get(ids.get(sent.sid, -1), [])
            if row.phone == sent.phone and row.sid in arrived
        ]
        if came:
            at, _, row = min(came, key=lambda each: each[:2])
            yield Reply(sent, (at - sent.at).total_seconds(), row)


def _as_received(received: Iterable[Received]) -> list[Received]:
    return sorted(received, key=lambda each: each.at)
