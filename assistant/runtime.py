"""Builds what a process works with, once: database, flows, carrier, clock, queues; handed around, not global.

What takes long to build is built when first asked for: the web process loads no flow, and `circle status`
never calls a carrier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from assistant import embedded_redis
from assistant.circles.actions.context import ServiceIdentity
from assistant.schedule.clock import Clock, MovingClock, SystemClock
from assistant.settings import Settings
from assistant.store.clock_offset import keep_offset, offset_reader, read_offset
from assistant.store.database import Database
from assistant.store.sealing import keyring_from

if TYPE_CHECKING:
    from redis import Redis

    from assistant.carriers.carrier import Carrier
    from assistant.carriers.ringing import Calls
    from assistant.delivery.spool import Spool
    from assistant.engine.book import FlowBook
    from assistant.engine.known import Known
    from assistant.media.transcriber import Transcriber
    from assistant.queues import Queues
    from assistant.services import Services, Transport
    from assistant.translation.translator import Translator

ROOT: Final = Path(__file__).parent.parent
"""The project's folder: it is installed in place, so that its flows are the ones that run."""
FLOWS: Final = ROOT / "flows"


class Wakeups(Protocol):
    """Wakes workers. Lost or failed, nothing is lost but a little time: rows are the truth."""

    def wake(self, what: str) -> None:
        """Wake whoever sees to "inbox", "delivery" or the carrier's "log"; never raises."""
        ...


class NoWakeups:
    """Wakes nobody: for commands and tests, whose work the clock's next sweep finds."""

    def wake(self, what: str) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Runtime:
    """Everything a process works with. Close it, or use it in a `with`."""

    settings: Settings
    database: Database
    clock: Clock
    identity: ServiceIdentity
    _carrier: Carrier | None = field(default=None, repr=False)
    _wakeups: Wakeups | None = field(default=None, repr=False)

    @cached_property
    def book(self) -> FlowBook:
        """Every flow of today.

        Raises:
            assistant.engine.problems.FlowErrors: a flow file is wrong; it holds all problems of all files.
        """
        return read_flows()

    @cached_property
    def carrier(self) -> Carrier:
        """Who moves our texts."""
        if self._carrier is not None:
            return self._carrier
        from assistant.our_twilio import open_carrier

        return open_carrier(self.settings)

    @cached_property
    def calls(self) -> Calls | None:
        """Who rings phones; None where that is switched off."""
        if not self.settings.rings and not self.settings.talks:
            return None
        from assistant.our_twilio import open_calls

        return open_calls(self.settings)

    @cached_property
    def spool(self) -> Spool:
        """Where texts wait while the database is away."""
        from assistant.delivery.spool import Spool

        return Spool(self.settings.spool, self.database.keyring)

    @cached_property
    def redis_url(self) -> str:
        """Where the queues are; nothing is started by asking."""
        return self.settings.redis_url or embedded_redis.address(self.settings.circle_data)

    @cached_property
    def redis(self) -> Redis:
        """A client of our own Redis; connects when first used."""
        from assistant.queues import connect

        return connect(self.redis_url)

    @cached_property
    def wakeups(self) -> Wakeups:
        """Wakes the workers."""
        if self._wakeups is not None:
            return self._wakeups
        return self._queues

    @cached_property
    def _queues(self) -> Queues:
        from assistant.queues import Queues

        return Queues(self.redis_url)

    @cached_property
    def services(self) -> Services:
        """What conversations work with; the carrier is opened only if someone sends."""
        from assistant.carriers.late_carrier import LateCarrier
        from assistant.services import Services

        return Services(
            database=self.database,
            book=self.book,
            carrier=LateCarrier(lambda: self.carrier),
            clock=self.clock,
            identity=self.identity,
            wake=self.wakeups.wake,
            calls=self.calls,
            carrier_replies=self.settings.carrier_replies,
            reserve=self._reserve,
            transcriber=self.transcriber,
            translator=self.translator,
        )

    @cached_property
    def transcriber(self) -> Transcriber | None:
        """What turns voice notes into words; None where no model, or not what it needs, is here."""
        folder = self.settings.transcription_model
        if folder is None:
            return None
        from assistant.media.local_transcriber import LocalTranscriber, is_installed, missing_files

        return LocalTranscriber(folder) if is_installed() and not missing_files(folder) else None

    @cached_property
    def translator(self) -> Translator | None:
        """What translates members' words; None where no models, or not what they need, are here."""
        folder = self.settings.translation_models
        if folder is None or not self.identity.translates:
            return None
        from assistant.translation.local_models import LocalTranslator

        return LocalTranslator(folder)

    @cached_property
    def transport(self) -> Transport:
        """What delivery works with: the carrier is open, and no flow is read."""
        from assistant.services import Transport

        return Transport(
            database=self.database,
            carrier=self.carrier,
            clock=self.clock,
            identity=self.identity,
            wake=self.wakeups.wake,
            calls=self.calls,
            reserve=self._reserve,
        )

    @cached_property
    def _reserve(self) -> Callable[[int], float]:
        from assistant.services import allow_everything

        limit = self.settings.segments_per_second
        if not limit:
            return allow_everything
        from assistant.delivery.rate import Rate

        return Rate(self.redis, self.identity.sender, limit).reserve

    def close(self) -> None:
        """Let go of every connection that was opened."""
        opened = self.__dict__
        if "carrier" in opened and self._carrier is None:
            asyncio.run(self.carrier.close())
        if "redis" in opened:
            self.redis.close()
        if "_queues" in opened:
            self._queues.close()
        self.database.close()

    def __enter__(self) -> Runtime:
        return self

    def __exit__(self, *_trouble: object) -> None:
        self.close()


