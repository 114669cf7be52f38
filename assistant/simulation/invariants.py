"""Names the promises that a simulated season is held to, and counts how often each was kept."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

PROMISES: Final = {
    "asleep": "Nobody is woken: unprompted texts come between 9:00 and 20:00 on the reader's own clock",
    "doubled": "No text comes twice",
    "lost": "No text is lost",
    "stop": "STOP wins: after it comes one confirmation, and nothing more until START or JOIN",
    "eyes": "Words reach nobody but those who were said to see them",
    "taken": "What is taken back reaches nobody any more",
    "consent": "Only a plain answer counts: no question, no sentence with a digit, nothing delivered twice",
    "heard": "Danger is heard: an answer within minutes, and a person, or an honest word that there is none",
    "echo": "The same text never comes twice running",
    "numbers": "Phone numbers stay hidden",
    "plain": "A shared phone shows no names",
    "rhythm": "At most four planned texts and two nudges a week for each seat",
    "promised": "No week brings more texts unasked than the confirmation said, words of others aside",
    "asks": "Every ask ends once and within seven days: with a person, or an honest no one yet",
    "now": "Whoever calls NOW knows within fifteen minutes who is there, or that nobody is",
    "hours": "Whoever says they come hears when the circle hour begins, and whoever speaks in it was there",
    "names": "No name passes before both have said yes to it",
    "thirds": "Nobody is asked about more than two things in a week",
    "unseen": "A no is seen by nobody but whoever says it",
    "opened": "What goes to a chat goes in its window or as an approved template, or waits for a word",
    "length": "Every text has two segments at most",
    "question": "One question at a time",
    "once": "Every planned prompt comes exactly once",
    "pairs": "Nobody meets again while a round without repeats is possible",
    "group": "Everyone who is here is in exactly one group each round",
    "sound": "Nothing fails inside",
    "receipts": "WHO knows of everyone who was sent a person's words",
    "forgotten": "ERASE ME leaves no word, number or name in any table or file, and brings no more texts",
    "erased": "Thirty days after the end, the words are gone",
}
"""By the short name that checks use: what is promised, as the README says it."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept: when, towards whom, and what happened."""

    promise: str
    at: dt.datetime
    who: str
    what: str


@dataclass(slots=True)
class Score:
    """How often each promise was looked at, and where it was broken."""

    checks: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)

    def hold(
        self, promise: str, kept: bool, at: dt.datetime, who: str, what: str | Callable[[], str]
    ) -> None:
        """Count one look at a promise.

        Args:
            promise: Its short name in `PROMISES`.
            kept: Whether it held here.
            at: When, aware UTC.
            who: Towards whom.
            what: What happened instead; may be left to be worded only when it is needed.
        """
        if promise not in PROMISES:
            raise ValueError(f"{promise!r} is none of {', '.join(PROMISES)}")
        self.checks[promise] += 1
        if not kept:
            self.broken.append(Broken(promise, at, who, what if isinstance(what, str) else what()))
