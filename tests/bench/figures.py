"""What it costs to say how circles stand, and to take in a long file: `status`, `report` and `import` at size.

The world is 900 circles with 10,000 members in one cohort, after a season of eight weeks: 900,000 rows or so,
made by the database itself and the same ones every time. What is measured is processor time of this process
and, on PostgreSQL, of the server's, which works for nobody else; a figure of the floor is taken in turns with
each of ours. `python -m tests.bench figures --quick` measures less often.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    String,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    null,
    select,
    text,
)

from assistant.circles.cohorts.assignment import spread_over_cohort
from assistant.circles.cohorts.import_entries import read_sheet
from assistant.circles.reports.report import find_whose, report_on
from assistant.circles.reports.status_counts import count_circles, count_texts
from assistant.conversations.import_invitations import invite_all
from assistant.runtime import read_flows
from assistant.store import migrate
from assistant.store.columns import Json, UtcDateTime
from assistant.store.database import Database
from assistant.store.tables import (
    Address,
    Alert,
    AlertStep,
    Answer,
    Circle,
    Cohort,
    Consent,
    Conversation,
    Goal,
    GoalStep,
    Inbox,
    Invitation,
    Member,
    Note,
    Outbox,
    Pair,
    PairMember,
    Person,
    Question,
    Role,
    Round,
    Share,
    Timer,
)
from tests.bench.delivery import LOCAL_SERVICE_SID, NOON, InHand, put_in, services_of
from tests.bench.inbound import backends
from tests.bench.row import Row

NAME = "figures"
CIRCLES, MEMBERS, WEEKS = 900, 10_000, 8
PAIRS_A_ROUND: Final = 5 * CIRCLES
ROWS: Final = 10_000
"""Of the file that is imported."""
ROUNDS, QUICK_ROUNDS = 7, 3
IMPORTS, QUICK_IMPORTS = 3, 1
MONDAY: Final = NOON - dt.timedelta(weeks=WEEKS, hours=1)
"""When the season began; it is over by noon, and not yet closed."""

BOOK: Final = read_flows()

i = column("i", Integer)
NOTHING = literal({}, Json)


def run(*, quick: bool = False) -> list[Row]:
    """Everything, on SQLite and on PostgreSQL."""
    rows = []
    with backends() as (_, _, urls):
        for backend, url in urls.items():
            database = season(url)
            rows += looks(database, backend, QUICK_ROUNDS if quick else ROUNDS)
            rows += imports(database, backend, QUICK_IMPORTS if quick else IMPORTS)
            database.close()
    return rows


def looks(database: Database, backend: str, rounds: int) -> list[Row]:
    """What `status` and `report` cost, each by counting the members by circle in one statement."""
    asked = {
        f"status of {CIRCLES} circles": status_of_all,
        "status of one": status_of_one,
        "report on one, of a cohort of 100": lambda each: report(each, "C1"),
        "report on a cohort of 100": lambda each: report(each, "Small"),
        f"report on a cohort of {CIRCLES - 100}": lambda each: report(each, "Large"),
    }
    found = in_turns({"floor": count_members, **asked}, database, rounds)
    floor = found.pop("floor")
    rows = [Row(f"the floor: members by circle, {backend}", floor, "ms")]
    for name, took in found.items():
        rows.append(Row(f"{name}, {backend} (× {took / floor:.1f})", took, "ms", None, "≤ 100"))
    return rows


def imports(database: Database, backend: str, times: int) -> list[Row]:
    """What a file of new people costs, by reading it as CSV and inserting its rows as they are."""
    ours, floors = [], []
    for number in range(times):
        data = a_file(number)
        gathering(database, f"Gathering {number}")
        floors.append(seconds(lambda: floor_import(database, data)))  # noqa: B023
        ours.append(seconds(lambda: take_in(database, data, f"Gathering {number}")))  # noqa: B023
    took, floor = statistics.median(ours), statistics.median(floors)
    return [
        Row(f"the floor: {ROWS:,} rows read and inserted, {backend}", floor, "s"),
        Row(f"import of {ROWS:,} rows, {backend} (× {took / floor:.1f})", took, "s", None, "≤ 5"),
    ]


def in_turns(
    tried: Mapping[str, Callable[[Database], object]], database: Database, rounds: int
) -> dict[str, float]:
    """The median of each in milliseconds; a first round warms up what is kept between two looks."""
    found: dict[str, list[float]] = {name: [] for name in tried}
    for _ in range(rounds + 1):
        for name, look in tried.items():
            found[name].append(seconds(lambda: look(database)) * 1000)  # noqa: B023
    return {name: statistics.median(each[1:]) for name, each in found.items()}


def seconds(measured: Callable[[], object]) -> float:
    """Processor time of this process; a server's is not in it."""
    began = time.process_time()
    measured()
    return time.process_time() - began


