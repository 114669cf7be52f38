"""Tells a simulated season: week by week, in each person's own time, with a summary and the promises kept."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from assistant.language.sms.segments import measure
from assistant.simulation.invariants import PROMISES, Broken, Score
from assistant.simulation.text_checks import Passed
from assistant.simulation.texts_a_week import count_texts, table_of

WIDTH: Final = 100
_INDENT: Final = 18
AROUND: Final = 4
"""So many texts before and after a broken promise are shown with it."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week in numbers."""

    number: int
    """0 is the time before the season."""
    sent: int
    segments: int
    received: int
    wrote: int
    """How many people wrote anything."""
    seats: int
    """How many had joined by then."""
    groups: tuple[str, ...] = ()
    """Who was with whom, as the round was made."""


@dataclass(slots=True)
class Story:
    """What happened in a season."""

    title: str
    starts_on: dt.date
    weeks: int
    zone: ZoneInfo
    """That of the circles: what day it is by the headings."""
    texts: Sequence[Passed]
    score: Score
    table: list[Week]
    seats: Sequence[tuple[str, str, str]]
    """Each seat's person, circle and how it stood at the end."""
    told: Mapping[str, int] = field(default_factory=dict)
    """What came of it: goals, steps, pairs that met, ..."""
    joined: Mapping[str, dt.datetime] = field(default_factory=dict)

    @property
    def broken(self) -> Sequence[Broken]:
        """The promises that were not kept; empty when all is well."""
        return self.score.broken

    def text(self) -> str:
        """The whole story as people read it."""
        return "\n".join((*self._transcript(), *self._summary(), *self._promises(), *self._failures())) + "\n"

    def as_data(self) -> dict[str, Any]:
        """The summary as plain values for JSON; no words of anyone's but those around a broken promise."""
        return {
            "title": self.title,
            "weeks": [
                {
                    "week": week.number,
                    "texts_out": week.sent,
                    "segments": week.segments,
                    "texts_in": week.received,
                    "people_who_wrote": week.wrote,
                    "members": week.seats,
                    "groups": list(week.groups),
                }
                for week in self.table
            ],
            "season": dict(self.told),
            "segments_per_member_week": self.segments_per_member_week,
            "seats": [{"name": name, "circle": code, "state": state} for name, code, state in self.seats],
            "promises": [
                {"promise": PROMISES[name], "checks": self.score.checks[name], "broken": self._count(name)}
                for name in PROMISES
            ],
            "broken": [
                {"promise": each.promise, "at": each.at, "who": each.who, "what": each.what}
                for each in self.broken
            ],
        }

    @property
    def segments_per_member_week(self) -> float:
        """What a member costs a week, in segments sent, once the season runs."""
        running = [week for week in self.table if week.number]
        seats = sum(week.seats for week in running)
        return round(sum(week.segments for week in running) / seats, 1) if seats else 0.0

    def _count(self, promise: str) -> int:
        return sum(each.promise == promise for each in self.broken)

    def _transcript(self) -> Iterator[str]:
        yield self.title
        yield "=" * len(self.title)
        yield "Times are those on each person's own clock; days are those of the circles."
        number, day = -1, None
        groups = {week.number: week.groups for week in self.table}
        for text in _as_read(self.texts):
            local = text.at.astimezone(self.zone).date()
            week = week_of(local, self.starts_on)
            if week != number:
                if number > 0:
                    yield from self._silence(number)
                yield from ("", self._heading(week), "")
                yield from (f"    {line}" for line in groups.get(week, ()))
                number = week
            if local != day:
                yield from ("", f"  {local:%A, %B} {local.day}", "")
                day = local
            yield from self._line(text)
        if number > 0:
            yield from self._silence(number)

    def _heading(self, week: int) -> str:
        if week == 0:
            name = "Before the season"
        elif week > self.weeks:
            name = "Afterwards"
        else:
            name = f"Week {week}"
        return f"---- {name} {'-' * (WIDTH - len(name) - 6)}"

    def _line(self, text: Passed) -> Iterator[str]:
        clock = f"{text.at.astimezone(ZoneInfo(text.zone)):%H:%M}"
        if text.inbound:
            who = f"{text.name}:"
        else:
            who = f"to {text.name}:" if not text.by_carrier else f"(carrier) to {text.name}:"
        head = f"    {clock}  " + (who if text.inbound else f"   {who}")
        yield textwrap.fill(
            " ".join(text.body.split()) or "(nothing)",
            WIDTH,
            initial_indent=f"{head} ",
            subsequent_indent=" " * _INDENT,
        )

    def _silence(self, week: int) -> Iterator[str]:
        """Who had a seat and said nothing this week."""
        if week > self.weeks:
            return
        first = self.starts_on + dt.timedelta(weeks=week - 1)
        spoke = {
            text.name
            for text in self.texts
            if text.inbound and week_of(text.at.astimezone(self.zone).date(), self.starts_on) == week
        }
        for name, joined in self.joined.items():
            if name not in spoke and joined.astimezone(self.zone).date() < first:
                yield f"\n    {name} says nothing this week."

    def _summary(self) -> Iterator[str]:
        yield from ("", "", "The season in numbers", "=====================", "")
        yield "week     out  segments    in  who wrote  groups"
        for week in self.table:
            if week.number == 0:
                name = "before"
            else:
                name = str(week.number) if week.number <= self.weeks else "after"
            groups = "; ".join(week.groups)
            wrote = f"{week.wrote} of {week.seats}"
            line = f"{name:<6} {week.sent:>5} {week.segments:>9} {week.received:>5}  {wrote:<9}  {groups}"
            yield textwrap.fill(
                line.rstrip(),
                WIDTH + 20,
                subsequent_indent=" " * 41,
            )
        yield ""
        for what, how_many in self.told.items():
            yield f"{how_many:>6}  {what}"
        yield f"{self.segments_per_member_week:>6}  segments for each member and week"
        yield "\nTexts unasked, a seat and week: kind, mean, most"
        yield from table_of(count_texts(self.texts))
        yield ""
        by_state: dict[str, list[str]] = defaultdict(list)
        for name, code, state in self.seats:
            by_state[state].append(f"{name} ({code})")
        for state, names in sorted(by_state.items()):
            yield textwrap.fill(f"{state}: {', '.join(names)}", WIDTH, subsequent_indent="    ")

    def _promises(self) -> Iterator[str]:
        yield from ("", "Promises", "========", "")
        for name, sentence in PROMISES.items():
            checks, broken = self.score.checks[name], self._count(name)
            if checks:
                verdict = (
                    f"broken {broken} of {checks} times" if broken else f"kept {checks} of {checks} times"
                )
            else:
                verdict = "not looked at"
            yield f"{'NO ' if broken else 'yes' if checks else ' - '}  {sentence}: {verdict}"

    def _failures(self) -> Iterator[str]:
        """Each broken promise with the texts around it on that person's phone."""
        for each in self.broken:
            local = each.at.astimezone(self.zone)
            yield from ("", f"BROKEN: {PROMISES[each.promise]}")
            yield f"  {local:%A, %B} {local.day}, {local:%H:%M}, {each.who or 'everyone'}: {each.what}"
            theirs = [text for text in self.texts if text.name == each.who]
            until = sum(text.at <= each.at for text in theirs)
            for text in theirs[max(0, until - AROUND) : until + AROUND]:
                yield from self._line(text)


