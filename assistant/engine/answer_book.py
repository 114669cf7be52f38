"""Reads and checks answers.toml: what people ask us back, the ways of asking it, and what we answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.engine.checking import check_texts
from assistant.engine.flow_model import Flow, Texts
from assistant.engine.flow_reading import NAME, Reader
from assistant.engine.known import Known
from assistant.engine.problems import Notes, did_you_mean
from assistant.engine.shared_texts import Shared

KINDS: Final = "kinds"
"""The table of words that stand for each other; what it holds is no answer."""
DOES: Final = ("reword", "example", "why", "help", "language", "other_language")
"""What may be done instead of saying something; `conversations.helping.asking_back` does it."""
_KEYS: Final = frozenset({"asks", "asks_loosely", "label", "say", "starts", "does", "otherwise"})
_MEANS: Final = ("say", "starts", "does")
_KIND: Final = re.compile(r"\{([a-z_]+)\}")
_MARKED: Final = re.compile(r"[?\u00bf]")

Ways = Mapping[str, tuple[str, ...]]
"""language -> patterns."""


@dataclass(frozen=True, slots=True)
class AnswerEntry:
    """One thing that people ask us, and what we do about it."""

    name: str
    asks: Ways
    loosely: Ways
    """Ways that could as well be an answer: they count only where no free words are asked for."""
    label: Mapping[str, str]
    """language -> how we put it when we offer it."""
    say: Texts | None = None
    starts: str | None = None
    does: str | None = None
    otherwise: str | None = None
    """The entry that is meant with no question open, where this one is of the question."""


def read_answers(reader: Reader, raw: Mapping[str, Any]) -> dict[str, AnswerEntry]:
    """Return the entries of the file by their names, each way of asking with its kinds filled in."""
    kinds = raw.get(KINDS, {})
    entries: dict[str, AnswerEntry] = {}
    for name, table in reader.tables({key: value for key, value in raw.items() if key != KINDS}):
        reader.check_keys(name, table, _KEYS)
        given = [key for key in _MEANS if key in table]
        if len(given) != 1:
            reader.notes.problem(name, None, "it has one of `say`, `starts` and `does`.")
        for key in ("asks", "label"):
            if key not in table:
                reader.notes.problem(name, key, f"an answer needs `{key}`.")
        entries[name] = AnswerEntry(
            name,
            _filled(reader, name, "asks", reader.read_words(table.get("asks", {}), name, "asks"), kinds)
            if "asks" in table
            else {},
            _filled(
                reader,
                name,
                "asks_loosely",
                reader.read_words(table["asks_loosely"], name, "asks_loosely"),
                kinds,
            )
            if "asks_loosely" in table
            else {},
            {code: ways[0] for code, ways in reader.read_words(table.get("label", {}), name, "label").items()}
            if "label" in table
            else {},
            reader.read_texts(table["say"], name, "say") if "say" in table else None,
            table.get("starts"),
            table.get("does"),
            table.get("otherwise"),
        )
    return entries


def _filled(reader: Reader, name: str, key: str, ways: Ways, kinds: Any) -> dict[str, tuple[str, ...]]:
    """Put the words of a kind, such as `<this>`, into the brackets of each pattern that names it."""
    filled = {}
    for language, patterns in ways.items():
        done = []
        for pattern in patterns:
            unknown = [kind for kind in _KIND.findall(pattern) if language not in kinds.get(kind, {})]
            for kind in unknown:
                hint = did_you_mean(kind, kinds)
                reader.notes.problem(name, f"{key}.{language}", f"there is no kind {{{kind}}}.{hint}")
            if not unknown:
                done.append(
                    _KIND.sub(lambda found: f"({'|'.join(kinds[found[1]][language])})", pattern)  # noqa: B023
                )
        filled[language] = tuple(done)
    return filled


def check_answers(
    entries: Mapping[str, AnswerEntry], flows: Mapping[str, Flow], known: Known, notes: Notes, shared: Shared
) -> None:
    """Note what is wrong with the answers: texts, ways that two share, labels that lead nowhere."""
    seen: dict[tuple[str, str], str] = {}
    for entry in entries.values():
        if entry.say is not None and not shared.holds(entry.say):
            check_texts(entry.say, entry.name, "say", known, notes)
        if entry.starts is not None and entry.starts not in flows:
            hint = did_you_mean(entry.starts, flows)
            notes.problem(entry.name, "starts", f'there is no flow "{entry.starts}".{hint}')
        if entry.does is not None and entry.does not in DOES:
            notes.problem(
                entry.name, "does", f'nothing is called "{entry.does}".{did_you_mean(entry.does, DOES)}'
            )
        if entry.otherwise is not None and entry.otherwise not in entries:
            hint = did_you_mean(entry.otherwise, entries)
            notes.problem(entry.name, "otherwise", f'there is no answer "{entry.otherwise}".{hint}')
        for key, ways in (("asks", entry.asks), ("asks_loosely", entry.loosely)):
            for language, patterns in ways.items():
                for pattern in patterns:
                    _check_pattern(entry.name, f"{key}.{language}", pattern, known, notes)
                    other = seen.setdefault((language, pattern), entry.name)
                    if other != entry.name:
                        notes.problem(
                            entry.name, f"{key}.{language}", f'"{pattern}" is asked of "{other}" too.'
                        )
    if not notes.problems:
        _check_labels(entries.values(), known, notes)


def _check_pattern(name: str, key: str, pattern: str, known: Known, notes: Notes) -> None:
    if not NAME.match(pattern.lstrip("[(")):
        notes.problem(name, key, f'"{pattern}" begins with no plain word.')
        return
    try:
        known.question(pattern)
    except ValueError as error:
        notes.problem(name, key, str(error))


def _check_labels(entries: Iterable[AnswerEntry], known: Known, notes: Notes) -> None:
    """Whoever sends the label that was offered is understood, and as nothing else."""
    listed = list(entries)
    for entry in listed:
        for language, label in entry.label.items():
            if _MARKED.search(label):
                notes.problem(entry.name, f"label.{language}", "it goes without question marks.")
            meant = known.asked(label, listed)
            if meant != (entry.name,):
                told = ", ".join(meant) or "nothing"
                notes.problem(entry.name, f"label.{language}", f'"{label}" asks for {told}.')
