"""What a status callback and a text cost the web process, by what the floor takes for one committed insert.

Processor time of the whole process for a request, with connections that are kept and with one for each, as
Twilio may do either.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, update

from assistant.store.database import Database
from assistant.store.tables import Inbox, Outbox
from tests import servers
from tests.bench import machine
from tests.bench.delivery import fresh
from tests.bench.inbound import FORM, PATH, TOKEN, Server, backends, serving
from tests.bench.load import measure, write_forms
from tests.bench.row import Row
from webhooks.serve import THREADS

NAME = "callbacks"
ROUNDS: Final = 3
SECONDS: Final = 3
MOST: Final = 12_000
"""Requests of one measurement."""
STATUS: Final = json.loads((Path(__file__).parent.parent / "payloads/twilio/status_sent.json").read_text())


@dataclass(frozen=True, slots=True)
class Tried:
    """What is asked of whom, and how."""

    who: str
    what: str
    kept: bool


OURS: Final = [Tried("ours", what, kept) for what in ("text", "callback") for kept in (True, False)]
FLOORS: Final = [Tried("floor", "text", kept) for kept in (True, False)]


def run(*, quick: bool = False) -> list[Row]:
    """Ours and the floor in turns, on SQLite and on PostgreSQL; quick: once, on SQLite, kept."""
    rows = []
    with backends() as (folder, redis_url, urls):
        for backend, url in list(urls.items())[: 1 if quick else None]:
            tried = [each for each in (*OURS, *FLOORS) if each.kept or not quick]
            found: dict[Tried, list[tuple[float, float]]] = {each: [] for each in tried}
            for _ in range(1 if quick else ROUNDS):
                for each, costs in found.items():
                    costs.append(once(each, url, redis_url, folder))
            middle = {
                each: [statistics.median(one) for one in zip(*costs, strict=True)]
                for each, costs in found.items()
            }
            for each in (each for each in tried if each.who == "ours"):
                speed, cost = middle[each]
                _, least = middle[Tried("floor", "text", each.kept)]
                how = "kept" if each.kept else "new"
                name = f"{each.what}, {how} connections, {backend}"
                rows.append(Row(f"processor time, {name}", cost, "µs", cost / least, "≤ 1.2", "≤ 0.8"))
                rows.append(Row(f"  {name}", speed, "1/s"))
            for each in (each for each in tried if each.who == "floor"):
                how = "kept" if each.kept else "new"
                rows.append(
                    Row(f"the floor: one insert, {how} connections, {backend}", middle[each][1], "µs")
                )
    return rows


def once(tried: Tried, url: str, redis_url: str, folder: Path) -> tuple[float, float]:
    """Requests a second, and microseconds of processor time for one; each must be on record."""
    database = fresh(url, MOST // 2, queued=MOST // 2)
    with database.write() as session:
        session.execute(update(Outbox).values(state="sent", attempt=1, status="accepted"))
    database.close()
    port = servers.free_port()
    address = f"http://127.0.0.1:{port}"
    write_forms(folder / "forms", forms(tried.what, address), TOKEN)
    # One thread suits the floor best on SQLite, eight on PostgreSQL (`inbound`).
    threads = THREADS if tried.who == "ours" else 1 if url.startswith("sqlite") else 8
    with serving(Server(tried.who, threads), url, redis_url, folder, port) as process:
        before = machine.processor_seconds(process)
        found = measure(address + PATH, folder / "forms", SECONDS, kept=tried.kept)
        took = machine.processor_seconds(process) - before
    count = kept_of(tried.what, url)
    if not count:
        raise RuntimeError("nothing is on record")
    return found.per_second, took / count * 1e6


def forms(what: str, address: str) -> Iterable[tuple[str, dict[str, str]]]:
    """So many different ones, and where each goes."""
    if what == "text":
        for number in range(1, MOST + 1):
            ids = dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), f"SM{number:032x}")
            yield address + PATH, {**FORM, **ids}
        return
    yield from callbacks(address)


def callbacks(address: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Two for each text: the first for all, then the second."""
    for status in ("sent", "delivered"):
        for number in range(1, MOST // 2 + 1):
            sid = f"SM{number:032x}"
            told = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
            url = f"{address}/webhooks/twilio/status?attempt={number}x1"
            yield url, {**STATUS, "AccountSid": FORM["AccountSid"], **told}


def kept_of(what: str, url: str) -> int:
    """How many requests are on record."""
    database = Database(url)
    with database.read() as session:
        if what == "text":
            count = session.scalar(select(func.count()).select_from(Inbox))
        else:
            noted = {
                status: session.scalar(select(func.count()).where(Outbox.status == status)) or 0
                for status in ("sent", "delivered")
            }
            count = noted["sent"] + 2 * noted["delivered"]
    database.close()
    return count or 0
