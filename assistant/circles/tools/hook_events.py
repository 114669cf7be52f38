"""Gathers what hooks hear: that something happened, without a word, a name, a number or whose it was.

What happened is read from the rows that say so anyway, since the last look and a little before it: a
transaction that began earlier may end later. Each fact is one row of `webhook_send` a hook, so that nothing
is told twice. Answers are gathered by the hour, as how many people gave one, if they are five or more. An
alert is the cohort's: in a circle of eight it would soon be guessed whose it is.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from assistant.circles.tools.hook_targets import new_name
from assistant.store.insert import insert_new
from assistant.store.tables import (
    Alert,
    Answer,
    Approach,
    Circle,
    Listing,
    Member,
    Question,
    WebhookSend,
    WebhookTarget,
)
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.operation_tables import URGENT

AT_MOST_EVERY: Final = dt.timedelta(seconds=10)
OVERLAP: Final = dt.timedelta(minutes=10)
"""So far before the last look rows are looked at again."""
BY_THE_HOUR: Final = "answered"
SETTLES: Final = dt.timedelta(minutes=5)
"""So long after its end an hour is counted, once."""
FEWEST: Final = 5
"""Of fewer people it is not said how many; as `reports.suppression` has it."""
QUESTIONS: Final = {"weekly_reflection": "weekly", "group_check_in": "check_in"}
"""The flows whose answers are told of -> what their question is called outside."""
TOLD_OF: Final = ("host", "buddy", "circle")
"""Answers that somebody reads; those for us alone are not even counted."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened."""

    name: str
    """Of the row that says so; it goes nowhere."""
    at: dt.datetime
    content: dict[str, Any]


Finder = Callable[[Session, int, dt.datetime, dt.datetime], Iterable[Fact]]
"""Finds what happened in a cohort between two moments."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found for one hook."""

    target_id: int
    since: dt.datetime
    """When somebody looked for it before."""
    until: dt.datetime
    sends: Sequence[Mapping[str, Any]]
    """Rows of `webhook_send` to be, some of which may be there."""


def look(session: Session, now: dt.datetime, real: dt.datetime) -> Iterator[Look]:
    """Find what hooks have to hear since they were last looked after; nothing is written.

    Args:
        session: Any session.
        now: Aware UTC, the service's.
        real: The machine's.
    """
    for target in session.scalars(due_targets(now)).all():
        before = max(target.looked_at - OVERLAP, target.made_at)
        sends = [
            _as_row(target, kind, fact, real)
            for kind in target.events.split(",")
            for fact in FINDERS[kind](
                session, target.cohort_id, target.looked_at if kind == BY_THE_HOUR else before, now
            )
        ]
        yield Look(target.id, target.looked_at, now, sends)


def keep(session: Session, found: Look) -> bool:
    """Write down what a look found, inside one writing transaction; False: another worker was faster."""
    moved = session.execute(
        update(WebhookTarget)
        .where(WebhookTarget.id == found.target_id, WebhookTarget.looked_at == found.since)
        .values(looked_at=found.until)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return False
    if found.sends:
        insert_new(session, WebhookSend, found.sends)
    return True


def due_targets(now: dt.datetime) -> Select[WebhookTarget]:
    """Return the hooks for which nobody has looked for a while."""
    return select(WebhookTarget).where(
        WebhookTarget.ended_at.is_(None), WebhookTarget.looked_at <= now - AT_MOST_EVERY
    )


def _as_row(target: WebhookTarget, kind: str, fact: Fact, real: dt.datetime) -> dict[str, Any]:
    return {
        "target_id": target.id,
        "name": new_name(),
        "kind": kind,
        "fact": f"{kind} {fact.name}",
        "content": fact.content,
        "at": fact.at,
        "made_at": real,
        "state": "waiting",
        "tries": 0,
        "next_at": real,
    }


def _within(column: Any, since: dt.datetime, until: dt.datetime) -> ColumnElement[bool]:
    inside: ColumnElement[bool] = (column > since) & (column <= until)
    return inside


def _joined(session: Session, cohort_id: int, since: dt.datetime, until: dt.datetime) -> Iterator[Fact]:
    """Somebody agreed to the circle's promise, and is in."""
    rows = session.execute(
        select(Member.id, Member.promised_at, Circle.code)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Circle.cohort_id == cohort_id,
            Member.state.in_(SEATED),
            _within(Member.promised_at, since, until),
        )
    )
    for member_id, at, code in rows:
        assert at is not None
        yield Fact(f"{member_id} {at.timestamp():.0f}", at, {"circle": code})


def _answered(session: Session, cohort_id: int, since: dt.datetime, until: dt.datetime) -> Iterator[Fact]:
    """In an hour that is over some people answered what a circle was asked."""
    first, last = _hour_of(since - SETTLES), _hour_of(until - SETTLES)
    if first >= last:
        return
    rows = session.execute(
        select(Circle.code, Question.flow, Answer.at, Answer.person_id)
        .join(Question, Question.id == Answer.question_id)
        .join(Member, Member.id == Answer.member_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Circle.cohort_id == cohort_id,
            Question.flow.in_(QUESTIONS),
            Answer.visible_to.in_(TOLD_OF),
            Answer.outcome != "skip",
            Answer.at >= first,
            Answer.at < last,
        )
    )
    people: defaultdict[tuple[str, str, dt.datetime], set[int]] = defaultdict(set)
    for code, flow, at, person_id in rows:
        people[code, QUESTIONS[flow], _hour_of(at)].add(person_id)
    for (code, question, hour), who in sorted(people.items()):
        count = len(who) if len(who) >= FEWEST else None
        yield Fact(
            f"{code} {question} {hour.timestamp():.0f}",
            hour,
            {"circle": code, "question": question, "people": count},
        )


def _alerts(session: Session, cohort_id: int, since: dt.datetime, until: dt.datetime) -> Iterator[Fact]:
    """Somebody may need a person now."""
    rows = session.execute(
        select(Alert.id, Alert.opened_at)
        .join(Circle, Circle.id == Alert.circle_id)
        .where(
            Circle.cohort_id == cohort_id,
            Alert.kind.in_(URGENT),
            _within(Alert.opened_at, since, until),
        )
    )
    for alert_id, at in rows:
        yield Fact(str(alert_id), at, {})


def _helped(session: Session, cohort_id: int, since: dt.datetime, until: dt.datetime) -> Iterator[Fact]:
    """Somebody who asked their circle says that it helped."""
    rows = session.execute(
        select(Approach.id, Approach.helped_at, Circle.code)
        .join(Listing, Listing.id == Approach.listing_id)
        .join(Circle, Circle.id == Listing.circle_id)
        .where(
            Circle.cohort_id == cohort_id,
            Listing.kind == "ask",
            Approach.helped == "yes",
            _within(Approach.helped_at, since, until),
        )
    )
    for approach_id, at, code in rows:
        assert at is not None
        yield Fact(f"{approach_id} {at.timestamp():.0f}", at, {"circle": code})


def _hour_of(at: dt.datetime) -> dt.datetime:
    return at.replace(minute=0, second=0, microsecond=0)


FINDERS: Final[dict[str, Finder]] = {
    "joined": _joined,
    "answered": _answered,
    "alert_opened": _alerts,
    "ask_helped": _helped,
}
