"""Reads season plans from `flows/programs/*.toml`: which flow comes on which day of which week.

A program is a calendar as people write one: what every week has, and what one week has instead.

    program = "four_weeks"
    title   = "Four weeks"

    [every_week]
    monday = "weekly_reflection"

    [[week]]                                  # the first week
    theme = 1

    [[week]]                                  # the second
    theme    = 3
    saturday = { flow = "group_check_in", hour = 10, expires = "6 hours", with = { live = true } }
    thursday = "nothing"
    hour     = "thursday 19:00"               # the circle is together for an hour, by the circle's own clock
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from assistant.engine.problems import FlowErrors, Problem, did_you_mean
from assistant.schedule.waits import duration

FOLDER: Final = Path(__file__).parents[2] / "flows" / "programs"
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOUR: Final = "hour"
"""The key of the circle hour, in a week or in all."""
NOTHING: Final = "nothing"
"""What a day is set to that is free this week."""
MOST_A_WEEK: Final = 4
"""Planned texts to one member: all that JOIN's confirmation promises, less one for a nudge."""
MOST_WEEKS: Final = 52
FRESH: Final = dt.timedelta(hours=36)
"""So long after its hour a prompt still goes out, where a program does not say otherwise."""
LONGEST_FRESH: Final = dt.timedelta(days=7)
FIRST_HOUR, LAST_HOUR = 9, 19
LONGEST_FLOW: Final = 54
"""With "week 52 " before it, the column `timer.key` is full."""
_EVERY_WEEK: Final = "every week"
_DETAILS: Final = frozenset({"flow", "hour", "expires", "readers", "with"})
_GIVEN: Final = frozenset({"week", "theme", "weeks"})
_WHEN: Final = re.compile(r"(?P<day>[a-z]+) (?P<hour>\d{1,2}):(?P<minute>[0-5]\d)")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One flow on one day of a season."""

    key: str
    """Names it within a seat, so that it comes once: "week 2 weekly_reflection", whatever day that is on."""
    week: int
    """Counted from 1."""
    weekday: int
    """0 is Monday."""
    flow: str
    values: Mapping[str, Any]
    """What the flow is started with: `week`, `theme`, `weeks`, and what the program adds."""
    hour: int | None = None
    """Full hour on the member's clock; None: the hour the member chose."""
    expires: dt.timedelta = FRESH
    """Later than this it is too late to matter."""
    readers: bool = False
    """Whether it goes to members who only read, too."""

    @property
    def days_in(self) -> int:
        """Days since the first Monday."""
        return (self.week - 1) * 7 + self.weekday

    def day(self, starts_on: dt.date) -> dt.date:
        """Its date in a season that starts on this day."""
        return first_monday(starts_on) + dt.timedelta(days=self.days_in)


@dataclass(frozen=True, slots=True)
class PlannedHour:
    """One hour of a season in which the circle is together: one moment, by the circle's own clock."""

    key: str
    """Names it within a circle, so that it comes once: "week 2"."""
    week: int
    weekday: int
    """0 is Monday."""
    time: dt.time

    def day(self, starts_on: dt.date) -> dt.date:
        """Its date in a season that starts on this day."""
        return first_monday(starts_on) + dt.timedelta(weeks=self.week - 1, days=self.weekday)


@dataclass(frozen=True, slots=True)
class Program:
    """A season's plan."""

    name: str
    title: str
    weeks: int
    entries: tuple[Entry, ...]
    """In the order of their days."""
    hours: tuple[PlannedHour, ...] = ()
    """The circle hours of its weeks."""

    def last_day(self, starts_on: dt.date) -> dt.date:
        """The Sunday on which a season ends that starts on this day."""
        return first_monday(starts_on) + dt.timedelta(weeks=self.weeks, days=-1)


def monday_of(day: dt.date) -> dt.date:
    """The Monday of the week that a day is in."""
    return day - dt.timedelta(days=day.weekday())


def first_monday(starts_on: dt.date) -> dt.date:
    """The Monday of a season's first week: that very day or the next, so that no week begins half over."""
    return starts_on + dt.timedelta(days=-starts_on.weekday() % 7)


@cache
def programs() -> Mapping[str, Program]:
    """Every program of this project, by name.

    Raises:
        FlowErrors: A file is wrong; it holds all problems of all files.
    """
    return read_programs(FOLDER)


