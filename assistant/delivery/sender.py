"""Sends what is due: claims it, hands it to the carrier many at a time, and records what came of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.channels.showing import RCS
from assistant.channels.windows import WITH_WINDOWS
from assistant.delivery.claims import (
    HAND_OVER_WITHIN,
    URGENT,
    Claim,
    claim,
    drop_opted_out,
    is_due,
    next_due,
    release,
)
from assistant.delivery.delivery_receipts import attempt_name
from assistant.delivery.media_links import links_of
from assistant.delivery.send_results import Result, record
from assistant.delivery.verdicts import Due
from assistant.services import Transport, allow_everything

log = structlog.get_logger(__name__)

IN_FLIGHT = 512
KEPT_FREE = 128
"""Of these, kept for what is urgent: prompts that a slow carrier holds must not keep replies waiting."""
FIRST_BATCH = 64
BEHIND = IN_FLIGHT - KEPT_FREE - FIRST_BATCH
"""With more than this in flight only what is urgent is claimed: a few at a time cost as much as a batch."""
LAST_WAIT = 5.0
"""Seconds for answers that are still out when the time is up; then the text counts as unsure."""
AT_ONCE = 50
GATHER = 0.05
"""Seconds in which results gather, up to `AT_ONCE`, to be written in one transaction."""
PACE = 0.25
"""Seconds: under a rate limit only so much is claimed ahead, for what is urgent must not wait behind it."""
LOOK_AGAIN = 0.01
LOOK_FOR_URGENT = 0.05
"""Seconds between two looks for what is urgent, while everything else waits for room."""
LOOK_FOR_STOPS = 0.05
"""Seconds for which it holds that nobody opted out: so often it is asked again while claimed texts wait."""

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, "Drained"]], "Drained"]


def never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain came to."""

    sent: int
    """How many texts the carrier took."""
    more_due: bool
    next_due: dt.datetime | None
    """When the next text is due, in the service's time; None when none waits."""


def drain(
    services: Transport,
    *,
    until: float,
    stopped: Callable[[], bool] = never,
    run: Run = asyncio.run,
    worker: int | None = None,
) -> Drained:
    """Send what is due, and what becomes due meanwhile, for as long as the time allows.

    Safe to be killed at any moment and to run many times at once: a row is claimed by one, and what was
    claimed but not recorded is found out about by `assistant.delivery.reconciliation`.

    Args:
        services: What conversations and delivery work with.
        until: `time.monotonic()` seconds after which nothing more is begun; what is under way is awaited.
        stopped: Asked often; once true it is as if the time were up.
        run: Runs the coroutine: one event loop for many drains keeps the carrier's connections open.
        worker: Whose heartbeat says that what is claimed is still in hand; None: only the lease says so.
    """
    return run(_drain(services, until, stopped, worker))


async def _drain(
    services: Transport, until: float, stopped: Callable[[], bool], worker: int | None
) -> Drained:
    # The database is waited for in one other thread, so that meanwhile answers are taken and texts leave.
    with ThreadPoolExecutor(1, "delivery") as writer:
        return await _Round(services, writer, until, stopped, worker).go()


def room_of(text: Due) -> int:
    """Return how much of the sender's rate a text takes: its segments by SMS, none where it has its own.

    The limit is that of numbers (`SEGMENTS_PER_SECOND`). WhatsApp takes eighty messages a second, and queues
    what is more for hours; RCS counts messages, whatever their length, but may fall back to SMS as one text.
    """
    if text.uri.startswith(WITH_WINDOWS):
        return 0
    return 1 if text.channel == RCS else text.segments


