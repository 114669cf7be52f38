"""Plays a whole season in virtual time: people join, answer, go quiet, move, pause and leave."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.circles.calendar.season_plan import begin_season
from assistant.engine.book import FlowBook
from assistant.language.folding import plain_words
from assistant.runtime import FLOWS
from assistant.safety.danger_reader.lexicon import load as load_lexicon
from assistant.simulation import season_partings
from assistant.simulation.acting import Actor, Company
from assistant.simulation.channel_checks import PHONES, check_channels, give_phones
from assistant.simulation.database_checks import Reckoner
from assistant.simulation.exchange_checks import check_exchange
from assistant.simulation.habits import Habits, Service
from assistant.simulation.hour_checks import check_hours
from assistant.simulation.invariants import Score
from assistant.simulation.personas import Cast, Initiative, Persona, Voice, awake, read_cast
from assistant.simulation.privacy_checks import check_receipts
from assistant.simulation.reply_checks import check_replies
from assistant.simulation.season_tally import tally
from assistant.simulation.story import Story, count_weeks
from assistant.simulation.text_checks import Passed, Watcher
from assistant.simulation.texts_a_week import count_texts, ours, promised
from assistant.simulation.time_travel import Agenda, next_due
from assistant.simulation.word_ledger import WordLedger
from assistant.simulation.world import World
from assistant.simulation.world_phones import approve_templates
from assistant.store.tables import (
    Circle,
    Member,
)

ZONE: Final = ZoneInfo("America/Chicago")
OPENING: Final = dt.datetime(2026, 9, 7, 9, 0, tzinfo=ZONE)
"""A Monday; the eight weeks that begin a week later see the clocks change in Europe and in America."""
FIRST_DAY: Final = dt.date(2026, 9, 14)
FEWEST, MOST = 4, 12
MOST_CIRCLES: Final = 6
COHORT: Final = "Fall"
ANSWERS: Final = "answers.toml"
"""The file of what people ask back, and what they are answered."""
SHORT_PROGRAM: Final = 4
LONG_PROGRAM: Final = "eight_weeks"
AFTERWARDS: Final = dt.timedelta(days=3)
ASKS_A_WEEK: Final = 0.8
"""How often somebody asks, offers, or wants to meet someone, by their own."""
EXCHANGED: Final = {"ask": 4, "offer": 1, "meet": 3, "now": 2}
ERASED_AFTER: Final = dt.timedelta(days=35)
PEOPLE_A_FORGETTING: Final = 7
"""Of so many who stay one asks to be forgotten."""
FEWEST_CRIES: Final = 2
PEOPLE_WEEKS_A_CRY: Final = 12
"""In so many weeks of somebody's, words of danger are written once."""
FEWEST_WORDS: Final = 4
"""Shorter words of danger may stand in a text of ours by chance, and could not be told from theirs."""


def simulate(
    book: FlowBook,
    *,
    members: int = 8,
    weeks: int = 8,
    seed: int = 1,
    circles: int = 2,
    phones: str = "sms",
    service: Service | None = None,
    told: Callable[[float], None] | None = None,
) -> Story:
    """Play a season through the real conversation, schedule and outbox code, by the local carrier's rules.

    Args:
        book: The flows.
        members: Of the first circle, 4 to 12; the second has four, one of whom sits in both.
        weeks: Up to 4 by the program of four weeks, else by that of eight; fewer are played in part.
        seed: The same seed tells the same story, byte for byte.
        circles: One to six, in one cohort; those from the third on have four members each.
        phones: What people text by, as in `PHONES`; WhatsApp has approved every template that it can.
        service: What it is held to; what it says that it does, if None.
        told: Called with the part (0 to 1) of the time that has passed.

    Raises:
        ValueError: an argument is out of bounds.
    """
    if not FEWEST <= members <= MOST:
        raise ValueError(f"a circle has {FEWEST} to {MOST} members; {members} is none of that")
    if not 1 <= weeks <= 8:
        raise ValueError(f"a season has 1 to 8 weeks; {weeks} is none of that")
    if not 1 <= circles <= MOST_CIRCLES:
        raise ValueError(f"one to {MOST_CIRCLES} circles can be played")
    if phones not in PHONES:
        raise ValueError(f"phones are {', '.join(PHONES)}; {phones!r} is none of that")
    with World(book, start=OPENING, zone=str(ZONE)) as world:
        service = service or service_of(book)
        return Season(world, read_cast(), service, members, weeks, seed, circles, phones).play(told)


