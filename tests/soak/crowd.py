"""A crowd on its way into circles, until so many texts have passed, while whoever handles them is killed.

`python -m tests.soak.crowd --texts 1000000 --seed 1` plays what `make soak` has no time for: many texts a
second for long. Phones ask for nothing but their way in; each says at once what it gets twice, out of order
or not at all. Who works is killed every so often; the carrier loses some of its answers and refuses some
texts; what a webhook did not take stands in its log, as with Twilio.
"""

from __future__ import annotations

import argparse
import asyncio
import email.utils
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests import servers
from tests.bench import machine
from tests.bench.answered import SEATS, code, prepare
from tests.bench.inbound import FORM
from tests.bench.phones import ANSWERS, EMPTY_LOG, Answer, Phone, Phones
from tests.bench.running import PARTS, Service, environment, running

AT_ONCE: Final = 200
IN_A_CIRCLE: Final = SEATS // 2
TEXTS_A_PHONE: Final = 12
"""Fewer than pass between the service and one phone: so many circles are enough."""
EVERY: Final = 20.0
"""Seconds from kill to kill."""
LOST: Final = 0.001
"""Share of the carrier's answers that never arrive; as many texts are refused for the moment (503)."""
LATEST: Final = 300.0
"""Seconds; who waits longer for a reply has lost a text."""
LOG_KEPT: Final = 900.0
STEPS: Final = (*ANSWERS, "You're in")
CROSSED: Final = "Our texts crossed"
"""After these words the last question comes once more."""


@dataclass
class Broken:
    """What phones saw that must not be."""

    doubled: int = 0
    disordered: int = 0
    lost: int = 0
    strange: int = 0

    def __bool__(self) -> bool:
        return bool(self.doubled or self.disordered or self.lost or self.strange)


@dataclass(slots=True)
class Logged:
    """A text in the carrier's log."""

    sid: str
    sender: str
    to: str
    body: str
    at: float

    def as_twilio(self, *, inbound: bool) -> dict[str, Any]:
        made = email.utils.formatdate(self.at)
        return {
            "sid": self.sid,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "direction": "inbound" if inbound else "outbound-api",
            "status": "received" if inbound else "delivered",
            "num_media": "0",
            "num_segments": "1",
            "account_sid": FORM["AccountSid"],
            "date_created": made,
            "date_sent": made,
            "date_updated": made,
        }


@dataclass
class Ledger:
    """What each phone got, by the step that it is at: told at once when something is not as it must be."""

    broken: Broken = field(default_factory=Broken)
    steps: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: -1))
    bodies: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    asked_again: set[str] = field(default_factory=set)

    def got(self, number: str, body: str) -> None:
        """Note a text that reached this phone."""
        known = self.bodies[number]
        if CROSSED in body:
            self.asked_again.add(number)
            return
        if hash(body) in known:
            self.broken.doubled += number not in self.asked_again
            self.asked_again.discard(number)
            return
        known.add(hash(body))
        step = next((place for place, words in enumerate(STEPS) if words in body), None)
        if step is None:
            return
        if step <= self.steps[number]:
            self.broken.disordered += 1
        self.steps[number] = step


class Crowd(Phones):
    """Phones that keep a ledger, behind a carrier that keeps a log and sometimes fails."""

    def __init__(self, port: int, chance: random.Random) -> None:
        super().__init__(port, lambda number: f"JOIN {code(number // IN_A_CIRCLE)}")
        self._chance = chance
        self.ledger = Ledger()
        self._sent: defaultdict[str, list[Logged]] = defaultdict(list)
        self._untaken: deque[Logged] = deque(maxlen=5000)
        self.failed = Counter[str]()

    def answer(self, head: bytes, body: bytes) -> Answer | None:
        line = head.split(b"\r\n", 1)[0].decode()
        if line.startswith("GET"):
            return self._log(line.split()[1])
        if "Messages.json" not in line:
            return super().answer(head, body)
        luck = self._chance.random()
        if luck < LOST:
            self.failed["refused"] += 1
            return Answer("503 Service Unavailable", b'{"code": 20503, "status": 503}')
        taken = super().answer(head, body)
        if luck < 2 * LOST:
            self.failed["answer lost"] += 1
            return None
        return taken

    def took(self, form: dict[str, list[str]]) -> bytes:
        number, said = form["To"][0], form["Body"][0]
        if number not in self._phones:
            self.ledger.broken.strange += 1
        self.ledger.got(number, said)
        answer = super().took(form)
        sid = str(json.loads(answer)["sid"])
        self._sent[number].append(Logged(sid, FORM["To"], number, said, time.time()))
        return answer

    async def _bring(self, number: str, sid: str, body: str) -> bool:
        taken = await super()._bring(number, sid, body)
        if not taken:
            self.not_taken(sid, number, body)
        return taken

    def not_taken(self, sid: str, number: str, body: str) -> None:
        """Keep a text that no webhook took where the service looks for such."""
        self.failed["text not taken"] += 1
        self._untaken.append(Logged(sid, number, FORM["To"], body, time.time()))

    def _log(self, path: str) -> Answer:
        to = parse_qs(urlsplit(path).query).get("To", [""])[0]
        if to == FORM["To"]:
            since = time.time() - LOG_KEPT
            found = [each.as_twilio(inbound=True) for each in reversed(self._untaken) if each.at > since]
        else:
            found = [each.as_twilio(inbound=False) for each in reversed(self._sent.get(to, []))]
        if not found:
            return Answer("200 OK", EMPTY_LOG)
        return Answer("200 OK", json.dumps({"messages": found, "next_page_uri": None}).encode())

    def waiting(self) -> list[Phone]:
        """Phones that wait for a reply."""
        return [phone for phone in self._phones.values() if phone.asked is not None]


