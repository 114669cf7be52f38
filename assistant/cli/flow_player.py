"""Plays a flow in the terminal: you are Ana, and time passes when you say so."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from assistant.cli.output import say
from assistant.engine.book import FlowBook
from assistant.errors import NotPossible
from assistant.simulation.flow_playing import TIME, FlowPlay, Line


def play(book: FlowBook, flow: str, values: Mapping[str, Any], *, language: str, plain: bool) -> None:
    """Play one flow with whoever types, until the input ends.

    Raises:
        EngineError: there is no such flow.
    """
    book.flow(flow)
    say(
        "You are Ana. Type what she texts; '... 3 days' or '... monday, 9:00' lets time pass; Ctrl-D ends it."
    )
    with FlowPlay(book, flow, values, language=language, plain=plain) as playing:
        _show(playing.lines)
        for line in _lines():
            if not line:
                continue
            shown = len(playing.lines)
            try:
                playing.take(line)
            except ValueError as error:
                say(f"{error}.")
                continue
            # What was typed stands there already.
            _show(each for each in playing.lines[shown:] if each.who != "ana")


def read_values(pairs: tuple[str, ...]) -> dict[str, Any]:
    """What `with` gives a flow in a program: "week=2" is a number where it looks like one.

    Raises:
        NotPossible: a pair has no "=".
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise NotPossible(f"--with takes NAME=VALUE, such as week=2, not {pair!r}.")
        values[name] = int(value) if value.isdecimal() else value
    return values


def _lines() -> Iterator[str]:
    at_terminal = sys.stdin.isatty()
    while True:
        try:
            line = input("ana: ") if at_terminal else sys.stdin.readline()
        except (EOFError, KeyboardInterrupt):
            return
        if not at_terminal:
            if not line:
                return
            # What was piped in is shown, so that the output reads as a whole conversation.
            _speak("ana", line.strip()) if not line.startswith(TIME) else click.echo(line.strip())
        yield line.strip()


def _show(lines: Iterable[Line]) -> None:
    for line in lines:
        if line.who == "time":
            click.echo(f"    ({line.said})")
        else:
            _speak(f"{line.who} to {line.to}" if line.to else line.who, line.said)


def _speak(who: str, words: str) -> None:
    click.echo(f"{click.style(who, bold=True)}: {words}")
