"""Spreads people over circles with free seats: by language, evenly, then by hours and by what they can teach.

Pure: people and circles go in, places come out, the same ones for the same people. How many each circle gets
is settled first, by filling whichever has fewest; then who sits where, by looking at those whose hours come
next and taking whoever fits best with the people at the table so far.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.circles.buddies.suitability import Seat, fits

LOOKED_AT: Final = 16
"""People among whom the next one at a table is chosen: more fit little better, and cost as much again."""

_Hours = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be given a place; `seat.member` is whatever number the caller uses."""

    seat: Seat
    language: str | None = None
    """None: not known, so that any circle will do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A circle that still takes people."""

    circle: int
    language: str
    size: int
    taken: int = 0
    """Seats that are held, and open invitations: each of them may still be answered."""
    seated: tuple[Seat, ...] = ()
    """Those who hold them, as far as anything is known of them."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Who goes where, and who finds no place."""

    places: Mapping[int, int]
    """Newcomer -> circle."""
    left_over: Sequence[Newcomer]
    """In the order they were given."""


def spread(newcomers: Sequence[Newcomer], tables: Sequence[Table]) -> Spread:
    """Give everyone a place as long as there is one in their language.

    Nobody is put into a circle of another language, and none is filled beyond its size. Circles
    are filled evenly: nobody could move to another one of the same language that has two fewer.

    Args:
        newcomers: Whoever comes first is seated first.
        tables: Circles; those that are full already may be among them.

    Raises:
        ValueError: someone, or a circle, is listed twice.
    """
    if len({each.seat.member for each in newcomers}) < len(newcomers):
        raise ValueError("everybody can be given one place; list each of them once")
    if len({table.circle for table in tables}) < len(tables):
        raise ValueError("a circle is listed twice")
    taken = {table.circle: table.taken for table in tables}
    at_table = {table.circle: list(table.seated) for table in tables}
    places: dict[int, int] = {}
    left_over: set[int] = set()
    # Whoever may sit anywhere waits, so as to take no seat that somebody else can sit in only.
    languages = sorted({each.language for each in newcomers if each.language is not None})
    for language in (*languages, None):
        people = [each.seat for each in newcomers if each.language == language]
        fitting = [table for table in tables if language in (None, table.language)]
        shares = _share_out(fitting, taken, len(people))
        seated = sum(shares.values())
        left_over.update(each.member for each in people[seated:])
        places |= _seat(people[:seated], shares, at_table)
    return Spread(places, [each for each in newcomers if each.seat.member in left_over])


def _share_out(tables: Sequence[Table], taken: dict[int, int], count: int) -> Counter[int]:
    """How many of `count` go to each table, each to whichever has fewest by then; `taken` is moved on."""
    heap = [(taken[table.circle], place) for place, table in enumerate(tables)]
    heapq.heapify(heap)
    shares: Counter[int] = Counter()
    while heap and count:
        held, place = heapq.heappop(heap)
        table = tables[place]
        if held >= table.size:
            continue
        shares[table.circle] += 1
        taken[table.circle] = held + 1
        count -= 1
        heapq.heappush(heap, (held + 1, place))
    return shares


def _seat(
    people: Sequence[Seat], shares: Mapping[int, int], at_table: Mapping[int, list[Seat]]
) -> dict[int, int]:
    """Who sits where, of people who may sit at any of these tables."""
    waiting = sorted(people, key=lambda seat: (_hours(seat), seat.member))
    hours = [_hours(seat) for seat in waiting]
    # Of thousands many are alike: as one of a kind would fit in somewhere, so would all of that kind.
    kinds = _kinds(waiting)
    seats = {seat.member: seat for seat in waiting}
    places: dict[int, int] = {}
    for circle in sorted(
        shares, key=lambda circle: (not at_table[circle], _common(at_table[circle]), circle)
    ):
        seated = at_table[circle]
        at = bisect_left(hours, _common(seated)) if seated else 0
        gains: dict[int, int] = {}
        for _ in range(shares[circle]):
            first = max(0, min(at, len(waiting) - LOOKED_AT))
            near = [kinds[each.member] for each in waiting[first : first + LOOKED_AT]]
            for kind in near:
                if kind not in gains:
                    gains[kind] = sum(fits(seats[kind], other) for other in seated)
            best = max(range(len(near)), key=lambda place: (gains[near[place]], -place))
            chosen = waiting.pop(first + best)
            del hours[first + best]
            places[chosen.member] = circle
            seated.append(chosen)
            for kind in gains:
                gains[kind] += fits(seats[kind], chosen)
    return places


def _kinds(people: Iterable[Seat]) -> dict[int, int]:
    """Member -> the first member who is awake, knows, wants and speaks the same."""
    first: dict[tuple[object, ...], int] = {}
    return {
        each.member: first.setdefault((each.awake, each.knows, each.wants, each.language), each.member)
        for each in people
    }


def _hours(seat: Seat) -> _Hours:
    return tuple(sorted(seat.awake))


def _common(seats: Iterable[Seat]) -> _Hours:
    """The hours that most of them have; () where there is nobody."""
    counts = Counter(map(_hours, seats))
    return min(counts, key=lambda hours: (-counts[hours], hours)) if counts else ()