def read_programs(folder: Path, known_flows: Collection[str] | None = None) -> dict[str, Program]:
    """Reads and checks every `*.toml` in `folder`.

    Args:
        folder: Where the programs are.
        known_flows: The flows there are; None takes it that every flow named is there.

    Raises:
        FlowErrors: Something is wrong; it holds all problems of all files.
    """
    problems: list[Problem] = []
    read: dict[str, Program] = {}
    for path in sorted(folder.glob("*.toml")):
        file = _File(f"{folder.name}/{path.name}", path.stem, known_flows, problems)
        program = file.read(path)
        if program is not None:
            read[program.name] = program
    if problems:
        raise FlowErrors(problems)
    return read


@dataclass(slots=True)
class _File:
    """One program file, and where its problems go."""

    name: str
    stem: str
    known_flows: Collection[str] | None
    problems: list[Problem]
    source: str = field(default="", init=False)

    def read(self, path: Path) -> Program | None:
        """The program; None when it cannot be used."""
        before = len(self.problems)
        table = self._parse(path)
        if table is None:
            return None
        self._check_head(table)
        weeks = self._weeks(table)
        every_week = table.get("every_week", {})
        if not isinstance(every_week, dict):
            self._problem(None, "every_week", "write the days under [every_week].")
            every_week = {}
        self._check_days(every_week, _EVERY_WEEK, (HOUR, *WEEKDAYS))
        entries, hours = [], []
        for number, week in enumerate(weeks, 1):
            found, hour = self._entries(number, every_week, week, len(weeks)), None
            place = _place(number) if HOUR in week else _EVERY_WEEK
            if (written := week.get(HOUR, every_week.get(HOUR, NOTHING))) != NOTHING:
                hour = self._hour(place, number, written)
            self._check_week(_place(number), [entry.flow for entry in found], hour)
            entries += found
            hours += [hour] if hour is not None else []
        if len(self.problems) > before:
            return None
        return Program(self.stem, str(table["title"]), len(weeks), tuple(entries), tuple(hours))

    def _hour(self, place: str, number: int, written: object) -> PlannedHour | None:
        match = _WHEN.fullmatch(written) if isinstance(written, str) else None
        if match is None or match["day"] not in WEEKDAYS:
            self._problem(place, HOUR, 'write the circle hour as a day and a time: hour = "thursday 19:00".')
            return None
        hour = int(match["hour"])
        if not FIRST_HOUR <= hour <= LAST_HOUR:
            self._problem(place, HOUR, f"a circle hour begins from {FIRST_HOUR}:00 to {LAST_HOUR}:59.")
            return None
        time = dt.time(hour, int(match["minute"]))
        return PlannedHour(f"week {number}", number, WEEKDAYS.index(match["day"]), time)

    def _parse(self, path: Path) -> dict[str, Any] | None:
        try:
            self.source = path.read_text(encoding="utf-8-sig")
            return tomllib.loads(self.source)
        except UnicodeDecodeError:
            self._problem(None, None, "it is not UTF-8; save it as UTF-8 in the editor.")
        except tomllib.TOMLDecodeError as error:
            self._problem(None, None, f"it cannot be read: {error}.")
        return None

    def _check_head(self, table: Mapping[str, Any]) -> None:
        for key in sorted(table.keys() - {"program", "title", "every_week", "week"}):
            self._problem(
                None, key, f"nobody reads it.{did_you_mean(key, ('program', 'title', 'every_week', 'week'))}"
            )
        if not _NAME.fullmatch(self.stem):
            self._problem(
                None, None, "a program's name is made of small letters, digits and _, a letter first."
            )
        if table.get("program") != self.stem:
            self._problem(None, "program", f'write program = "{self.stem}", as the file is called.')
        if not isinstance(table.get("title"), str) or not table["title"].strip():
            self._problem(None, "title", 'give it a title that people understand, such as "Eight weeks".')

    def _weeks(self, table: Mapping[str, Any]) -> list[dict[str, Any]]:
        weeks = table.get("week", [])
        if not isinstance(weeks, list) or not all(isinstance(week, dict) for week in weeks):
            self._problem(None, "week", "each week is a table of its own: [[week]], with two brackets.")
            return []
        if not 1 <= len(weeks) <= MOST_WEEKS:
            self._problem(
                None, "week", f"a season has 1 to {MOST_WEEKS} weeks, a [[week]] each; here are {len(weeks)}."
            )
        for number, week in enumerate(weeks, 1):
            self._check_days(week, _place(number), ("theme", HOUR, *WEEKDAYS))
            theme = week.get("theme")
            if not isinstance(theme, int) or isinstance(theme, bool) or theme < 1:
                self._problem(_place(number), "theme", "say which theme the week has: a number from 1.")
        return weeks

    def _check_days(self, week: Mapping[str, Any], place: str, known: Collection[str]) -> None:
        for key in week:
            if key not in known:
                self._problem(place, key, f"it is not a day of the week.{did_you_mean(key, known)}")

    def _entries(
        self, number: int, every_week: Mapping[str, Any], week: Mapping[str, Any], weeks: int
    ) -> list[Entry]:
        given = {"week": number, "theme": week.get("theme"), "weeks": weeks}
        found = []
        for weekday, day in enumerate(WEEKDAYS):
            place, written = (
                (_place(number), week[day]) if day in week else (_EVERY_WEEK, every_week.get(day, NOTHING))
            )
            if written == NOTHING:
                continue
            details = self._details(place, day, written)
            if details is not None:
                flow = details["flow"]
                values = {**details.get("with", {}), **given}
                found.append(
                    Entry(
                        f"week {number} {flow}",
                        number,
                        weekday,
                        flow,
                        values,
                        hour=details.get("hour"),
                        expires=duration(details["expires"]) if "expires" in details else FRESH,
                        readers=details.get("readers", False),
                    )
                )
        return found

    def _check_week(self, place: str, flows: list[str], hour: PlannedHour | None) -> None:
        planned = len(flows) + (hour is not None)
        if planned > MOST_A_WEEK:
            counted = ", the circle hour among them" if hour is not None else ""
            self._problem(
                place,
                None,
                f"{planned} texts are planned{counted}; {MOST_A_WEEK} are all that people agreed to.",
            )
        for flow in sorted({each for each in flows if flows.count(each) > 1}):
            self._problem(place, None, f'"{flow}" comes twice; a flow comes once a week.')

    def _details(self, place: str, day: str, written: object) -> dict[str, Any] | None:
        """What a day is set to, with its flow by name; None when it cannot be used."""
        details = {"flow": written} if isinstance(written, str) else written
        if not isinstance(details, dict) or not isinstance(details.get("flow"), str):
            self._problem(place, day, f'write {day} = "some_flow" or {day} = {{ flow = "some_flow" }}.')
            return None
        wrong = [*self._wrong_flow(details["flow"]), *_wrong_details(details)]
        for message in wrong:
            self._problem(place, day, message)
        return None if wrong else details

    def _wrong_flow(self, flow: str) -> Iterator[str]:
        if self.known_flows is not None and flow not in self.known_flows:
            yield f'there is no flow "{flow}".{did_you_mean(flow, [*self.known_flows, NOTHING])}'
        elif len(flow) > LONGEST_FLOW:
            yield f"a planned flow's name has at most {LONGEST_FLOW} letters."

    def _problem(self, place: str | None, key: str | None, message: str) -> None:
        problem = Problem(self.name, place, key, message, _line(self.source, place, key))
        if problem not in self.problems:  # what every week has is looked at in each of them
            self.problems.append(problem)