def service_of(book: FlowBook) -> Service:
    """Return what the service says that it understands."""
    phrases = (phrase for command in book.commands.values() for phrase in command.words.get("en", ()))
    takes_back = any(plain_words(phrase) == ["delete"] for phrase in phrases)
    return Service(takes_back, (FLOWS / ANSWERS).is_file(), **read_cast().service)


class Season:
    """One season on the stage of a world."""

    def __init__(
        self,
        world: World,
        cast: Cast,
        service: Service,
        members: int,
        weeks: int,
        seed: int,
        circles: int,
        phones: str = "sms",
    ) -> None:
        self.world = world
        self.phones = phones
        self.weeks = weeks
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311 - a story that repeats, no secret
        self.voice = Voice(cast, self.chance)
        self.service = service
        self.habits = Habits(cast.habits, self.voice, self.chance, self.service)
        self.circles = cast.circles[:circles]
        self.program = "four_weeks" if weeks <= SHORT_PROGRAM else LONG_PROGRAM
        self.whole = weeks in (SHORT_PROGRAM, 8)
        others = tuple(each for each in cast.others if each.circle < circles)
        dealt = self.habits.deal((*cast.members[:members], *others))
        self.first, self.others = (
            tuple(replace(who, habits=dealt.get(who.name, ())) for who in people)
            for people in (cast.members[:members], others)
        )
        self.hosts = cast.hosts[:circles]
        self.actors = {who.name: Actor(who) for who in (*self.hosts, *self.first, *self.others)}
        self.score = Score()
        hosts = {circle["code"]: circle["host"] for circle in self.circles}
        self.ledger = WordLedger(world, hosts, self.service)
        self.watcher = Watcher(
            world,
            self.score,
            tuple(self.actors),
            self.ledger,
            {name: actor.who.zone for name, actor in self.actors.items()},
            service=self.service,
        )
        self.reckoner = Reckoner(world, self.score)
        self.agenda = Agenda()
        self._starts = dt.datetime.combine(FIRST_DAY, dt.time(0), ZONE).astimezone(dt.UTC)
        self.ends = self._starts + dt.timedelta(weeks=weeks)
        self.company = Company(
            world, self.watcher, self.voice, self.habits, self.chance, self.actors, self.agenda, self.moment
        )

    # What is going to happen

    def play(self, told: Callable[[float], None] | None) -> Story:
        """Let everything happen, and tell it."""
        give_phones(self.world, list(self.actors), self.phones)
        if self.phones != "sms":
            approve_templates(self.world)
        self._prepare()
        began = self.world.clock.now()
        until = self.ends + (AFTERWARDS if self.whole else dt.timedelta(0))

        def tell(moment: dt.datetime) -> None:
            if told is not None:
                told((moment - began) / (until - began))

        self._pass_time(until, tell)
        texts = list(self.watcher.passed)
        self.reckoner.close(texts)
        self._check_promised(texts)
        check_replies(self.world, self.score, self.watcher)
        check_receipts(self.world, self.score, self.watcher)
        check_exchange(self.world, self.score, self.watcher)
        check_hours(self.world, self.score, self.watcher)
        ways = check_channels(self.world, self.score, self.watcher)
        seats, counts = self._seats(), tally(self.world.database)
        if self.phones != "sms":
            counts |= {f"texts {way}": count for way, count in sorted(ways.items())}
        if self.whole:
            self._erase(until)
        return self._story(texts, seats, counts)

    def moment(self, part: float) -> dt.datetime:
        """When this part (0 to 1) of the season has passed."""
        return self._starts + part * dt.timedelta(weeks=self.weeks)

    def _prepare(self) -> None:
        """Found the circles, and write down who does what when."""
        begins = OPENING.astimezone(dt.UTC)
        self.world.cohort(COHORT)
        cohort = self.world.cohorts[COHORT]
        for circle in self.circles:
            live = circle.get("live") and self.program == LONG_PROGRAM
            program = f"{self.program}_live" if live else self.program
            asked = {"surveyed": True, "survey_look_at": begins} if circle.get("surveyed") else {}
            self.world.circle(circle["code"], circle["name"], program=program, cohort_id=cohort, **asked)
            self.world.role(circle["host"], "host", circle["code"], accepted=False)
            self._hosts(circle["host"], circle["code"], begins + dt.timedelta(hours=1))
        for who in self.first:
            early = dt.timedelta(hours=2 + self.chance.random() * 60)
            self._comes(who, self.circles[0]["code"], self.moment(who.joins) if who.joins else begins + early)
        if len(self.circles) > 1:
            for who in (*(each for each in self.first if each.second), *self.others):
                hours = dt.timedelta(hours=70 + self.chance.random() * 40)
                code = self.circles[who.circle]["code"]
                self._comes(who, code, begins + hours)
        for actor in self.actors.values():
            for initiative in actor.who.initiatives:
                self._does(actor.who, initiative)
            if "changes_mind" in actor.who.habits and not actor.who.second:
                self._goes_and_stays(actor.who)
        self._exchange()
        self._cries()
        if self.whole:
            self._forgettings()
        self.agenda.add(self._starts - dt.timedelta(hours=12), self._begin)
        for day in range((self.ends + AFTERWARDS - begins).days + 1):
            self.agenda.add(begins + dt.timedelta(days=day, hours=9), self._note_day)

    def _hosts(self, name: str, code: str, moment: dt.datetime) -> None:
        self.agenda.add(moment, lambda: self.company.say(name, f"HOST {code}"))

    def _comes(self, who: Persona, code: str, moment: dt.datetime) -> None:
        self.agenda.add(
            awake(moment, ZoneInfo(who.zone), self.chance), lambda: self.company.join(who.name, code)
        )

    def _does(self, who: Persona, initiative: Initiative) -> None:
        when = self.moment(initiative.at) + dt.timedelta(hours=self.chance.random() * 30)
        self.agenda.add(
            awake(when, ZoneInfo(who.zone), self.chance), lambda: self.company.do(who.name, initiative)
        )

    def _goes_and_stays(self, who: Persona) -> None:
        """Someone leaves, and takes it back at once."""
        when = awake(self.moment(self.chance.uniform(0.3, 0.9)), ZoneInfo(who.zone), self.chance)
        self.agenda.add(
            when, lambda: season_partings.leave_and_stay(self.company, self.company.actors[who.name])
        )

    def _exchange(self) -> None:
        """In some weeks everyone asks or offers the circle something, or wants to meet someone."""
        for who in (*self.first, *self.others):
            for week in range(self.weeks):
                if self.chance.random() < ASKS_A_WEEK:
                    part = (week + self.chance.random()) / self.weeks
                    when = awake(self.moment(part), ZoneInfo(who.zone), self.chance)
                    what = self.chance.choices(list(EXCHANGED), list(EXCHANGED.values()))[0]
                    self._exchanges(who, when, what)

    def _exchanges(self, who: Persona, when: dt.datetime, what: str) -> None:
        self.agenda.add(when, lambda: self.company.exchange(who.name, what))

    def _forgettings(self) -> None:
        """In a whole season some ask for everything of theirs to be erased, and the others go on."""
        chance = random.Random(f"{self.seed} forgotten")  # noqa: S311 - a story that repeats, no secret
        stay = [
            who
            for who in (*self.first, *self.others)
            if not any(each.stops or each.says in season_partings.GOES for each in who.initiatives)
        ]
        for who in chance.sample(stay, max(1, len(stay) // PEOPLE_A_FORGETTING)):
            when = self.moment(max(who.joins + 0.2, 0.3) + 0.4 * chance.random())
            self._is_forgotten(who, awake(when, ZoneInfo(who.zone), chance))

    def _is_forgotten(self, who: Persona, when: dt.datetime) -> None:
        self.agenda.add(
            when, lambda: season_partings.ask_to_be_forgotten(self.company, self.actors[who.name])
        )

    def _cries(self) -> None:
        """Now and then someone writes of danger, plainly or in other words, each in turn."""
        people = self.chance.sample([*self.first, *self.others], len(self.first) + len(self.others))
        often = max(FEWEST_CRIES, len(people) * self.weeks // PEOPLE_WEEKS_A_CRY)
        for number in range(often):
            who = people[number % len(people)]
            plainly = [
                rule.example
                for rule in load_lexicon().rules
                if rule.language == who.language and len(rule.example.split()) >= FEWEST_WORDS
            ]
            words = self.voice.say(who, "veiled")[0] if number % 2 else self.chance.choice(plainly)
            self._cries_out(who, words)

    def _cries_out(self, who: Persona, words: str) -> None:
        joined = max(0.05, who.joins + 0.05)
        when = self.moment(joined + self.chance.random() * (0.95 - joined))
        self.agenda.add(
            awake(when, ZoneInfo(who.zone), self.chance), lambda: self.company.cry(who.name, words)
        )

    def _begin(self) -> None:
        """What `circle start` does, for each circle."""
        now = self.world.clock.now()
        with self.world.database.write() as session:
            for circle in session.scalars(select(Circle).order_by(Circle.id)).all():
                begin_season(session, circle, FIRST_DAY, now)
        self.world.settle()

    def _note_day(self) -> None:
        self.world.settle()
        out = {self.actors[name].person_id for name in self.watcher.stopped}
        self.reckoner.note_day(out)

    def _erase(self, until: dt.datetime) -> None:
        """Let a month pass, in which nobody answers any more; then the words must be gone."""
        for day in range(1, ERASED_AFTER.days + 1):
            self.world.move_to(until + dt.timedelta(days=day))
        self.watcher.look()
        self.reckoner.check_erased([secret.words for secret in self.ledger.secrets])

    # How time goes by

    def _pass_time(self, until: dt.datetime, told: Callable[[dt.datetime], None] | None = None) -> None:
        """Move on to `until`, stopping wherever something is due or someone does something."""
        while True:
            now = self.world.clock.now()
            with self.world.database.read() as session:
                due = next_due(session, now)
            acts = self.agenda.next
            stop = min(moment for moment in (due, acts, until) if moment is not None)
            if stop > now:
                self.world.clock.move_to(stop)
            if due == stop:
                self.world.settle()
                self._look()
            if acts is not None and acts <= stop:
                self.agenda.act()
                self._look()
            elif stop >= until:
                return
            if told is not None:
                told(stop)

    def _look(self) -> None:
        """See what has passed, and let those whom it reached look at their phones in their own time."""
        texts = self.watcher.look()
        for text in texts:
            if not text.inbound and text.name in self.actors:
                self.company.hear(text)
        if any(text.row is not None and text.row.purpose == "prompt" for text in texts):
            self.reckoner.look()

    def _check_promised(self, texts: list[Passed]) -> None:
        """Whether no week brought anyone more texts unasked than the confirmation said."""
        most = promised(self.world.services.book)
        for (name, _, monday), counts in count_texts(texts).items():
            moment = dt.datetime.combine(monday, dt.time(12), ZONE).astimezone(dt.UTC)
            what = f"{ours(counts)} texts in the week of {monday}: {dict(counts)}"
            self.score.hold("promised", ours(counts) <= most, moment, name, what)

    def _seats(self) -> list[tuple[str, str, str]]:
        """Everyone's name, circle and how the seat stands, at the end."""
        names: Mapping[int, str] = {actor.person_id: name for name, actor in self.actors.items()}
        with self.world.database.read() as session:
            rows = session.execute(
                select(Member.person_id, Circle.code, Member.state)
                .join(Circle, Circle.id == Member.circle_id)
                .order_by(Member.id)
            )
            return [(names.get(person_id, "?"), code, state) for person_id, code, state in rows]

    def _story(
        self, texts: list[Passed], seats: list[tuple[str, str, str]], counts: Mapping[str, int]
    ) -> Story:
        names = " and ".join(circle["name"] for circle in self.circles)
        joined: dict[str, dt.datetime] = {}
        for text in texts:
            if text.inbound and self.actors[text.name].codes:
                joined.setdefault(text.name, text.at)
        return Story(
            title=f"{names}: {len(self.first)} members, {self.weeks} weeks, seed {self.seed}",
            starts_on=FIRST_DAY,
            weeks=self.weeks,
            zone=ZONE,
            texts=texts,
            score=self.score,
            table=count_weeks(texts, ZONE, FIRST_DAY, joined, self.reckoner.rounds),
            seats=seats,
            told=counts,
            joined=joined,
        )
