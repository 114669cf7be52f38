"""One worker of a queue, kept: what it imports and reads is read once, before it is forked."""

from __future__ import annotations

import importlib
import os
import time
from typing import TYPE_CHECKING

import structlog

from assistant.lean import give_back
from assistant.workers.heartbeat import Heartbeat
from assistant.workers.jobs import DRAIN_SECONDS
from assistant.workers.keeper import Keeper
from assistant.workers.worker_process import work

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = structlog.get_logger(__name__)


def keep_worker(runtime: Runtime, queue: str) -> None:
    """Keep a worker of one queue ("inbox" or "delivery") until SIGTERM or SIGINT; any number may be kept."""
    starter = os.getppid()
    keeper = Keeper(lambda beat: work(runtime, queue, starter, beat))
    if queue == "inbox":
        _read_ahead(runtime, keeper)
    else:
        for module in ("assistant.delivery.sender", "assistant.our_twilio", "phonenumbers.timezone"):
            importlib.import_module(module)
    # Connections do not survive a fork; each worker makes its own.
    runtime.database.close()
    give_back()
    log.info("worker ready", queue=queue)
    keeper.keep()


def _read_ahead(runtime: Runtime, keeper: Keeper) -> None:
    """Make the first text that comes wait for nothing that the next would not wait for.

    What came in meanwhile is seen to between: nobody waits for a rehearsal.
    """
    from assistant.conversations import inbox
    from assistant.workers.reading_ahead import read_ahead

    services = runtime.services
    heartbeat = Heartbeat(runtime.database, runtime.clock, "inbox")

    def see_to_texts() -> None:
        heartbeat.beat()
        try:
            inbox.drain(services, time.monotonic() + DRAIN_SECONDS)
        except Exception as error:
            log.exception("job failed", job="read ahead", error=type(error).__name__)

    see_to_texts()
    read_ahead(services, lambda: keeper.stopping, see_to_texts)
    heartbeat.end()
