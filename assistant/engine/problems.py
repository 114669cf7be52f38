"""What can be wrong: problems in flow files, each with its place, and misuse of the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process, utils


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend (or, among the warnings, to know) in one flow file."""

    file: str
    step: str | None
    key: str | None
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        if self.step is not None:
            place += f" [{self.step}]"
        if self.key is not None:
            place += f" {self.key}"
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one text costs at worst, every fill at its longest."""

    file: str
    step: str
    key: str
    encoding: str
    segments: int


class FlowErrors(Exception):  # noqa: N818 - it is many
    """The flow files cannot be used; `problems` holds every reason, of every file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{count} in the flow files:", *map(str, self.problems)]))


class EngineError(Exception):
    """The engine was used wrongly: a mistake in our code, never in what somebody texted."""


class UnknownVersion(EngineError):  # noqa: N818 - the caller mends it
    """A conversation runs on a version that is not at hand: load its source, `remember` it, try again."""

    def __init__(self, flow: str, version: str) -> None:
        self.flow = flow
        self.version = version
        super().__init__(
            f"version {version} of the flow {flow} is not loaded; hand its source to FlowBook.remember"
        )


@dataclass(slots=True)
class Notes:
    """Gathers what is to be said about one file."""

    file: str
    source: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)

    def problem(self, step: str | None, key: str | None, message: str) -> None:
        self.problems.append(Problem(self.file, step, key, message, find_line(self.source, step, key)))

    def warn(self, step: str | None, key: str | None, message: str) -> None:
        self.warnings.append(Problem(self.file, step, key, message, find_line(self.source, step, key)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns ` Did you mean "x"?` for a near miss, the whole choice when it is short, else nothing."""
    choice: Sequence[str] = sorted(set(known))
    near = process.extractOne(
        word, choice, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=60
    )
    if near is not None:
        return f' Did you mean "{near[0]}"?'
    if 0 < len(choice) <= 8:
        return f" It can be: {', '.join(choice)}."
    return ""


_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}")


def find_line(source: str, step: str | None, key: str | None) -> int | None:
    """The line, counted from 1, of a key, or else of the nearest that leads to it (its step's header)."""
    parts = key.split(".") if key else []
    best: tuple[int, int] | None = None
    table: list[str] = []
    for number, line in enumerate(source.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = [part.strip(" \"'") for part in header[1].split(".")]
            path = table
        elif "=" in line and not line.lstrip().startswith("#"):
            path = table + [part.strip(" \"'") for part in line.split("=", 1)[0].split(".")]
        else:
            continue
        if step is not None:
            if path[0] != step:
                continue
            path = path[1:]
        elif table:
            break
        if path == parts[: len(path)] and (best is None or len(path) > best[0]):
            best = (len(path), number)
    return best[1] if best else None
