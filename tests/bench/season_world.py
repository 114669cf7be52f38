"""The world of the benchmark of figures: 900 circles with 10,000 members after a season of eight weeks.

A million rows or so, made by the database itself, the same ones every time.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, case, cast, literal, null, text

from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID
from assistant.store import migrate
from assistant.store.columns import Json, UtcDateTime
from assistant.store.database import Database
from assistant.store.tables import (
    Address,
    Answer,
    Circle,
    Cohort,
    Consent,
    Conversation,
    Inbox,
    Invitation,
    Member,
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
from tests.bench.delivery import NOON, put_in
from tests.bench.made_rows import (
    CIRCLES,
    MEMBERS,
    MONDAY,
    NOTHING,
    PAIRS_A_ROUND,
    WEEKS,
    circle_of,
    days,
    hours,
    i,
    some,
)
from tests.bench.season_words import alarms, words


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
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            # As autovacuum does of itself: PostgreSQL reads no index alone before.
            text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")
        )
    return database


def people(database: Database) -> None:
    """Circles in two cohorts, their hosts, and members who were invited, agreed and answered."""
    began = literal(MONDAY, UtcDateTime)
    with database.write() as session:
        session.add_all(
            [Cohort(id=1, name="Small", created_at=NOON), Cohort(id=2, name="Large", created_at=NOON)]
        )
    put_in(
        database,
        Circle,
        CIRCLES,
        id=i,
        code=literal("C").concat(cast(i, String)),
        name="Maple",
        zone="America/Chicago",
        state="running",
        cohort_id=case((i <= 100, 1), else_=2),
        language="en",
        size=12,
        program="eight_weeks",
        starts_on=MONDAY.date(),
        ends_on=MONDAY.date() + dt.timedelta(weeks=WEEKS, days=-1),
        created_at=began,
    )
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
        database,
        Address,
        MEMBERS,
        id=i,
        person_id=i,
        uri=literal("sms:+1312").concat(cast(i + 2000000, String)),
        created_at=began,
    )
    put_in(
        database,
        Member,
        MEMBERS,
        id=i,
        circle_id=circle_of(i),
        person_id=i,
        state_at=began,
        promised_at=began,
        named=True,
        misses=0,
        state=some(i, ["active"] * 14 + ["paused", "reading", "unreachable", "joining", "left", "left"]),
    )
    put_in(
        database,
        Role,
        CIRCLES,
        id=i,
        person_id=i,
        circle_id=i,
        kind="host",
        offered_at=began,
        accepted_at=began,
    )
    put_in(
        database,
        Consent,
        MEMBERS,
        id=i,
        address_id=i,
        sender=LOCAL_SERVICE_SID,
        kind="in",
        wording="JOIN",
        way="text",
        at=began,
    )
    put_in(
        database,
        Consent,
        MEMBERS // 20,
        id=i + MEMBERS,
        address_id=i * 20 - 2,
        sender=LOCAL_SERVICE_SID,
        kind="out",
        wording="STOP",
        way="text",
        at=began,
    )
    put_in(
        database,
        Invitation,
        MEMBERS,
        id=i,
        circle_id=circle_of(i),
        address_id=i,
        created_at=began,
        sent_at=began,
        state=some(i, ["confirmed"] * 8 + ["sent", "declined"]),
    )


def a_week(database: Database, week: int) -> None:
    """What the week brought to each member: a question, a reply of most, a share, a buddy."""
    asked = MONDAY + dt.timedelta(weeks=week - 1)
    at, n = literal(asked, UtcDateTime), i + (week - 1) * MEMBERS
    reply = some(i * 7 + week * 13, [hours(asked, after) for after in (1, 2, 5, 9, 20, 30, 50, 80, 100, 120)])
    last = week == WEEKS
    put_in(
        database,
        Timer,
        MEMBERS,
        id=n,
        kind="prompt",
        person_id=i,
        member_id=i,
        flow="weekly_reflection",
        values=NOTHING,
        due_at=at,
        key=f"week {week} open",
        done_at=at,
        attempts=0,
    )
    put_in(
        database,
        Timer,
        MEMBERS,
        id=n + WEEKS * MEMBERS,
        kind="prompt",
        person_id=i,
        member_id=i,
        flow="buddy_round",
        values=NOTHING,
        due_at=at,
        key=f"week {week} buddies",
        done_at=at,
        attempts=0,
    )
    put_in(
        database,
        Conversation,
        MEMBERS,
        id=n,
        person_id=i,
        member_id=i,
        flow="weekly_reflection",
        version="1",
        step=some(i, ["open", "nudge"]),
        callers=literal([], Json),
        values=NOTHING,
        began_at=at,
        ended_at=null() if last else at,
    )
    put_in(
        database,
        Question,
        MEMBERS,
        id=n,
        conversation_id=n,
        person_id=i,
        member_id=i,
        flow="weekly_reflection",
        step="open",
        visible_to="circle",
        state="closed",
        opened_at=at,
        closed_at=reply,
        unclear=0,
        outcome=some(i + week, ["text"] * 7 + ["silence"] * 3),
    )
    put_in(
        database,
        Question,
        MEMBERS,
        id=n + WEEKS * MEMBERS,
        conversation_id=n,
        person_id=i,
        member_id=i,
        flow="buddy_check_in",
        step="met",
        visible_to="us",
        state="closed",
        opened_at=at,
        closed_at=reply,
        unclear=0,
        outcome="yes",
    )
    put_in(
        database,
        Answer,
        MEMBERS * 7 // 10,
        id=n,
        question_id=n,
        person_id=i,
        member_id=i,
        key="rose_bud_thorn",
        outcome="text",
        words="A good week.",
        value=literal({"value": "A good week."}, Json),
        visible_to="circle",
        at=reply,
    )
    put_in(
        database,
        Share,
        MEMBERS // 2,
        id=n,
        circle_id=circle_of(i),
        member_id=i,
        answer_id=n,
        week=week,
        words="A good week.",
        named=True,
        at=reply,
    )
    put_in(
        database,
        Inbox,
        MEMBERS * 7 // 10,
        id=n,
        carrier_id=literal("SM").concat(cast(n, String)),
        from_uri="sms:+13125550100",
        to_uri="sms:+14155550100",
        body="A good week.",
        params=NOTHING,
        received_at=reply,
        person_id=i,
        state="done",
        attempts=0,
    )
    for kind, wording in enumerate(
        ("weekly_reflection/open/say", "weekly_reflection/thanks/say", "buddy_check_in/met/say")
    ):
        put_in(
            database,
            Outbox,
            MEMBERS,
            id=n + kind * WEEKS * MEMBERS,
            person_id=i,
            member_id=i,
            circle_id=circle_of(i),
            address_id=i,
            to_uri="sms:+13125550100",
            sender=LOCAL_SERVICE_SID,
            body="How was your week? SKIP is fine.",
            segments=1,
            purpose="prompt",
            priority=2,
            conversation_id=n,
            wording=wording,
            created_at=at,
            not_before=at,
            state=case((i % 50 == 0, "queued"), else_="done") if last else "done",
            sent_at=at,
            attempt=1,
        )
    put_in(database, Round, CIRCLES, id=i + (week - 1) * CIRCLES, circle_id=i, week=week, made_at=at)
    pairs = (week - 1) * PAIRS_A_ROUND
    put_in(
        database,
        Pair,
        PAIRS_A_ROUND,
        id=i + pairs,
        round_id=circle_of(i) + (week - 1) * CIRCLES,
        why="first_time",
        made_at=at,
    )
    for half in (0, 1):
        put_in(
            database,
            PairMember,
            PAIRS_A_ROUND,
            pair_id=i + pairs,
            member_id=i + half * PAIRS_A_ROUND,
            told_at=at,
            did=some(i + half + week, ["yes", "yes", "not_yet", None]),
        )


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
