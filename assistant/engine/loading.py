"""Reads a folder of flow files into a checked book, or says everything that is wrong with it at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from assistant.engine.answer_book import AnswerEntry, check_answers, read_answers
from assistant.engine.book import FlowBook
from assistant.engine.checking import check_commands, check_flow, check_texts
from assistant.engine.flow_model import Command, Flow, Texts
from assistant.engine.flow_reading import LONGEST_NAME, NAME, Reader
from assistant.engine.known import Known
from assistant.engine.phrase_forms import with_every_phrase
from assistant.engine.problems import FlowErrors, Notes, Problem
from assistant.engine.rings import check_rings
from assistant.engine.shared_texts import Shared
from assistant.engine.versions import build_flow

NOTICES = "notices"
COMMANDS = "commands"
SHARED = "shared"
ANSWERS = "answers"
CRISIS_LINES = "crisis_lines"
HELP_LINES = "help_lines"
OPENINGS = "openings"
NO_FLOWS = frozenset({NOTICES, COMMANDS, SHARED, ANSWERS, CRISIS_LINES, HELP_LINES, OPENINGS})
"""Files in the folder that hold no flow; the lines to call are read by whoever fills in texts."""


def load(folder: Path, known: Known) -> FlowBook:
    """Reads and checks every `*.toml` directly in `folder`.

    Args:
        folder: Where the flow files are; `notices.toml`, `commands.toml`, `answers.toml` and
            `shared.toml` are read as such.
        known: What flows may name, and how texts are measured.

    Raises:
        FlowErrors: Something is wrong; it holds all problems of all files.
    """
    reading = _Reading(known)
    # What is shared comes first: the others name it.
    for path in sorted(folder.glob("*.toml"), key=lambda path: (path.stem != SHARED, path)):
        if path.stem not in (CRISIS_LINES, HELP_LINES, OPENINGS):
            reading.take(path)
    if not reading.notes:
        raise FlowErrors([Problem(str(folder), None, None, "there are no flow files here.")])
    reading.check()
    problems = [problem for notes in reading.notes.values() for problem in notes.problems]
    if problems:
        raise FlowErrors(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))
    warnings = [warning for notes in reading.notes.values() for warning in notes.warnings]
    measured = [text for notes in reading.notes.values() for text in notes.measured]
    return FlowBook(
        reading.flows.values(), reading.notices, reading.commands, warnings, measured, reading.answers
    )


class _Reading:
    """All files so far: what they hold, and what is to be said about each."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.notes: dict[str, Notes] = {}
        """By file name without ending."""
        self.flows: dict[str, Flow] = {}
        self.homes: dict[str, str] = {}
        """Flow -> the file it stands in."""
        self.notices: dict[str, Texts] = {}
        self.commands: list[Command] = []
        self.answers: dict[str, AnswerEntry] = {}
        self.shared = Shared()
        self.unread = False
        """Whether some file could not be read: who names what is then not known."""

    def take(self, path: Path) -> None:
        """Reads one file."""
        notes = self.notes[path.stem] = Notes(path.name, "")
        raw = _parse(path, notes)
        if raw is None:
            self.unread, self.shared.unread = True, self.shared.unread or path.stem == SHARED
            # Known by name all the same, or every flow that calls it would be blamed.
            self._keep(build_flow(path.stem, "", "", {}), path.stem)
            return
        reader = Reader(notes, self.known.languages, self.shared)
        if path.stem == SHARED:
            self.shared.texts.update(reader.read_notices(raw))
        elif path.stem == NOTICES:
            self.notices = reader.read_notices(raw)
        elif path.stem == ANSWERS:
            self.answers = read_answers(reader, raw)
        elif path.stem == COMMANDS:
            self.commands = [with_every_phrase(command, notes) for command in reader.read_commands(raw)]
        else:
            self._keep(reader.read_flow(raw, path.stem), path.stem)
        name = raw.get("flow")
        if name is None:
            notes.problem(None, "flow", f'the file does not say its name: flow = "{path.stem}".')
        elif not NAME.fullmatch(path.stem) or len(path.stem) > LONGEST_NAME:
            notes.problem(
                None, "flow", "a flow's name is made of small letters, digits and _, a letter first."
            )
        elif name != path.stem:
            notes.problem(
                None, "flow", f'the file is called {path.name}, the flow "{name}"; they must be the same.'
            )

    def check(self) -> None:
        """Checks everything that was read against everything else."""
        for name, flow in self.flows.items():
            if flow.steps:
                check_flow(flow, self.flows, self.known, self.notes[self.homes[name]], self.shared)
        check_rings(self.flows, {name: self.notes[home] for name, home in self.homes.items()})
        for name, texts in self.notices.items():
            if not self.shared.holds(texts):
                check_texts(texts, name, "say", self.known, self.notes[NOTICES])
        for name, texts in self.shared.texts.items():
            check_texts(texts, name, "say", self.known, self.notes[SHARED])
        for name in [] if self.unread else self.shared.unused():
            self.notes[SHARED].problem(name, None, "no step and no notice says this; take it out.")
        if ANSWERS in self.notes:
            check_answers(self.answers, self.flows, self.known, self.notes[ANSWERS], self.shared)
        if COMMANDS in self.notes:
            check_commands(self.commands, self.flows, self.known, self.notes[COMMANDS])

    def _keep(self, flow: Flow, home: str) -> None:
        if flow.name in self.homes:
            self.notes[home].problem(
                None, "flow", f'{self.homes[flow.name]}.toml is called "{flow.name}" as well.'
            )
            return
        self.flows[flow.name], self.homes[flow.name] = flow, home


def _parse(path: Path, notes: Notes) -> dict[str, Any] | None:
    try:
        notes.source = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(notes.source)
    except UnicodeDecodeError:
        notes.problem(None, None, "it is not UTF-8; save it as UTF-8 in the editor.")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        hint = ""
        if "overwrite" in str(error) or "mutate" in str(error):
            hint = " A key stands twice, or a text has variants: then write say.en.full and say.en.plain."
        notes.problems.append(
            Problem(
                notes.file, None, None, f"it cannot be read: {error}.{hint}", int(line[1]) if line else None
            )
        )
    return None