def count_members(database: Database) -> None:
    with database.read() as session:
        session.execute(select(Member.circle_id, func.count()).group_by(Member.circle_id)).all()


def status_of_all(database: Database) -> None:
    with database.read() as session:
        if len(count_circles(session, NOON)) < CIRCLES:
            raise RuntimeError("circles are missing")
        count_texts(session)


def status_of_one(database: Database) -> None:
    with database.read() as session:
        count_circles(session, NOON, "C1")
        count_texts(session)


def report(database: Database, name: str) -> None:
    with database.read() as session:
        if report_on(session, find_whose(session, name), NOON).weeks != WEEKS:
            raise RuntimeError("the season is not over")


# A file


def a_file(number: int) -> bytes:
    """People whom nobody knows yet, of many zones and days of consent; another `number` is other people."""
    zones = ("America/Chicago", "Central", "", "America/New_York")
    lines = ["phone,name,language,timezone,consent_at,consent_source,hours,teaches,learns"]
    for each in range(ROWS):
        area = 220 + number * 10 + each // 8000
        phone = f"({area}) {200 + each % 8000 // 100}-{1000 + each % 100 * 7:04}"
        day = dt.date(2026, 1, 1) + dt.timedelta(days=each % 300)
        lines.append(
            f"{phone},Ana {each},{('en', 'es', 'en', '')[each % 4]},{zones[each % 3]},{day},intake form,"
            f"evenings,resumes,budgets"
        )
    return "\n".join(lines).encode()


def take_in(database: Database, data: bytes, name: str) -> None:
    """Read, check, plan and write down, as `circle import --spread` does."""
    services = replace(services_of(database, InHand()), book=BOOK)  # type: ignore[arg-type]
    with database.read() as session:
        cohort = find_whose(session, name)
        assert isinstance(cohort, Cohort)
        sheet = read_sheet(data, country="US", zone="America/Chicago", now=NOON)
        seating = spread_over_cohort(session, cohort, sheet.entries, LOCAL_SERVICE_SID, NOON)
    done = invite_all(services, seating, sheet.entries)
    if done["invite"] != ROWS:
        raise RuntimeError(f"of {ROWS} people, {dict(done)}")


def floor_import(database: Database, data: bytes) -> None:
    """The least there is to do: each row a person, an address, a consent, an invitation and a text."""
    lines = list(csv.DictReader(io.StringIO(data.decode())))
    with database.write() as session:
        first = (session.scalar(select(func.max(Person.id))) or 0) + 1
        numbered = list(enumerate(lines, first))
        tables = {
            Person: [{"id": n, "plain": False, "created_at": NOON} for n, _ in numbered],
            Address: [
                {"id": n, "person_id": n, "uri": f"floor:{n} {line['phone']}", "created_at": NOON}
                for n, line in numbered
            ],
            Consent: [
                {
                    **{
                        "address_id": n,
                        "sender": LOCAL_SERVICE_SID,
                        "kind": "in",
                        "way": "import",
                        "at": NOON,
                    },
                    "wording": line["consent_source"],
                }
                for n, line in numbered
            ],
            Invitation: [
                {
                    **{"circle_id": 1, "address_id": n, "state": "waiting", "created_at": NOON},
                    **{"name": line["name"], "consent_at": NOON, "consent_source": line["consent_source"]},
                }
                for n, line in numbered
            ],
            Outbox: [
                {
                    **{
                        "person_id": n,
                        "circle_id": 1,
                        "address_id": n,
                        "to_uri": line["phone"],
                        "priority": 2,
                    },
                    **{"sender": LOCAL_SERVICE_SID, "body": "Hi", "segments": 1, "purpose": "invitation"},
                    **{"created_at": NOON, "not_before": NOON, "state": "cancelled", "attempt": 0},
                }
                for n, line in numbered
            ],
        }
        for table, rows in tables.items():
            session.execute(insert(table.__table__), rows)  # type: ignore[attr-defined]
        session.rollback()


