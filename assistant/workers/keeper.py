"""Keeps a worker working: whoever dies, or gives no sign of life, is followed by one that is ready at once.

A process that holds no connection and no thread reads all there is, and forks the worker. Seconds of
processor time, on a busy machine half a minute, are thus spent once, and not again while somebody waits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Final, NoReturn

import structlog

log = structlog.get_logger(__name__)

LOOKS_EVERY: Final = 1.0
"""Seconds between looks at who started us; a worker's end is heard of at once."""
ENDS_WITHIN: Final = 10.0
"""Seconds that a worker has for what is under way."""
STARTS_WITHIN: Final = 1.0
"""Seconds: who lives shorter could not start, and is not followed at once."""
PULSE_EVERY: Final = 1.0
"""Seconds between two signs of life of a worker."""
FROZEN_AFTER: Final = 5.0
"""Seconds without one after which another worker is begun beside it; any number may work at once."""
GONE_AFTER: Final = 120.0
"""Seconds after which a frozen worker is killed: by then all that it had in hand has passed on."""
LONGEST_WAIT: Final = 30.0
"""Seconds between two that cannot start: they must not take the machine from those that can."""
ENDING: Final = (signal.SIGTERM, signal.SIGINT)
"""Signals that a process is told to end by."""
_HEARD: Final = (*ENDING, signal.SIGCHLD)


class Keeper:
    """Forks a worker, and another whenever there is none, until told to stop."""

    def __init__(self, work: Callable[[Callable[[], None]], None]) -> None:
        """Listen for signals; nothing is forked yet.

        Args:
            work: What a worker does until one of `ENDING`, which are blocked there until it waits for them
                or can hear them; it calls what it is given every `PULSE_EVERY` seconds, in a thread.
        """
        self._work = work
        self._parent = os.getppid()
        self._worker = 0
        """Its process id; 0 while there is none."""
        self._began = self._pulse_at = 0.0
        self._wrist = -1
        """Where the worker's signs of life are felt."""
        self._leaving: dict[int, float] = {}
        """Those that were told to end, and when they are killed if they have not (monotonic)."""
        self._wait = 0.0
        self._next = 0.0
        self._stopping = False
        self._ear, self._mouth = os.pipe()
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ear, False)
        signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        for each in ENDING:
            signal.signal(each, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    @property
    def stopping(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._stopping

    def keep(self) -> None:
        """Keep one until told to stop, or until whoever started us is gone, and the last worker has ended."""
        self._mind()
        while self._worker or self._leaving or not self._stopping:
            select.select([self._ear], [], [], min(LOOKS_EVERY, self._wait or LOOKS_EVERY))
            _drain(self._ear)
            self._mind()

    def _mind(self) -> None:
        if os.getppid() != self._parent:
            self._stopping = True
        self._bury()
        now = time.monotonic()
        if self._worker and _drain(self._wrist):
            self._pulse_at = now
        if self._stopping:
            self._dismiss(now + ENDS_WITHIN)
        elif self._worker and now - self._pulse_at > FROZEN_AFTER:
            log.warning("worker frozen", worker=self._worker)
            self._dismiss(now + GONE_AFTER)
        for worker, killed_at in self._leaving.items():
            if now >= killed_at:
                os.kill(worker, signal.SIGKILL)
        if not self._stopping and not self._worker and now >= self._next:
            self._fork()

    def _stop(self, *_signal: object) -> None:
        self._stopping = True

    def _dismiss(self, killed_at: float) -> None:
        """Tell the worker to end, and see to it that all have by then; one that is frozen hears it later."""
        if self._worker:
            os.kill(self._worker, signal.SIGTERM)
            self._leaving[self._worker] = killed_at
            self._worker = 0
        self._leaving = {worker: min(killed_at, at) for worker, at in self._leaving.items()}

    def _bury(self) -> None:
        for worker in list(self._leaving):
            if os.waitpid(worker, os.WNOHANG)[0]:
                del self._leaving[worker]
        ended, status = os.waitpid(self._worker, os.WNOHANG) if self._worker else (0, 0)
        if not ended:
            return
        self._worker = 0
        if self._stopping:
            return
        short = time.monotonic() - self._began < STARTS_WITHIN
        self._wait = min(max(0.5, 2 * self._wait), LONGEST_WAIT) if short else 0.0
        self._next = time.monotonic() + self._wait
        log.warning("worker died", code=os.waitstatus_to_exitcode(status), next_in=self._wait)

    def _fork(self) -> None:
        if self._wrist >= 0:
            os.close(self._wrist)
        self._wrist, heart = os.pipe()
        for end in (self._wrist, heart):
            os.set_blocking(end, False)
        # A signal that came before the worker can hear it would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        worker = os.fork()
        if not worker:
            self._be_worker(heart)
        os.close(heart)
        self._worker, self._began = worker, time.monotonic()
        self._pulse_at = self._began
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def _be_worker(self, heart: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _HEARD:
                signal.signal(each, signal.SIG_DFL)
            for end in (self._ear, self._mouth, self._wrist):
                os.close(end)
            self._work(lambda: _beat(heart))
            code = 0
        except BaseException as error:
            log.exception("worker failed", error=type(error).__name__)
        finally:
            # What the keeper would do at its end is not ours to do.
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _beat(heart: int) -> None:
    # With the keeper gone nobody feels it, and one that is frozen itself has felt enough.
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        os.write(heart, b".")


def _drain(pipe: int) -> bool:
    """Read all that was written there; return whether anything was."""
    felt = False
    with contextlib.suppress(BlockingIOError):
        while os.read(pipe, 512):
            felt = True
    return felt