def _as_read(texts: Sequence[Passed]) -> Iterator[Passed]:
    """The texts in order; of those that reach several people at one moment, each one's together."""
    for _, at_once in groupby(texts, lambda text: (text.at, text.inbound)):
        gathered: dict[str, list[Passed]] = {}
        for text in at_once:
            gathered.setdefault(text.name, []).append(text)
        for theirs in gathered.values():
            yield from theirs


def week_of(day: dt.date, starts_on: dt.date) -> int:
    """The week of the season, counted from 1; 0 before it."""
    return max(0, (day - starts_on).days // 7 + 1)


def count_weeks(
    texts: Sequence[Passed],
    zone: ZoneInfo,
    starts_on: dt.date,
    joined: Mapping[str, dt.datetime],
    rounds: Collection[tuple[str, int, list[list[str]]]],
) -> list[Week]:
    """Each week in numbers, from the texts that passed."""
    out, segments, received = Counter[int](), Counter[int](), Counter[int]()
    wrote: dict[int, set[str]] = defaultdict(set)
    for text in texts:
        week = week_of(text.at.astimezone(zone).date(), starts_on)
        if text.inbound:
            received[week] += 1
            if text.name in joined:
                wrote[week].add(text.name)
        else:
            out[week] += 1
            segments[week] += measure(text.body).segments
    table = []
    for week in sorted(out.keys() | received.keys()):
        ends = starts_on + dt.timedelta(weeks=week)
        seats = sum(moment.astimezone(zone).date() < ends for moment in joined.values())
        groups = tuple(
            f"{code}: {', '.join(' & '.join(group) for group in made)}"
            for code, of_week, made in rounds
            if of_week == week
        )
        table.append(Week(week, out[week], segments[week], received[week], len(wrote[week]), seats, groups))
    return table
