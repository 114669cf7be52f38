"""Records what the carrier's webhooks bring so that nothing is lost, many requests to one commit.

Requests hand their text or status to one writer thread and wait. It puts all that has gathered into the
database in one transaction (group commit) and lets them go; with the database away it puts them on the spool
instead, and back in order once it can (README, "What it promises").
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog
from sqlalchemy import exc, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import is_answerable
from assistant.channels.showing import known_as
from assistant.delivery.delivery_receipts import StatusReport, note_statuses
from assistant.delivery.spool import Entry, Spool
from assistant.store.database import Database
from assistant.store.sealed_columns import seal_row
from assistant.store.tables.message_tables import Inbox

log = structlog.get_logger(__name__)

LONGEST_BODY = 10_000
"""Characters. Twilio's longest is 1600; this keeps a forged one from filling the disk."""
PATIENCE = 8.0
"""Seconds a request waits for the writer before it goes to the spool itself: Twilio gives up after 15."""
GATHER_SECONDS = 0.01
"""So long a status callback waits for others, up to `GATHER_MOST`, or for a text: nobody waits for it, and a
commit costs as much as ten of them. A text never waits."""
GATHER_MOST = 16
RETRY_SECONDS = 1.0
"""How long after a failure the database is tried again."""

# NUL, which PostgreSQL cannot store, and halves of surrogate pairs, which nobody can encode.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_TABLE = Inbox.metadata.tables["inbox"]
_INSERT = (
    insert(_TABLE)
    .on_conflict_do_nothing(index_elements=["carrier_id"])
    .execution_options(preserve_rowcount=True)
)
# PostgreSQL takes a whole group as one value of one statement in half the time of a statement for each row.
_INSERT_GROUP = text(
    "INSERT INTO inbox (carrier_id, from_uri, to_uri, body, params, received_at, state, reason, attempts)"
    " SELECT carrier_id, from_uri, to_uri, body, params, received_at, state, reason, attempts"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row (carrier_id text, from_uri text, to_uri text,"
    " body text, params jsonb, received_at timestamptz, state text, reason text, attempts integer)"
    " ON CONFLICT (carrier_id) DO NOTHING"
)

# What SQLAlchemy raises when the database is gone, locked, full, read-only, or has no tables yet: all of it
# passes.
_AWAY = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.ProgrammingError,
    exc.DisconnectionError,
    exc.TimeoutError,
)


E = TypeVar("E", bound="IncomingText | StatusReport")


class NotRecorded(Exception):  # noqa: N818 - it says what happened, as the design does
    """Neither the database nor the spool took it: the carrier must be told to try again."""


@dataclasses.dataclass(frozen=True, slots=True)
class IncomingText:
    """A text as a carrier brought it. `received_at` is aware UTC."""

    carrier_id: str
    """At most 64 characters."""
    from_uri: str
    """At most 160 characters, like `to_uri`."""
    to_uri: str
    body: str
    params: dict[str, Any]
    """Every other parameter of the webhook: a string each, or a list of them where it was repeated."""
    received_at: dt.datetime


