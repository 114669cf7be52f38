"""What the whole service costs this machine: its start, first replies, memory, and what it takes at rest.

Everything is started as `circle run` does, with the local carrier, on SQLite. Times say more on a machine
that has nothing else to do; each is the median of a few starts.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.bench.row import Row
from tests.servers import free_port

NAME = "service"
STARTS, QUICK_STARTS = 3, 1
IDLE_SECONDS, QUICK_IDLE_SECONDS = 30, 10
PATIENCE: Final = 180.0
PHONE: Final = "+14155550102"
CONVERSATION: Final = ("JOIN MAPLE", "I'm Ana", "1", "Austin, evenings", "1", "ok", "braids", "skip")
"""Brings a member in, and makes every process do what it is there for."""
PROCESSES: Final = ("web", "inbox", "delivery", "clock", "carrier")
TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Running:
    """A service that runs, and what was seen of it."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    carrier_port: int
    began: float
    waits: list[float] = field(default_factory=list)
    """Seconds from each text to its first reply."""

    def ask(self, port: int, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError):
            return None

    def is_healthy(self) -> bool:
        health = self.ask(self.port, "/health")
        return bool(health and health["status"] == "ok" and self.ask(self.carrier_port, "/_phones"))

    def is_ready(self) -> bool:
        """Whether the inbox worker says that the first reply will be as fast as any."""
        log = self.data / "logs" / "inbox.log"
        return log.exists() and "worker ready" in log.read_text()

    def received(self) -> int:
        shown = self.ask(self.carrier_port, "/_phones") or {"phones": []}
        return sum(
            not message["mine"]
            for phone in shown["phones"]
            if phone["number"] == PHONE
            for message in phone["messages"]
        )

    def text(self, body: str) -> None:
        """Text, and wait for what comes of it."""
        heard, began = self.received(), time.perf_counter()
        self.ask(self.carrier_port, "/_phones/text", {"from": PHONE, "body": body})
        until(lambda: self.received() > heard, f"a reply to {body!r}", every=0.002)
        self.waits.append(time.perf_counter() - began)
        time.sleep(1)

    def pids(self) -> dict[str, int]:
        """The supervisor and what it started, by name."""
        log = (self.data / "logs" / "supervisor.log").read_text()
        started = dict(re.findall(r"spawned: '(\w+)' with pid (\d+)", log))
        return {"supervisor": self.process.pid, **{name: int(pid) for name, pid in started.items()}}

    def seconds_of_processor(self) -> float:
        """Of all processes together."""
        total = 0
        for pid in self.pids().values():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK


def run(*, quick: bool = False) -> list[Row]:
    """Everything, each from the same few starts."""
    ready, worker, first, others = [], [], [], []
    resident: dict[str, list[float]] = {}
    idle = 0.0
    starts = QUICK_STARTS if quick else STARTS
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with started(data) as service:  # makes the database and the demo, and reads everything from the disk
            until(lambda: "Ready after" in (data / "run.out").read_text(), "a greeting")
        for number in range(starts):
            for log in (data / "logs").glob("*.log"):
                log.unlink()
            with started(data) as service:
                ready.append(time.monotonic() - service.began)
                until(service.is_ready, "a worker that is ready")
                worker.append(time.monotonic() - service.began)
                for body in CONVERSATION:
                    service.text(body)
                first.append(service.waits[0] * 1000)
                others.append(statistics.median(service.waits[1:]) * 1000)
                for name, pid in service.pids().items():
                    resident.setdefault(name, []).append(megabytes(pid))
                if number == starts - 1:
                    idle = idle_share(service, QUICK_IDLE_SECONDS if quick else IDLE_SECONDS)
    return [
        Row("start to healthy, warm", statistics.median(ready), "s", None, "≤ 4", "≤ 2"),
        Row("start to a worker that is ready", statistics.median(worker), "s", None, "≤ 5", "≤ 2.5"),
        Row("idle reply, seen from the phone", statistics.median(others), "ms", None, "≤ 100", "≤ 40"),
        Row("first reply ÷ any other", statistics.median(first), "ms",
            statistics.median(one / other for one, other in zip(first, others, strict=True)), "≤ 2", "≤ 1.3"),
        *(
            Row(f"resident memory of {name}", statistics.median(sizes), "MB", None, "≤ 100", "≤ 80")
            for name, sizes in resident.items()
        ),
        Row("processor time of a service at rest", idle * 100, "% of a core", None, "", "≤ 1"),
    ]  # fmt: skip


def idle_share(service: Running, seconds: float) -> float:
    """How much of one core everything takes while nothing is to be done."""
    time.sleep(3)
    before, began = service.seconds_of_processor(), time.monotonic()
    time.sleep(seconds)
    return (service.seconds_of_processor() - before) / (time.monotonic() - began)


def megabytes(pid: int) -> float:
    """What a process has in memory, with what it shares."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


def until(look: Callable[[], bool], what: str, *, every: float = 0.02) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(every)


@contextmanager
def started(data: Path) -> Iterator[Running]:
    """`circle run` on a folder, healthy."""
    port, carrier_port = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL"):
        kept.pop(name, None)
    environment = kept | {"CIRCLE_DATA": str(data), "PORT": str(port), "CARRIER_PORT": str(carrier_port)}
    began = time.monotonic()
    with (data / "run.out").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant.cli", "run"], env=environment, stdout=output, stderr=output
        )
    service = Running(process, data, port, carrier_port, began)
    try:
        until(lambda: service.is_healthy() or process.poll() is not None, "a healthy page")
        if process.poll() is not None:
            raise RuntimeError((data / "run.out").read_text())
        yield service
    finally:
        process.terminate()
        process.wait(PATIENCE)
