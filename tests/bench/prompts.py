"""How many prompts a second are found due, started and queued: the first of a season, to everyone at once.

Everyone has had one before. The floor writes the rows that a prompt leaves behind, and nothing else: a
conversation, a question, a timer, a text; as many to a transaction as the worker does.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Integer, func, literal, select, update
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import plan_next
from assistant.conversations.timers import AT_ONCE, fire_due
from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID
from assistant.lean import give_back
from assistant.runtime import read_flows
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store.columns import Json
from assistant.store.database import Database
from assistant.store.insert import insert_all
from assistant.store.numbering import new_ids
from assistant.store.tables import Circle, Conversation, Member, Outbox, Question, Timer
from tests.bench.delivery import FAN_OUT, NOON, InHand, a_uri, fresh, look_again, put_in, services_of
from tests.bench.figures import seconds
from tests.bench.inbound import backends
from tests.bench.made_rows import NOTHING, i
from tests.bench.row import Row

NAME = "prompts"
QUICK: Final = 1000
ROUNDS: Final = 3
LONGEST, QUICK_LONGEST = 20.0, 5.0
"""Seconds; what was not started by then is left."""
BOOK: Final = read_flows()
LONG_AGO: Final = 1_000_000
"""What the numbers of earlier rows begin with, which the database is not asked for."""
BEFORE: Final = NOON - dt.timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Started:
    """Prompts a second of processor time, and of time as it passes here."""

    a_second: float
    by_the_clock: float


def run(*, quick: bool = False) -> list[Row]:
    """Ours by the floor, on SQLite and on PostgreSQL, in turns; quick: once, on SQLite."""
    members = QUICK if quick else FAN_OUT
    rows = []
    give_back()  # As a worker does before it works: then garbage is looked for as rarely as there.
    with backends() as (_, _, urls):
        for backend, url in list(urls.items())[: 1 if quick else None]:
            longest = QUICK_LONGEST if quick else LONGEST
            found = [
                (started(url, members, longest), floor(url, members)) for _ in range(1 if quick else ROUNDS)
            ]
            ours = statistics.median(mine.a_second for mine, _ in found)
            least = statistics.median(each for _, each in found)
            passed = statistics.median(mine.by_the_clock for mine, _ in found)
            rows += [
                Row(
                    f"prompts started, {members:,} due, {backend} (× {ours / least:.3f} the floor)",
                    ours,
                    "1/cpu s",
                    None,
                    "≥ 2,000",
                    "≥ 10,000",
                ),
                Row(f"the same by the clock, {backend}", passed, "1/s"),
                Row(f"the floor: their rows written, {backend}", least, "1/cpu s"),
            ]
    return rows


def started(url: str, members: int, longest: float) -> Started:
    """Start them all, or as many as the time allows, and see that they are queued."""
    database, services = due(url, members)
    began = time.perf_counter()
    took = seconds(database, lambda: fire_due(services, time.monotonic() + longest))
    passed = time.perf_counter() - began
    with database.read() as session:
        queued = session.scalar(select(func.count(func.distinct(Outbox.person_id)))) or 0
    database.close()
    if queued != members and passed < longest:
        raise RuntimeError(f"{queued} of {members} prompts were queued")
    return Started(queued / took, queued / passed)


def due(url: str, members: int) -> tuple[Database, Services]:
    """Members in the week before their season, and the moment at which the first prompt is due to all."""
    database = fresh(url, members, queued=0)
    with database.write() as session:
        session.execute(
            update(Circle).values(
                program="eight_weeks",
                language="en",
                size=12,
                starts_on=NOON.date(),
                ends_on=NOON.date() + dt.timedelta(weeks=8, days=-1),
            )
        )
        session.execute(update(Member).values(promised_at=BEFORE, named=True, misses=0))
        when = plan_next(session, session.get_one(Member, 1), BEFORE)
        first = session.scalars(select(Timer)).one()
        planned = first.flow, first.key, first.values
    if when is None:
        raise RuntimeError("nothing is planned")
    flow, key, values = planned
    others = literal(1, Integer) + i
    put_in(
        database, Timer, members - 1,
        kind="prompt", person_id=others, member_id=others, flow=flow, key=key,
        values=literal(values, Timer.__table__.c["values"].type), due_at=literal(when),
    )  # fmt: skip
    live_in(database, members)
    clock = ManualClock(when)
    carried = services_of(database, InHand())  # type: ignore[arg-type]
    return database, Services(
        database=database,
        book=BOOK,
        carrier=carried.carrier,
        clock=clock,
        identity=carried.identity,
        wake=carried.wake,
    )


def live_in(database: Database, members: int) -> None:
    """Let everyone have had a prompt before, and answered it.

    A table that was empty when the database last looked is read from end to end for each row that points to
    it: PostgreSQL's plan for no rows, which no service has for longer than its first minutes.
    """
    number = literal(LONG_AGO, Integer) + i
    its = {"person_id": i, "member_id": i, "flow": "weekly_reflection"}
    put_in(
        database, Conversation, members,
        id=number, **its, version="1", step="open", callers=literal([], Json),
        values=NOTHING, began_at=literal(BEFORE),
        ended_at=literal(BEFORE),
    )  # fmt: skip
    put_in(
        database, Question, members,
        id=number, **its, conversation_id=number, step="open", visible_to="circle", state="closed",
        outcome="answered", opened_at=literal(BEFORE), closed_at=literal(BEFORE), unclear=0,
    )  # fmt: skip
    put_in(
        database, Timer, members,
        kind="silence", person_id=i, member_id=i, conversation_id=number, question_id=number, outcome="0",
        values=NOTHING, due_at=literal(BEFORE), done_at=literal(BEFORE),
    )  # fmt: skip
    put_in(
        database, Outbox, members,
        person_id=i, member_id=i, address_id=i, to_uri=a_uri(i), sender=LOCAL_SERVICE_SID,
        body="How was your week?", segments=1, purpose="prompt", priority=2, conversation_id=number,
        created_at=literal(BEFORE), not_before=literal(BEFORE), state="done",
    )  # fmt: skip
    look_again(database)


def floor(url: str, members: int) -> float:
    """Prompts a second of processor time, when only their rows are written."""
    database = fresh(url, members, queued=0)
    live_in(database, members)

    def write_all() -> None:
        for first in range(1, members + 1, AT_ONCE):
            with database.write() as session:
                write(session, range(first, min(first + AT_ONCE, members + 1)))

    took = seconds(database, write_all)
    database.close()
    return members / took


def write(session: Session, people: range) -> None:
    """The rows of one transaction."""
    talks, asked, texts = (new_ids(session, table, len(people)) for table in (Conversation, Question, Outbox))
    common = {"person_id": 0, "member_id": 0, "flow": "weekly_reflection"}
    rows = {
        Conversation: {"version": "1", "step": "open", "callers": [], "values": {}, "began_at": NOON},
        Question: {
            "step": "open",
            "visible_to": "circle",
            "state": "open",
            "opened_at": NOON,
            "unclear": 0,
        },
        Timer: {"kind": "silence", "outcome": "0", "values": {}, "due_at": NOON, "attempts": 0},
    }
    for table, values in rows.items():
        insert_all(
            session,
            table,
            [
                {
                    **common,
                    **values,
                    "person_id": each,
                    "member_id": each,
                    **({"id": talk} if table is Conversation else {"conversation_id": talk}),
                    **({"id": question} if table is Question else {}),
                    **({"question_id": question} if table is Timer else {}),
                }
                for each, talk, question in zip(people, talks, asked, strict=True)
            ],
        )
    insert_all(
        session,
        Outbox,
        [
            {
                "id": text,
                "person_id": each,
                "member_id": each,
                "address_id": each,
                "to_uri": "sms:+13122000001",
                "sender": LOCAL_SERVICE_SID,
                "body": "How was your week?",
                "segments": 1,
                "purpose": "prompt",
                "priority": 2,
                "conversation_id": talk,
                "created_at": NOON,
                "not_before": NOON,
                "state": "queued",
                "attempt": 0,
            }
            for each, talk, text in zip(people, talks, texts, strict=True)
        ],
    )