class Recorder:
    """The one way in: a writer thread a process, and the spool behind it.

    Args:
        wake: called, off the requests' way, after texts were put into the database; may be lost.
        missed: called likewise when texts may not have reached us: at the start, and once texts are taken
            again after some were refused.
        patience: seconds; see `PATIENCE`.
    """

    def __init__(
        self,
        database: Database,
        spool: Spool,
        wake: Callable[[], None],
        *,
        missed: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
    ) -> None:
        self._database = database
        self._spool = spool
        self._wake = wake
        self._missed = missed
        self._patience = patience
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._gathering = _Group()
        self._closed = False
        self._retry_at = 0.0
        self._recorded = threading.Event()
        self._refused = True  # by the process before this one, or by nobody because there was none
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start now rather than with the first text, and put in what an earlier process spooled."""
        with self._lock:
            self._start()
        self._recorded.set()

    def record(self, text: IncomingText) -> None:
        """Return once this text is durable, however often and by however many processes it is recorded.

        Raises:
            NotRecorded: neither the database nor the spool could take it.
        """
        self._keep(text)

    def note(self, report: StatusReport) -> None:
        """Return once this status callback is noted or durable.

        Raises:
            NotRecorded: neither the database nor the spool could take it.
        """
        self._keep(report)

    def close(self) -> None:
        """Put in what has gathered and stop the threads."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        self._recorded.set()
        for thread in self._threads:
            thread.join(self._patience)

    def _keep(self, entry: IncomingText | StatusReport) -> None:
        with self._ready:
            if self._closed:
                raise NotRecorded("this process is stopping")
            self._start()
            group = self._gathering
            group.entries.append(entry)
            group.urgent = group.urgent or isinstance(entry, IncomingText)
            if len(group.entries) == 1 or group.is_ready():
                self._ready.notify()
        if not group.done.wait(self._patience):
            # The writer hangs on the database. Should it get through after all, a text twice is a text once.
            self._to_spool([entry])
        elif group.error is not None:
            raise group.error

    def _start(self) -> None:
        if not self._threads and not self._closed:
            for name, run in (("recorder", self._write_groups), ("recorder-wake", self._wake_workers)):
                thread = threading.Thread(target=run, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _write_groups(self) -> None:
        while True:
            group = self._next_group()
            try:
                if not self._try_database(group):
                    self._to_spool(group.entries)
            except NotRecorded as error:
                group.error = error
            except BaseException:
                # Nobody may be told that a text is safe because the writer fell over.
                log.exception("recording failed", entries=len(group.entries))
                group.error = NotRecorded("the recorder failed")
            finally:
                group.done.set()
            if self._closed and not self._gathering.entries:
                return

    def _next_group(self) -> _Group:
        """What has gathered; while something is spooled perhaps nothing, so that the database is tried."""
        with self._ready:
            if not self._gathering.entries and not self._closed:
                self._ready.wait(RETRY_SECONDS if self._spool.waiting() else None)
            if self._gathering.entries and not self._closed:
                self._ready.wait_for(lambda: self._closed or self._gathering.is_ready(), GATHER_SECONDS)
            group, self._gathering = self._gathering, _Group()
            return group

    def _try_database(self, group: _Group) -> bool:
        if time.monotonic() < self._retry_at:
            return False
        try:
            # What is spooled is older: nothing may overtake it.
            count = replay(self._spool, self._database) if self._spool.waiting() else 0
            if group.entries:
                _put_in(self._database, self._spool, group.entries)
        except _AWAY as error:
            self._retry_at = time.monotonic() + RETRY_SECONDS
            log.warning("database away", error=type(error).__name__, entries=len(group.entries))
            return False
        if count or any(isinstance(entry, IncomingText) for entry in group.entries):
            self._recorded.set()
        return True

    def _to_spool(self, entries: Sequence[IncomingText | StatusReport]) -> None:
        if not entries:
            return
        try:
            self._spool.append([_to_entry(entry) for entry in entries])
        except OSError as error:
            self._refused = True
            log.error("spool refused", error=type(error).__name__, entries=len(entries))
            raise NotRecorded("neither the database nor the spool can be written") from error

    def _wake_workers(self) -> None:
        # A thread of its own: a queue that hangs must not hold up the recording.
        while not self._closed:
            self._recorded.wait()
            self._recorded.clear()
            try:
                if self._refused:
                    self._refused = False
                    self._missed()
                self._wake()
            except Exception as error:  # a lost wake-up is swept up by the clock
                log.warning("wake-up lost", error=type(error).__name__)


class _Group:
    """What is committed together, and everyone who waits for it."""

    __slots__ = ("done", "entries", "error", "urgent")

    def __init__(self) -> None:
        self.urgent = False
        self.entries: list[IncomingText | StatusReport] = []
        self.done = threading.Event()
        self.error: NotRecorded | None = None

    def is_ready(self) -> bool:
        """Whether there is no reason to wait for more."""
        return self.urgent or len(self.entries) >= GATHER_MOST


def replay(spool: Spool, database: Database) -> int:
    """Put everything spooled into the database, in order; safe to be killed, repeated and run twice at once.

    Returns:
        How many texts and statuses were put in.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is still away; what is left stays on the spool.
        OSError: the spool cannot be read.
    """

    def put_in(entries: list[Entry]) -> None:
        readable = [_from_entry(entry) for entry in entries]
        unreadable = [entry for entry, read in zip(entries, readable, strict=True) if read is None]
        if unreadable:
            spool.set_aside(unreadable)
        _put_in(database, spool, [entry for entry in readable if entry is not None])

    count = spool.replay(put_in)
    if count:
        log.info("spool replayed", entries=count)
    return count


def insert_texts(session: Session, texts: Sequence[IncomingText]) -> int:
    """Insert texts into the inbox, each once per carrier id, in the order given.

    Args:
        session: a session inside `Database.write()`.

    Returns:
        How many were new.
    """
    if not texts:
        return 0
    rows = [_row(each) for each in texts]
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        rows = [seal_row(connection.dialect, _TABLE, row) for row in rows]
        result = connection.execute(_INSERT_GROUP, {"rows": json.dumps(rows, default=dt.datetime.isoformat)})
    else:
        result = connection.execute(_INSERT, rows)
    return max(result.rowcount, 0)


def _put_in(database: Database, spool: Spool, entries: Sequence[IncomingText | StatusReport]) -> None:
    """One transaction for all of it; where that fails, one for texts and one for statuses, so that neither
    can spoil the other."""
    texts = [entry for entry in entries if isinstance(entry, IncomingText)]
    reports = [entry for entry in entries if isinstance(entry, StatusReport)]
    if texts and reports:
        try:
            with database.write() as session:
                # Statuses may wait for a delivery's locks; then nobody waits for those of the texts.
                note_statuses(session, reports)
                insert_texts(session, texts)
            return
        except _AWAY:
            raise
        except Exception as error:
            log.warning("recorded apart", error=type(error).__name__, entries=len(entries))
    _put_each(database, spool, insert_texts, texts)
    _put_each(database, spool, note_statuses, reports)


def _put_each(
    database: Database, spool: Spool, put: Callable[[Session, Sequence[E]], object], entries: Sequence[E]
) -> None:
    if not entries:
        return
    try:
        with database.write() as session:
            put(session, entries)
    except _AWAY:
        raise
    except Exception as error:
        if len(entries) == 1:
            log.error("set aside", error=type(error).__name__, carrier_id=entries[0].carrier_id)
            spool.set_aside([_to_entry(entries[0])])
            return
        # One of them is refused for what it holds: the others must not suffer for it.
        for entry in entries:
            _put_each(database, spool, put, [entry])


def _row(text: IncomingText) -> dict[str, Any]:
    from_uri, params = known_as(text.from_uri, text.params)
    body = text.body
    if len(body) > LONGEST_BODY:
        params = {**params, "body_cut_from": len(body)}
        body = body[:LONGEST_BODY]
    return {
        "carrier_id": _storable(text.carrier_id),
        "from_uri": _storable(from_uri),
        "to_uri": _storable(text.to_uri),
        "body": _storable(body),
        "params": _storable(params),
        "received_at": text.received_at,
        "state": "new" if (answerable := is_answerable(text.from_uri)) else "ignored",
        "reason": None if answerable else "not a number",
        "attempts": 0,
    }


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        # Nearly every text is fine, and this way of asking is the fastest.
        return (
            _UNSTORABLE.sub("\ufffd", value)
            if not value.isprintable() and _UNSTORABLE.search(value)
            else value
        )
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


def _to_entry(entry: IncomingText | StatusReport) -> Entry:
    kind, moment = ("text", "received_at") if isinstance(entry, IncomingText) else ("status", "at")
    fields = dataclasses.asdict(entry)
    return {kind: {**fields, moment: fields[moment].isoformat()}}


def _from_entry(entry: Entry) -> IncomingText | StatusReport | None:
    try:
        if "text" in entry:
            fields = entry["text"]
            return IncomingText(**{**fields, "received_at": dt.datetime.fromisoformat(fields["received_at"])})
        fields = entry["status"]
        return StatusReport(**{**fields, "at": dt.datetime.fromisoformat(fields["at"])})
    except (KeyError, TypeError, ValueError):
        return None
