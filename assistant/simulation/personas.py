"""Knows who plays in a simulated season, and what each of them writes when something is asked."""

from __future__ import annotations

import datetime as dt
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

PHOTO: Final = "<photo>"
IMAGE: Final = "{image}"
FIRST_HOUR, LAST_HOUR = 8, 22
"""Between these, on the clock on the wall, people look at their phones."""
_ODDLY: Final = 0.3
_FOR_ONCE: Final = 0.06
"""How often someone skips a question that takes any words."""
_MOST_UNCLEAR: Final = 2


@dataclass(frozen=True, slots=True)
class Initiative:
    """Something that is done unasked when this part (0 to 1) of the season has passed."""

    at: float
    says: str = ""
    zone: str = ""
    """The clock on the wall from then on, after a move."""
    stops: bool = False
    """Whether STOP is texted as soon as something is asked."""


@dataclass(frozen=True, slots=True)
class Persona:
    """One person of a simulated season; what each line means stands in personas.toml."""

    name: str
    language: str
    zone: str
    style: str
    minutes: tuple[int, int]
    answers: float = 1.0
    lives: str = ""
    shared: bool = False
    second: bool = False
    joins: float = 0.0
    silent: tuple[float, float] | None = None
    initiatives: tuple[Initiative, ...] = ()
    habits: tuple[str, ...] = ()
    """By name in personas.toml; the seed deals them out."""
    circle: int = 1
    """Which circle takes them in, of those who are not of the first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands open on a phone."""

    flow: str
    step: str
    kind: str
    """text, choice, yes_no, name, place, date, agree, number: what the question takes."""
    options: tuple[str, ...] = ()
    """The choices' keys, in the order of their numbers."""
    labels: tuple[str, ...] = ()
    """What each choice is called, where the choices are people, places or circles."""
    unclear: int = 0
    keys: tuple[str, ...] = ()
    """What each choice stands for, where an action listed them."""
    question: int = 0
    """Its row."""
    about: str = ""
    """The other person it is about, if it is about one."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone who may play."""

    circles: tuple[Mapping[str, Any], ...]
    hosts: tuple[Persona, ...]
    members: tuple[Persona, ...]
    others: tuple[Persona, ...]
    words: Mapping[str, Mapping[str, Sequence[str]]]
    images: Mapping[str, Mapping[str, Sequence[str]]]
    habits: Mapping[str, float]
    """How often each habit shows."""
    service: Mapping[str, bool]
    """What the service does by now, as far as its flow files do not tell."""


@cache
def read_cast() -> Cast:
    """The cast of personas.toml."""
    table = tomllib.loads(files("assistant.simulation").joinpath("personas.toml").read_text("utf-8"))
    hosts, members, others = (
        tuple(_persona(each) for each in table[kind]) for kind in ("host", "member", "other")
    )
    habits = {habit["name"]: habit["often"] for habit in table["habit"]}
    circles, words, images = tuple(table["circle"]), table["words"], table["images"]
    others += tuple(_understudies(table["understudies"], members, len(circles)))
    return Cast(circles, hosts, members, others, words, images, habits, table["service"])


def _understudies(table: Mapping[str, Any], members: Sequence[Persona], circles: int) -> Iterator[Persona]:
    """Four for each circle from the third on; they write as members do, each for themselves."""
    does = [[Initiative(**each)] if each else [] for each in table["does"]]
    each_circle = len(table["names"]) // (circles - 2)
    for number, name in enumerate(table["names"]):
        like = members[number % len(members)]
        yield replace(
            like,
            name=name,
            second=False,
            joins=0.0,
            silent=None,
            initiatives=tuple(does[number % len(does)]),
            circle=2 + number // each_circle,
        )


def _persona(row: Mapping[str, Any]) -> Persona:
    details = dict(row)
    details["minutes"] = tuple(details["minutes"])
    details["initiatives"] = tuple(Initiative(**initiative) for initiative in details.get("initiatives", ()))
    if "silent" in details:
        details["silent"] = tuple(details["silent"])
    return Persona(**details)


