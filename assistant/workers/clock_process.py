"""The clock: wakes workers for what is due, every few seconds. It knows no more than names of jobs."""

from __future__ import annotations

import sys

import structlog
from redis.exceptions import RedisError
from rq.cron import CronScheduler

from assistant.queues import JOB_OPTIONS, REDIS_PATIENCE, connect
from assistant.workers.jobs import MAINTENANCE

log = structlog.get_logger(__name__)


def run_clock(redis_url: str) -> None:
    """Wake workers for maintenance, every few seconds of real time, until SIGTERM or SIGINT.

    Raises:
        SystemExit: 1 when Redis is away: whoever supervises starts the clock again.
    """
    clock = CronScheduler(connect(redis_url, patience=REDIS_PATIENCE), logging_level="CRITICAL")
    for queue, job, seconds in MAINTENANCE:
        # A look that nobody had time for within its interval is replaced by the next.
        clock.register(
            job,
            queue,
            interval=seconds,
            ttl=seconds,
            job_timeout=JOB_OPTIONS["job_timeout"],
            result_ttl=JOB_OPTIONS["result_ttl"],
            failure_ttl=JOB_OPTIONS["failure_ttl"],
        )
    log.info("clock starts")
    try:
        clock.start()  # type: ignore[no-untyped-call]
    except RedisError as error:
        log.error("clock stops: Redis is away", error=type(error).__name__)
        sys.exit(1)
    log.info("clock stops")
