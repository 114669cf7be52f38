"""What `status`, `report` and `import` cost with 900 circles and 10,000 members.

What is measured is processor time, so that other work on the machine disturbs little; in brackets stands
how many times the floor it is, which is taken in turns with each of ours.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import func, insert, select, text

from assistant.circles.cohorts.assignment import spread_over_cohort
from assistant.circles.cohorts.import_entries import read_sheet
from assistant.circles.reports.kept_reports import keep_large
from assistant.circles.reports.report import find_whose, report_on
from assistant.circles.reports.status_counts import count_circles, count_texts
from assistant.conversations.import_invitations import invite_all
from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID
from assistant.runtime import read_flows
from assistant.store.database import Database
from assistant.store.insert import insert_all
from assistant.store.tables import Address, Circle, Cohort, Consent, Invitation, Member, Outbox, Person
from tests.bench.delivery import NOON, InHand, services_of
from tests.bench.inbound import backends
from tests.bench.made_rows import CIRCLES, WEEKS
from tests.bench.row import Row
from tests.bench.season_world import season

NAME = "figures"
ROWS: Final = 10_000
"""Of the file that is imported."""
AREAS: Final = ((212, 213), (412, 413), (512, 513))
"""One pair a file."""
ROUNDS, QUICK_ROUNDS = 7, 3
IMPORTS, QUICK_IMPORTS = 3, 1
BOOK: Final = read_flows()


def run(*, quick: bool = False) -> list[Row]:
    """Everything, on SQLite and on PostgreSQL."""
    rows = []
    with backends() as (_, _, urls):
        for backend, url in urls.items():
            database = season(url)
            rows.append(keeping(database, backend))
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
        rows.append(Row(f"{name}, {backend} (× {took / floor:.0f})", took, "ms", None, "≤ 100", "≤ 50"))
    return rows


def keeping(database: Database, backend: str) -> Row:
    """What counting the figures of both cohorts costs, once an hour, beside everything else."""
    took = seconds(database, lambda: keep_large(database, NOON))
    return Row(f"figures of {CIRCLES} circles counted and kept, {backend}", took, "s", None, "≤ 5", "≤ 2")


def imports(database: Database, backend: str, times: int) -> list[Row]:
    """What a file of new people costs, by reading it as CSV and inserting its rows as they are."""
    ours, floors = [], []
    for number in range(times):
        data = a_file(number)
        gathering(database, f"Gathering {number}")
        floors.append(seconds(database, lambda: floor_import(database, data)))  # noqa: B023
        ours.append(seconds(database, lambda: take_in(database, data, f"Gathering {number}")))  # noqa: B023
    took, floor = statistics.median(ours), statistics.median(floors)
    return [
        Row(f"the floor: {ROWS:,} rows read and inserted, {backend}", floor, "s"),
        Row(f"import of {ROWS:,} rows, {backend} (× {took / floor:.1f})", took, "s", None, "≤ 5", "≤ 3"),
    ]


def in_turns(
    tried: Mapping[str, Callable[[Database], object]], database: Database, rounds: int
) -> dict[str, float]:
    """The median of each in milliseconds; a first round warms up what is kept between two looks."""
    found: dict[str, list[float]] = {name: [] for name in tried}
    for _ in range(rounds + 1):
        for name, look in tried.items():
            found[name].append(seconds(database, lambda: look(database)) * 1000)  # noqa: B023
    return {name: statistics.median(each[1:]) for name, each in found.items()}


def seconds(database: Database, measured: Callable[[], object]) -> float:
    """Processor time of this process and, with PostgreSQL, of those that serve it."""
    servers = [] if database.is_sqlite else serving(database)
    began = time.process_time() + sum(map(ran, servers))
    measured()
    return time.process_time() + sum(map(ran, servers)) - began


def serving(database: Database) -> list[int]:
    """The processes of PostgreSQL that this process is connected to; none works in parallel."""
    with database.read() as session:
        session.execute(text("SET max_parallel_workers_per_gather = 0"))
        session.commit()
        mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        return list(session.scalars(text(mine)))


def ran(process: int) -> float:
    """Seconds for which a process of this machine had a processor, by Linux's own count."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


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
        area = AREAS[number][each // 8000]
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
        seating = spread_over_cohort(session, cohort, sheet.entries, services.identity, NOON)
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
                    "address_id": n,
                    "sender": LOCAL_SERVICE_SID,
                    "kind": "in",
                    "way": "import",
                    "at": NOON,
                    "wording": line["consent_source"],
                }
                for n, line in numbered
            ],
            Invitation: [
                {
                    "circle_id": 1,
                    "address_id": n,
                    "state": "waiting",
                    "created_at": NOON,
                    "name": line["name"],
                    "consent_at": NOON,
                    "consent_source": line["consent_source"],
                }
                for n, line in numbered
            ],
            Outbox: [
                {
                    "person_id": n,
                    "circle_id": 1,
                    "address_id": n,
                    "to_uri": line["phone"],
                    "priority": 2,
                    "sender": LOCAL_SERVICE_SID,
                    "body": "Hi",
                    "segments": 1,
                    "purpose": "invitation",
                    "created_at": NOON,
                    "not_before": NOON,
                    "state": "cancelled",
                    "attempt": 0,
                }
                for n, line in numbered
            ],
        }
        for table, rows in tables.items():
            insert_all(session, table, rows)
        session.rollback()


def gathering(database: Database, name: str) -> None:
    """A cohort of circles with a seat for everyone in the file, a third of them Spanish."""
    with database.write() as session:
        cohort = Cohort(name=name, created_at=NOON)
        session.add(cohort)
        session.flush()
        rows = [
            {
                "cohort_id": cohort.id,
                "code": f"G{cohort.id}N{each}",
                "name": "Oak",
                "size": 12,
                "zone": "America/Chicago",
                "state": "gathering",
                "program": "eight_weeks",
                "language": "en" if each % 3 else "es",
                "created_at": NOON,
            }
            for each in range(ROWS // 8)
        ]
        session.execute(insert(Circle), rows)
