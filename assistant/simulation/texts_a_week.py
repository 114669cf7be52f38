"""Counts what comes to each seat of a simulated season unasked, by week and kind."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from assistant.circles.people.inactivity import OF_A_SURVEY, UNASKED
from assistant.circles.people.weekly_texts import OF_OWN_ASKS
from assistant.conversations.questions import RETURN_WITHIN
from assistant.engine.book import FlowBook
from assistant.simulation.text_checks import UNPROMPTED, Passed

CONFIRMATION: Final = "onboarding", "confirm"
"""The step that says how many texts a week there are at most."""
NEWS: Final = "notices/news_"
_MOST: Final = re.compile(r"\d+")
_LEFT: Final = ("notices/buddy_", "notices/member_")
ASKED: Final = ("can_you_help/", "be_introduced/", "look_at_listing/")
"""Wordings of texts by which somebody is asked for help, whoever asks."""

Weeks = Mapping[tuple[str, int, dt.date], Counter[str]]
"""(whose phone, seat, Monday) -> how many texts of each kind."""


def promised(book: FlowBook) -> int:
    """Return how many texts a week the confirmation of joining promises at most."""
    flow, step = CONFIRMATION
    texts = book.flows[flow].steps[step].say
    assert texts is not None
    numbers = {
        int(found[0]) for words in texts.values() for text in words.values() if (found := _MOST.search(text))
    }
    if len(numbers) != 1:
        raise ValueError(f"the confirmation promises {sorted(numbers)} texts a week; it has to be one number")
    return numbers.pop()


def count_texts(texts: Iterable[Passed]) -> Weeks:
    """Count each seat's unprompted texts by its own week; what others wrote to one is `words`."""
    counted: dict[tuple[str, int, dt.date], Counter[str]] = defaultdict(Counter)
    texts = list(texts)
    resumed = asked_again(texts)
    for index, text in enumerate(texts):
        if (
            index in resumed
            or text.inbound
            or text.row is None
            or text.seat is None
            or text.row.purpose not in UNPROMPTED
        ):
            continue
        day = text.at.astimezone(ZoneInfo(text.zone)).date()
        counted[text.name, text.seat, day - dt.timedelta(days=day.weekday())][kind_of(text)] += 1
    return counted


def asked_again(texts: Sequence[Passed]) -> set[int]:
    """Return which texts are a question that comes back after someone's safety was seen to, by their place.

    They follow from what the member wrote, as a reply does.
    """
    came: dict[tuple[str, str], dt.datetime] = {}
    cared_for: dict[str, dt.datetime] = {}
    again = set()
    for index, text in enumerate(texts):
        if text.row is None:
            continue
        before = came.get((text.name, text.row.wording), text.at)
        came[text.name, text.row.wording] = text.at
        if text.row.purpose == "safety":
            cared_for[text.name] = text.at
        if text.row.purpose == "prompt" and text.at - RETURN_WITHIN < before < cared_for.get(
            text.name, before
        ):
            again.add(index)
    return again


def kind_of(text: Passed) -> str:
    """Return what kind of text it is: asks, answers, news, words, changes, nudges or planned."""
    wording = text.row.wording
    if wording.startswith(ASKED):
        return "asks"
    if wording.startswith(OF_OWN_ASKS):
        return "answers"
    if wording.startswith(NEWS):
        return "news"
    if text.row.purpose == "relay":
        return "words"
    if wording.startswith(_LEFT):
        return "changes"
    patterns = [each.replace("%", ".*") for each in (*UNASKED, OF_A_SURVEY)]
    return "nudges" if any(re.fullmatch(each, wording) for each in patterns) else "planned"


def ours(counts: Counter[str]) -> int:
    """Return how many of them count for the promise.

    All but the words that others sent to the member, and what the member hears of their own asks.
    """
    return sum(counts.values()) - counts["words"] - counts["answers"]


def table_of(weeks: Weeks) -> Sequence[str]:
    """Return the counts as lines: each kind's mean and most in a week, and all of them."""
    kinds = ("planned", "nudges", "news", "changes", "asks", "answers", "words")
    lines = []
    for kind in kinds:
        numbers = [counts[kind] for counts in weeks.values()]
        lines.append(f"{kind:<8} {sum(numbers) / max(1, len(numbers)):>5.1f} {max(numbers, default=0):>4}")
    numbers = [ours(counts) for counts in weeks.values()]
    lines.append(f"{'ours':<8} {sum(numbers) / max(1, len(numbers)):>5.1f} {max(numbers, default=0):>4}")
    return lines