def _wrong_details(details: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(details.keys() - _DETAILS):
        yield f'nobody reads "{key}".{did_you_mean(key, _DETAILS)}'
    hour = details.get("hour", FIRST_HOUR)
    if not isinstance(hour, int) or isinstance(hour, bool) or not FIRST_HOUR <= hour <= LAST_HOUR:
        yield f"`hour` is a full hour from {FIRST_HOUR} to {LAST_HOUR}: nobody is woken."
    if not isinstance(details.get("readers", False), bool):
        yield "`readers` is true or false."
    try:
        if duration(str(details.get("expires", "1 day"))) > LONGEST_FRESH:
            yield f"`expires` is {LONGEST_FRESH.days} days at most; by then the next week has come."
    except ValueError as error:
        yield f"`expires`: {error}."
    values = details.get("with", {})
    if not isinstance(values, dict) or not all(isinstance(each, str | int) for each in values.values()):
        yield "`with` holds texts, whole numbers, true and false."
    else:
        for name in sorted(values.keys() & _GIVEN):
            yield f'"{name}" is given to every flow already; choose another name.'


def _place(number: int) -> str:
    return f"week {number}"


def _line(source: str, place: str | None, key: str | None) -> int | None:
    """The line, counted from 1, of a key in its table, else of the table itself."""
    found, here, weeks = None, None, 0
    for number, line in enumerate(source.splitlines(), 1):
        plain = line.partition("#")[0].strip()
        if plain.startswith("["):
            weeks += plain.startswith("[[week]]")
            here = _place(weeks) if plain.startswith("[[") else _EVERY_WEEK
            if here == place or (place is None and plain.strip("[]") == key):
                found = found or number
        elif here == place and key is not None and plain.partition("=")[0].strip() == key:
            return number
    return found