def build_runtime(
    settings: Settings,
    *,
    carrier: Carrier | None = None,
    clock: Clock | None = None,
    queues: Wakeups | None = None,
) -> Runtime:
    """Build what a process works with. Nothing is connected to and nothing is started yet.

    Args:
        settings: From `load_settings`.
        carrier: Instead of Twilio; whoever passes it closes it.
        clock: Instead of the machine's.
        queues: Instead of those in Redis.
    """
    keyring = keyring_from(settings.data_key, settings.data_key_old)
    database = Database(settings.database_url, keyring=keyring)
    if clock is None:
        clock = SystemClock(offset_reader(database) if settings.time_travel else None)
    return Runtime(
        settings=settings,
        database=database,
        clock=clock,
        identity=ServiceIdentity(
            service=settings.service_name,
            contact=settings.support_contact,
            country=settings.default_country,
            sender=settings.sender,
            number=settings.number,
            key=settings.secret_key.get_secret_value().encode(),
            translates=_translates(settings.translation_models),
            url=settings.public_url,
            rings=settings.rings,
            talks=settings.talks,
        ),
        _carrier=carrier,
        _wakeups=queues,
    )


def _translates(models: Path | None) -> frozenset[tuple[str, str]]:
    """Return what can be translated with the models of a folder, if what they need is installed."""
    if models is None:
        return frozenset()
    from assistant.translation.local_models import find_models, missing_libraries

    return frozenset() if missing_libraries() else frozenset(find_models(models))


def read_flows(folder: Path = FLOWS) -> FlowBook:
    """Read and check the flows of a folder, this project's own by default, and the programs that name them.

    Raises:
        assistant.engine.problems.FlowErrors: a file is wrong; it holds all problems of all files.
    """
    from assistant.channels.opening_texts import gaps as openings_gaps
    from assistant.circles.actions import crisis_lines, help_lines
    from assistant.engine.loading import NO_FLOWS, load
    from assistant.engine.problems import FlowErrors, Problem
    from assistant.language.languages import gaps
    from assistant.language.rendering import forget_texts
    from assistant.schedule.programs import read_programs

    found = [*gaps(), *crisis_lines.gaps(), *help_lines.gaps()]
    problems = [Problem(gap.file, None, gap.key, gap.message) for gap in found]
    book = None
    try:
        book = load(folder, known())
        problems += openings_gaps(book) if folder == FLOWS else []
    except FlowErrors as errors:
        problems += errors.problems
    flows = {path.stem for path in folder.glob("*.toml")} - NO_FLOWS
    try:
        read_programs(folder / "programs", flows)
    except FlowErrors as errors:
        problems += errors.problems
    forget_texts()
    if book is None or problems:
        raise FlowErrors(problems)
    return book


def known() -> Known:
    """Return what flow files may name, and how their texts are measured: the engine imports none of it."""
    from assistant.channels.showing import longest_title
    from assistant.circles.actions.crisis_lines import LINES_KNOWN, PLACEHOLDER_NAMES
    from assistant.circles.actions.placeholders import PLACEHOLDERS
    from assistant.conversations.action_catalogue import all_actions
    from assistant.conversations.helping.asking_back import asked_of
    from assistant.engine.known import Known
    from assistant.language.asking.question_patterns import parse_pattern
    from assistant.language.commands.command_reading import parse_phrase
    from assistant.language.languages import LANGUAGES
    from assistant.language.rendering import worst_case
    from assistant.language.replies.reply_reading import DEGREES, outcomes, parse_expect
    from assistant.language.signals.signal_reading import signal
    from assistant.language.sms.gsm7 import to_gsm7
    from assistant.language.sms.segments import measure
    from assistant.schedule.waits import check_wait

    def measured(text: str) -> tuple[str, int]:
        size = measure(to_gsm7(text))
        return size.encoding, size.segments

    return Known(
        actions={name: action.outcomes for name, action in all_actions().items()},
        outcomes=lambda expect: outcomes(parse_expect(expect)),
        placeholders=PLACEHOLDERS.keys(),
        worst=lambda text: worst_case(text, PLACEHOLDERS),
        segments=measured,
        waits=check_wait,
        degrees=lambda expect: DEGREES.get(parse_expect(expect).kind, ()),
        only_in=dict.fromkeys(PLACEHOLDER_NAMES, LINES_KNOWN),
        phrase=parse_phrase,
        question=parse_pattern,
        asked=asked_of,
        longest_title=longest_title,
        keyword=lambda title: signal(title).kind not in ("words", "maybe_stop"),
        languages=tuple(LANGUAGES),
    )


def moving_clock(runtime: Runtime) -> MovingClock:
    """Return the service's clock, for whoever moves it: all processes of its database follow within a second.

    Raises:
        NotPossible: time travel is off here.
    """
    from assistant.errors import NotPossible

    if not runtime.settings.time_travel:
        raise NotPossible(
            "Time is as it is here. To move it, with the local carrier only: set TIME_TRAVEL=1 "
            "(`circle run` does so by itself), and start everything again."
        )
    return MovingClock(read_offset(runtime.database), lambda offset: keep_offset(runtime.database, offset))