def kill_one(service: Service, chance: random.Random) -> str:
    """Kill -9 one of those who work, or of those who keep them; return whom."""
    part = chance.choice(("inbox", "inbox", "delivery", "delivery", "web", "clock"))
    family = machine.tree(service.part(part))
    whom = chance.choice(("worker", "worker", "keeper")) if len(family) > 1 and part != "web" else "worker"
    try:
        os.kill(family[-1] if whom == "worker" else family[0], signal.SIGKILL)
    except ProcessLookupError:
        return "nobody"
    return f"{part} {whom}"


async def play(texts: int, seed: int, url: str, folder: Path, every: float) -> int:
    """Have so many texts pass, both ways; return 1 when anything was not as it must be."""
    chance = random.Random(seed)
    prepare(url, texts // TEXTS_A_PHONE // IN_A_CIRCLE + 1)
    carrier_port, port = servers.free_port(), servers.free_port()
    crowd = Crowd(carrier_port, chance)
    crowd.calls(f"http://127.0.0.1:{port}/webhooks/twilio")
    await crowd.open()
    killed = Counter[str]()
    with running(environment(folder, port, carrier_port, url)) as service:
        began = next_kill = told = time.monotonic()
        next_kill += every
        crowd.begin(AT_ONCE)
        while crowd.tally.answered + crowd.tally.sent < texts:
            await asyncio.sleep(0.2)
            now = time.monotonic()
            if every and now >= next_kill:
                killed[kill_one(service, chance)] += 1
                next_kill = now + every
            if now >= told + 60:
                told = now
                print(describe(crowd, service, now - began), flush=True)
        written = crowd.tally.answered
        took = time.monotonic() - began
        crowd.end_writing()
        until = time.monotonic() + LATEST
        while crowd.waiting() and time.monotonic() < until:
            await asyncio.sleep(0.5)
        crowd.ledger.broken.lost = len(crowd.waiting())
        settled = time.monotonic() - began - took
        print(describe(crowd, service, took))
        await crowd.end()
    await crowd.close()
    waits = statistics.quantiles(crowd.tally.waits, n=1000)
    print(
        f"{written:,} texts answered and {crowd.tally.sent:,} sent in {took:.0f} s ({written / took:.0f} and"
        f" {crowd.tally.sent / took:.0f} a second), settled {settled:.0f} s later; seed {seed},"
        f" {url.partition(':')[0]}\n"
        f"replies: p50 {waits[499]:.2f}, p90 {waits[899]:.2f}, p99 {waits[989]:.2f}, p99.9 {waits[998]:.2f},"
        f" longest {max(crowd.tally.waits):.1f} s\n"
        f"killed: {dict(killed)}; the carrier: {dict(crowd.failed)}\n{crowd.ledger.broken}"
    )
    return 1 if crowd.ledger.broken else 0


def describe(crowd: Crowd, service: Service, seconds: float) -> str:
    """One line on how it goes."""
    held = service.memory_mb()
    recent = crowd.tally.waits[-5000:]
    memory = " ".join(f"{name} {held[name]:.0f}" for name in PARTS)
    return (
        f"{seconds:6.0f} s: {crowd.tally.answered:,} answered, {crowd.tally.sent:,} sent; lately p50"
        f" {statistics.median(recent or [0]):.2f} s; MB: {memory}; {crowd.ledger.broken}"
    )


def main(arguments: Sequence[str]) -> int:
    """Play one, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.crowd", description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000, help="in and out together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=EVERY, help="seconds from kill to kill; 0 for none")
    parser.add_argument("--url", default="", help="a PostgreSQL database; a SQLite file of its own otherwise")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/circle.db"
        return asyncio.run(play(given.texts, given.seed, url, Path(folder) / "var", given.every))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
