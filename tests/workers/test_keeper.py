"""Keeps real processes that do next to nothing: who dies is followed, and nobody is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.soak.service import is_alive

KEPT = """
import os, signal, sys, threading, time
import assistant.workers.keeper as its
from assistant.workers.keeper import Keeper

its.STARTS_WITHIN, its.ENDS_WITHIN = 0.2, 0.5
its.LOOKS_EVERY, its.FROZEN_AFTER, its.GONE_AFTER = 0.1, {frozen_after}, {gone_after}
out = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)

def work(beat):
    os.write(out, f"{{os.getpid()}}\\n".encode())
    threading.Thread(target=lambda: [beat() for _ in iter(lambda: time.sleep(0.05), 0)], daemon=True).start()
    {then}

Keeper(work).keep()
"""
WAITS = "signal.sigwait((signal.SIGTERM, signal.SIGINT))"


class Kept:
    """A keeper, and the workers that it had, the oldest first."""

    def __init__(self, process: subprocess.Popen[bytes], notes: Path) -> None:
        self.process = process
        self.notes = notes

    @property
    def workers(self) -> list[int]:
        return [int(line) for line in self.notes.read_text().split()]


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Callable[..., Kept]]:
    """Start a keeper whose workers do something; every process is killed at the end."""
    started: list[Kept] = []

    def start(then: str = WAITS, frozen_after: float = 60, gone_after: float = 60) -> Kept:
        notes = tmp_path / f"workers_{len(started)}"
        notes.touch()
        code = KEPT.format(then=then, frozen_after=frozen_after, gone_after=gone_after)
        process = subprocess.Popen([sys.executable, "-c", code, str(notes)], stderr=subprocess.DEVNULL)
        started.append(Kept(process, notes))
        return started[-1]

    yield start
    for kept in started:
        kept.process.kill()
        kept.process.wait()
        for worker in kept.workers:
            if is_alive(worker):
                os.kill(worker, signal.SIGKILL)


def until(happened: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_who_dies_is_followed_and_all_end_together(keeping: Callable[..., Kept]) -> None:
    kept = keeping()
    until(lambda: len(kept.workers) == 1)
    time.sleep(0.3)  # who dies at once is taken for one that cannot start
    for number in (2, 3):
        os.kill(kept.workers[-1], signal.SIGKILL)
        until(lambda: len(kept.workers) == number)  # noqa: B023 - called at once
        time.sleep(0.3)
    kept.process.terminate()
    assert kept.process.wait(30) == 0
    assert not [worker for worker in kept.workers if is_alive(worker)]


def test_who_cannot_start_is_tried_again_ever_more_rarely(keeping: Callable[..., Kept]) -> None:
    kept = keeping(then="os._exit(3)")
    until(lambda: len(kept.workers) == 1)
    time.sleep(4)
    # At once, and after 0.5, 1 and 2 seconds more.
    assert len(kept.workers) <= 4
    kept.process.send_signal(signal.SIGINT)
    assert kept.process.wait(30) == 0


def test_a_worker_that_does_not_end_is_killed(keeping: Callable[..., Kept]) -> None:
    deaf = "time.sleep(60)"
    kept = keeping(then=deaf)
    until(lambda: len(kept.workers) == 1)
    kept.process.terminate()
    assert kept.process.wait(30) == 0
    assert not is_alive(kept.workers[0])


def test_who_is_frozen_is_followed_and_ends_when_it_goes_on(keeping: Callable[..., Kept]) -> None:
    kept = keeping(frozen_after=1)
    until(lambda: len(kept.workers) == 1)
    os.kill(kept.workers[0], signal.SIGSTOP)
    until(lambda: len(kept.workers) == 2)
    assert is_alive(kept.workers[0])
    os.kill(kept.workers[0], signal.SIGCONT)
    until(lambda: not is_alive(kept.workers[0]))
    assert is_alive(kept.workers[1])
    assert len(kept.workers) == 2


def test_who_stays_frozen_is_killed(keeping: Callable[..., Kept]) -> None:
    kept = keeping(frozen_after=1, gone_after=0.5)
    until(lambda: len(kept.workers) == 1)
    os.kill(kept.workers[0], signal.SIGSTOP)
    until(lambda: len(kept.workers) == 2)
    until(lambda: not is_alive(kept.workers[0]))
    kept.process.terminate()
    assert kept.process.wait(30) == 0


def test_a_keeper_that_was_frozen_itself_keeps_its_worker(keeping: Callable[..., Kept]) -> None:
    kept = keeping(frozen_after=1)
    until(lambda: len(kept.workers) == 1)
    kept.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    kept.process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    assert len(kept.workers) == 1
