"""Finds the texts that may have to open a conversation: those that come to people who have not just written.

They are known from the programs, from what conversations say after a wait or a silence, from flows that no
command starts, and from flows/openings.toml, which names notices.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from assistant.channels.showing import LONGEST_TITLE, MOST_APPROVED, Style, titled
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import END, Flow, Step, Texts
from assistant.engine.problems import Problem, did_you_mean

FILE: Final = Path(__file__).parents[2] / "flows" / "openings.toml"
NOTICES: Final = "notices"
_YES_NO: Final = {"yes_no": ("tap_yes", "tap_no"), "agree": ("tap_agree", "tap_no")}


@dataclass(frozen=True, slots=True)
class OpeningText:
    """One text in one language and variant, as flows say it."""

    wording: str
    """flow/step/part, or notices/name: as on the texts that it becomes."""
    variant: str
    language: str
    text: str
    titles: tuple[str, ...] = ()
    """What can be tapped under it, where that is known beforehand."""


@cache
def openings(file: Path = FILE) -> Mapping[str, Any]:
    """Return what flows/openings.toml names."""
    return tomllib.loads(file.read_text("utf-8"))


def gaps(book: FlowBook, file: Path = FILE) -> list[Problem]:
    """Return what the file names that there is not."""
    named = openings(file)
    known: dict[str, Collection[str]] = {"notices": book.notices, "flows": book.flows}
    return [
        Problem(file.name, None, key, f'there is no "{name}".{did_you_mean(name, known[key])}')
        for key in known
        for name in named.get(key, ())
        if name not in known[key]
    ]


def opening_texts(book: FlowBook, programs: Collection[str]) -> Iterator[OpeningText]:
    """Yield every text that may have to open a conversation, the most needed first, each once.

    Args:
        programs: The flows that programs name.
    """
    named = openings()
    seen: set[str] = set()
    started = {command.starts for command in book.commands.values()}
    started |= {entry.starts for entry in book.answers.values() if entry.starts}
    called = {step.call for flow in book.flows.values() for step in flow.steps.values() if step.call}
    alone = [name for name in book.flows if name not in started | called and not book.is_safety(name)]
    for name in [*sorted(programs), *named.get("flows", ()), *sorted(alone)]:
        for flow, step in _unprompted(book, book.flows[name], book.flows[name].start):
            yield from _of_step(book, flow, step, ("say",), seen)
    for name in named.get("notices", ()):
        yield from _spread(f"{NOTICES}/{name}", book.notices[name], {}, seen)
    for flow in book.flows.values():
        yield from _after_waits(book, flow, seen)


def _after_waits(book: FlowBook, flow: Flow, seen: set[str]) -> Iterator[OpeningText]:
    for step in flow.steps.values():
        silences = [f"silence.{number}" for number, each in enumerate(step.silence) if each.say]
        yield from _of_step(book, flow, step, silences, seen)
        ahead = [each.go for each in step.silence if each.go] if step.silence else []
        ahead += list(step.go.values()) if step.wait else []
        for name in ahead:
            for reached_flow, reached in _unprompted(book, flow, name):
                yield from _of_step(book, reached_flow, reached, ("say",), seen)


def _unprompted(book: FlowBook, flow: Flow, start: str) -> Iterator[tuple[Flow, Step]]:
    """Yield the steps that are reached from one on without anybody's answer."""
    reached: set[tuple[str, str]] = set()
    ahead = [(flow, start)]
    while ahead:
        flow, name = ahead.pop(0)
        step = flow.steps.get(name)
        if name == END or step is None or (flow.name, name) in reached:
            continue
        reached.add((flow.name, name))
        yield flow, step
        if step.call:
            called = book.flows[step.call]
            ahead.append((called, called.start))
        elif step.kind in ("say", "do"):
            ahead += [(flow, target) for target in step.go.values()]


def _of_step(
    book: FlowBook, flow: Flow, step: Step, parts: Iterable[str], seen: set[str]
) -> Iterator[OpeningText]:
    for part in parts:
        texts = step.say if part == "say" else step.silence[int(part.partition(".")[2])].say
        if texts:
            yield from _spread(f"{flow.name}/{step.name}/{part}", texts, _titles(book, step), seen)


def _spread(
    wording: str, texts: Texts, titles: Mapping[str, tuple[str, ...]], seen: set[str]
) -> Iterator[OpeningText]:
    if wording in seen:
        return
    seen.add(wording)
    for language, variants in texts.items():
        for variant, text in variants.items():
            yield OpeningText(wording, variant, language, text, titles.get(language, ()))


def _titles(book: FlowBook, step: Step) -> dict[str, tuple[str, ...]]:
    """Return what can be tapped under a question in each language, as far as its file says it."""
    kind = (step.expect or "").split()[0] if step.expect else ""
    if kind in _YES_NO:
        names = [book.notice(name) for name in _YES_NO[kind]]
        return {language: tuple(each[language]["full"] for each in names) for language in names[0]}
    if not 0 < len(step.options) <= MOST_APPROVED:
        return {}
    languages = step.options[0].words
    found = {
        language: tuple(titled(option.words[language][0]) for option in step.options)
        for language in languages
    }
    longest = LONGEST_TITLE[Style.QUICK_REPLY]
    return {
        language: titles
        for language, titles in found.items()
        if all(len(title) <= longest for title in titles)
    }
