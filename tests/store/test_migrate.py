"""A database comes from nothing to today's tables, and back, on SQLite and on PostgreSQL alike."""

import json
import multiprocessing
import subprocess
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from assistant.schedule.clock import ManualClock
from assistant.store import migrate
from assistant.store.database import Database
from assistant.store.tables import (
    Approach,
    Base,
    Circle,
    Conversation,
    FlowVersion,
    Listing,
    PendingAction,
    Person,
    Question,
    Role,
    Timer,
)


def described(database: Database) -> dict[str, Any]:
    """All that the database itself knows about its tables, partial indexes and CHECKs included."""
    known = inspect(database.engine)
    return {
        table: {
            "columns": [_read(column) for column in known.get_columns(table)],
            "primary key": _read(known.get_pk_constraint(table)),
            "foreign keys": sorted(map(_read, known.get_foreign_keys(table))),
            "uniques": sorted(map(_read, known.get_unique_constraints(table))),
            "checks": sorted(map(_read, known.get_check_constraints(table))),
            "indexes": sorted(map(_read, known.get_indexes(table))),
        }
        for table in known.get_table_names()
        if table != "alembic_version"
    }


def _read(row: Any) -> str:
    return json.dumps(row, default=str, sort_keys=True)


@pytest.fixture
def modelled(empty_database: Database) -> dict[str, Any]:
    """What the models themselves make of an empty database; it is left empty again."""
    empty_database.create_all()
    made = described(empty_database)
    Base.metadata.drop_all(empty_database.engine)
    return made


def test_upgrading_from_nothing_makes_exactly_the_tables_of_the_models(
    empty_database: Database, modelled: dict[str, Any]
) -> None:
    assert described(empty_database) == {}
    migrate.upgrade(empty_database)
    assert described(empty_database) == modelled
    with empty_database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_database_itself_refuses_a_state_that_nobody_knows(
    database: Database, clock: ManualClock
) -> None:
    with pytest.raises(IntegrityError, match="ck_circle_state"), database.write() as session:
        session.add(Circle(code="A", name="A", zone="UTC", state="lost", created_at=clock.now()))


def test_the_database_itself_allows_one_open_question_a_person(
    database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    with database.write() as session:
        ana = Person(created_at=now)
        session.add(ana)
        session.flush()
        talk = Conversation(person_id=ana.id, flow="f", version="v", step="s", began_at=now)
        session.add(talk)
        session.flush()
        asked = {
            "conversation_id": talk.id,
            "person_id": ana.id,
            "flow": "f",
            "step": "s",
            "visible_to": "us",
        }
    with database.write() as session:
        session.add_all(
            Question(**asked, state=state, opened_at=now) for state in ("closed", "closed", "open")
        )
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Question(**asked, state="open", opened_at=now))


def test_the_database_itself_gives_a_seat_to_a_host_only_once(database: Database, clock: ManualClock) -> None:
    now = clock.now()
    with database.write() as session:
        session.add(Person(id=1, created_at=now))
        session.add(Circle(id=1, code="A", name="A", zone="UTC", created_at=now))
        session.flush()
        session.add(Role(person_id=1, kind="host", circle_id=1, offered_at=now, ended_at=now))
        session.add(Role(person_id=1, kind="backup", circle_id=1, offered_at=now))
        session.add(Role(person_id=1, kind="host", circle_id=1, offered_at=now))
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Role(person_id=1, kind="host", circle_id=1, offered_at=now))


def test_downgrading_leaves_no_table_and_upgrading_again_works(database: Database) -> None:
    migrate.downgrade(database, migrate.BASE)
    assert described(database) == {}
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)


def test_a_database_says_where_it_is(database: Database, empty_database: Database) -> None:
    assert migrate.current(empty_database) is None
    migrate.upgrade(empty_database)
    assert migrate.current(database) == migrate.head() == migrate.revisions()[-1]


def test_the_numbers_of_the_files_are_the_revisions_that_alembic_sees(database: Database) -> None:
    with database.engine.connect() as connection:
        known = ScriptDirectory.from_config(migrate.alembic_config(connection))
    assert [step.revision for step in known.walk_revisions()] == list(reversed(migrate.revisions()))


def upgrade_at(url: str, start: Any) -> None:
    start.wait()
    migrate.upgrade(Database(url))


