"""What RQ calls: each job drains what is due, in batches, and is safe to run twice, late, or never.

Each imports what it works with by itself: delivery needs no conversations, and the clock nothing but names.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from assistant.runtime import Runtime
    from assistant.services import Transport

DRAIN_SECONDS: Final = 2.0
DELIVER_SECONDS: Final = 10.0
"""Longer than other drains: replies go before prompts within it, and each end costs a round trip."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a worker lends to the jobs it runs."""

    runtime: Runtime
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    """Its event loop."""
    stopped: Callable[[], bool]
    """Whether it is to stop."""
    worker: Callable[[], int | None]
    """The row by which others see that this worker lives."""
    aside: Callable[[Callable[[], None]], None]
    """Does something in the background, unless something is being done there: texts do not wait for it."""


def handle_inbox(job_context: JobContext) -> None:
    """Handle the texts that came in."""
    from assistant.conversations import inbox

    if inbox.drain(job_context.runtime.services, _in(DRAIN_SECONDS)):
        job_context.runtime.services.wake("inbox")


def deliver(job_context: JobContext) -> None:
    """Send the texts that are due."""
    from assistant.delivery import sender

    transport = job_context.runtime.transport
    drained = sender.drain(
        transport,
        until=_in(DELIVER_SECONDS),
        stopped=job_context.stopped,
        run=job_context.run,
        worker=job_context.worker(),
    )
    if drained.more_due:
        transport.wake("delivery")


def sweep(job_context: JobContext) -> None:
    """Maintain seasons, fire timers, bring back what was spooled, and handle what lost its wake-up."""
    from assistant.circles.trust import traces
    from assistant.conversations import maintenance
    from assistant.delivery.recorder import replay

    runtime = job_context.runtime
    if runtime.spool.waiting():
        replay(runtime.spool, runtime.database)
    with runtime.database.read() as session:
        forgotten = traces.forgotten_uris(session)
    if forgotten:
        runtime.spool.forget(forgotten)
    maintenance.keep_up(runtime.services, _in(DRAIN_SECONDS))
    handle_inbox(job_context)


def settle(job_context: JobContext) -> None:
    """Find out what became of texts that nobody is sure about."""
    from assistant.delivery import reconciliation

    transport = job_context.runtime.transport
    reconciliation.settle_unsure(transport, _in_a_loop_of_its_own(transport))


def translate(job_context: JobContext) -> None:
    """Put translations under words that their readers cannot read."""
    from assistant.conversations.translating import translations

    translations.translate_waiting(job_context.runtime.services)


def fetch_media(job_context: JobContext) -> None:
    """Fetch pictures and voice notes that texts brought."""
    from assistant.conversations.media import media_fetching

    services = job_context.runtime.services
    media_fetching.fetch_waiting(services, _in_a_loop_of_its_own(services))


def import_files(job_context: JobContext) -> None:
    """Invite the people of files that organizers brought to their page."""
    from assistant.conversations.importing import file_imports

    file_imports.import_due(job_context.runtime.services)


def keep_figures(job_context: JobContext) -> None:
    """Count the figures of large cohorts, so that reports on them are there at once."""
    from assistant.circles.reports import kept_reports

    services = job_context.runtime.services
    kept_reports.keep_large(services.database, services.clock.now())


def fetch_log(job_context: JobContext) -> None:
    """Bring in what the carrier has on record and we have not: texts to us, final statuses of ours.

    In the background: on a busy day the log of some minutes takes seconds to read.
    """
    from assistant.delivery import reconciliation

    transport = job_context.runtime.transport

    def fetch() -> None:
        run = _in_a_loop_of_its_own(transport)
        reconciliation.fetch_missed(transport, run)
        reconciliation.poll_missing_statuses(transport, run)

    job_context.aside(fetch)


def follow_reviews(job_context: JobContext) -> None:
    """Ask how templates stand that WhatsApp reviews, until it has decided."""
    from assistant.delivery import template_reviews

    transport = job_context.runtime.transport
    contents = getattr(transport.carrier, "contents", None)  # A carrier without WhatsApp holds none.
    if contents is not None:
        template_reviews.follow_reviews(transport, contents, _in_a_loop_of_its_own(transport))


def ring(job_context: JobContext) -> None:
    """Ring whoever is on call, and find out what became of calls."""
    transport = job_context.runtime.transport
    calls = transport.calls
    if calls is None:
        return
    from assistant.delivery import called_phones

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def go() -> Any:
            try:
                return await coroutine
            finally:
                await calls.close()  # the connections of this loop, which ends

        return asyncio.run(go())

    called_phones.cut_talks(transport, run)
    called_phones.settle_calls(transport, run)
    called_phones.ring_due(transport, run)


def tell_hooks(job_context: JobContext) -> None:
    """Tell an organizer's tools what happened in their circles."""
    from assistant.delivery.hooks import hook_calls

    runtime = job_context.runtime
    hook_calls.tell_hooks(runtime.transport, local=runtime.settings.local_carrier)


WORK: Final = {"inbox": handle_inbox, "delivery": deliver}
MAINTENANCE: Final = (("inbox", sweep, 3), ("delivery", deliver, 3), ("delivery", fetch_log, 60))
"""(queue, job, seconds): how often it is run, by the clock or by a worker with nothing else to do. So long a
wake-up that was lost with Redis costs at most; more often would cost a service at rest more than it saves."""
BESIDE: Final = (
    ("delivery", settle, 3),
    ("inbox", translate, 2),
    ("inbox", fetch_media, 2),
    ("inbox", import_files, 5),
    ("inbox", keep_figures, 60),
    ("delivery", follow_reviews, 60),
    ("delivery", ring, 3),
    ("delivery", tell_hooks, 5),
)
"""The same, but in a thread beside the drains: what is unsure does not wait for the end of a busy one, and no
text for a translation, nor for figures, reviews, or the tools of an organizer."""


def _in_a_loop_of_its_own(transport: Transport) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Return what runs a coroutine that asks the carrier, from any thread."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def go() -> Any:
            try:
                return await coroutine
            finally:
                await transport.carrier.close()  # the connections of this loop, which ends

        return asyncio.run(go())

    return run


def _in(seconds: float) -> float:
    return time.monotonic() + seconds
