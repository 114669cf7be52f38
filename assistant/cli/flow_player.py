"""Plays a flow in the terminal: you are Ana, and time passes when you say so."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from assistant.cli.output import say
from assistant.engine.book import FlowBook
from assistant.errors import NotPossible
from assistant.schedule.local_time import due
from assistant.simulation.world import World

CODE: Final = "MAPLE"
ZONE: Final = "America/Chicago"
BEGINNING: Final = dt.datetime(2027, 3, 1, 9, 0, tzinfo=ZoneInfo(ZONE))
"""A Monday morning."""
BY_TEXT: Final = {"join": f"JOIN {CODE}"}
"""Flows that nobody is started on: they begin with what she texts."""


def play(book: FlowBook, flow: str, values: Mapping[str, Any], *, language: str, plain: bool) -> None:
    """Play one flow with whoever types, until the input ends.

    Raises:
        EngineError: there is no such flow.
    """
    book.flow(flow)
    say(
        "You are Ana. Type what she texts; '... 3 days' or '... monday, 9:00' lets time pass; Ctrl-D ends it."
    )
    with World(book, start=BEGINNING, zone=ZONE) as world:
        world.circle(CODE, "Maple", language=language)
        world.role("luz", "host", CODE)
        if flow in BY_TEXT:
            _speak("ana", BY_TEXT[flow])
            world.text("ana", BY_TEXT[flow])
        else:
            world.member("ana", CODE, language=language, plain=plain)
            world.start("ana", flow, values, CODE)
        shown = _show(world, 0)
        for line in _lines():
            if line.startswith("..."):
                _pass_time(world, line.removeprefix("...").strip())
            elif line:
                world.text("ana", line)
            shown = _show(world, shown)


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
            _speak("ana", line.strip()) if not line.startswith("...") else click.echo(line.strip())
        yield line.strip()


def _pass_time(world: World, spec: str) -> None:
    try:
        moment = due(spec, world.clock.now(), world.zone)
    except ValueError as error:
        say(f"{error}.")
        return
    world.move_to(moment)
    click.echo(f"    ({world.clock.now().astimezone(world.zone):%A %H:%M})")


def _show(world: World, shown: int) -> int:
    for heard in world.heard_since(shown):
        name = world.name(heard.to)
        who = "carrier" if heard.by_carrier else "bot"
        _speak(who if name == "ana" else f"{who} to {name}", heard.body)
    return len(world.heard)


def _speak(who: str, words: str) -> None:
    click.echo(f"{click.style(who, bold=True)}: {words}")
