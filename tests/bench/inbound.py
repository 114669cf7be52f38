"""How many texts a second the webhook takes, durably, by what the plainest Flask application takes.

`python -m tests.bench.inbound` measures threads and processes: those in webhooks/serve.py come from there.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text

from assistant.store import migrate
from assistant.store.database import Database
from assistant.store.tables import Inbox
from tests import servers
from tests.bench.load import Measured, measure, write_requests
from tests.bench.row import Row
from webhooks.serve import THREADS

NAME = "inbound"
ROUNDS = 5
SECONDS = 3
MOST_A_SECOND = 6000
"""Texts are signed before they are sent; this many for each second."""
TOKEN = "12345"
FORM = json.loads((Path(__file__).parent.parent / "payloads/twilio/message_sms.json").read_text())
PATH = "/webhooks/twilio/message"

_SERVE = """
import sys
from assistant.settings import load_settings
from tests.bench.floor import create_floor
from webhooks.serve import serve
what, threads, processes = sys.argv[1:]
serve(load_settings(), threads=int(threads), processes=int(processes),
      make_app=create_floor if what == "floor" else None)
"""


@dataclass(frozen=True, slots=True)
class Server:
    """What is measured: ours or the floor, with so many threads in so many processes."""

    what: str
    threads: int
    processes: int = 1


def run(*, quick: bool = False) -> list[Row]:
    """Ours by the floor's best, on SQLite and on PostgreSQL, taken in turns; quick: once, on SQLite."""
    rows = []
    with backends() as (folder, redis_url, urls):
        for backend, url in list(urls.items())[: 1 if quick else None]:
            # One thread suits the floor best on SQLite, and eight on PostgreSQL (see also `choose`); with as
            # many as ours has, its requests stand in each other's way.
            ours = Server("ours", THREADS)
            floors = [Server("floor", 1 if backend == "SQLite" else 8), Server("floor", THREADS)]
            found = in_turns([ours, *floors], url, redis_url, folder, 1 if quick else ROUNDS)
            best = max((found[floor] for floor in floors), key=lambda each: each.per_second)
            mine = found[ours]
            rows += [
                Row(
                    f"inbound texts, {backend}: ours",
                    mine.per_second,
                    "1/s",
                    mine.per_second / best.per_second,
                    "≥ 0.8",
                    "≥ 1.0",
                ),
                Row(f"inbound texts, {backend}: the floor at its best", best.per_second, "1/s"),
                Row(f"inbound p99, {backend}: ours", mine.p99, "ms", None, f"≤ {3 * best.p99:.1f}", "≤ 40"),
                Row(f"inbound p99, {backend}: the floor at its best", best.p99, "ms"),
            ]
    return rows


def choose() -> None:
    """Print what threads and processes come to, for ours and for the floor."""
    with backends() as (folder, redis_url, urls):
        for backend, url in urls.items():
            ours = [Server("ours", threads, processes) for processes in (1, 2) for threads in (8, 16, 32)]
            floors = [Server("floor", threads, processes) for processes in (1, 2) for threads in (1, 8)]
            for server, found in in_turns([*ours, *floors], url, redis_url, folder, 3).items():
                print(
                    f"{backend:<10} {server.what:<5} {server.processes} x {server.threads:>2} threads "
                    f"{found.per_second:>7,.0f}/s  p50 {found.p50:>6.1f}  p99 {found.p99:>6.1f} ms",
                    flush=True,
                )


def in_turns(
    tried: list[Server], url: str, redis_url: str, folder: Path, rounds: int
) -> dict[Server, Measured]:
    """The medians of each, measured round by round so that the machine's moods hit all alike."""
    found: dict[Server, list[Measured]] = {server: [] for server in tried}
    for number in range(rounds):
        for server in tried if number % 2 else reversed(tried):
            found[server].append(once(server, url, redis_url, folder))
    return {
        server: Measured(
            *(statistics.median(getattr(one, name) for one in each) for name in ("per_second", "p50", "p99"))
        )
        for server, each in found.items()
    }


def once(server: Server, url: str, redis_url: str, folder: Path) -> Measured:
    """One measurement on an empty inbox; every answer must have been a row."""
    port = servers.free_port()
    address = f"http://127.0.0.1:{port}"
    requests = folder / "requests.txt"
    write_requests(requests, address + PATH, FORM, TOKEN, MOST_A_SECOND * SECONDS, 0)
    database = Database(url)
    with database.write() as session:
        session.execute(text("DELETE FROM inbox"))
    with serving(server, url, redis_url, folder, port):
        found = measure(address + PATH, requests, SECONDS)
    with database.read() as session:
        kept = session.scalar(select(func.count()).select_from(Inbox)) or 0
    database.close()
    if kept < found.per_second * SECONDS * 0.95:
        raise RuntimeError(f"{found.per_second * SECONDS:.0f} were answered, but only {kept} are rows")
    return found


@contextmanager
def serving(server: Server, url: str, redis_url: str, folder: Path, port: int) -> Iterator[int]:
    """What is measured, running; yields its process."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "CIRCLE_DATA": str(folder / "var"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": FORM["AccountSid"],
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+14155550100",
        "TWILIO_API_URL": "http://127.0.0.1:9",
        "FLOOR_POOL": str(max(server.threads, 5)),
    }
    arguments = [server.what, str(server.threads), str(server.processes)]
    process = subprocess.Popen([sys.executable, "-c", _SERVE, *arguments], env=environment)
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{server} does not serve")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(15)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def backends() -> Iterator[tuple[Path, str, dict[str, str]]]:
    """A folder, a Redis, and a migrated database of each kind that this machine has."""
    with tempfile.TemporaryDirectory() as name, servers.valkey() as redis_url:
        folder = Path(name)
        urls = {"SQLite": f"sqlite:///{folder / 'circle.db'}"}
        try:
            with servers.postgresql(durable=True) as server:
                urls["PostgreSQL"] = servers.create_database(server, "circle")
                yield folder, redis_url, prepared(urls)
        except servers.NoServerError as error:
            print(error, file=sys.stderr)
            yield folder, redis_url, prepared(urls)


def prepared(urls: dict[str, str]) -> dict[str, str]:
    for url in urls.values():
        database = Database(url)
        migrate.upgrade(database)
        database.close()
    return urls


if __name__ == "__main__":
    choose()
