"""Plays a whole season in virtual time: people join, answer, go quiet, move, pause and leave."""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import distinct, func, select

from assistant.carriers.addresses import to_uri
from assistant.circles.seasons import begin_season
from assistant.engine.book import FlowBook
from assistant.messages.questions import open_of
from assistant.messages.travel import next_due
from assistant.simulator.personas import IMAGE, PHOTO, Asked, Cast, Deed, Persona, Voice, awake, read_cast
from assistant.simulator.promises import Score
from assistant.simulator.reckoning import Reckoner
from assistant.simulator.story import Story, count_weeks
from assistant.simulator.watching import Passed, Secret, Watcher
from assistant.simulator.world import World
from assistant.store.tables import (
    Address,
    Circle,
    Conversation,
    Goal,
    GoalStep,
    Member,
    Note,
    Pair,
    PairMember,
    Share,
)

ZONE: Final = ZoneInfo("America/Chicago")
OPENING: Final = dt.datetime(2026, 9, 7, 9, 0, tzinfo=ZONE)
"""A Monday; the eight weeks that begin a week later see the clocks change in Europe and in America."""
FIRST_DAY: Final = dt.date(2026, 9, 14)
FEWEST, MOST = 4, 12
SHORT_PROGRAM: Final = 4
AFTERWARDS: Final = dt.timedelta(days=3)
ERASED_AFTER: Final = dt.timedelta(days=35)
IN_HAND: Final = (1, 9)
"""Minutes after which she looks again while she is writing."""
HELLOS, ANSWERS_TO_BUDDY, THANKS = 0.75, 0.6, 0.15
MOST_TO_BUDDY: Final = 3
"""Lines by @ that someone writes in a week by herself."""


def simulate(
    book: FlowBook,
    *,
    members: int = 8,
    weeks: int = 8,
    seed: int = 1,
    circles: int = 2,
    told: Callable[[float], None] | None = None,
) -> Story:
    """Play a season through the real conversation, schedule and outbox code, by the local carrier's rules.

    Args:
        book: The flows.
        members: Of the first circle, 4 to 12; the second has four, one of whom sits in both.
        weeks: Up to 4 by the program of four weeks, else by that of eight; fewer are played in part.
        seed: The same seed tells the same story, byte for byte.
        circles: One or two.
        told: Called with the part (0 to 1) of the time that has passed.

    Raises:
        ValueError: an argument is out of bounds.
    """
    if not FEWEST <= members <= MOST:
        raise ValueError(f"a circle has {FEWEST} to {MOST} members; {members} is none of that")
    if not 1 <= weeks <= 8:
        raise ValueError(f"a season has 1 to 8 weeks; {weeks} is none of that")
    if circles not in (1, 2):
        raise ValueError("one or two circles can be played")
    with World(book, start=OPENING, zone=str(ZONE)) as world:
        return Season(world, read_cast(), members, weeks, seed, circles).play(told)


