"""Everything that may go wrong with such a service, one function each; a soak deals them by its seed."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from assistant.fake_twilio.faults import Faults
from tests.soak.service import PROCESSES, UNLIMITED, Service
from tests.soak.stores import Store
from tests.soak.wire_tap import STEP_MS, WireTap

Undo = Callable[[], None]
PAST_THE_LEASE = 35.0
CLOCK_STEP = dt.timedelta(minutes=7)


@dataclass
class World:
    """What can be struck."""

    service: Service
    store: Store
    tap: WireTap
    chance: random.Random
    move_clock: Callable[[dt.timedelta], None]
    refuse: Callable[[str], None]
    """Takes a sentence when something that must not be was let happen."""


@dataclass(frozen=True)
class Blow:
    """One kind of trouble.

    Attributes:
        strike: Begins it; returns how it is ended, None when it ends by itself.
        seconds: How long it lasts.
        weight: How often it comes, against the others.
        forms: Where it can be.
    """

    name: str
    strike: Callable[[World], Undo | None]
    seconds: float = 0.0
    weight: float = 1.0
    forms: tuple[str, ...] = ("sqlite", "postgres")
    needs: str = ""
    """A word of blows beside which it cannot be dealt: it would wait for their end itself."""


def blows(form: str, *, without: tuple[str, ...] = ()) -> list[Blow]:
    """Every blow that this form can be dealt, but for those whose names hold one of these words."""
    some = [*_kills(), *_queues(), *_databases(), *_carriers(), *_webhooks(), *_machine()]
    return [blow for blow in some if form in blow.forms and not any(word in blow.name for word in without)]


def _kills() -> Iterator[Blow]:
    for name in PROCESSES:
        yield Blow(f"kill {name}", lambda world, name=name: _signal(world, name, signal.SIGKILL))  # type: ignore[misc]
    for name in ("web", "inbox", "delivery"):
        yield Blow(f"kill keeper of {name}", lambda world, name=name: _kill_keeper(world, name), weight=0.3)  # type: ignore[misc]
    yield Blow("kill supervisor", lambda world: world.service.kill_supervisor(), weight=0.5)
    for name in ("inbox", "delivery"):
        yield Blow(f"freeze {name}", lambda world, name=name: _freeze(world, name), PAST_THE_LEASE, 0.2)  # type: ignore[misc]


def _queues() -> Iterator[Blow]:
    yield Blow("empty redis", _empty_redis, weight=2)
    yield Blow("stop redis", lambda world: _freeze(world, "redis"), 4.0)


def _databases() -> Iterator[Blow]:
    yield Blow("stop database", lambda world: world.store.stop(), 3.0, 2, ("postgres",), "database")
    yield Blow(
        "crash database",
        lambda world: world.store.crash(world.chance),
        forms=("postgres",),
        needs="database",
    )
    yield Blow("lock database", lambda world: world.store.lock(), 3.0, 2, ("sqlite",))
    # SQLite's files stay open, and root minds no mode: there the full disk stands for it.
    forms = ("sqlite", "postgres") if os.geteuid() else ("postgres",)
    yield Blow("read-only database", lambda world: world.store.forbid_writing(), 3.0, 1, forms, "database")


def _carriers() -> Iterator[Blow]:
    faults: Mapping[str, tuple[Mapping[str, Any], float]] = {
        "answers dropped": ({"lose_rate": 0.5}, 4),
        "answers 500": ({"lose_rate": 0.5, "lose_how": "500"}, 4),
        "answers 429": ({"requests_per_second": 3}, 4),
        "answers 503": ({"refuse_rate": 0.7}, 4),
        "answers slow": ({"latency_ms": 2500}, 5),
    }
    yield from _turned(faults)


def _webhooks() -> Iterator[Blow]:
    faults: Mapping[str, tuple[Mapping[str, Any], float]] = {
        "callbacks doubled": ({"callback_double": True}, 6),
        "callbacks shuffled": ({"callback_shuffle": True}, 6),
        "callbacks early": ({"callback_early": True}, 6),
        "callbacks late": ({"callback_delay_ms": 6000}, 6),
        "callbacks lost": ({"callback_lose_rate": 0.7}, 6),
        "texts doubled": ({"inbound_double": True}, 6),
        "texts lost": ({"inbound_lose_rate": 0.3}, 3),
    }
    yield from _turned(faults)


def _machine() -> Iterator[Blow]:
    yield Blow("disk full", _fill_disk, 3.0)
    yield Blow("torn spool line", _tear_spool)
    yield Blow("clock moved", lambda world: world.move_clock(CLOCK_STEP), needs="database")
    yield Blow("second run", _run_twice, 15.0, 0.3)


def _turned(faults: Mapping[str, tuple[Mapping[str, Any], float]]) -> Iterator[Blow]:
    usual = Faults(step_ms=STEP_MS)
    for name, (changes, seconds) in faults.items():
        back = {each: getattr(usual, each) for each in changes}

        def strike(
            world: World, changes: Mapping[str, Any] = changes, back: Mapping[str, Any] = back
        ) -> Undo:
            world.tap.turn(changes)
            return lambda: world.tap.turn(back)

        yield Blow(name, strike, float(seconds), 0.7)


def _signal(world: World, name: str, what: signal.Signals) -> None:
    world.service.signal(name, what)


def _kill_keeper(world: World, name: str) -> None:
    world.service.signal(name, signal.SIGKILL, keeper=True)


def _freeze(world: World, name: str) -> Undo | None:
    pid = world.service.signal(name, signal.SIGSTOP)

    def thaw() -> None:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return thaw


def _empty_redis(world: World) -> None:
    address = world.service.data / "redis.url"
    with (
        contextlib.suppress(redis.RedisError, OSError),
        redis.Redis.from_url(address.read_text().strip(), socket_timeout=1) as client,
    ):
        client.flushall()


def _fill_disk(world: World) -> Undo:
    hit = world.service.limit_files(0)

    def empty() -> None:
        world.service.limit_files(UNLIMITED, hit)
        world.service.limit_files(UNLIMITED)  # and whoever began meanwhile, as a child of one of them

    return empty


def _tear_spool(world: World) -> None:
    spool = world.service.data / "spool"
    if spool.is_dir():
        with (spool / "waiting.jsonl").open("ab") as file:
            file.write(b'{"text":{"carrier_id":"SMtorn","from_uri":"sms:+1')


def _run_twice(world: World) -> Undo | None:
    if not world.service.alive:
        return None
    restarts = world.service.restarts
    second = world.service.start_another()

    def look() -> None:
        ended = second.poll()
        if ended is None:
            second.kill()
            second.wait()
        # With the first one killed meanwhile, the second may well have taken its place.
        if world.service.restarts == restarts and world.service.alive and ended in (None, 0):
            world.refuse(f"a second `circle run` on one folder was let run (it ended with {ended})")

    return look
