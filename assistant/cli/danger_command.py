"""Measures how well words of danger are recognised, against a table of cases that nobody really wrote."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from assistant.cli.output import as_json, print_json, print_table, say

NONE = "none"
"""The part of a table that lists everyday words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One text of the table, and what was made of it."""

    part: str
    language: str
    text: str
    meant: str
    read: str

    @property
    def missed(self) -> bool:
        return self.meant != NONE and self.read == NONE

    @property
    def false_alarm(self) -> bool:
        return self.meant == NONE and self.read != NONE


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """How often danger was missed, and how often it was seen where there is none."""

    part: str
    language: str
    danger: int
    missed: int
    everyday: int
    false_alarms: int


@click.command()
@click.argument("cases", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="CASES.toml")
@as_json
def danger(cases: Path, as_json: bool) -> None:
    """Say how often words of danger are missed, and how often everyday words are taken for them.

    CASES.toml holds [part.kind] tables with a list of texts per language; kind is self_harm, abuse, emergency
    or none (see tests/language/cases/danger.toml). Never put anyone's real text into it.
    """
    read = list(read_cases(cases))
    rates = list(count(read))
    wrong = [case for case in read if case.missed or case.false_alarm]
    if as_json:
        print_json(
            {
                "rates": [dataclasses.asdict(each) for each in rates],
                "missed": [dataclasses.asdict(each) for each in wrong if each.missed],
                "false_alarms": [dataclasses.asdict(each) for each in wrong if each.false_alarm],
            }
        )
        return
    print_table(
        ("PART", "LANGUAGE", "DANGER", "MISSED", "", "EVERYDAY", "FALSE ALARMS", ""),
        [
            (
                each.part,
                each.language,
                each.danger,
                each.missed,
                _share(each.missed, each.danger),
                each.everyday,
                each.false_alarms,
                _share(each.false_alarms, each.everyday),
            )
            for each in rates
        ],
    )
    for case in wrong:
        say(f"{'missed' if case.missed else 'false alarm'} ({case.part}, {case.language}): {case.text}")


def read_cases(file: Path) -> Iterator[Case]:
    """Every text of a table, read.

    Raises:
        NotPossible: the file is no such table.
    """
    from assistant.errors import NotPossible
    from assistant.safety.danger_reading import KINDS
    from assistant.safety.danger_reading import danger as read

    try:
        table: Mapping[str, Any] = tomllib.loads(file.read_text("utf-8"))
        for part, kinds in table.items():
            for kind, languages in kinds.items():
                if kind not in (*KINDS, NONE):
                    raise NotPossible(
                        f'{file}: no danger is called "{kind}"; choose one of {", ".join(KINDS)}, {NONE}.'
                    )
                for language, texts in languages.items():
                    for text in texts:
                        found = read(text)
                        yield Case(part, language, text, kind, found.kind if found else NONE)
    except (AttributeError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotPossible(f'{file} is no table of cases ({error}); write [part.kind] en = ["..."].') from None


def count(cases: list[Case]) -> Iterator[Rates]:
    """The rates of each part, per language."""
    for part, language in dict.fromkeys((case.part, case.language) for case in cases):
        mine = [case for case in cases if (case.part, case.language) == (part, language)]
        meant = [case for case in mine if case.meant != NONE]
        everyday = [case for case in mine if case.meant == NONE]
        missed, false_alarms = sum(c.missed for c in meant), sum(c.false_alarm for c in everyday)
        yield Rates(part, language, len(meant), missed, len(everyday), false_alarms)


def _share(some: int, of: int) -> str:
    return f"{some / of:.1%}" if of else "-"