@dataclass(slots=True)
class Actor:
    """A persona on the stage: what she holds in mind."""

    who: Persona
    codes: list[str] = field(default_factory=list)
    person_id: int = 0
    looks_at: dt.datetime | None = None
    unread: list[Passed] = field(default_factory=list)
    last: str = ""
    """The words that she read last."""
    stops: bool = False
    """Has made up her mind to text STOP at the next question."""
    gone: bool = False
    hellos: dict[int, int] = field(default_factory=dict)
    """By week: how many lines by @ she has written."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.who.zone)


class Season:
    """One season on the stage of a world."""

    def __init__(self, world: World, cast: Cast, members: int, weeks: int, seed: int, circles: int) -> None:
        self.world = world
        self.weeks = weeks
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311 - a story that repeats, no secret
        self.voice = Voice(cast, self.chance)
        self.circles = cast.circles[:circles]
        self.program = "four_weeks" if weeks <= SHORT_PROGRAM else "eight_weeks"
        self.whole = weeks in (SHORT_PROGRAM, 8)
        self.first = cast.members[:members]
        self.others = cast.others if circles > 1 else ()
        self.hosts = cast.hosts[:circles]
        self.actors = {who.name: Actor(who) for who in (*self.hosts, *self.first, *self.others)}
        self.score = Score()
        self.watcher = Watcher(
            world,
            self.score,
            tuple(self.actors),
            {circle["code"]: circle["host"] for circle in self.circles},
            {name: actor.who.zone for name, actor in self.actors.items()},
        )
        self.reckoner = Reckoner(world, self.score)
        self._agenda: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._starts = dt.datetime.combine(FIRST_DAY, dt.time(0), ZONE).astimezone(dt.UTC)
        self.ends = self._starts + dt.timedelta(weeks=weeks)

    # What is going to happen

    def play(self, told: Callable[[float], None] | None) -> Story:
        """Let everything happen, and tell it."""
        for name in self.actors:
            self.world.number(name)
        self._prepare()
        began = self.world.clock.now()
        until = self.ends + (AFTERWARDS if self.whole else dt.timedelta(0))

        def tell(moment: dt.datetime) -> None:
            if told is not None:
                told((moment - began) / (until - began))

        self._pass_time(until, tell)
        texts = list(self.watcher.passed)
        self.reckoner.close(texts)
        seats, counts = self._seats(), self._counts()
        if self.whole:
            self._agenda.clear()
            self._erase(until)
        return self._story(texts, seats, counts)

    def _at(self, moment: dt.datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (max(moment, self.world.clock.now()), next(self._order), act))

    def moment(self, part: float) -> dt.datetime:
        """When this part (0 to 1) of the season has passed."""
        return self._starts + part * dt.timedelta(weeks=self.weeks)

    def _prepare(self) -> None:
        """Found the circles, and write down who does what when."""
        begins = OPENING.astimezone(dt.UTC)
        for circle in self.circles:
            self.world.circle(circle["code"], circle["name"], program=self.program)
            self.world.role(circle["host"], "host", circle["code"], accepted=False)
            host = self.actors[circle["host"]]
            self._at(begins + dt.timedelta(hours=1), self._says(host, f"HOST {circle['code']}"))
        for who in self.first:
            early = dt.timedelta(hours=2 + self.chance.random() * 60)
            self._comes(who, self.circles[0]["code"], self.moment(who.joins) if who.joins else begins + early)
        if len(self.circles) > 1:
            for who in (*(each for each in self.first if each.second), *self.others):
                hours = dt.timedelta(hours=70 + self.chance.random() * 40)
                self._comes(who, self.circles[1]["code"], begins + hours)
        for actor in self.actors.values():
            for deed in actor.who.deeds:
                when = self.moment(deed.at) + dt.timedelta(hours=self.chance.random() * 30)
                self._at(awake(when, actor.zone, self.chance), self._does(actor, deed))
        self._at(self._starts - dt.timedelta(hours=12), self._begin)
        for day in range((self.ends + AFTERWARDS - begins).days + 1):
            self._at(begins + dt.timedelta(days=day, hours=9), self._note_day)

    def _comes(self, who: Persona, code: str, moment: dt.datetime) -> None:
        actor = self.actors[who.name]

        def join() -> None:
            actor.codes.append(code)
            self.watcher.seats[who.name].add(code)
            self._write(actor, *self.voice.say(who, "join", code=code))

        self._at(awake(moment, actor.zone, self.chance), join)

    def _says(self, actor: Actor, words: str) -> Callable[[], None]:
        return lambda: self._write(actor, words, "")

    def _does(self, actor: Actor, deed: Deed) -> Callable[[], None]:
        def act() -> None:
            if deed.stops:
                actor.stops = True
                self._consider(actor, self.world.clock.now())
                return
            if actor.gone or (actor.who.name in self.watcher.stopped and deed.says != "START"):
                return
            words, image = self.voice.fill(actor.who, deed.says)
            self._write(actor, words, image, sees="relay" if words.startswith("@") else "us")
            if deed.zone:
                actor.who = replace(actor.who, zone=deed.zone, lives="Madrid")
                self.watcher.walls[actor.who.name] = deed.zone
            if words.upper() in ("LEAVE", "SALIR"):
                actor.gone = True

        return act

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
        """Let a month pass: nobody answers any more, and the words must be gone."""
        end = until + ERASED_AFTER
        while until < end:
            until += dt.timedelta(days=1)
            self._pass_time(until)
            self.world.settle()
        self.reckoner.check_erased([secret.words for secret in self.watcher.secrets])

    # How time goes by

    def _pass_time(self, until: dt.datetime, told: Callable[[dt.datetime], None] | None = None) -> None:
        """Move on to `until`, stopping wherever something is due or someone does something."""
        while True:
            now = self.world.clock.now()
            with self.world.database.read() as session:
                due = next_due(session, now)
            acts = self._agenda[0][0] if self._agenda else None
            stop = min(moment for moment in (due, acts, until) if moment is not None)
            if stop > now:
                self.world.clock.move_to(stop)
            if due == stop:
                self.world.settle()
                self._look()
            if acts is not None and acts <= stop:
                heapq.heappop(self._agenda)[2]()
                self._look()
            elif stop >= until:
                return
            if told is not None:
                told(stop)

    def _look(self) -> None:
        """See what has passed, and let those whom it reached look at their phones in their own time."""
        texts = self.watcher.look()
        for text in texts:
            actor = self.actors.get(text.name)
            if actor is None or text.inbound:
                continue
            actor.unread.append(text)
            actor.last = text.body
            answers = text.row is not None and text.row.purpose == "reply"
            low, high = IN_HAND if answers else actor.who.minutes
            wait = dt.timedelta(minutes=low + (high - low) * self.chance.random() ** 2)
            self._consider(actor, text.at + wait)
        if any(text.row is not None and text.row.purpose == "prompt" for text in texts):
            self.reckoner.look()

    def _consider(self, actor: Actor, moment: dt.datetime) -> None:
        """She looks at her phone then, if not before; in a silent spell, when that is over."""
        spell = actor.who.silent
        if spell is not None and self.moment(spell[0]) <= moment < self.moment(spell[1]):
            moment = self.moment(spell[1])
        moment = awake(moment, actor.zone, self.chance)
        if actor.looks_at is None or moment < actor.looks_at:
            actor.looks_at = moment
            self._at(moment, lambda: self._take_up(actor, moment))

    # What people do with their phones

    def _take_up(self, actor: Actor, moment: dt.datetime) -> None:
        """She looks at her phone: answers what is asked, or what a buddy wrote, or puts it away."""
        if actor.looks_at != moment:
            return  # She has looked since.
        actor.looks_at = None
        unread, actor.unread = actor.unread, []
        if actor.who.name in self.watcher.stopped:
            return
        asked, sees, code = self._asked(actor)
        if asked is not None and actor.stops:
            actor.stops = False
            self._write(actor, "STOP", "")
        elif asked is not None:
            if self.chance.random() < actor.who.answers:
                self._answer(actor, asked, sees, code)
        else:
            self._react(actor, unread)

    def _asked(self, actor: Actor) -> tuple[Asked | None, str, str]:
        """What stands open on her phone, who it says will see the answer, and which circle it is about."""
        with self.world.database.read() as session:
            if not actor.person_id:
                uri = to_uri(self.world.number(actor.who.name))
                actor.person_id = session.scalar(select(Address.person_id).where(Address.uri == uri)) or 0
            question = open_of(session, actor.person_id)
            if question is None:
                return None, "us", ""
            conversation = session.get_one(Conversation, question.conversation_id)
            step = self.world.desk.book.today(question.flow, question.step)
            assert step is not None
            listed = conversation.values.get(step.choices_from or "", ())
            code = session.scalar(
                select(Circle.code)
                .join(Member, Member.circle_id == Circle.id)
                .where(Member.id == question.member_id)
            )
            asked = Asked(
                question.flow,
                question.step,
                (step.expect or "text").split()[0],
                tuple(option.key for option in step.options),
                tuple(each["label"] for each in listed),
                question.unclear,
            )
            return asked, question.sees, code or ""

    def _answer(self, actor: Actor, asked: Asked, sees: str, code: str) -> None:
        who = actor.who
        mate = self._mate(actor, code)
        words, image = self.voice.answer(who, asked, mate, actor.codes[-1] if actor.codes else "", actor.last)
        to = mate if image and sees == "buddy" and mate in words else ""
        if asked.flow == "kind_line" and asked.step == "line":
            sees = "buddy"
        if asked.flow == "kind_line" and asked.step == "who":
            self.watcher.readdress(who.name, mate)
        if asked.flow == "relay" and asked.step == "number" and words == "1":
            self.watcher.given.add("2105550147")
        self._write(actor, words, image, sees=sees, code=code, to=to)

    def _react(self, actor: Actor, unread: list[Passed]) -> None:
        """Nothing is asked: say hi to a new buddy, write back to one, or leave it."""
        wordings = [text.row.wording for text in unread if text.row is not None]
        week = (self.world.clock.now() - self._starts).days // 7
        about = ""
        if any(wording.startswith(("buddy_meet/", "buddy_middle/")) for wording in wordings):
            about = "hello" if self.chance.random() < HELLOS else ""
        elif any(wording == "notices/relay" for wording in wordings):
            about = "answer" if self.chance.random() < ANSWERS_TO_BUDDY else ""
        elif any(wording.startswith(("notices/kind", "notices/thanks")) for wording in wordings):
            about = "thanks" if self.chance.random() < THANKS else ""
        if not about or (about != "thanks" and actor.hellos.get(week, 0) >= MOST_TO_BUDDY):
            return
        words, image = self.voice.say(actor.who, about)
        if about != "thanks":
            actor.hellos[week] = actor.hellos.get(week, 0) + 1
        self._write(actor, words, image, sees="us" if about == "thanks" else "relay")

    def _mate(self, actor: Actor, code: str) -> str:
        """Someone else of her circle."""
        mates = [
            name
            for name, other in self.actors.items()
            if code in other.codes
            and name != actor.who.name
            and not other.gone
            and name not in self.watcher.stopped
        ]
        return self.chance.choice(mates) if mates else "someone"

    def _write(
        self, actor: Actor, words: str, image: str, *, sees: str = "us", code: str = "", to: str = ""
    ) -> None:
        """She texts; the two words in it that stand nowhere else are remembered with who may see them."""
        if image:
            now = self.world.clock.now()
            self.watcher.secrets.append(Secret(image.casefold(), actor.who.name, sees, code, to, now))
        actor.unread = []
        if words == PHOTO:
            self.world.text(actor.who.name, "", media=[("", "image/jpeg")])
        else:
            self.world.text(actor.who.name, words.replace(IMAGE, ""))

    def _seats(self) -> list[tuple[str, str, str]]:
        """Everyone's name, circle and how her seat stands, at the end."""
        names: Mapping[int, str] = {actor.person_id: name for name, actor in self.actors.items()}
        with self.world.database.read() as session:
            rows = session.execute(
                select(Member.person_id, Circle.code, Member.state)
                .join(Circle, Circle.id == Member.circle_id)
                .order_by(Member.id)
            )
            return [(names.get(person_id, "?"), code, state) for person_id, code, state in rows]

    def _counts(self) -> dict[str, int]:
        """What came of it all."""
        counted = {
            "goals set": select(func.count(Goal.id)),
            "goals reached": select(func.count(Goal.id)).where(Goal.state == "reached"),
            "steps set": select(func.count(GoalStep.id)),
            "steps done": select(func.count(GoalStep.id)).where(GoalStep.outcome == "did"),
            "words shared with a circle": select(func.count(Share.id)),
            "lines to buddies": select(func.count(Note.id)).where(Note.kind == "buddy"),
            "kind lines and thanks": select(func.count(Note.id)).where(Note.kind != "buddy"),
            "groups of buddies": select(func.count(Pair.id)),
            "groups in which someone said that they connected": select(
                func.count(distinct(PairMember.pair_id))
            ).where(PairMember.did == "yes"),
        }
        with self.world.database.read() as session:
            return {what: session.scalar(query) or 0 for what, query in counted.items()}

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
