"""One soak: phones converse, blows fall, and at the end it is said what was broken."""

from __future__ import annotations

import datetime as dt
import heapq
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.servers import free_port
from tests.soak.blows import Blow, Undo, World, blows
from tests.soak.phones import STOP, Crowd, make_phones
from tests.soak.service import Service, environment, running_service
from tests.soak.stores import ZONE, Store, store_of
from tests.soak.verdicts import Broken, Evidence, Report, judge
from tests.soak.watch import Watch
from tests.soak.wire_tap import WireTap, tapped_carrier

TEXTS_A_PHONE = 12
"""In ten minutes: whoever writes thirty is taken for a machine."""
BEGINS = dt.time(19, 25)
"""At the phones, so that the clock goes into the night."""
TICK = 0.02
QUIET = 3.0
"""Seconds in which nothing happens before all is taken for settled."""
LOST_FOR_WORDS = 120.0
"""Seconds without news, with nothing on its way, before whoever waits is taken to know no answer."""


@dataclass(frozen=True)
class Plan:
    """What a soak is to be.

    Attributes:
        seed: Of whatever is left to chance.
        seconds: How long blows fall.
        rate: Texts a second from all phones.
        every: Seconds from blow to blow; 0 for none.
        settle: Seconds that everything may take to settle afterwards.
        latest: A reply that took longer is a broken promise.
        without: Blows whose names hold one of these words are left out.
        members: Phones; 0 for as many as the rate needs.
        dealt: Names of blows in the order in which they fall, once each, instead of by chance.
        least: So many texts are to reach phones before it ends, however slow the machine is.
        keep: A folder for the database and the logs of a soak that broke a promise.
    """

    form: str = "sqlite"
    seed: int = 1
    seconds: float = 300.0
    rate: float = 25.0
    every: float = 2.5
    settle: float = 480.0
    latest: float = 900.0
    without: tuple[str, ...] = ()
    members: int = 0
    dealt: tuple[str, ...] = ()
    least: int = 0
    keep: str = ""

    @property
    def phones(self) -> int:
        """How many members converse."""
        return self.members or max(4, round(self.rate * min(max(self.seconds, 60), 600) / TEXTS_A_PHONE))


@dataclass
class Outcome:
    """What came of it."""

    report: Report
    evidence: Evidence
    struck: Counter[str]
    restarts: int
    texts: int
    received: int
    seconds: float
    moves: list[tuple[dt.datetime, dt.timedelta]]
    waited: dict[int, dict[str, float]]
    """By the id of an outbox row: how many seconds it waited for what."""


