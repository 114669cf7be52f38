"""Watches every text of a simulated season as it reaches a phone, and holds it to the promises."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import to_uri
from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER
from assistant.fake_twilio.records import Event, Message
from assistant.language.sms.segments import measure
from assistant.simulation.invariants import Score
from assistant.simulation.world import World
from assistant.store.tables import Address, Circle, Member, Outbox, Pair, PairMember, Person

UNPROMPTED: Final = frozenset({"notice", "relay", "prompt", "invitation"})
OPENS, CLOSES = 9, 20
ANSWER_WITHIN: Final = dt.timedelta(minutes=30)
TWICE_WITHIN: Final = dt.timedelta(hours=1)
BUDDIES_FOR: Final = dt.timedelta(days=15)
"""Words by @ may reach whoever was a buddy of the writer's so lately."""
LONGEST: Final = 2
READS_ALOUD: Final = ("notices/shared", "notices/note_to_you", "notices/relay", "notices/keepsake")
"""Words of others, which a shared phone shows only after its owner's yes or in the middle of writing."""
_BETWEEN_WORDS: Final = re.compile(r"\W+")
_NUMBER: Final = re.compile(r"(?<!\d)(?:\+?1[ .-]?)?\(?(\d{3})\)?[ .-]?(\d{3})[ .-]?(\d{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Secret:
    """Two words that stand in one text of a writer only, and who may ever read them."""

    words: str
    writer: str
    visible_to: str
    """us, host, buddy, circle; relay: whoever is the writer's buddy then; or the `to` alone."""
    code: str = ""
    """The circle that the question was about."""
    to: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """One text that passed: from a phone, or to it."""

    at: dt.datetime
    name: str
    """Whose phone it is."""
    body: str
    inbound: bool
    zone: str
    """The clock on the person's wall, as we know it."""
    row: Any = None
    """Of the outbox: id, member_id, purpose, wording, created_at. None: of a phone, or the carrier's."""

    @property
    def seat(self) -> int | None:
        """The seat it is about, if it is about one."""
        return self.row.member_id if self.row is not None else None

    @property
    def by_carrier(self) -> bool:
        return not self.inbound and self.row is None


@dataclass(slots=True)
class Watcher:
    """Sees every text on the carrier's own wire, before any table could hide it."""

    world: World
    score: Score
    names: Sequence[str]
    """Everyone's, also those who are not here yet."""
    hosts: Mapping[str, str]
    """By the circle's word."""
    walls: dict[str, str]
    """The zone of the clock on each one's wall."""
    seats: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The circles that each has joined."""
    secrets: list[Secret] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    """Numbers, ten digits each, that their owners said yes to."""
    passed: list[Passed] = field(default_factory=list)
    stopped: dict[str, int] = field(default_factory=dict)
    """Who has opted out, and how many texts they have had since."""
    _new: list[tuple[Message, str]] = field(default_factory=list)
    _sids: set[str] = field(default_factory=set)
    _since: dict[str, list[Passed]] = field(default_factory=lambda: defaultdict(list))
    _spoke: dict[str, dt.datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.local.watchers.append(self._note)

    def _note(self, event: Event) -> None:
        if isinstance(event, Message) and event.sid not in self._sids:
            self._sids.add(event.sid)
            self._new.append((event, event.direction))

    def readdress(self, writer: str, to: str) -> None:
        """What was written last for one person is for another, as its writer says."""
        lately = self.world.clock.now() - dt.timedelta(days=1)
        self._amend(
            lambda secret: (
                secret.writer == writer and bool(secret.to) and secret.at is not None and secret.at > lately
            ),
            lambda secret: replace(secret, to=to),
        )

    def reassign(self, writer: str, code: str) -> None:
        """What was written last was held, and is for this circle, as its writer says."""
        self._amend(lambda secret: secret.writer == writer, lambda secret: replace(secret, code=code))

    def _amend(self, chosen: Callable[[Secret], bool], change: Callable[[Secret], Secret]) -> None:
        """Change the newest secret that is chosen, if one is."""
        for index in range(len(self.secrets) - 1, -1, -1):
            if chosen(self.secrets[index]):
                self.secrets[index] = change(self.secrets[index])
                return

    def look(self) -> list[Passed]:
        """What has passed since the last look, in order, each text held to the promises."""
        if not self._new:
            return []
        new, self._new = self._new, []
        with self.world.database.read() as session:
            seen = list(self._read(session, [message for message, _ in new]))
            for passed, person in seen:
                if passed.inbound:
                    self._hear(passed)
                else:
                    self._check(session, passed, person)
        texts = [passed for passed, _ in seen]
        self.passed += texts
        return texts

    def _read(self, session: Session, messages: Sequence[Message]) -> Iterator[tuple[Passed, Person | None]]:
        """The texts with what the tables say of them and of whoever reads them."""
        ours = [message.sid for message in messages if message.direction == "outbound-api"]
        columns = (Outbox.carrier_id, Outbox.id, Outbox.member_id, Outbox.purpose, Outbox.created_at)
        wording = func.coalesce(Outbox.wording, "").label("wording")
        found = session.execute(select(*columns, wording).where(Outbox.carrier_id.in_(ours))) if ours else ()
        rows: dict[str | None, Any] = {row.carrier_id: row for row in found}
        uris = {message.sid: to_uri(message.phone) for message in messages}
        readers = (
            select(Address.uri, Person)
            .join(Person, Person.id == Address.person_id)
            .where(Address.uri.in_(set(uris.values())))
        )
        people: dict[str, Person] = dict(session.execute(readers).all())
        for message in messages:
            person = people.get(uris[message.sid])
            body = message.body or ("<photo>" if message.media else "")
            name = self.world.name(message.phone)
            row = rows.get(message.sid)
            if message.direction == "outbound-api":
                self.score.hold(
                    "doubled", row is not None, message.created, name, f"no row stands for it: {body!r}"
                )
            yield Passed(message.created, name, body, message.inbound, self.walls[name], row), person

    def _hear(self, text: Passed) -> None:
        """Someone wrote: what comes now is the answer."""
        self._since[text.name].clear()
        self._spoke[text.name] = text.at
        said = text.body.strip().upper()
        if said == "STOP":
            self.stopped[text.name] = 0
        elif said == "START" or said.startswith("JOIN"):
            self.stopped.pop(text.name, None)

    def _check(self, session: Session, text: Passed, person: Person | None) -> None:
        hold, at, name, body = self.score.hold, text.at, text.name, text.body
        if name in self.stopped:
            self.stopped[name] += 1
            hold("stop", self.stopped[name] <= 1, at, name, f"after STOP: {body!r}")
        else:
            hold("stop", True, at, name, "")
        hold("length", measure(body).segments <= LONGEST, at, name, f"longer than two segments: {body!r}")
        self._check_hour(text, ZoneInfo(text.zone) if person and person.zone else self.world.zone)
        before = [each for each in self._since[name] if at - each.at < TWICE_WITHIN]
        # Two circles may ask the same of a person, one may not ask it twice; an alert is repeated till heard.
        alert = text.row is not None and text.row.purpose == "alert"
        again = [each for each in before if each.body == body and each.seat == text.seat]
        hold("doubled", alert or not again, at, name, f"twice in an hour: {body!r}")
        self._since[name].append(text)
        self._check_numbers(text)
        wording = text.row.wording if text.row is not None else ""
        if person is not None and person.plain and not wording.startswith(READS_ALOUD):
            shown = [each for each in self.names if re.search(rf"\b{each}\b", body)]
            hold("plain", not shown, at, name, f"names {', '.join(shown)}: {body!r}")
        said = f" {_BETWEEN_WORDS.sub(' ', body.casefold())} "
        for secret in self.secrets:
            if f" {secret.words} " in said:
                hold(
                    "eyes",
                    self._may_read(session, secret, name, at),
                    at,
                    name,
                    f"{secret.writer} wrote {secret.words!r} for {secret.to or secret.visible_to}"
                    f"{' of ' + secret.code if secret.code else ''}: {body!r}",
                )

    def _check_hour(self, text: Passed, zone: ZoneInfo) -> None:
        """Until someone has said where they live, their clock is taken to be their circle's."""
        if text.row is None:
            return
        local = text.at.astimezone(zone)
        day = OPENS <= local.hour < CLOSES
        if text.row.purpose in UNPROMPTED:
            self.score.hold("asleep", day, text.at, text.name, f"at {local:%H:%M}: {text.body!r}")
        elif text.row.purpose == "reply":
            answers = text.at - self._spoke.get(text.name, text.row.created_at) <= ANSWER_WITHIN
            self.score.hold(
                "asleep", day or answers, text.at, text.name, f"a late answer at {local:%H:%M}: {text.body!r}"
            )

    def _check_numbers(self, text: Passed) -> None:
        shown = {"".join(found) for found in _NUMBER.findall(text.body)} - {LOCAL_NUMBER[-10:]} - self.given
        self.score.hold("numbers", not shown, text.at, text.name, f"shows a number: {text.body!r}")

    def _may_read(self, session: Session, secret: Secret, reader: str, at: dt.datetime) -> bool:
        if reader == secret.writer:
            return True
        if secret.to:
            return reader == secret.to
        host = self.hosts.get(secret.code)
        if secret.visible_to == "circle":
            return secret.code in self.seats[reader] or reader == host
        if secret.visible_to == "host":
            return reader == host
        if secret.visible_to in ("buddy", "relay"):
            lately = at - BUDDIES_FOR if secret.visible_to == "relay" else None
            return self._were_buddies(session, secret, reader, lately)
        return False

    def _were_buddies(self, session: Session, secret: Secret, reader: str, since: dt.datetime | None) -> bool:
        pairs = (
            select(PairMember.pair_id)
            .join(Member, Member.id == PairMember.member_id)
            .join(Address, Address.person_id == Member.person_id)
            .join(Circle, Circle.id == Member.circle_id)
        )
        if secret.code:
            pairs = pairs.where(Circle.code == secret.code)
        writers = pairs.where(Address.uri == to_uri(self.world.number(secret.writer)))
        readers = pairs.where(Address.uri == to_uri(self.world.number(reader)))
        found = select(Pair.id).where(Pair.id.in_(writers), Pair.id.in_(readers))
        if since is not None:
            found = found.where(Pair.made_at > since)
        return session.scalar(found.limit(1)) is not None
