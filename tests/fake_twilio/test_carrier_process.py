"""The carrier as a process: it starts, remembers across kill -9, and ends at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER, LocalCarrier
from assistant.fake_twilio.faults import FaultError, Faults, read_faults
from assistant.fake_twilio.journal import Journal
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.server import run, running
from tests.fake_twilio.our_side import wait_until
from tests.servers import free_port

ANA = "+14155550111"
PROGRAM = """
import sys
from pathlib import Path
from assistant.fake_twilio.server import run
run(port=int(sys.argv[1]), webhook_url="", data=Path(sys.argv[2]))
"""


@contextmanager
def carrier_process(port: int, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port), str(data)])
    try:
        wait_until(lambda: answers(port), seconds=15)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        ask(port, "/_stats")
    except OSError:
        return False
    return True


def ask(port: int, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode() if body is not None else None
    )
    return json.load(urllib.request.urlopen(request, timeout=2))


def test_messages_blocks_and_phones_survive_kill_9(tmp_path: Path) -> None:
    port = free_port()
    with carrier_process(port, tmp_path) as process:
        ask(port, "/_phones", {"name": "Ana", "number": ANA, "hint": "Text JOIN MAPLE."})
        ask(port, "/_phones/text", {"from": ANA, "body": "¿Qué tal? 🌱"})
        ask(port, "/_phones/text", {"from": ANA, "body": "STOP"})
        process.send_signal(signal.SIGKILL)
        process.wait()
    for _ in range(2):  # The second start reads what the first one rewrote.
        with carrier_process(port, tmp_path):
            (phone,) = ask(port, "/_phones")["phones"]
            assert (phone["name"], phone["hint"], phone["opted_out"]) == ("Ana", "Text JOIN MAPLE.", True)
            assert [message["body"] for message in phone["messages"]][:2] == ["¿Qué tal? 🌱", "STOP"]
            assert len(phone["messages"]) == 3


def test_the_carrier_ends_at_once_even_while_someone_watches(tmp_path: Path) -> None:
    port = free_port()
    with (
        carrier_process(port, tmp_path) as process,
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_events") as watching,
    ):
        watching.readline()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 2


def test_a_message_on_its_way_is_carried_on(tmp_path: Path) -> None:
    quiet = LocalCarrier(now=lambda: datetime.now(UTC))
    with running(quiet, data=tmp_path):
        quiet.create(to=ANA, from_=LOCAL_NUMBER, body="Hello.")
    with running(data=tmp_path) as second:
        wait_until(lambda: [message.status for message in second.carrier.messages()] == ["delivered"])


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "carrier.jsonl"
    journal = Journal(path)
    journal.write(Phone("Ana", ANA))
    journal.close()
    with path.open("a") as file:
        file.write('{"kind": "phone", "name": "Ro')
    assert list(Journal(path).read()) == [Phone("Ana", ANA)]


def test_a_sealed_journal_shows_nobody_a_number_and_is_read_with_what_was_kept_before(tmp_path: Path) -> None:
    class Backwards:
        def seal_line(self, line: str) -> str:
            return "sealed:" + line[::-1]

        def open_line(self, line: str) -> str:
            return line.removeprefix("sealed:")[::-1] if line.startswith("sealed:") else line

    path = tmp_path / "carrier.jsonl"
    plain, sealed = Journal(path), Journal(path, Backwards())
    for journal, name in ((plain, "Ana"), (sealed, "Rosa")):
        journal.write(Phone(name, ANA))
        journal.close()
    assert list(sealed.read()) == [Phone("Ana", ANA), Phone("Rosa", ANA)]
    assert path.read_text().count(ANA) == 1
    sealed.rewrite([Phone("Rosa", ANA)])
    assert ANA not in path.read_text()
    assert list(sealed.read()) == [Phone("Rosa", ANA)]
    # Whoever has not the key reads nothing, and loses nothing.
    without = Journal(path)
    assert list(without.read()) == []
    without.rewrite([Phone("Ana", ANA)])
    assert list(Journal(path, Backwards()).read()) == [Phone("Rosa", ANA), Phone("Ana", ANA)]


def test_a_taken_port_says_how_to_mend_it() -> None:
    with running() as carrier, pytest.raises(OSError, match="set CARRIER_PORT to another one"):
        run(port=carrier.port)


@pytest.mark.parametrize(
    ("value", "trouble"),
    [
        ("{", "CARRIER_KNOBS is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"latency": 80}', "no fault is called 'latency'"),
        ('{"latency_ms": "80"}', "latency_ms is a number"),
        ('{"lose_rate": 2}', "a share from 0.0 to 1.0"),
        ('{"lose_how": "quietly"}', '"drop" or "500"'),
        ('{"callback_double": 1}', "true or false"),
        ('{"fail_endings": {"x": 30003}}', "maps endings of numbers"),
    ],
)
def test_a_fault_that_cannot_be_read_says_what_it_takes(value: str, trouble: str) -> None:
    with pytest.raises(FaultError, match=trouble):
        read_faults({"CARRIER_KNOBS": value})


def test_faults_come_from_the_environment() -> None:
    assert read_faults({"CARRIER_KNOBS": '{"latency_ms": 80, "fail_endings": {"99": 30003}}'}) == Faults(
        latency_ms=80, fail_endings={"99": 30003}
    )
    assert read_faults(os.environ | {"CARRIER_KNOBS": ""}) == Faults()