@dataclass
class Trial:
    """Everything of one soak while it runs."""

    plan: Plan
    store: Store
    tap: WireTap
    service: Service
    crowd: Crowd
    chance: random.Random
    say: Callable[[str], None]
    moves: list[tuple[dt.datetime, dt.timedelta]]
    watch: Watch
    broken: list[Broken] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    _undos: list[tuple[float, int, Blow, Undo]] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=count)

    def go(self) -> Outcome:
        """Let it run, settle, and judge."""
        began = time.monotonic()
        self._storm()
        self._end_all_blows()
        self._settle()
        now = dt.datetime.now(dt.UTC)
        inbox, outbox = self.store.rows(now + self.moves[-1][1])
        evidence = Evidence(
            self.tap.sent, self.tap.received, inbox, outbox, self._local_time, frozenset({STOP})
        )
        report = judge(evidence, latest=self.plan.latest)
        report.broken += self.broken
        return Outcome(
            report,
            evidence,
            self.struck,
            self.service.restarts,
            len(self.tap.sent),
            len(self.tap.received),
            time.monotonic() - began,
            self.moves,
            self.watch.waited,
        )

    def _storm(self) -> None:
        world = World(self.service, self.store, self.tap, self.chance, self._move_clock, self._refuse)
        deal = self._deal()
        began = said = time.monotonic()
        next_blow = began + self.plan.every if self.plan.every else float("inf")
        while (now := time.monotonic()) < began + self.plan.seconds or (
            len(self.tap.received) < self.plan.least and now < began + self.plan.settle
        ):
            self._live(now)
            if now >= next_blow:
                next_blow += self.plan.every
                if (blow := next(deal, None)) is not None:
                    self._strike(world, blow, now)
            if now - said > 15:
                said = now
                self.say(f"{now - began:4.0f} s: {self._standing()}, {self.struck.total()} blows")
            time.sleep(TICK)

    def _deal(self) -> Iterator[Blow]:
        kinds = blows(self.plan.form, without=self.plan.without)
        if self.plan.dealt:
            by_name = {blow.name: blow for blow in kinds}
            yield from (by_name[name] for name in self.plan.dealt if name in by_name)
            return
        weights = [blow.weight for blow in kinds]
        while True:
            yield self.chance.choices(kinds, weights)[0]

    def _strike(self, world: World, blow: Blow, now: float) -> None:
        active = [each for _, _, each, _ in self._undos]
        if blow in active or (blow.needs and any(blow.needs in each.name for each in active)):
            return
        try:
            undo = blow.strike(world)
        except Exception as error:
            self.say(f"{blow.name} did not come off: {error!r}")
            return
        self.struck[blow.name] += 1
        if undo is not None:
            heapq.heappush(self._undos, (now + blow.seconds, next(self._turns), blow, undo))

    def _live(self, now: float) -> None:
        self.service.tend()
        while self._undos and self._undos[0][0] <= now:
            heapq.heappop(self._undos)[3]()
        self.watch.look(self.moves[-1][1])
        self.crowd.hear(self.tap.news())
        self.crowd.go()

    def _end_all_blows(self) -> None:
        while self._undos:
            heapq.heappop(self._undos)[3]()
        self.crowd.close()

    def _settle(self) -> None:
        """Go on until everybody has an answer and nothing is on its way, or the time for it is over."""
        began = time.monotonic()
        looked = still = heard = began
        before = -1
        while (now := time.monotonic()) < began + self.plan.settle:
            self._live(now)
            if self.crowd.sent + len(self.tap.received) != before:
                heard = still = now
            if self.crowd.waiting or self.crowd.ready:
                still = now
            before = self.crowd.sent + len(self.tap.received)
            if now - still > QUIET and not self._pending():
                return
            if now - heard > LOST_FOR_WORDS and not self._pending():
                break
            if now - looked > 15:
                looked = now
                self.say(f"settling {now - began:4.0f} s: {self._standing()}")
            time.sleep(TICK)
        for text, phones in Counter(self.crowd.lost_for_words).most_common():
            # Else the flow has moved on, and the soak strikes a service that nobody writes to.
            self._refuse(f"{phones} phones know no answer to: {text!r}")

    def _pending(self) -> bool:
        inbox, outbox = self.store.rows(dt.datetime.now(dt.UTC) + self.moves[-1][1])
        return any(row.state == "new" for row in inbox) or any(
            row.due and row.state in ("queued", "claimed", "unsure") for row in outbox
        )

    def _standing(self) -> str:
        return (
            f"{self.crowd.sent} texts in, {len(self.tap.received)} out, {self.crowd.waiting} wait for a reply"
        )

    def _move_clock(self, step: dt.timedelta) -> None:
        offset = self.moves[-1][1] + step
        # Written down first: processes follow in their own time, none before.
        self.moves.append((dt.datetime.now(dt.UTC), offset))
        try:
            self.store.move_clock(offset)
        except Exception:
            self.moves.pop()
            raise

    def _refuse(self, what: str) -> None:
        self.broken.append(Broken("let happen", what))

    def _local_time(self, _phone: str, at: dt.datetime) -> dt.datetime:
        offset = next((each for moved, each in reversed(self.moves) if moved <= at), self.moves[0][1])
        return (at + offset).astimezone(ZoneInfo(ZONE))


@contextmanager
def prepared(plan: Plan, say: Callable[[str], None]) -> Iterator[Trial]:
    """Start everything that a soak needs, in a folder of its own; nothing is left when the block ends."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="circle-soak-")))
        store = stack.enter_context(store_of(plan.form, data))
        chance = random.Random(plan.seed)
        phones, circles = make_phones(plan.phones, chance)
        store.prepare(circles)
        moves = [(dt.datetime.now(dt.UTC), _offset_to(BEGINS))]
        store.move_clock(moves[0][1])
        port = free_port()
        webhook = f"http://127.0.0.1:{port}/webhooks/twilio/message#rc=2&rp=ct,rt,5xx"
        tap = stack.enter_context(tapped_carrier(webhook, plan.seed))
        service = stack.enter_context(
            running_service(environment(data, store.url, store.key, tap.url, port), data, port)
        )
        crowd = Crowd(tap.text, random.Random(plan.seed + 1), plan.rate)
        crowd.add(phones)
        database = store.open()
        stack.callback(database.close)
        yield Trial(plan, store, tap, service, crowd, chance, say, moves, Watch(database))


def soak(
    plan: Plan, say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)
) -> Outcome:
    """Run one soak from beginning to end."""
    with prepared(plan, say) as trial:
        outcome = trial.go()
        if plan.keep and outcome.report.broken:
            shutil.copytree(trial.service.data, plan.keep, dirs_exist_ok=True)
            say(f"database and logs: {plan.keep}")
        return outcome


def _offset_to(begins: dt.time) -> dt.timedelta:
    """How far the clock is moved so that it is a Monday, at this time, at the phones."""
    real = dt.datetime.now(dt.UTC)
    day = real.astimezone(ZoneInfo(ZONE)).date()
    monday = day + dt.timedelta(days=7 - day.weekday())
    return dt.datetime.combine(monday, begins, ZoneInfo(ZONE)) - real
