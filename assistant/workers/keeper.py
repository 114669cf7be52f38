"""Keeps a worker working: whoever dies is followed at once by one that has nothing to import or to read.

A process that holds no connection and no thread reads all there is, and forks the worker. Seconds of
processor time, on a busy machine half a minute, are thus spent once, and not again while somebody waits.
"""

from __future__ import annotations

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
LONGEST_WAIT: Final = 30.0
"""Seconds between two that cannot start: they must not take the machine from those that can."""
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_HEARD: Final = (*_ENDING, signal.SIGCHLD)


class Keeper:
    """Forks a worker, and another whenever there is none, until told to stop."""

    def __init__(self, work: Callable[[], None]) -> None:
        """Listen for signals; nothing is forked yet.

        Args:
            work: What a worker does until SIGTERM; it unblocks that signal once it can hear it.
        """
        self._work = work
        self._parent = os.getppid()
        self._worker = 0
        """Its process id; 0 while there is none."""
        self._began = 0.0
        self._killed_at: float | None = None
        """When it is killed if it has not ended (monotonic); None until it is told to end."""
        self._wait = 0.0
        self._next = 0.0
        self._stopping = False
        self._ear, self._mouth = os.pipe()
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ear, False)
        signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        for each in _ENDING:
            signal.signal(each, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    @property
    def stopping(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._stopping

    def keep(self) -> None:
        """Keep one until told to stop, or until whoever started us is gone, and the last worker has ended."""
        self._mind()
        while self._worker or not self._stopping:
            select.select([self._ear], [], [], min(LOOKS_EVERY, self._wait or LOOKS_EVERY))
            while self._heard():
                pass
            self._mind()

    def _mind(self) -> None:
        if os.getppid() != self._parent:
            self._stopping = True
        if self._worker:
            self._bury()
        now = time.monotonic()
        if self._stopping and self._worker:
            self._dismiss(now)
        elif not self._stopping and not self._worker and now >= self._next:
            self._fork()

    def _heard(self) -> bytes:
        try:
            return os.read(self._ear, 512)
        except BlockingIOError:
            return b""

    def _stop(self, *_signal: object) -> None:
        self._stopping = True

    def _dismiss(self, now: float) -> None:
        if self._killed_at is None:
            os.kill(self._worker, signal.SIGTERM)
            self._killed_at = now + ENDS_WITHIN
        elif now >= self._killed_at:
            os.kill(self._worker, signal.SIGKILL)

    def _bury(self) -> None:
        ended, status = os.waitpid(self._worker, os.WNOHANG)
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
        # A signal that came before the worker can hear it would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        worker = os.fork()
        if not worker:
            self._be_worker()
        self._worker, self._began = worker, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)

    def _be_worker(self) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _HEARD:
                signal.signal(each, signal.SIG_DFL)
            for end in (self._ear, self._mouth):
                os.close(end)
            self._work()
            code = 0
        except BaseException as error:
            log.exception("worker failed", error=type(error).__name__)
        finally:
            # What the keeper would do at its end is not ours to do.
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