class Voice:
    """Finds words for everyone, by chance that repeats under a seed."""

    def __init__(self, cast: Cast, chance: random.Random) -> None:
        self._cast = cast
        self._chance = chance
        self._images = {language: _shuffled(images, chance) for language, images in cast.images.items()}
        """Two words that nobody has used yet, each time they are asked for."""

    def say(self, who: Persona, about: str, **names: str) -> tuple[str, str]:
        """Return something about one of the headings in personas.toml.

        Returns:
            What is written, and the two words in it by which it is known again ("" when there are none).
        """
        return self.fill(who, self._chance.choice(self._cast.words[who.language][about]), **names)

    def fill(self, who: Persona, line: str, **names: str) -> tuple[str, str]:
        """The same for a line that is given."""
        image = next(self._images[who.language]) if IMAGE in line else ""
        for name, value in {**names, "image": image}.items():
            line = line.replace(f"{{{name}}}", value)
        return line, image

    def says_yes(self, words: str) -> bool:
        """Whether a text comes to a plain yes, also one that changes another choice: its last word is one."""
        last = words.rpartition(" ")[2]
        return any(last in lines["yes"] for lines in self._cast.words.values())

    def answer(self, who: Persona, asked: Asked, mate: str, code: str, last: str) -> tuple[str, str]:
        """Return a persona's reply to a question; sometimes one that does not answer it.

        Args:
            mate: Someone else of the circle.
            code: The word of the circle that is joined.
            last: The text that was read last.
        """
        if asked.unclear > _MOST_UNCLEAR:
            return self.say(who, "skip")
        if who.style == "odd" and asked.flow not in _ONBOARDING and self._chance.random() < _ODDLY:
            return self.say(who, "odd", last=last)
        if asked.kind == "choice":
            return self._choose(who, asked), ""
        if asked.kind == "place":
            return who.lives.partition(",")[0] if asked.unclear or "settle" in asked.flow else who.lives, ""
        if asked.kind in ("name", "agree", "date"):
            return self.say(who, asked.kind, name=who.name)
        if asked.kind == "yes_no":
            return self.say(who, "yes" if self._chance.random() < 0.7 else "no")
        if asked.kind.startswith("number"):
            return str(self._chance.randint(1, 5)), ""
        return self._tell(who, asked, mate, code)

    def _tell(self, who: Persona, asked: Asked, mate: str, code: str) -> tuple[str, str]:
        """Words for a question that takes any."""
        about = f"{asked.flow}/{asked.step}"
        if about in self._cast.words[who.language]:
            return self.say(who, about, mate=mate, code=code)
        if asked.flow == "group_check_in":
            return self.say(who, "how")
        if self._chance.random() < _FOR_ONCE:
            return self.say(who, "skip")
        if who.style == "talkative" and self._chance.random() < 0.5:
            return self.say(who, "long")
        return self.say(who, "short" if who.style == "terse" else "any")

    def _choose(self, who: Persona, asked: Asked) -> str:
        """One of the choices, by its number."""
        wished = _WISHES.get(f"{asked.flow}/{asked.step}", {})
        if asked.flow == "onboarding" and asked.step == "shared_phone":
            wished = {"shared" if who.shared else "alone": 1}
        elif asked.step == "language":
            wished = {who.language: 1}
        places = [index for index, label in enumerate(asked.labels) if _lives_there(who, label)]
        if places:
            return str(places[0] + 1)
        count = len(asked.options) or len(asked.labels) or 2
        weights = [wished.get(key, 0) for key in asked.options] if wished else []
        if not any(weights):
            weights = [1] * count
        return str(self._chance.choices(range(1, count + 1), weights)[0])


_ONBOARDING: Final = frozenset({"onboarding", "promise", "join", "another_circle", "settle_place", "host"})
_WISHES: Final[Mapping[str, Mapping[str, int]]] = {
    "group_check_in/ask": {"ok": 9, "not_ok": 1},
    "survey/may_i": {"yes": 6, "later": 1, "no": 1, "never": 1},
    "buddy_did/did": {"yes": 15, "not_yet": 4, "new": 1},
    "buddy_did/did_all": {"yes": 15, "not_yet": 4, "new": 1},
    "share/name": {"name": 3, "without": 1},
    "relay/number": {"with_it": 1, "without_it": 1},
    "missed_you/ask": {"in": 3, "pause": 1, "read": 1},
    "my_goal/menu": {"reached": 1, "step": 2, "keep": 3},
    "post_listing/show": {"named": 3, "unnamed": 2},
    "post_listing/number": {"without_it": 1},
    "can_you_help/ask": {"can": 3, "knows": 1, "no": 3},
    "be_introduced/ask": {"yes": 4, "no": 3, "change": 1},
    "be_introduced/sure": {"yes": 4, "no": 1},
    "meet_one/show": {"ask": 5, "change": 1},
    "who_knows/found": {"yes": 1, "no": 1, "meet": 1},
    "ask_outcome/ask": {"helped": 3, "not_yet": 1, "no": 1},
    "introduction_outcome/ask": {"good": 3, "not_yet": 1, "no": 1},
    "hour_invite/ask": {"coming": 3, "not": 1},
    "hour_reminder/ask": {"coming": 1, "not": 1},
    "maybe_danger/ask": {"fine": 4, "no": 1, "unsure": 1},
    "maybe_danger/ask_alone": {"fine": 4, "no": 1, "unsure": 1},
}
"""How people tend to choose; what is not listed is left to chance."""


def awake(moment: dt.datetime, zone: ZoneInfo, chance: random.Random) -> dt.datetime:
    """The moment itself where people are up then, else some time next morning. Aware UTC."""
    local = moment.astimezone(zone)
    if FIRST_HOUR <= local.hour < LAST_HOUR:
        return moment
    day = local.date() + dt.timedelta(days=local.hour >= LAST_HOUR)
    morning = dt.datetime.combine(day, dt.time(FIRST_HOUR), zone).astimezone(dt.UTC)
    return morning + dt.timedelta(seconds=chance.randrange(2 * 3600))


def _lives_there(who: Persona, label: str) -> bool:
    """Return whether one of several cities of a name is the persona's; Madrid is the one in Spain."""
    if "Madrid" in label:
        return "Spain" in label or "España" in label or label.endswith("ES")
    _, _, region = who.lives.partition(", ")
    return bool(region) and region.partition(",")[0] in label


def _shuffled(parts: Mapping[str, Sequence[str]], chance: random.Random) -> Iterator[str]:
    pairs = [f"{first} {second}" for first in parts["first"] for second in parts["second"]]
    chance.shuffle(pairs)
    return iter(pairs)