def test_processes_that_start_together_do_not_race(empty_database: Database) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    empty_database.close()
    processes = multiprocessing.get_context("spawn")
    start = processes.Barrier(2)
    racing = [processes.Process(target=upgrade_at, args=(url, start), daemon=True) for _ in range(2)]
    for process in racing:
        process.start()
    for process in racing:
        process.join(120)
    assert [process.exitcode for process in racing] == [0, 0]
    assert migrate.is_current(empty_database)


def test_a_failed_upgrade_leaves_nothing_behind(empty_database: Database) -> None:
    with empty_database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE watermark (name TEXT)"))
    with pytest.raises(Exception, match="watermark"):
        migrate.upgrade(empty_database)
    assert list(described(empty_database)) == ["watermark"]
    assert migrate.current(empty_database) is None


def test_a_database_from_a_newer_program_is_refused_in_plain_words(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not migrate.is_current(database)
    with pytest.raises(migrate.UnknownRevisionError, match=r"revision 9999.*newer version"):
        migrate.upgrade(database)


def test_starting_on_a_database_that_is_current_does_not_load_alembic(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    program = (
        "import sys; from assistant.store import database, migrate; "
        f"migrate.upgrade(database.Database({url!r})); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_rows_of_the_first_revision_live_through_the_next_ones(database: Database) -> None:
    migrate.downgrade(database, "0001")
    moment = "2026-06-01 14:00:00+00:00" if not database.is_sqlite else "2026-06-01 14:00:00"
    with database.engine.begin() as connection:
        for row in (
            "INSERT INTO person (id, created_at, plain) VALUES (1, :at, false)",
            (
                "INSERT INTO circle (id, code, name, language, zone, size, program, state, created_at)"
                " VALUES (1, 'MAPLE', 'Maple', 'en', 'UTC', 12, 'eight_weeks', 'running', :at)"
            ),
            "INSERT INTO role (id, person_id, kind, circle_id, offered_at) VALUES (1, 1, 'host', 1, :at)",
            (
                "INSERT INTO member (id, circle_id, person_id, state, state_at, misses, named)"
                " VALUES (1, 1, 1, 'active', :at, 0, true)"
            ),
            (
                'INSERT INTO timer (id, kind, person_id, member_id, due_at, attempts, "values")'
                " VALUES (1, 'prompt', 1, 1, :at, 0, '{}')"
            ),
        ):
            connection.execute(text(row), {"at": moment})
    migrate.upgrade(database)
    with database.read() as session:
        timer = session.get_one(Timer, 1)
        assert (timer.at_once, timer.member_id) == (False, 1)
        assert session.get_one(Role, 1).brief_at is None


def test_who_was_asked_lives_through_what_listings_may_be(database: Database) -> None:
    migrate.downgrade(database, "0012")
    moment = "2026-06-01 14:00:00+00:00" if not database.is_sqlite else "2026-06-01 14:00:00"
    with database.engine.begin() as connection:
        for row in (
            "INSERT INTO person (id, created_at, plain) VALUES (1, :at, false)",
            (
                "INSERT INTO circle (id, code, name, language, zone, size, program, state, created_at)"
                " VALUES (1, 'MAPLE', 'Maple', 'en', 'UTC', 12, 'eight_weeks', 'running', :at)"
            ),
            (
                "INSERT INTO member (id, circle_id, person_id, state, state_at, misses, named)"
                " VALUES (1, 1, 1, 'active', :at, 0, true)"
            ),
            (
                "INSERT INTO listing (id, kind, circle_id, member_id, named, state, created_at)"
                " VALUES (5, 'ask', 1, 1, true, 'open', :at)"
            ),
            (
                "INSERT INTO approach (id, listing_id, member_id, wave, due_at, reply)"
                " VALUES (9, 5, 1, 'quiet', :at, 'can')"
            ),
        ):
            connection.execute(text(row), {"at": moment})
    migrate.upgrade(database)
    with database.write() as session:
        kept = session.get_one(Approach, 9)
        assert (kept.listing_id, kept.wave, kept.reply) == (5, "quiet", "can")
        session.get_one(Listing, 5).kind = "rally"
        kept.reply = "line"


def test_a_question_keeps_the_one_timer_of_its_next_silence(database: Database) -> None:
    migrate.downgrade(database, "0037")
    moment = "2026-06-01 14:00:00+00:00" if not database.is_sqlite else "2026-06-01 14:00:00"
    timers = ((1, 1, "0", None), (2, 1, "1", None), (3, 2, "0", moment), (4, 2, "1", None), (5, 2, "2", None))
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO person (id, created_at, plain) VALUES (1, :at, false)"), {"at": moment}
        )
        connection.execute(
            text(
                'INSERT INTO conversation (id, person_id, flow, version, step, callers, "values", began_at)'
                " VALUES (1, 1, 'f', 'v', 's', '[]', '{}', :at)"
            ),
            {"at": moment},
        )
        for number, state in ((1, "open"), (2, "waiting")):
            connection.execute(
                text(
                    "INSERT INTO question"
                    " (id, conversation_id, person_id, flow, step, visible_to, state, opened_at, unclear)"
                    " VALUES (:id, 1, 1, 'f', 's', 'us', :state, :at, 0)"
                ),
                {"id": number, "state": state, "at": moment},
            )
        for number, question, outcome, done in timers:
            connection.execute(
                text(
                    "INSERT INTO timer"
                    ' (id, kind, person_id, question_id, outcome, "values", due_at, done_at, attempts)'
                    " VALUES (:id, 'silence', 1, :question, :outcome, '{}', :at, :done, 0)"
                ),
                {"id": number, "question": question, "outcome": outcome, "at": moment, "done": done},
            )
    migrate.upgrade(database)
    with database.read() as session:
        waits = session.scalars(select(Timer.id).where(Timer.done_at.is_(None)).order_by(Timer.id)).all()
        assert waits == [1, 4]


def test_what_is_under_way_lives_through_the_renaming(database: Database) -> None:
    migrate.downgrade(database, "0002")
    moment = "2026-06-01 14:00:00+00:00" if not database.is_sqlite else "2026-06-01 14:00:00"
    with database.engine.begin() as connection:
        for row in (
            "INSERT INTO person (id, created_at, plain) VALUES (1, :at, false)",
            (
                "INSERT INTO circle (id, code, name, language, zone, size, program, state, created_at)"
                " VALUES (1, 'MAPLE', 'Maple', 'en', 'UTC', 12, 'eight_weeks', 'running', :at)"
            ),
            (
                "INSERT INTO deed (id, kind, circle_id, by_person_id, details, state, created_at)"
                " VALUES (7, 'check_in', 1, 1, '{}', 'held', :at)"
            ),
            (
                "INSERT INTO conversation"
                ' (id, person_id, flow, version, step, callers, "values", began_at, moved_at)'
                """ VALUES (1, 1, 'f', 'v', 's', '[]', '{"deed": 7, "n": "5", "kept": 1}', :at, :at)"""
            ),
            (
                "INSERT INTO question"
                " (id, conversation_id, person_id, flow, step, sees, state, opened_at, unclear)"
                " VALUES (1, 1, 1, 'f', 's', 'host', 'open', :at, 0)"
            ),
            (
                "INSERT INTO flow_version (id, flow, version, source, first_used_at) VALUES (1, 'f', 'v',"
                """ '{"steps": {"s": {"kind": "ask", "sees": {"full": "host"}}}}', :at)"""
            ),
        ):
            # Colons within JSON are no parameters.
            connection.execute(text(row.replace('": ', '"\\: ')), {"at": moment})
    migrate.upgrade(database)
    with database.write() as session:
        assert session.get_one(PendingAction, 7).state == "held"
        assert session.get_one(Conversation, 1).values == {"pending_action": 7, "count": "5", "kept": 1}
        assert session.get_one(Question, 1).visible_to == "host"
        source = session.get_one(FlowVersion, 1).source
        assert source["steps"]["s"] == {"kind": "ask", "visible_to": {"full": "host"}}
        another = PendingAction(
            kind="say",
            circle_id=1,
            by_person_id=1,
            state="held",
            created_at=session.get_one(Circle, 1).created_at,
        )
        session.add(another)
        session.flush()
        assert another.id > 7


def test_words_that_begin_as_sealed_values_do_are_still_their_writer_s_own(
    database: Database, clock: ManualClock
) -> None:
    migrate.downgrade(database, "0007")
    with database.write() as session:
        words = {"name": "sealed:1:0000aaaa:AAAA", "plain": False, "now": clock.now()}
        session.execute(
            text("INSERT INTO person (name, plain, created_at) VALUES (:name, :plain, :now)"), words
        )
    migrate.upgrade(database)
    with database.read() as session:
        assert session.query(Person).one().name == "sealed:1:0000aaaa:AAAA"
    if database.is_sqlite:
        with database.engine.connect() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
