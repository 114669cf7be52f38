"""A whole service in one process and one moment after another: for transcripts, play, and simulated seasons.

The conversation, schedule and outbox code is the real one, on a real SQLite database; the carrier's rules are
the local carrier's. Only the clock is moved by hand, and nothing crosses a network.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select

from assistant.carriers.carrier import Accepted, CarrierError
from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.cohorts.assignment import seat_in_circle
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.people import consent
from assistant.circles.people.addresses import address_for
from assistant.conversations import inbox, maintenance
from assistant.conversations.import_invitations import invite_all
from assistant.conversations.media import media_fetching
from assistant.conversations.media.media_fetching import fetch_waiting
from assistant.conversations.translating import translations
from assistant.delivery.claims import claim
from assistant.delivery.delivery_receipts import StatusReport, attempt_name, note_statuses
from assistant.delivery.media_links import links_of
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.delivery.send_results import Result, record
from assistant.engine.book import FlowBook
from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER, LOCAL_SERVICE_SID, LocalCarrier
from assistant.fake_twilio.wire import as_webhook
from assistant.language.languages import FALLBACK
from assistant.media.cleaning import clean
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.simulation.time_travel import next_due
from assistant.simulation.world_calls import WorldCalls, ring_what_is_due
from assistant.simulation.world_carrier import WorldCarrier
from assistant.simulation.world_phones import Heard, Listener, heard_of
from assistant.simulation.world_store import give_back, take_store
from assistant.store import looks
from assistant.store.sealing import Keyring
from assistant.store.tables import Circle, Cohort, Member, Outbox, Person, Role, Timer
from assistant.translation.translator import Translator

FIRST_PHONE = 14155550101
MANY_ROUNDS = 10_000
AT_ONCE = 500
FOREVER = 3600.0
_WAITS: Final = select(Outbox.id).where(
    Outbox.state == literal("queued", literal_execute=True), Outbox.not_before <= looks.moment()
)
_WORK: Final = (translations.WORK, media_fetching.WORK, (_WAITS,))
TYPING: Final = dt.timedelta(seconds=20)
"""So long a person of this world reads and types before a text."""


class World:
    """Phones, a carrier, a clock and the service between them. Use as a context manager."""

    def __init__(
        self,
        book: FlowBook,
        *,
        start: dt.datetime,
        service: str = "Circle",
        contact: str = "help@circle.example",
        zone: str = "America/Chicago",
        keyring: Keyring | None = None,
        translator: Translator | None = None,
    ) -> None:
        """Open an empty world at `start` (aware).

        Args:
            translator: What TRANSLATE has others' words translated with.
            keyring: Seals what is written here, as a service's DATA_KEY does.
            zone: IANA zone that circles are in, and that "Monday 9:00" is said in.
        """
        self.zone = ZoneInfo(zone)
        self.clock = ManualClock(start)
        self._store = take_store(keyring)
        self.database = self._store.database
        self.local = LocalCarrier(now=self.clock.now, seed=1)
        self.carrier = WorldCarrier(self.local)
        self.calls: WorldCalls | None = None
        """The phones that ring; None: nobody is rung here."""
        self.run = asyncio.run
        self.listener = Listener()
        self.heard: list[Heard] = []
        self.numbers: dict[str, str] = {}
        self.by_rcs: set[str] = set()
        self.lasting: dict[str, str] = {}
        """WhatsApp's own id of somebody's phone -> whose it is."""
        self.cohorts: dict[str, int] = {}
        self.services = Services(
            database=self.database,
            book=book,
            carrier=self.carrier,
            clock=self.clock,
            identity=ServiceIdentity(
                service=service,
                contact=contact,
                country="US",
                sender=LOCAL_SERVICE_SID,
                number=LOCAL_NUMBER,
                url="https://circle.example",
                translates=frozenset(translator.pairs if translator else ()),
            ),
            wake=lambda _queue: None,
            transcriber=self.listener,
            translator=translator,
        )

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        give_back(self._store, whole=kind is None)

    @property
    def folder(self) -> str:
        """Where this world's files are, for as long as it is open."""
        return self._store.folder

    def number(self, name: str) -> str:
        """Return the phone number of a person of this world, given at first mention."""
        return self.numbers.setdefault(name, f"+{FIRST_PHONE + len(self.numbers)}")

    def name(self, number: str) -> str:
        """Return whose number it is, by whichever channel it is written to."""
        by_channel = next((name for name, known in self.numbers.items() if known == number), None)
        number = number.rpartition(":")[2]
        owners = (name for name, known in self.numbers.items() if known.rpartition(":")[2] == number)
        return by_channel or next(owners, self.lasting.get(number, number))

    def circle(self, code: str, name: str, **details: Any) -> int:
        """Make a circle and return its id."""
        with self.database.write() as session:
            row = Circle(
                code=code, name=name, zone=str(self.zone), created_at=self.clock.now(), state="gathering"
            )
            for key, value in details.items():
                setattr(row, key, value)
            session.add(row)
            session.flush()
            return row.id

    def cohort(self, name: str) -> None:
        """Make a cohort."""
        with self.database.write() as session:
            row = Cohort(name=name, created_at=self.clock.now())
            session.add(row)
            session.flush()
            self.cohorts[name] = row.id

    def role(
        self, name: str, kind: str, code: str = "", *, cohort: str | None = None, accepted: bool = True
    ) -> None:
        """Seat someone as host, backup or organizer of a circle, or as organizer of a cohort; unless
        `accepted`, that person has yet to text in."""
        now = self.clock.now()
        with self.database.write() as session:
            circle = None
            if cohort is None:
                circle = session.scalars(select(Circle).where(Circle.code == code)).one()
            address = address_for(session, [to_uri(self.number(name))], now)
            session.add(
                Role(
                    person_id=address.person_id,
                    kind=kind,
                    circle_id=circle.id if circle else None,
                    cohort_id=self.cohorts[cohort] if cohort is not None else None,
                    offered_at=now,
                    accepted_at=now if accepted else None,
                )
            )
            if accepted:
                person = session.get_one(Person, address.person_id)
                person.name, person.zone = name.capitalize(), str(self.zone)
                person.language = circle.language if circle else FALLBACK
                consent.agree(session, address.id, self.services.identity.sender, "(demo)", "demo", now)

    def invite(self, name: str, code: str, language: str | None = None) -> None:
        """Import someone's number with a recorded consent, as an organizer does with a file."""
        now = self.clock.now()
        entry = Entry(
            2, to_uri(self.number(name)), None, language, str(self.zone), now, "form at the library"
        )
        with self.database.read() as session:
            circle = session.scalars(select(Circle).where(Circle.code == code)).one()
            seating = seat_in_circle(session, circle, [entry], self.services.identity)
        invite_all(self.services, seating, [entry])
        self.settle()

    def member(self, name: str, code: str, *, state: str = "active", **details: Any) -> int:
        """Seat someone who has been brought in and has promised; return the seat's id.

        Args:
            details: Columns of the person, such as `language` or `plain`.
        """
        now = self.clock.now()
        with self.database.write() as session:
            circle = session.scalars(select(Circle).where(Circle.code == code)).one()
            address = address_for(session, [to_uri(self.number(name))], now)
            person = session.get_one(Person, address.person_id)
            person.name, person.language, person.zone = name.capitalize(), circle.language, str(self.zone)
            for key, value in details.items():
                setattr(person, key, value)
            if consent.in_force(session, address.id, self.services.identity.sender) is None:
                consent.agree(session, address.id, self.services.identity.sender, "(demo)", "demo", now)
            seat = Member(
                circle_id=circle.id,
                person_id=person.id,
                state=state,
                state_at=now,
                joined_at=now,
                promised_at=now,
            )
            session.add(seat)
            session.flush()
            return seat.id

    def start(self, name: str, flow: str, values: Mapping[str, Any], code: str | None = None) -> None:
        """Start a flow with someone now, as a season's plan does; `code` says for which circle."""
        now = self.clock.now()
        with self.database.write() as session:
            address = address_for(session, [to_uri(self.number(name))], now)
            seats = select(Member.id).join(Circle, Circle.id == Member.circle_id)
            seats = seats.where(Member.person_id == address.person_id)
            if code is not None:
                seats = seats.where(Circle.code == code)
            session.add(
                Timer(
                    kind="prompt",
                    person_id=address.person_id,
                    member_id=session.scalars(seats.order_by(Member.id)).first(),
                    flow=self.services.book.flow(flow).name,
                    values=dict(values),
                    due_at=now,
                )
            )
        self.settle()

    def season(self, code: str, program: str | None = None) -> None:
        """Begin a circle's season with the next Monday, today included."""
        now = self.clock.now()
        with self.database.write() as session:
            circle = session.scalars(select(Circle).where(Circle.code == code)).one()
            circle.program = program or circle.program
            begin_season(session, circle, now.astimezone(self.zone).date(), now)
        self.settle()

    def text(self, name: str, words: str, *, after: dt.timedelta = TYPING, **message: Any) -> str:
        """A phone sends a text, and everything that follows from it happens; gives the carrier's id of it.

        Args:
            after: So long its owner reads and types first, while time passes for everyone.
            message: What else `LocalCarrier.receive` takes: media.
        """
        self._pass_by(self.clock.now() + after)
        return self.receive(name, words, self.clock.now(), **message)

    def crossing_text(self, name: str, words: str) -> str:
        """A phone's text that the carrier took before our last texts left, and that is heard only now."""
        return self.receive(name, words, self.clock.now() - dt.timedelta(milliseconds=1))

    def receive(self, name: str, words: str, received_at: dt.datetime, **message: Any) -> str:
        """A phone's text is heard now that the carrier brought at `received_at`; return its id there."""
        number = self.number(name)
        sent_from = f"rcs:{number}" if number in self.by_rcs else number
        inbound, answer = self.local.receive(sent_from, words, **message)
        if answer is not None:
            self.heard.append(Heard(self.number(name), answer.body, self.clock.now(), by_carrier=True))
        fields = as_webhook(inbound)
        if lasting := fields.get("ExternalUserId"):
            self.lasting[lasting.rpartition(":")[2]] = name
        text = IncomingText(
            carrier_id=inbound.sid,
            from_uri=to_uri(inbound.from_),
            to_uri=to_uri(inbound.to),
            body=inbound.body,
            params={key: value for key, value in fields.items() if key not in ("Body", "From", "To")},
            received_at=received_at,
        )
        with self.database.write() as session:
            insert_texts(session, [text])
        self.settle()
        return text.carrier_id

    def settle(self) -> None:
        """Let everything happen that is due now."""
        for _ in range(MANY_ROUNDS):
            until = time.monotonic() + FOREVER
            inbox.drain(self.services, until)
            maintenance.keep_up(self.services, until)
            translates, fetches, delivers = self._work()
            translated = translates and translations.translate_waiting(self.services)
            fetched = fetches and fetch_waiting(self.services, asyncio.run, clean)
            refused = (delivers or translated) and self._deliver_all()
            moved = refused or translated or fetched
            if not ring_what_is_due(self) and not moved:
                return
        raise RuntimeError("the world does not come to rest")

    def _deliver_all(self) -> bool:
        """Let what is due reach its phones; return whether any was refused: others may hear of that."""
        refused = False
        while True:
            claimed, results = self._deliver()
            refused = refused or any(isinstance(result.answer, CarrierError) for result in results)
            if not (self._arrive() or claimed) or not self._work()[-1]:
                return refused

    def _work(self) -> tuple[bool, ...]:
        """Whether something is to be translated, fetched, sent: finding out by trying costs far more."""
        with self.database.read() as session:
            return looks.which(session, self.clock.now(), *_WORK)

    def _deliver(self) -> tuple[bool, list[Result]]:
        """Claim and record as delivery does, but one after another: here nobody waits for a network."""
        now = self.clock.now()
        claimed = claim(self.database, now, now, AT_ONCE)
        results: list[Result] = []
        for text in claimed.texts:
            answer: Accepted | CarrierError
            try:
                attempt = attempt_name(text.id, text.attempt)
                answer = self.carrier.take(
                    text.uri, text.body or "", attempt, text.content, links_of(self.services, text)
                )
            except CarrierError as error:
                answer = error
            results.append(Result(text, answer))
        if results:
            record(self.database, results, now, now)
        return bool(claimed.texts or claimed.settled), results

    def _arrive(self) -> bool:
        """What the carrier took reaches its phone, and the carrier says so."""
        taken, self.carrier.taken = self.carrier.taken, []
        reports = []
        for message, attempt in taken:
            while self.local.advance(message.sid) is not None:
                reports.append(
                    StatusReport(
                        attempt=attempt,
                        carrier_id=message.sid,
                        status=message.status,
                        error_code=message.error_code,
                        at=self.clock.now(),
                        channel=message.channel or "sms",
                    )
                )
            if message.status == "delivered":
                self.heard.append(heard_of(message, self.clock.now()))
        if reports:
            with self.database.write() as session:
                note_statuses(session, reports)
        return bool(taken)

    def move_to(self, moment: dt.datetime) -> None:
        """Let time pass until `moment`, stopping at everything that is due on the way."""
        self._pass_by(moment)
        self.settle()

    def _pass_by(self, moment: dt.datetime) -> None:
        """Let what is due on the way happen; at `moment` itself nothing has been looked at yet."""
        for due in self._due_until(moment):
            self.clock.move_to(due)
            self.settle()
        self.clock.move_to(moment)

    def _due_until(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        while True:
            with self.database.read() as session:
                due = next_due(session, self.clock.now())
            ends = self.calls.next_end() if self.calls is not None else None
            due = min((each for each in (due, ends) if each is not None), default=None)
            if due is None or due > moment:
                return
            yield due

    def heard_since(self, index: int) -> Sequence[Heard]:
        """What reached phones after the first `index` texts."""
        return self.heard[index:]
