"""Phones that converse: they join a circle, then set a numbered step, do it, tell of it, and so on.

Each answers what it is asked, as a person would, and waits for a reply before it writes again.
"""

from __future__ import annotations

import heapq
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.soak.verdicts import Received

STOP = "please stop texting me"
"""In words that no carrier knows, so that it is we who keep to it."""
READS = (4.0, 8.0)
"""Seconds from a question to the answer; sooner than two and a bit nobody has read it."""
TYPES = 7
"""Characters a second."""
SAYS_EVERY = (75.0, 120.0)
NAMES = (
    "Ana",
    "Rosa",
    "Mia",
    "Eva",
    "Sol",
    "Kay",
    "Pia",
    "Kim",
    "Lena",
    "Nora",
    "Ines",
    "Carla",
    "Dora",
    "Olga",
)
STOPS_ONE_IN = 25
CIRCLE_OF = 38

_ANSWERS = (
    (r"first name (may|should) (we|people) use", "{name}"),
    (r"Which language\?|Reply 1 for English", "1"),
    (r"What city are you in", "Chicago, evenings"),
    (r"anyone else see this phone", "no, just me"),
    (r"Reply OK to agree", "OK"),
    (r"You're in, |It stays between us|What a good thing to be able", "step"),
    (r"What is one small next step", "call shop number {number}"),
    (r"On which day shall I ask you|When and where will you do it|Where will that be", "skip"),
    (r"No reminder, then", "done"),
    (r"May the circle see your name", "1"),
    (r"Want me to tell the circle", "{one or two}"),
    (r"Reply SEND to send it", "SEND"),
    (r"That came fast\. Is it 1 more of what you said before, or 2 your answer", "2"),
)
ANSWERS = [(re.compile(pattern), answer) for pattern, answer in _ANSWERS]


@dataclass
class Phone:
    """One phone: whose it is, and the next text that it is going to send."""

    number: str
    name: str
    opening: str
    """What it begins with: JOIN CODE, or HOST CODE."""
    hosts: bool = False
    waits: bool = False
    """It has written, and nothing came yet that tells what to say next."""
    stopped: bool = False
    heard: str = ""
    """What it heard last."""


@dataclass
class Crowd:
    """Everyone who texts, at a pace that all of them keep together.

    Attributes:
        text: Sends a text from a number.
        pace: Texts a second that leave together, at the most.
    """

    text: Callable[[str, str], object]
    chance: random.Random
    pace: float
    phones: dict[str, Phone] = field(default_factory=dict)
    ready: list[tuple[float, int, Phone, str]] = field(default_factory=list)
    """When (monotonic), a number to break ties, who, what."""
    sent: int = 0
    closing: bool = False
    """Nobody texts any more."""
    _fresh: deque[Phone] = field(default_factory=deque)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _turns: Iterator[int] = field(default_factory=count)
    _room: float = 0.0
    _looked: float = field(default_factory=time.monotonic)

    def add(self, phones: Iterable[Phone]) -> None:
        """Have these join in, hosts first, as soon as the pace has room for them."""
        for phone in phones:
            self.phones[phone.number] = phone
            self._fresh.append(phone)

    def hear(self, news: dict[str, list[Received]]) -> None:
        """Take what came, and decide what is said next."""
        for number, texts in news.items():
            phone = self.phones.get(number)
            for each in texts:
                if phone is not None and not phone.stopped:
                    phone.heard = each.body
                    self._answer(phone, each.body)

    def go(self) -> None:
        """Send what is ready, as far as the pace allows; what is over its time goes first."""
        now = time.monotonic()
        self._room = min(self._room + (now - self._looked) * self.pace, max(self.pace, 1.0))
        self._looked = now
        while self._room >= 1:
            if self.ready and self.ready[0][0] <= now:
                _, _, phone, body = heapq.heappop(self.ready)
                self._send(phone, body)
            elif self._fresh and not self.closing:
                phone = self._fresh.popleft()
                self._send(phone, phone.opening)
            else:
                return

    def close(self) -> None:
        """Have nobody text any more: whoever waits for a reply still hears it."""
        self.closing = True
        self.ready.clear()

    @property
    def waiting(self) -> int:
        """How many wait for a reply."""
        return len(self.lost_for_words)

    @property
    def lost_for_words(self) -> list[str]:
        """What those who wait heard last: where nothing is on its way, texts that no answer is known to."""
        return [phone.heard for phone in self.phones.values() if phone.waits and not phone.stopped]

    def _send(self, phone: Phone, body: str) -> None:
        self._room -= 1
        self.sent += 1
        phone.waits, phone.stopped = True, body == STOP
        self.text(phone.number, body)

    def _answer(self, phone: Phone, heard: str) -> None:
        if phone.hosts and ("goes to" in heard or "no one in" in heard or "Thanks, " in heard):
            phone.waits = False
            self._plan(phone, f"SAY this is word number {next(self._numbers)}", *SAYS_EVERY)
            return
        answer = next((answer for pattern, answer in ANSWERS if pattern.search(heard)), None)
        if answer is None:
            return
        phone.waits = False
        if answer == "step" and self.chance.random() * STOPS_ONE_IN < 1:
            answer = STOP
        words = {"{name}": phone.name, "{one or two}": self.chance.choice("12")}
        body = words.get(answer) or answer
        if "{number}" in body:
            body = body.format(number=next(self._numbers))
        self._plan(phone, body, *READS)

    def _plan(self, phone: Phone, body: str, soonest: float, latest: float) -> None:
        if self.closing:
            return
        wait = self.chance.uniform(soonest, latest) + len(body) / TYPES
        heapq.heappush(self.ready, (time.monotonic() + wait, next(self._turns), phone, body))


def make_phones(members: int, chance: random.Random) -> tuple[list[Phone], list[tuple[str, str]]]:
    """Return so many phones of members with their hosts', and each circle's code with its host's number."""
    phones: list[Phone] = []
    circles = []
    for place in range(-(-members // CIRCLE_OF)):
        code, host = code_of(place), f"+1312555{place:04d}"
        circles.append((code, host))
        phones.append(Phone(host, "Luz", f"HOST {code}", hosts=True))
    for place in range(members):
        code = circles[place // CIRCLE_OF][0]
        number = f"+1773{2_000_000 + place:07d}"
        phones.append(Phone(number, chance.choice(NAMES), f"JOIN {code}"))
    return phones, circles


def code_of(place: int) -> str:
    """A word for each circle, of letters only."""
    return "TREE" + chr(ord("A") + place // 26) + chr(ord("A") + place % 26)
