"""The processes that run jobs: workers, one queue each.

A worker that has nothing to do looks by itself every few seconds, with Redis emptied or away too: rows are
the truth.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog
from redis.exceptions import RedisError
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.queue import Queue
from rq.timeouts import BaseDeathPenalty
from rq.worker import SimpleWorker

from assistant.queues import REDIS_PATIENCE, Queues, connect
from assistant.workers.heartbeat import BEAT_SECONDS, Heartbeat
from assistant.workers.jobs import BESIDE, MAINTENANCE, WORK, JobContext
from assistant.workers.keeper import ENDING, ENDS_WITHIN, PULSE_EVERY

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = structlog.get_logger(__name__)

IDLE_SECONDS: Final = 1
"""How long a worker waits for a wake-up before it looks around by itself (and for a signal to stop)."""
FOLLOWED_WITHIN: Final = 60.0
"""Seconds that a worker goes on whose keeper died: so long may the next one take to be ready."""


def _job_class(job_context: JobContext) -> type[Job]:
    """Return the class of RQ's jobs in this worker: it hands each function the job context.

    RQ pickles arguments into Redis, and a runtime must not travel. `Job.perform` is where RQ calls the
    function, so that here, and only here, it can be given what this process has; no global is needed.
    """

    class ContextJob(Job):
        def perform(self) -> None:
            _run(self.func, job_context)

    return ContextJob


def _run(job: Callable[[JobContext], None], job_context: JobContext) -> None:
    # RQ would keep the traceback in Redis. And nothing needs retrying: the next look finds the rows.
    try:
        job(job_context)
    except Exception as error:
        log.exception("job failed", job=job.__name__, error=type(error).__name__)


def _try(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:
        log.exception("background work failed", error=type(error).__name__)


class _NoDeathPenalty(BaseDeathPenalty):
    """Our drains end by themselves; RQ's alarm could land between "sent" and "recorded"."""

    def setup_death_penalty(self) -> None:
        return

    def cancel_death_penalty(self) -> None:
        return


class _Worker(SimpleWorker):
    """RQ's worker without forks, alarms and remote commands, which looks around by itself when idle."""

    death_penalty_class = _NoDeathPenalty

    def __init__(self, process: WorkerProcess, queue: str) -> None:
        super().__init__(
            [queue],
            connection=connect(process.redis_url(), patience=REDIS_PATIENCE),
            job_class=_job_class(process.job_context),
            worker_ttl=60,
            log_job_description=False,
        )
        self._process = process

    @property
    def connection_timeout(self) -> int:
        return int(REDIS_PATIENCE)

    def _install_signal_handlers(self) -> None:
        """Leave ours: RQ's would raise wherever the process happens to be."""

    def subscribe(self) -> None:
        """Take no commands through Redis."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed to."""

    def dequeue_job_and_maintain_ttl(
        self,
        timeout: int | None,  # noqa: ARG002 - RQ's; ours is short, to notice signals and to look around
        max_idle_time: int | None = None,  # noqa: ARG002
    ) -> tuple[Job, Queue] | None:
        """Return the next job; None when it is time to stop.

        Raises:
            redis.exceptions.RedisError: Redis is away.
        """
        while not self._process.stopping.is_set():
            try:
                found = self.queue_class.dequeue_any(
                    self._ordered_queues,
                    IDLE_SECONDS,
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                    death_penalty_class=self.death_penalty_class,
                )
            except DequeueTimeout:
                found = None
            if found is not None:
                job, queue = found
                self._process.queues.awake(queue.name)
                self._process.ran((job.func_name or "").rpartition(".")[2])
                return job, queue
            self.heartbeat()
            self._process.look_around()
        return None


