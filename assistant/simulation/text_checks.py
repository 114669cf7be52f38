"""Watches every text of a simulated season as it reaches a phone, and holds it to the promises."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import to_uri
from assistant.channels.showing import MOST_CHARACTERS, at_home
from assistant.circles.actions.crisis_lines import LINES
from assistant.circles.actions.help_lines import HELP_LINES
from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER
from assistant.fake_twilio.records import Event, Message
from assistant.language.languages import LANGUAGES
from assistant.language.sms.segments import measure
from assistant.simulation.habits import Service
from assistant.simulation.invariants import Score
from assistant.simulation.personas import PHOTO
from assistant.simulation.word_ledger import STILL_GIVEN, WordLedger, plain_text
from assistant.simulation.world import World
from assistant.store.tables import Address, Outbox, Person

UNPROMPTED: Final = frozenset({"notice", "relay", "prompt", "invitation"})
OPENS, CLOSES = 9, 20
ANSWER_WITHIN: Final = dt.timedelta(minutes=30)
TWICE_WITHIN: Final = dt.timedelta(hours=1)
DAYS_APART: Final = dt.timedelta(days=2)
"""After so long the same text may come again with nothing between."""
LONGEST: Final = 2
TO_HOLDER: Final = "notices/from_member"
"""Words of someone in an open alert, for whoever has taken it."""
BETWEEN: Final = (TO_HOLDER, "notices/host_note")
"""Words between a member and whoever looks after them go on as they are written, the same once more, too."""
READS_ALOUD: Final = (
    *("notices/shared", "notices/note_to_you", "notices/relay", "notices/keepsake"),
    *("notices/news_heading", "notices/answer_to_you", "notices/buddy_goal", "notices/buddy_step"),
    *("notices/ask_words", "notices/offer_words"),
    *("notices/buddy_did_step", "notices/buddy_part", "notices/buddy_not_yet"),
)
"""Words of others, which a shared phone shows only after its owner's yes or in the middle of writing."""
AS_WRITTEN: Final = (*READS_ALOUD, "notices/to_host")
"""Words of others, which come twice where they were written twice."""
AGREED_TO: Final = (
    *("be_there/", "now_end/", "now_truth/", "now_found/", "now_cut/", "now_outcome/", "hour_ended/"),
    *("notices/now_words", "notices/link_words"),
)
"""What belongs to a call for someone now, whose two sides agreed to the hour."""
_PHOTO_WORDS: Final = frozenset(each.labels["photo"] for each in LANGUAGES.values())
_NUMBER: Final = re.compile(r"(?<!\d)(?:\+?1[ .-]?)?\(?(\d{3})\)?[ .-]?(\d{3})[ .-]?(\d{4})(?!\d)")
_PUBLIC: Final = frozenset(
    "".join(found)
    for line in (
        *(line for country in LINES.values() for words in country.values() for line in words.values()),
        *(words for lines in HELP_LINES.values() for line in lines for words in line.texts.values()),
    )
    for found in _NUMBER.findall(line)
) | {LOCAL_NUMBER[-10:]}
"""Our own number and the lines to call, ten digits each, are nobody's secret."""


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
    channel: str = ""
    """"whatsapp" or "rcs"; "" is SMS."""

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
    ledger: WordLedger
    walls: dict[str, str]
    """The zone of the clock on each one's wall."""
    service: Service = field(default_factory=Service)
    """What it is held to."""
    given: set[str] = field(default_factory=set)
    """Numbers, ten digits each, that their owners said yes to."""
    passed: list[Passed] = field(default_factory=list)
    stopped: dict[str, int] = field(default_factory=dict)
    """Who has opted out, and how many texts they have had since."""
    forgotten: dict[str, dt.datetime] = field(default_factory=dict)
    """Who had everything erased, and since when."""
    messages: list[Message] = field(default_factory=list)
    """What passed, as the carrier has it."""
    _new: list[tuple[Message, str]] = field(default_factory=list)
    _sids: set[str] = field(default_factory=set)
    _since: dict[str, list[Passed]] = field(default_factory=lambda: defaultdict(list))
    _spoke: dict[str, dt.datetime] = field(default_factory=dict)
    _last_words: dict[str, str] = field(default_factory=dict)
    """The last text of each person that is more than a word."""
    _written: Counter[str] = field(default_factory=Counter)
    """How often the very same was written, by whomever."""
    _last: dict[str, Passed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.local.watchers.append(self._note)

    def _note(self, event: Event) -> None:
        if isinstance(event, Message) and event.sid not in self._sids:
            self._sids.add(event.sid)
            self.messages.append(event)
            self._new.append((event, event.direction))

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
        uris = {message.sid: at_home(to_uri(message.phone))[0] for message in messages}
        readers = (
            select(Address.uri, Person)
            .join(Person, Person.id == Address.person_id)
            .where(Address.uri.in_(set(uris.values())))
        )
        people: dict[str, Person] = dict(session.execute(readers).all())
        for message in messages:
            person = people.get(uris[message.sid])
            body = message.body or (PHOTO if message.media else "")
            name = self.world.name(message.phone)
            row = rows.get(message.sid)
            if message.direction == "outbound-api":
                self.score.hold(
                    "doubled", row is not None, message.created, name, f"no row stands for it: {body!r}"
                )
            zone, channel = self.walls[name], message.channel
            yield Passed(message.created, name, body, message.inbound, zone, row, channel), person

    def _hear(self, text: Passed) -> None:
        """Someone wrote: what comes now is the answer."""
        self._since[text.name].clear()
        self._spoke[text.name] = text.at
        # A photo alone is carried under a word of ours; two photos are not one that comes twice.
        carried = _PHOTO_WORDS if text.body == PHOTO else (text.body.strip(),)
        self._written.update(carried)
        if len(text.body.split()) > 1:
            self._last_words[text.name] = text.body.strip()
        said = text.body.strip().upper()
        if said == "STOP":
            self.stopped[text.name] = 0
        elif said == "START" or said.startswith("JOIN"):
            self.stopped.pop(text.name, None)

    def _ends_two(self, body: str) -> bool:
        """Whether two texts that people wrote end in this."""
        return sum(count for words, count in self._written.items() if words.endswith(body.strip())) > 1

    def _check(self, session: Session, text: Passed, person: Person | None) -> None:
        hold, at, name, body = self.score.hold, text.at, text.name, text.body
        if name in self.stopped:
            self.stopped[name] += 1
            hold("stop", self.stopped[name] <= 1, at, name, f"after STOP: {body!r}")
        else:
            hold("stop", True, at, name, "")
        erased_at = self.forgotten.get(name)
        # Whoever writes once more is answered as a stranger would be, and in danger most of all.
        quiet = erased_at is None or at < erased_at or self._spoke.get(name, erased_at) > erased_at
        hold("stop", quiet, at, name, f"after everything was erased: {body!r}")
        short = measure(body).segments <= LONGEST or (text.channel and len(body) <= MOST_CHARACTERS)
        hold("length", bool(short), at, name, f"longer than two segments: {body!r}")
        self._check_hour(text, ZoneInfo(text.zone) if person and person.zone else self.world.zone)
        before = [each for each in self._since[name] if at - each.at < TWICE_WITHIN]
        # Two circles may ask the same of a person, one may not ask it twice; an alert is repeated till heard.
        wording = text.row.wording if text.row is not None else ""
        alert = text.row is not None and (text.row.purpose == "alert" or wording in BETWEEN)
        again = [each for each in before if each.body == body and each.seat == text.seat]
        aloud = text.row is not None and text.row.wording.startswith(AS_WRITTEN)
        written_twice = self.ledger.wrote_twice(body) or self._written[body.partition(": ")[2].strip()] > 1
        # The second part of two long texts may be the same, where the first is not.
        twice = bool(again) and not alert and not (aloud and (written_twice or self._ends_two(body)))
        hold("doubled", not twice, at, name, f"twice in an hour: {body!r}")
        self._since[name].append(text)
        self._check_numbers(text)
        if person is not None and person.plain and not wording.startswith(READS_ALOUD):
            # What is shown to its own writer before it goes on, was on this phone already.
            own = self._last_words.get(name, "")
            rest = body.replace(own, "") if own else body
            shown = [
                each for each in self.names if re.search(rf"\b{each}\b(?! =)", rest)
            ]  # "Rosa = ..." is a rose.
            hold("plain", not shown, at, name, f"names {', '.join(shown)}: {body!r}")
        self._check_echo(text)
        if wording == STILL_GIVEN:
            self.ledger.stays(name, body)
        said = f" {plain_text(body)} "
        for secret in self.ledger.secrets:
            if f" {secret.words} " in said:
                hold(
                    "taken",
                    name == secret.writer or not secret.taken_back,
                    at,
                    name,
                    f"{secret.writer} took {secret.words!r} back: {body!r}",
                )
                hold(
                    "eyes",
                    any(
                        self.ledger.may_read(session, each, name, at)
                        or (wording == TO_HOLDER and self.ledger.was_told_of(session, each, name))
                        # Words of danger may be written by two, word for word.
                        for each in self.ledger.secrets
                        if each.words == secret.words and f"{each.writer}: " in f"{secret.writer}: {body}"
                    ),
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
            # Behind a chat's closed window it waited until its reader wrote, in order to read it.
            spoke = self._spoke.get(text.name, text.row.created_at) if text.channel == "whatsapp" else text.at
            asked_for = text.row.created_at < spoke and text.at - spoke <= ANSWER_WITHIN
            awake = day or (asked_for and text.channel == "whatsapp")
            self.score.hold("asleep", awake, text.at, text.name, f"at {local:%H:%M}: {text.body!r}")
        elif text.row.purpose == "reply":
            # What was just called for, or agreed to for this hour, goes by when it was made.
            agreed = text.row.wording.startswith(AGREED_TO)
            since = text.row.created_at if agreed else self._spoke.get(text.name, text.row.created_at)
            answers = text.at - since <= ANSWER_WITHIN
            self.score.hold(
                "asleep", day or answers, text.at, text.name, f"a late answer at {local:%H:%M}: {text.body!r}"
            )

    def _check_echo(self, text: Passed) -> None:
        """What we say ourselves is not said twice running; words of others are, and an alert."""
        last = self._last.get(text.name)
        self._last[text.name] = text
        if text.row is None or last is None or last.row is None:
            return
        if text.row.purpose in ("reply", "safety") and not self.service.rephrases:
            return
        others = text.row.purpose == "alert" or text.row.wording.startswith(AS_WRITTEN)
        two_seats = last.seat != text.seat and None not in (last.seat, text.seat)
        again = last.body == text.body and text.at - last.at < DAYS_APART and not others and not two_seats
        self.score.hold("echo", not again, text.at, text.name, f"twice running: {text.body!r}")

    def _check_numbers(self, text: Passed) -> None:
        shown = {"".join(found) for found in _NUMBER.findall(text.body)} - _PUBLIC - self.given
        # Whoever looks after somebody reads what they write, to the letter, and may call them.
        looks_after = text.row is not None and text.row.wording == TO_HOLDER
        what = f"shows a number: {text.body!r}"
        self.score.hold("numbers", looks_after or not shown, text.at, text.name, what)
