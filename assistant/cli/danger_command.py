"""Measures how well danger is read, on texts of which somebody has said what they are, and learns anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.output import as_json, print_json, print_table, say

if TYPE_CHECKING:
    from assistant.safety.danger_reader.cases import Case

Read = list[tuple["Case", str]]


class _FileOrCommand(click.Group):
    """`circle danger FILE` measures; `circle danger train` learns."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asked = next((each for each in args if not each.startswith("-")), None)
        if asked is not None and asked not in self.commands:
            args = ["measure", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_FileOrCommand, subcommand_metavar="FILE | train | labels")
def danger() -> None:
    """Say how often danger is missed, and how often everyday words are taken for it.

    FILE is JSONL: one object a line with text, lang and danger (true or false), and as far as known category,
    kind (danger, near, plain) and veiled (1 plain to 3 a hint). Or it is TOML: [part.kind] tables with a list
    of texts per language; kind is self_harm, abuse, emergency or none. Never put anyone's real text into it.

    `circle danger train` learns the classifier anew from the lots in assistant/safety/danger_reader/cases.
    """


@danger.command(hidden=True)
@click.argument("cases", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@as_json
def measure(cases: Path, as_json: bool) -> None:
    """Read every text of a file, and count what was missed, asked about and paged in vain."""
    from assistant.errors import NotPossible
    from assistant.safety.danger_reader import figures, read_danger
    from assistant.safety.danger_reader.cases import CasesError, read_cases

    try:
        listed = read_cases(cases)
    except CasesError as error:
        raise NotPossible(str(error)) from None
    read = [(case, read_danger(case.text, case.language)) for case in listed]
    levels: Read = [(case, reading.level) for case, reading in read]
    if as_json:
        wrong_kind = [
            (case, reading) for case, reading in read if case.harm and reading.kind not in (None, case.harm)
        ]
        print_json(
            figures.as_data(levels)
            | {"groups": _groups(levels), "other_kind": len(wrong_kind)}
            | {
                "missed": _texts(levels, danger=True, level="none"),
                "false": _texts(levels, danger=False, level="sure"),
            }
        )
        return
    _show(levels)
    for case, level in levels:
        if case.danger and level == "none":
            say(f"missed ({case.lot}, {case.language}): {case.text}")
        elif not case.danger and level == "sure":
            say(f"false alarm ({case.lot}, {case.language}): {case.text}")


@danger.command()
def labels() -> None:
    """Print what operators labelled, words and all, as JSONL that `circle danger FILE` measures.

    Every writer gets a receipt. Keep the file where the database is kept, and never add it to the lots.
    """
    import json

    from assistant.cli.opening import runtime
    from assistant.safety.danger_labels import export_cases

    with runtime(quiet=True) as opened, opened.database.write() as session:
        cases = list(export_cases(session, opened.clock.now()))
    for case in cases:
        click.echo(json.dumps(case, ensure_ascii=False))


@danger.command()
@click.option(
    "--cases",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with lots (lot_*.jsonl) instead of the reader's own.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the weights and their record are written instead of the reader's own place.",
)
@as_json
def train(cases: Path | None, to: Path | None, as_json: bool) -> None:
    """Learn anew from the lots of cases; write weights and their record, and show figures of lots left out.

    Needs scikit-learn, and some minutes: each lot is left out in turn.
    """
    from assistant.errors import NotPossible
    from assistant.safety.danger_reader import training
    from assistant.safety.danger_reader.cases import LOTS, CasesError

    try:
        trained = training.train(cases or LOTS, say)
    except (CasesError, training.TrainingError) as error:
        raise NotPossible(str(error)) from None
    place = training.write(trained, to)
    if as_json:
        print_json(trained.record)
        return
    say("Each text read with weights that never saw its lot:")
    _show(trained.held_out)
    say(f"Written: {place} and {place.with_suffix('.json').name}")


def _show(read: Read) -> None:
    from assistant.safety.danger_reader.figures import count, share

    rows = []
    for name, part in _parts(read):
        danger, safe = count(part)
        rows.append(
            (
                name,
                danger.n,
                share(danger.paged, danger.n),
                share(danger.asked, danger.n),
                share(danger.missed, danger.n),
                safe.n,
                share(safe.paged, safe.n),
                share(safe.asked, safe.n),
            )
        )
    columns = ("OF", "DANGER", "PAGED", "ASKED", "MISSED", "SAFE", "FALSE ALARMS", "ASKED IN VAIN")
    print_table(columns, rows)


def _parts(read: Read) -> list[tuple[str, Read]]:
    """Everything, then by lot, language, kind, how veiled, and category; each with its name."""
    ways: Sequence[tuple[str, Callable[[Case], str]]] = (
        ("lot", lambda case: case.lot),
        ("language", lambda case: case.language),
        ("kind", lambda case: case.harm or "" if case.danger else case.kind),
        ("veiled", lambda case: str(case.veiled or "")),
        ("category", lambda case: case.category),
    )
    parts = [("all", read)]
    for way, name_of in ways:
        names = sorted({name_of(case) for case, _ in read} - {""})
        if way == "lot" and len(names) < 2:
            continue
        parts += [(f"{way} {name}", [each for each in read if name_of(each[0]) == name]) for name in names]
    return parts


def _groups(read: Read) -> dict[str, Any]:
    from assistant.safety.danger_reader.figures import as_data, count, interval

    found = {}
    for name, part in _parts(read):
        danger, safe = count(part)
        found[name] = as_data(part) | {
            "missed_interval": interval(danger.missed, danger.n) if danger.n else None,
            "false_alarms_interval": interval(safe.paged, safe.n) if safe.n else None,
        }
    return found


def _texts(read: Read, *, danger: bool, level: str) -> list[dict[str, str]]:
    return [
        {"text": case.text, "language": case.language, "category": case.category, "lot": case.lot}
        for case, found in read
        if case.danger is danger and found == level
    ]
