"""The servers that tests start end with them, and a test that did not run is not taken for a passed one."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import text

from assistant.schedule.clock import ManualClock
from assistant.store import migrate
from assistant.store.database import Database
from tests import servers
from tests.spare_databases import SpareDatabases

pytest_plugins = ["pytester"]


def test_each_test_gets_a_migrated_database_of_its_own(database: Database) -> None:
    assert migrate.is_current(database)
    with database.write() as session:
        session.execute(text("INSERT INTO cohort (name, created_at) VALUES ('Spring', '2027-03-01')"))
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM cohort")) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_test_can_ask_for_postgresql_alone(database: Database) -> None:
    assert database.engine.dialect.name == "postgresql"


def test_the_redis_is_real_and_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "over")


def test_the_clock_stands_still_on_monday_morning(clock: ManualClock) -> None:
    assert clock.now() == clock.now() == clock.real()
    assert clock.now().strftime("%A %H:%M %Z") == "Monday 15:00 UTC"


def is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel ends children with their parent")
@pytest.mark.usefixtures("postgresql_server")
def test_servers_end_even_when_the_tests_are_killed() -> None:
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import servers\n"
        "with servers.valkey() as one, servers.postgresql() as other:\n"
        "    print(one, other, flush=True); time.sleep(60)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    ports = [int(url.rstrip("/0").rsplit(":")[-1].rstrip("/")) for url in started.stdout.readline().split()]
    assert [is_open(port) for port in ports] == [True, True]
    started.send_signal(signal.SIGKILL)
    started.wait()
    deadline = time.monotonic() + 10
    while any(map(is_open, ports)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [is_open(port) for port in ports] == [False, False]


def test_a_dropped_database_is_gone_though_someone_is_connected(postgresql_server: str) -> None:
    servers.create_database(postgresql_server, "short_lived")
    plain = servers.plain_url(postgresql_server, "short_lived")
    with psycopg.connect(plain):
        servers.drop_database(postgresql_server, "short_lived")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain)


def test_what_was_given_back_is_lent_again_empty_unless_its_tables_changed(postgresql_server: str) -> None:
    spare = SpareDatabases(postgresql_server, "template_circle", called="tried")

    def run(url: str, statement: str) -> tuple[object, ...] | None:
        with psycopg.connect(servers.plain_url(url, ""), autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchone() if done.description else None

    count = "SELECT count(*), nextval('person_id_seq') FROM person"
    with spare.lent() as first, spare.lent() as other:
        assert first != other
        run(first, "INSERT INTO person (plain, created_at) VALUES (false, now())")
        assert run(first, count) == (1, 2)
        left_open = psycopg.connect(servers.plain_url(other, ""))
        left_open.execute("INSERT INTO person (plain, created_at) VALUES (false, now())")
    with spare.lent() as url:
        assert url == first
        assert run(url, count) == (0, 1)
        with spare.lent() as beside:
            assert beside == other
            assert run(beside, count) == (0, 1)
        run(url, "ALTER TABLE person ADD COLUMN shoe int")
    with spare.lent(), spare.lent() as new:
        assert new not in (first, other)
    spare.close()


def test_a_machine_without_postgresql_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(servers, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(servers.NoServerError, match="apt install postgresql"), servers.postgresql():
        pass


def test_with_ci_nothing_may_be_skipped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = Path(__file__).parent
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tests), str(tests.parent)]))
    pytester.makeconftest((tests / "conftest.py").read_text())
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.skip(reason="no phone at hand")
        def test_one(): ...
        def test_two(): pytest.skip("no phone at hand")
        @pytest.mark.xfail
        def test_three(): raise AssertionError
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(errors=1, failed=1, xfailed=1)