def gathering(database: Database, name: str) -> None:
    """A cohort of circles with a seat for everyone in the file, a third of them Spanish."""
    with database.write() as session:
        cohort = Cohort(name=name, created_at=NOON)
        session.add(cohort)
        session.flush()
        rows = [
            {
                **{"cohort_id": cohort.id, "code": f"G{cohort.id}N{each}", "name": "Oak", "size": 12},
                **{"zone": "America/Chicago", "state": "gathering", "program": "eight_weeks"},
                **{"language": "en" if each % 3 else "es", "created_at": NOON},
            }
            for each in range(ROWS // 8)
        ]
        session.execute(insert(Circle), rows)


# The world


def season(url: str) -> Database:
    """A database with the whole season in it."""
    database = Database(url)
    migrate.downgrade(database, migrate.BASE)
    migrate.upgrade(database)
    people(database)
    for week in range(1, WEEKS + 1):
        a_week(database, week)
    words(database)
    alarms(database)
    number_on(database)
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return database


def people(database: Database) -> None:
    """Circles in two cohorts, their hosts, and members who were invited, agreed and answered."""
    noon, began = literal(NOON, UtcDateTime), literal(MONDAY, UtcDateTime)
    with database.write() as session:
        session.add_all(
            [Cohort(id=1, name="Small", created_at=NOON), Cohort(id=2, name="Large", created_at=NOON)]
        )
    put_in(
        database, Circle, CIRCLES,
        id=i, code=literal("C").concat(cast(i, String)), name="Maple", zone="America/Chicago", state="running",
        cohort_id=case((i <= 100, 1), else_=2), language="en", size=12, program="eight_weeks",
        starts_on=MONDAY.date(), ends_on=MONDAY.date() + dt.timedelta(weeks=WEEKS, days=-1), created_at=began,
    )  # fmt: skip
    put_in(
        database,
        Person,
        MEMBERS,
        id=i,
        plain=False,
        created_at=began,
        heard_at=some(i, [None, NOON, days(-3), days(-20)]),
    )
    put_in(
        database, Address, MEMBERS,
        id=i, person_id=i, uri=literal("sms:+1312").concat(cast(i + 2000000, String)), created_at=began,
    )  # fmt: skip
    put_in(
        database, Member, MEMBERS,
        id=i, circle_id=circle_of(i), person_id=i, state_at=began, promised_at=began, named=True, misses=0,
        state=some(i, ["active"] * 14 + ["paused", "reading", "unreachable", "joining", "left", "left"]),
    )  # fmt: skip
    put_in(
        database, Role, CIRCLES,
        id=i, person_id=i, circle_id=i, kind="host", offered_at=began, accepted_at=began,
    )  # fmt: skip
    put_in(
        database, Consent, MEMBERS,
        id=i, address_id=i, sender=LOCAL_SERVICE_SID, kind="in", wording="JOIN", way="text", at=began,
    )  # fmt: skip
    put_in(
        database, Consent, MEMBERS // 20,
        id=i + MEMBERS, address_id=i * 20 - 2, sender=LOCAL_SERVICE_SID, kind="out", wording="STOP", way="text", at=began,
    )  # fmt: skip
    put_in(
        database, Invitation, MEMBERS,
        id=i, circle_id=circle_of(i), address_id=i, created_at=began, sent_at=began,
        state=some(i, ["confirmed"] * 8 + ["sent", "declined"]),
    )  # fmt: skip


def a_week(database: Database, week: int) -> None:
    """What the week brought to each member: a question, a reply of most, a share, a buddy."""
    asked = MONDAY + dt.timedelta(weeks=week - 1)
    at, n = literal(asked, UtcDateTime), i + (week - 1) * MEMBERS
    reply = some(i * 7 + week * 13, [hours(asked, after) for after in (1, 2, 5, 9, 20, 30, 50, 80, 100, 120)])
    last = week == WEEKS
    put_in(
        database, Timer, MEMBERS,
        id=n, kind="prompt", person_id=i, member_id=i, flow="weekly_reflection", values=NOTHING, due_at=at,
        key=f"week {week} open", done_at=at, attempts=0,
    )  # fmt: skip
    put_in(
        database, Timer, MEMBERS,
        id=n + WEEKS * MEMBERS, kind="prompt", person_id=i, member_id=i, flow="buddy_round", values=NOTHING, due_at=at,
        key=f"week {week} buddies", done_at=at, attempts=0,
    )  # fmt: skip
    put_in(
        database, Conversation, MEMBERS,
        id=n, person_id=i, member_id=i, flow="weekly_reflection", version="1", step=some(i, ["open", "nudge"]),
        callers=literal([], Json), values=NOTHING, began_at=at, ended_at=null() if last else at,
    )  # fmt: skip
    put_in(
        database, Question, MEMBERS,
        id=n, conversation_id=n, person_id=i, member_id=i, flow="weekly_reflection", step="open",
        visible_to="circle", state="closed", opened_at=at, closed_at=reply, unclear=0,
        outcome=some(i + week, ["text"] * 7 + ["silence"] * 3),
    )  # fmt: skip
    put_in(
        database, Question, MEMBERS,
        id=n + WEEKS * MEMBERS, conversation_id=n, person_id=i, member_id=i, flow="buddy_check_in", step="met",
        visible_to="us", state="closed", opened_at=at, closed_at=reply, unclear=0, outcome="yes",
    )  # fmt: skip
    put_in(
        database, Answer, MEMBERS * 7 // 10,
        id=n, question_id=n, person_id=i, member_id=i, key="rose_bud_thorn", outcome="text", words="A good week.",
        value=literal({"value": "A good week."}, Json), visible_to="circle", at=reply,
    )  # fmt: skip
    put_in(
        database, Share, MEMBERS // 2,
        id=n, circle_id=circle_of(i), member_id=i, answer_id=n, week=week, words="A good week.", named=True, at=reply,
    )  # fmt: skip
    put_in(
        database, Inbox, MEMBERS * 7 // 10,
        id=n, carrier_id=literal("SM").concat(cast(n, String)), from_uri="sms:+13125550100", to_uri="sms:+14155550100",
        body="A good week.", params=NOTHING, received_at=reply, person_id=i, state="done", attempts=0,
    )  # fmt: skip
    for kind, wording in enumerate(
        ("weekly_reflection/open/say", "weekly_reflection/thanks/say", "buddy_check_in/met/say")
    ):
        put_in(
            database, Outbox, MEMBERS,
            id=n + kind * WEEKS * MEMBERS, person_id=i, member_id=i, circle_id=circle_of(i), address_id=i,
            to_uri="sms:+13125550100", sender=LOCAL_SERVICE_SID, body="How was your week? SKIP is fine.", segments=1,
            purpose="prompt", priority=2, conversation_id=n, wording=wording, created_at=at, not_before=at,
            state=case((i % 50 == 0, "queued"), else_="done") if last else "done", sent_at=at, attempt=1,
        )  # fmt: skip
    put_in(database, Round, CIRCLES, id=i + (week - 1) * CIRCLES, circle_id=i, week=week, made_at=at)
    pairs = (week - 1) * PAIRS_A_ROUND
    put_in(
        database, Pair, PAIRS_A_ROUND,
        id=i + pairs, round_id=circle_of(i) + (week - 1) * CIRCLES, why="new", made_at=at,
    )  # fmt: skip
    for half in (0, 1):
        put_in(
            database, PairMember, PAIRS_A_ROUND,
            pair_id=i + pairs, member_id=i + half * PAIRS_A_ROUND, told_at=at, did=some(i + half + week, ["yes", "yes", "not_yet", None]),
        )  # fmt: skip


def words(database: Database) -> None:
    """Goals and their steps, kind lines and thanks."""
    at = literal(MONDAY, UtcDateTime)
    put_in(
        database, Goal, MEMBERS * 8 // 10,
        id=i, member_id=i, words="g", plan=some(i, ["p", None]), state=some(i, ["open", "reached", "open"]), set_at=at,
    )  # fmt: skip
    put_in(
        database,
        GoalStep,
        MEMBERS // 2,
        id=i,
        goal_id=i,
        words="s",
        outcome=some(i, ["did", None]),
        set_at=at,
    )
    put_in(
        database, Note, MEMBERS // 2,
        id=i, circle_id=circle_of(i), from_member_id=i, to_member_id=i + 1, kind=some(i, ["kind", "thanks", "buddy"]),
        words="k", at=at,
    )  # fmt: skip


def alarms(database: Database) -> None:
    """One alert in ten circles is open."""
    at = literal(MONDAY, UtcDateTime)
    put_in(
        database, Alert, CIRCLES,
        id=i, kind=some(i, ["danger", "not_ok", "report"]), circle_id=i, person_id=i, opened_at=at,
        closed_at=some(i, [None, *[NOON] * 9]),
    )  # fmt: skip
    put_in(database, AlertStep, CIRCLES, id=i, alert_id=i, at=at, what="shown", person_id=i)


def number_on(database: Database) -> None:
    """Let PostgreSQL go on numbering after the rows that were numbered here."""
    if database.is_sqlite:
        return
    with database.write() as session:
        for table in Person.metadata.sorted_tables:
            if "id" in table.c:
                session.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                        f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name}))"
                    )
                )


def circle_of(number: ColumnElement[int]) -> ColumnElement[int]:
    return number % literal(CIRCLES, Integer) + 1


def some(number: ColumnElement[int], values: list[Any]) -> ColumnElement[Any]:
    """One of the values for each number, always the same one."""
    written = [
        null()
        if each is None
        else literal(each, UtcDateTime)
        if isinstance(each, dt.datetime)
        else literal(each)
        for each in values
    ]
    # Circles have every 900th number; within one, too, members differ.
    mixed = (number + number // literal(CIRCLES, Integer) * literal(7, Integer)) % literal(
        len(values), Integer
    )
    return case(*((mixed == at, each) for at, each in enumerate(written)))


def days(count: int) -> dt.datetime:
    return NOON + dt.timedelta(days=count)


def hours(asked: dt.datetime, count: int) -> dt.datetime:
    return asked + dt.timedelta(hours=count)
