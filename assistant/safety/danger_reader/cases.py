"""Reads lots of made-up texts of which somebody has said whether they speak of danger: JSONL or TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from assistant.safety.danger_reader.lexicon import kinds_of_danger

LOTS: Final = Path(str(files("assistant.safety.danger_reader").joinpath("cases")))
"""Where the lots lie: `lot_*.jsonl` are learnt from, `aside_*.jsonl` never, nor looked at to choose."""
SAFE: Final = "none"


class CasesError(ValueError):
    """A file is no lot of cases; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One text of a lot.

    Attributes:
        text: What somebody might write; never anyone's real text.
        language: "en", "es" or "mix".
        danger: Whether it speaks of danger.
        category: What it is about: a danger as clinicians name it ("suicide"), a topic ("work"), or "".
        kind: "danger", "near" (only sounds like it) or "plain"; "" where nobody said.
        veiled: How hidden it is: 1 said plainly, 2 clear to who listens, 3 a hint; 0 where nobody said.
        lot: The file's name, or the part of a TOML table.
    """

    text: str
    language: str
    danger: bool
    category: str
    kind: str
    veiled: int
    lot: str

    @property
    def harm(self) -> str | None:
        """Return the kind of danger that its category belongs to, or None where that is not known."""
        return kinds_of_danger().get(self.category) if self.danger else None


def read_cases(file: Path) -> list[Case]:
    """Return the texts of a file, JSONL (one object a line) or TOML ([part.kind] en = ["..."]).

    Raises:
        CasesError: The file is neither, or holds no case.
    """
    try:
        written = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise CasesError(f"{file} is not UTF-8 text ({error.reason} at byte {error.start}).") from None
    reader = _toml_cases if file.suffix.lower() == ".toml" else _jsonl_cases
    found = list(reader(file, written))
    if not found:
        raise CasesError(f"{file} holds no case.")
    return found


def read_lots(folder: Path = LOTS, names: str = "lot_*.jsonl") -> list[Case]:
    """Return every case that is learnt from, lot by lot.

    Raises:
        CasesError: A lot cannot be read, or there is none.
    """
    lots = sorted(folder.glob(names))
    if not lots:
        raise CasesError(f"{folder} holds no lot ({names}).")
    return [case for lot in lots for case in read_cases(lot)]


def _jsonl_cases(file: Path, written: str) -> Iterator[Case]:
    for number, line in enumerate(written.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{file}, line {number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise CasesError(
                f"{where} is not JSON ({error.msg}). One object a line, or a .toml file."
            ) from None
        yield _case(row, where, file.stem)


def _case(row: object, where: str, lot: str) -> Case:
    if not isinstance(row, dict):
        raise CasesError(f'{where} is no object; write {{"text": "...", "lang": "en", "danger": false}}.')
    text, danger = row.get("text"), row.get("danger")
    if not isinstance(text, str):
        raise CasesError(f'{where} has no "text".')
    if not isinstance(danger, bool):
        raise CasesError(f'{where} needs "danger": true or false.')
    named = {key: row.get(key) or "" for key in ("lang", "category", "kind")}
    for key, name in named.items():
        if not isinstance(name, str):
            raise CasesError(f'{where}: "{key}" is to be text, not {name!r}.')
    veiled = row.get("veiled") or 0
    if veiled not in (0, 1, 2, 3):
        raise CasesError(f'{where}: "veiled" is 1, 2 or 3, not {veiled!r}.')
    kind = "danger" if danger else named["kind"]
    return Case(text, named["lang"], danger, named["category"], kind, int(veiled), lot)


def _toml_cases(file: Path, written: str) -> Iterator[Case]:
    kinds = (*dict.fromkeys(kinds_of_danger().values()), SAFE)
    try:
        table: Mapping[str, Any] = tomllib.loads(written)
        for part, listed in table.items():
            for kind, languages in listed.items():
                if kind not in kinds:
                    raise CasesError(
                        f'{file}: no danger is called "{kind}"; choose one of {", ".join(kinds)}.'
                    )
                for language, texts in languages.items():
                    yield from (_listed(text, language, kind, part) for text in texts)
    except (AttributeError, TypeError, tomllib.TOMLDecodeError) as error:
        raise CasesError(f'{file} is no table of cases ({error}); write [part.kind] en = ["..."].') from None


def _listed(text: object, language: str, kind: str, part: str) -> Case:
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text")
    danger = kind != SAFE
    return Case(text, language, danger, kind if danger else "", "danger" if danger else "near", 0, part)
