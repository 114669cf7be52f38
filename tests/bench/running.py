"""The whole service as `circle run` starts it, against the benchmarks' own carrier."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench import machine
from tests.bench.inbound import FORM, TOKEN

PARTS: Final = ("web", "inbox", "delivery", "clock")
"""Ours; Redis stands beside them, and is counted by itself."""
PATIENCE: Final = 180.0


@dataclass(frozen=True, slots=True)
class Service:
    """What runs, and where."""

    process: int
    data: Path
    port: int
    healthy_after: float
    """Seconds from the start of `circle run` to a healthy page."""

    def part(self, name: str) -> int:
        """The process that this part is."""
        log = (self.data / "logs" / "supervisor.log").read_text()
        return int(re.findall(rf"spawned: '{name}' with pid (\d+)", log)[-1])

    def processor_seconds(self) -> dict[str, float]:
        """What each part has had so far, the supervisor and Redis too."""
        found = {name: machine.processor_seconds(self.part(name)) for name in (*PARTS, "redis")}
        found["supervisor"] = machine.processor_seconds(self.process) - sum(found.values())
        return found

    def memory_mb(self) -> dict[str, float]:
        """What each part holds now."""
        # Of the web's two processes the one that serves; the other only watches it.
        found = {name: machine.largest_mb(self.part(name)) for name in (*PARTS, "redis")}
        found["supervisor"] = machine.resident_mb(self.process)
        return found


def environment(data: Path, port: int, carrier_port: int, database_url: str) -> dict[str, str]:
    """What a service of the benchmarks is told."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    kept.pop("REDIS_URL", None)
    return kept | {
        "CIRCLE_DATA": str(data),
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": FORM["AccountSid"],
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": FORM["To"],
        "TWILIO_API_URL": f"http://127.0.0.1:{carrier_port}",
        "SEGMENTS_PER_SECOND": "10000",
        "SUPPORT_CONTACT": "help@circle.example",
    }


@contextmanager
def running(told: dict[str, str]) -> Iterator[Service]:
    """Start everything, wait for a healthy page, and stop it all at the end.

    Raises:
        RuntimeError: it did not start.
    """
    data, port = Path(told["CIRCLE_DATA"]), int(told["PORT"])
    data.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with (data / "run.out").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant.cli", "run"], env=told, stdout=output, stderr=output
        )
    try:
        while not is_healthy(port):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise RuntimeError(f"the service does not start: {(data / 'run.out').read_text()[-2000:]}")
            time.sleep(0.01)
        yield Service(process.pid, data, port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(30)


def is_healthy(port: int) -> bool:
    """Whether the page says that all is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
