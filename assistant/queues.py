"""Wakes workers through Redis: one RQ job stands for any number of reasons to look.

Wake-ups are never the truth. One that is lost costs a little time, until an idle worker looks by itself.
"""

from __future__ import annotations

import time
from typing import Final

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

log = structlog.get_logger(__name__)

JOBS: Final = {
    "inbox": ("inbox", "assistant.workers.jobs.handle_inbox"),
    "delivery": ("delivery", "assistant.workers.jobs.deliver"),
    "log": ("delivery", "assistant.workers.jobs.fetch_log"),
}
"""What is woken -> the queue, and what its worker calls; by name, since the rooms below must not import the
jobs. "log" is the carrier's: there may be texts in it that never reached us."""
COALESCE_MS: Final = 10_000
"""So long one wake-up stands for all, unless its worker woke before."""
LEAVE_ALONE: Final = 1.0
"""Seconds for which a Redis that did not answer is not asked again: nobody may be held up by it twice."""
REDIS_PATIENCE: Final = 5.0
"""Seconds that a worker, or the clock, waits for an answer of Redis."""
JOB_OPTIONS: Final = {
    # Our drains end by themselves; RQ uses this for bookkeeping only (see `workers.worker_process`).
    "job_timeout": 60,
    "result_ttl": 0,
    "failure_ttl": 60,
    "ttl": 60,
}


def connect(url: str, *, patience: float = 0.5) -> Redis:
    """Return a client that gives up soon: redis-py by itself would try for many seconds.

    Args:
        url: redis://, rediss:// or unix://.
        patience: seconds for an answer; half of it for a connection.
    """
    return Redis.from_url(
        url,
        socket_timeout=patience,
        socket_connect_timeout=patience / 2,
        # Once more at once: the connection may only have been old.
        retry=Retry(NoBackoff(), 1),
    )


class Queues:
    """Wakes whoever sees to one of `JOBS`."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._away_until = 0.0

    def wake(self, what: str) -> None:
        """Have a worker see to one of `JOBS`, unless one is about to; never raises, is never slow twice."""
        if time.monotonic() < self._away_until:
            return
        try:
            if self._redis.set(_key(what), 1, nx=True, px=COALESCE_MS):
                queue, job = JOBS[what]
                Queue(queue, connection=self._redis).enqueue(job, **JOB_OPTIONS)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + LEAVE_ALONE
            log.warning("wake-up lost", what=what, error=type(error).__name__)

    def awake(self, queue: str) -> None:
        """Say that a worker of `queue` is about to look: a reason from now on must wake it again."""
        try:
            self._redis.delete(_key(queue))
        except (RedisError, OSError) as error:
            log.warning("queue out of reach", queue=queue, error=type(error).__name__)

    def close(self) -> None:
        """Let go of every connection."""
        self._redis.close()


def _key(queue: str) -> str:
    return f"circle:waking:{queue}"
