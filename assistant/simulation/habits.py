"""Bends what people write who are hard to hear: they ask back, change their mind, halve, mix, mistake."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.simulation.personas import Asked, Persona, Voice

CHOICES: Final = frozenset({"choice", "yes_no", "agree", "number"})
"""Kinds of questions that take one of a few answers, and no words besides."""
SECOND_THOUGHT: Final = (8, 240)
"""Seconds after which someone takes back or changes what was just written."""
BREATH: Final = (1, 2)
"""Seconds between the halves of one answer."""
_FEWEST_TO_SPLIT: Final = 4
_ANYTHING_ELSE: Final = 0.15
"""How often whoever mixes languages asks for the other one."""
_GLUE: Final = "\0"


@dataclass(frozen=True, slots=True)
class Written:
    """One text that a persona writes: what it says, who may read it, and what it is meant as."""

    words: str
    image: str = ""
    """The two words in it that stand nowhere else."""
    visible_to: str = "us"
    code: str = ""
    to: str = ""
    meant: str = "answer"
    """answer; asks: a question back; aside: no answer to what was asked; half: more of the answer; again: the
    same text delivered twice; changes: another choice; takes_back; crossing: written before the question
    came; danger; more: what is written after that."""
    after: dt.timedelta = dt.timedelta(0)
    """So long after the answer, or as a half after the half before."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the service is known to understand; what it does not offer yet is not held against it."""

    takes_back: bool = False
    """Whether what was given can be taken back by text."""
    answers: bool = False
    """Whether questions are answered at a question that takes any words."""
    gathers: bool = False
    minds: bool = False
    rephrases: bool = False
    """These three as in personas.toml."""


class Habits:
    """What is written in place of a plain answer, by chance that repeats under a seed."""

    def __init__(
        self, often: Mapping[str, float], voice: Voice, chance: random.Random, service: Service
    ) -> None:
        self._often = often
        self._voice = voice
        self._chance = chance
        self._service = service

    def deal(self, people: Sequence[Persona]) -> dict[str, tuple[str, ...]]:
        """Give fewer than half of the people two habits each; all habits come up if there are enough."""
        some = self._chance.sample(list(people), (len(people) - 1) // 2)
        names = [name for name in self._often if self._is_played(name)]
        self._chance.shuffle(names)
        return {
            who.name: (names[2 * index % len(names)], names[(2 * index + 1) % len(names)])
            for index, who in enumerate(some)
        }

    def _is_played(self, habit: str) -> bool:
        needs = {
            "halves": self._service.gathers,
            "crosses": self._service.minds,
            "changes_mind": self._service.takes_back,
        }
        return needs.get(habit, True)

    def speaker(self, who: Persona, asked: Asked) -> Persona:
        """Return the persona as the answer is worded: someone who mixes may take the other language."""
        if (
            asked.step != "language"
            and "mixes" in who.habits
            and self._chance.random() < self._often["mixes"]
        ):
            return replace(who, language="es" if who.language == "en" else "en")
        return who

    def crosses(self, who: Persona) -> Written | None:
        """Return what someone happened to write right before our question came, if so."""
        if "crosses" not in who.habits or self._chance.random() >= self._often["crosses"]:
            return None
        words, image = self._voice.say(who, "crossing")
        return Written(words, image, meant="crossing")

    def bend(self, who: Persona, asked: Asked, plain: Written) -> list[Written]:
        """Return the texts that are written, in order; mostly the plain answer alone."""
        for habit in who.habits:
            texts = list(self._by_habit(habit, who, asked, plain))
            if texts and self._chance.random() < self._often[habit]:
                return texts
        return [plain]

    def _by_habit(self, habit: str, who: Persona, asked: Asked, plain: Written) -> Iterator[Written]:
        closed = asked.kind in CHOICES
        if habit == "asks_back" and (closed or self._service.answers):
            yield self._say(who, "ask back", "asks")
        elif habit == "changes_mind":
            yield from self._think_again(who, closed, plain)
        elif habit == "halves" and asked.kind in ("text", *CHOICES):
            yield from self._in_halves(plain)
        elif habit == "mixes" and closed and self._chance.random() < _ANYTHING_ELSE:
            # Where the language is asked for, it is a fair answer.
            yield self._say(who, "switch", "answer" if asked.step == "language" else "aside")
        elif habit == "mistakes" and closed:
            yield self._say(who, self._chance.choice(("sentence", "digit")), "aside")
        elif habit == "mistakes" and asked.kind == "text" and plain.image and not plain.to:
            words, image = self._voice.say(who, "last week")
            yield replace(plain, words=words, image=image)

    def _say(self, who: Persona, about: str, meant: str) -> Written:
        words, image = self._voice.say(who, about)
        return Written(words, image, meant=meant)

    def _think_again(self, who: Persona, closed: bool, plain: Written) -> Iterator[Written]:
        if closed and plain.words.isdigit():
            meant, about = "changes", "changed"
        elif plain.image and plain.visible_to != "us":
            meant, about = "takes_back", "take back"
        else:
            return
        yield plain
        yield replace(self._say(who, about, meant), after=self._seconds(SECOND_THOUGHT))

    def _in_halves(self, plain: Written) -> Iterator[Written]:
        """The parts of the answer, its two words in one of them; a short one comes twice."""
        parts = plain.words.replace(plain.image, plain.image.replace(" ", _GLUE)).split(" ")
        if not plain.image or len(parts) < _FEWEST_TO_SPLIT:
            yield plain
            yield replace(plain, meant="again")
            return
        cuts = sorted(self._chance.sample(range(1, len(parts)), self._chance.randint(1, 2)))
        after = dt.timedelta(0)
        for number, (first, last) in enumerate(zip((0, *cuts), (*cuts, len(parts)), strict=True)):
            words = " ".join(parts[first:last]).replace(_GLUE, " ")
            image = plain.image if plain.image in words else ""
            yield replace(plain, words=words, image=image, meant="half" if number else "answer", after=after)
            after = self._seconds(BREATH)

    def _seconds(self, between: tuple[int, int]) -> dt.timedelta:
        return dt.timedelta(seconds=self._chance.randint(*between))