class _Round:
    """One drain: what is in flight, and what has come back and waits to be written down."""

    def __init__(
        self,
        services: Transport,
        writer: Executor,
        until: float,
        stopped: Callable[[], bool],
        worker: int | None,
    ) -> None:
        self._services = services
        self._writer = writer
        self._until = until
        self._stopped = stopped
        self._worker = worker
        self._batch = FIRST_BATCH
        self._in_flight: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._unsent: list[Due] = []
        self._recording = 0
        self._sent = 0
        self._ended = False

    async def go(self) -> Drained:
        recorder = asyncio.create_task(self._record_all())
        more = began = False
        try:
            # However late it begins, it gets something done.
            while not (began and self._time_is_up()) and not self._stopped():
                began = True
                if self._unsent:
                    unsent, self._unsent = self._unsent, []
                    await self._give_back(unsent)
                room = IN_FLIGHT - len(self._in_flight)
                full = len(self._in_flight) > BEHIND
                most = min(room if full else room - KEPT_FREE, self._batch)
                claimed = await self._claim(most, urgent=full) if room else Claim([])
                more = full or bool(claimed.texts or claimed.settled)
                if claimed.texts:
                    await self._dispatch(claimed.texts)
                elif claimed.settled:
                    continue
                elif full:
                    await self._room_for_more()
                elif not self._busy() and not await self._due_soon():
                    break
                else:
                    await asyncio.sleep(LOOK_AGAIN)
        finally:
            await self._await_answers()
            self._ended = True
            await recorder
            await self._give_back(self._unsent)
        # What was recorded last may have been what others waited for.
        more = more or await self._is_due()
        return Drained(self._sent, more, None if more else await self._next_due())

    def _time_is_up(self) -> bool:
        return time.monotonic() >= self._until or self._stopped()

    async def _room_for_more(self) -> None:
        """Wait until there is room for a batch, but no longer than what is urgent may wait to be seen."""
        until = time.monotonic() + LOOK_FOR_URGENT
        while len(self._in_flight) > BEHIND and time.monotonic() < until:
            await asyncio.sleep(LOOK_AGAIN / 2)

    def _busy(self) -> bool:
        return bool(self._in_flight or self._results or self._recording)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def _claim(self, limit: int, *, urgent: bool) -> Claim:
        database, clock = self._services.database, self._services.clock
        return await self._in_thread(
            lambda: claim(database, clock.now(), clock.real(), limit, worker=self._worker, urgent=urgent)
        )

    async def _is_due(self) -> bool:
        database, clock = self._services.database, self._services.clock
        return await self._in_thread(lambda: is_due(database, clock.now(), clock.real()))

    async def _next_due(self) -> dt.datetime | None:
        def look() -> dt.datetime | None:
            with self._services.database.read() as session:
                return next_due(session, self._services.clock.now())

        return await self._in_thread(look)

    async def _due_soon(self) -> bool:
        moment = await self._next_due()
        if moment is None:
            return False
        return (moment - self._services.clock.now()).total_seconds() < self._until - time.monotonic()

    async def _dispatch(self, texts: Sequence[Due]) -> None:
        """Let texts leave as fast as the sender's rate limit has them; give back what the time is up for."""
        began, place, looked_at = time.monotonic(), 0, float("-inf")
        # Under a limit one at a time: what is asked for together would leave together, over the limit.
        chunk = FIRST_BATCH if self._services.reserve is allow_everything else 1
        out: set[int] = set()
        while place < len(texts) and not (place and self._gives_way(texts[place], began)):
            if time.monotonic() - looked_at > LOOK_FOR_STOPS:
                waiting, looked_at = texts[place:], time.monotonic()
                out |= await self._in_thread(lambda: drop_opted_out(self._services.database, waiting))  # noqa: B023
            going = [text for text in texts[place : place + chunk] if text.id not in out]
            if chunk == 1 and going and not await self._has_room(going[0]):
                break
            place += chunk
            for text in going:
                task = asyncio.create_task(self._send(text, began))
                self._in_flight.add(task)
                task.add_done_callback(self._in_flight.discard)
            await asyncio.sleep(0)
        took = max(time.monotonic() - began, 1e-6)
        self._batch = max(1, min(IN_FLIGHT, int(min(place, len(texts)) / took * PACE), self._batch * 2))
        await self._give_back([text for text in texts[place:] if text.id not in out])

    def _gives_way(self, text: Due, began: float) -> bool:
        """Return whether what was claimed is not begun any more: the time is up, or others may be urgent."""
        return self._time_is_up() or (text.priority > URGENT and time.monotonic() - began > PACE)

    async def _give_back(self, texts: Sequence[Due]) -> None:
        if texts:
            await self._in_thread(lambda: release(self._services.database, texts))

    async def _has_room(self, text: Due) -> bool:
        """Wait for the rate limit to let this text leave; False: the time is up before."""
        room = room_of(text)
        while room and (wait := self._services.reserve(room)) > 0:
            await asyncio.sleep(min(wait, max(0.0, self._until - time.monotonic())))
            if self._time_is_up():
                return False
        return True

    async def _send(self, text: Due, claimed_at: float) -> None:
        if time.monotonic() - claimed_at > HAND_OVER_WITHIN:
            # This process stood still: others may have given up on it, and be about to send it themselves.
            self._unsent.append(text)
            return
        answer: Any
        media = links_of(self._services, text)
        carrier_send = self._services.carrier.send
        try:
            answer = await (partial(carrier_send, media=media) if media else carrier_send)(
                text.uri,
                text.body or "",
                attempt=attempt_name(text.id, text.attempt),
                content=text.content,
            )
        except CarrierError as error:
            answer = error
        except asyncio.CancelledError:
            answer = CarrierError(Trouble.UNSURE)
        except Exception as error:
            # Whatever it was, the text may have left.
            log.exception("carrier failed", outbox=text.id, error=type(error).__name__)
            answer = CarrierError(Trouble.UNSURE)
        self._results.append(Result(text, answer))

    async def _await_answers(self) -> None:
        deadline = time.monotonic() + LAST_WAIT
        while self._in_flight and time.monotonic() < deadline:
            await asyncio.wait(set(self._in_flight), timeout=deadline - time.monotonic())
        for task in set(self._in_flight):
            task.cancel()
        if self._in_flight:
            await asyncio.wait(set(self._in_flight))

    async def _record_all(self) -> None:
        """Write results down as they gather, until the round has ended and all are written."""
        gathering_since: float | None = None
        while not (self._ended and not self._results):
            if not self._results:
                gathering_since = None
                await asyncio.sleep(LOOK_AGAIN / 2)
                continue
            gathering_since = gathering_since or time.monotonic()
            waited = time.monotonic() - gathering_since
            if self._in_flight and len(self._results) < AT_ONCE and waited < GATHER:
                await asyncio.sleep(LOOK_AGAIN / 2)
                continue
            gathering_since = None
            results, self._results = self._results, []
            self._recording = len(results)
            try:
                await self._record(results)
            finally:
                self._recording = 0

    async def _record(self, results: Sequence[Result]) -> None:
        clock = self._services.clock
        # When they left, and not when a database that was away took it: a reply may have come in between.
        times: list[dt.datetime] = []

        def write_down() -> None:
            times[:] = times or [clock.now(), clock.real()]
            record(self._services.database, results, *times)

        for pause in (0.2, 0.5, 1.0, 2.0, None):
            try:
                await self._in_thread(write_down)
            except SQLAlchemyError as error:
                # What left is not forgotten: its lease runs out, and reconciling looks for it in the log.
                log.error("not recorded", texts=len(results), error=type(error).__name__)
                if pause is not None:
                    await asyncio.sleep(pause)
            else:
                break
        self._sent += sum(not isinstance(result.answer, CarrierError) for result in results)