class WorkerProcess:
    """One worker process: what it lends to jobs, what maintenance is due, and whether it is to stop."""

    def __init__(self, runtime: Runtime, queue: str, loop: asyncio.Runner) -> None:
        self._runtime = runtime
        self._queue = queue
        self.stopping = threading.Event()
        self.queues = Queues(runtime.redis_url)
        self._heartbeat = Heartbeat(runtime.database, runtime.clock, queue)
        self.job_context = JobContext(
            runtime, loop.run, self.stopping.is_set, lambda: self._heartbeat.worker, self.aside
        )
        self._aside: threading.Thread | None = None
        self._every = {job: seconds for queue_of, job, seconds in MAINTENANCE if queue_of == queue}
        self._next = dict.fromkeys(self._every, 0.0)

    def redis_url(self) -> str:
        return self._runtime.redis_url

    def stop(self) -> None:
        """Finish what is under way, then end; not to be called from a signal handler.

        A second signal, and two come when a supervisor tells the keeper and all that is below it, would find
        the event's lock held by the first, and wait for it without end.
        """
        self.stopping.set()

    def stop_when_told(self) -> None:
        """Wait, in a thread, for a signal to end."""
        signal.sigwait(ENDING)
        self.stop()

    def aside(self, work: Callable[[], None]) -> None:
        """Do something in the background, unless something is being done there already."""
        if self._aside is None or not self._aside.is_alive():
            self._aside = threading.Thread(target=_try, args=(work,), name="aside", daemon=True)
            self._aside.start()

    def ran(self, name: str) -> None:
        """Note that a wake-up had this job run: it need not be run again before its time."""
        for job, seconds in self._every.items():
            if job.__name__ == name:
                # A little later than the next wake-up: two would cost a service at rest twice as much.
                self._next[job] = time.monotonic() + seconds + IDLE_SECONDS

    def look_around(self) -> None:
        """Do what no wake-up asked for: maintenance, when it is due."""
        for job, seconds in self._every.items():
            if time.monotonic() >= self._next[job] and not self.stopping.is_set():
                _run(job, self.job_context)
                self._next[job] = time.monotonic() + seconds

    def go(self) -> None:
        """Work until told to stop, by wake-ups while Redis answers, by looking every second while not."""
        self._heartbeat.start()
        for queue, job, seconds in BESIDE:
            if queue == self._queue:
                threading.Thread(
                    target=self._beside, args=(job, seconds), name=job.__name__, daemon=True
                ).start()
        try:
            # Who comes after one that died does not wait for a wake-up: that one may have had it.
            _run(WORK[self._queue], self.job_context)
            self._go()
        finally:
            self._heartbeat.end()

    def live_with(self, keeper: int, starter: int, beat: Callable[[], None]) -> None:
        """Give signs of life; with the keeper gone, go on until another's worker is here.

        Args:
            keeper: The process that forked this one.
            starter: The one that started the keeper: only where it lives another one comes.
            beat: Gives one.
        """
        while os.getppid() == keeper:
            beat()
            if self.stopping.wait(PULSE_EVERY):
                return
        log.warning("the keeper died", queue=self._queue)
        deadline = time.monotonic() + FOLLOWED_WITHIN
        while time.monotonic() < deadline and _lives(starter) and not self._heartbeat.is_followed():
            if self.stopping.wait(BEAT_SECONDS):
                return
        self.stop()
        time.sleep(ENDS_WITHIN)
        os._exit(1)

    def _beside(self, job: Callable[[JobContext], None], seconds: float) -> None:
        while not self.stopping.wait(seconds):
            _run(job, self.job_context)

    def _go(self) -> None:
        told = False
        while not self.stopping.is_set():
            try:
                _Worker(self, self._queue).work(logging_level="CRITICAL")
            except RedisError:
                if not told:
                    log.warning("working without Redis", queue=self._queue)
            told = True
            if not self.stopping.is_set():
                _run(WORK[self._queue], self.job_context)
                self.look_around()
                self.stopping.wait(IDLE_SECONDS)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def work(runtime: Runtime, queue: str, starter: int, beat: Callable[[], None]) -> None:
    """Be a worker of one queue ("inbox" or "delivery") until SIGTERM or SIGINT; any number may run.

    In a process that a keeper forked for it; see `WorkerProcess.live_with`.
    """
    with asyncio.Runner() as loop:
        process = WorkerProcess(runtime, queue, loop)
        # Blocked by the keeper, and so in every thread of ours and in what we start: this one waits for them.
        threading.Thread(target=process.stop_when_told, name="signals", daemon=True).start()
        kept_by = (os.getppid(), starter, beat)
        threading.Thread(target=process.live_with, args=kept_by, name="keeper", daemon=True).start()
        log.info("worker starts", queue=queue)
        process.go()
        if queue == "delivery":
            loop.run(runtime.carrier.close())
        process.queues.close()
    log.info("worker stops", queue=queue)
