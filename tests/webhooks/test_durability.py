"""A text that was answered 2xx is there, whatever happens to the process that answered."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from assistant.delivery.recorder import replay
from assistant.delivery.spool import Spool
from assistant.store.database import Database
from assistant.store.tables import Inbox
from tests import servers
from tests.webhooks.twilio_side import PUBLIC_URL, payload, sign

SERVE = (
    "from assistant.settings import load_settings; from webhooks.serve import serve; serve(load_settings())"
)
PATH = "/webhooks/twilio/message"


@contextmanager
def web(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`serve` in a process of its own, once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], env={**os.environ, **environment, "PORT": str(port)}
    )
    try:
        deadline = time.monotonic() + 20
        while get(port, "/health/live") != 200:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def get(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def post(connection: http.client.HTTPConnection, number: int, query: str = "") -> int:
    form = {**payload("message_sms"), "MessageSid": f"SM{number:032x}", "Body": f"text {number}"}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(PUBLIC_URL + PATH + query, form),
    }
    connection.request("POST", PATH + query, urlencode(form), headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def refusal(method: str, port: int, body: bytes | Iterator[bytes] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"}
    connection.request(method, PATH, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def children_of(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def texts(database: Database) -> set[str]:
    with database.read() as session:
        return {body or "" for body in session.scalars(select(Inbox.body))}


@pytest.fixture
def port() -> int:
    return servers.free_port()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_9_right_after_the_answer_loses_nothing(
    environment: dict[str, str], port: int, database: Database
) -> None:
    answered: set[str] = set()
    lock = threading.Lock()

    def send(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        number = first
        try:
            while post(connection, number) == 200:
                with lock:
                    answered.add(f"text {number}")
                number += 100
        except (OSError, http.client.HTTPException):
            return

    with web(environment, port) as process:
        senders = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for thread in senders:
            thread.start()
        while len(answered) < 100:
            time.sleep(0.01)
        for child in [*children_of(process.pid), process.pid]:
            os.kill(child, signal.SIGKILL)
        for thread in senders:
            thread.join()
    assert len(answered) >= 100
    assert answered <= texts(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_kill_9_while_the_database_is_away_loses_nothing(
    environment: dict[str, str], port: int, database: Database
) -> None:
    away = {**environment, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with web(away, port) as process:
        assert [post(connection, number) for number in range(5)] == [200] * 5
        for child in [*children_of(process.pid), process.pid]:
            os.kill(child, signal.SIGKILL)
    assert texts(database) == set()
    assert replay(Spool(Path(environment["CIRCLE_DATA"]) / "spool"), database) == 5
    with database.read() as session:
        in_order = list(session.scalars(select(Inbox.body).order_by(Inbox.id)))
    assert in_order == [f"text {number}" for number in range(5)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_next_process_puts_in_what_the_last_one_spooled(
    environment: dict[str, str], port: int, database: Database
) -> None:
    Spool(Path(environment["CIRCLE_DATA"]) / "spool").append(
        [
            {
                "text": {
                    "carrier_id": "SM1",
                    "from_uri": "sms:+14155550123",
                    "to_uri": "sms:+14155550100",
                    "body": "from before",
                    "params": {},
                    "received_at": "2027-03-01T15:00:00+00:00",
                }
            }
        ]
    )
    with web(environment, port):
        deadline = time.monotonic() + 10
        while texts(database) != {"from before"} and time.monotonic() < deadline:
            time.sleep(0.02)
    assert texts(database) == {"from before"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sigterm_ends_every_process_soon_and_answers_what_is_under_way(
    environment: dict[str, str], port: int, database: Database
) -> None:
    with web(environment, port) as process:
        children = children_of(process.pid)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        assert post(connection, 1) == 200
        connection.close()
        began = time.monotonic()
        process.terminate()
        assert process.wait(8) == 0
        assert time.monotonic() - began < 5
        assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert get(port, "/health/live") is None
    assert texts(database) == {"text 1"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a child end with its parent")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_killed_parent_leaves_nobody_on_the_port(environment: dict[str, str], port: int) -> None:
    with web(environment, port) as process:
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while get(port, "/health/live") is not None:
            assert time.monotonic() < deadline, "an orphan would take every other text"
            time.sleep(0.05)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_port_that_is_taken_is_refused_rather_than_shared(environment: dict[str, str], port: int) -> None:
    with web(environment, port):
        second = subprocess.run(
            [sys.executable, "-c", SERVE],
            env={**os.environ, **environment, "PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert second.returncode != 0
    assert f"127.0.0.1:{port}" in second.stderr
    assert "--port" in second.stderr


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_under_the_real_server_an_escaped_query_verifies_and_large_bodies_do_not_pass(
    environment: dict[str, str], port: int, database: Database
) -> None:
    with web(environment, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        assert post(connection, 1, "?j=%7B%22a%22%3A1%7D&u=%C3%A9&p=a+b") == 200
        large = urlencode({"Body": "x" * 100_000}).encode()
        assert refusal("POST", port, large) == 413
        # In chunks, without a length: it is read as far as allowed, and what is left of it was never signed.
        assert refusal("POST", port, iter([large])) in (403, 413)
        assert refusal("GET", port) == 405
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Inbox)) == 1
