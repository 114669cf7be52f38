"""Says every two seconds that this worker lives, so that what a dead one had in hand passes on at once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Final

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from assistant.schedule.clock import Clock
from assistant.store.database import Database
from assistant.store.tables import Worker

log = structlog.get_logger(__name__)

BEAT_SECONDS: Final = 2.0
FORGOTTEN_AFTER: Final = dt.timedelta(days=1)


class Heartbeat:
    """The row of one worker process, kept fresh by a thread of its own: drains may take long.

    A beat that the database does not take is left out. Nothing hangs on a false death: what is in hand is
    looked for in the carrier's log, and goes again only where nobody can hand it over any more.
    """

    def __init__(self, database: Database, clock: Clock, queue: str) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go, name="heartbeat", daemon=True)
        self.worker: int | None = None
        """The row's id; None until the database took it: then only leases say what is in hand."""

    def start(self) -> None:
        """Beat once, and go on in the background."""
        self.beat()
        self._thread.start()

    def end(self) -> None:
        """Stop, and take the row along: nothing is in hand any more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(BEAT_SECONDS)
        if self.worker is not None:
            try:
                with self._database.write() as session:
                    session.execute(delete(Worker).where(Worker.id == self.worker))
            except SQLAlchemyError as error:
                log.warning("heartbeat not ended", error=type(error).__name__)

    def is_followed(self) -> bool:
        """Whether a worker of the same queue that began later is alive."""
        if self.worker is None:
            return False
        later = select(Worker.id).where(
            Worker.queue == self._queue,
            Worker.id > self.worker,
            Worker.beat_at > self._clock.real() - 2 * dt.timedelta(seconds=BEAT_SECONDS),
        )
        try:
            with self._database.read() as session:
                return session.scalar(later.limit(1)) is not None
        except SQLAlchemyError:
            return False

    def _go(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self.beat()

    def beat(self) -> None:
        """Say once that this worker lives."""
        now = self._clock.real()
        try:
            with self._database.write() as session:
                if self.worker is not None:
                    mine = update(Worker).where(Worker.id == self.worker).values(beat_at=now)
                    if session.execute(mine.returning(Worker.id)).first() is not None:
                        return
                session.execute(delete(Worker).where(Worker.beat_at < now - FORGOTTEN_AFTER))
                row = {"queue": self._queue, "began_at": now, "beat_at": now}
                self.worker = session.scalar(insert(Worker).returning(Worker.id), row)
        except SQLAlchemyError as error:
            log.warning("heartbeat left out", error=type(error).__name__)
