"""Counts seasons into figures, each with the people that it says something about. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from assistant.circles.reports.season_counts import Season, Seat
from assistant.circles.reports.suppression import Cell
from assistant.circles.reports.tie_figures import of_asking, of_roles, of_ties
from assistant.store.tables.operation_tables import URGENT

STANDINGS: Final = ("answering", "quiet", "paused", "reading", "unreachable", "joining")
"""Every member stands in one of them."""
GOALS: Final = {"set": None, "planned": "set", "step": None, "done": "step", "reached": "set"}
"""How far members came with a goal -> out of whom it is a part."""
WORDS: Final = ("shares", "asks", "kind", "thanks")
HOURS: Final = ("hours_quartile_1", "hours_median", "hours_quartile_3")
SHARES: Final = ("response", "pairs", "rhythm", "goal_set", "goal_step")
"""Shares of everyone there is, not of some."""
LATELY: Final = 4
"""Weeks that rhythm looks at."""
COMES_BACK_AFTER: Final = 2
"""Quiet weeks, after which an answer is a comeback."""
STEADY: Final = 0.05
"""A trend of less than five in a hundred is none."""


def of_season(seasons: Sequence[Season], *, tell_alarms: bool) -> Iterator[tuple[str, Cell]]:
    """What is counted of a circle or of a cohort over the whole season."""
    seats = [seat for season in seasons for seat in season.seats]
    members = [seat for seat in seats if seat.is_in]
    yield "members", _people(members)
    for standing in ("left", "stopped"):
        yield standing, _people([seat for seat in seats if seat.standing == standing])
    yield from of_weeks(seasons, range(1, max(season.weeks for season in seasons) + 1))
    yield "rhythm", _rhythm(seasons)
    yield "comebacks", _comebacks(seats)
    said = [(seat.person_id, int(seat.belongs), 1) for seat in seats if seat.belongs is not None]
    yield "belonging", _share(said)
    for level, out_of in GOALS.items():
        base = [seat for seat in members if out_of is None or out_of in seat.goals]
        came = {seat.person_id for seat in members if level in seat.goals}
        value = sum(level in seat.goals for seat in members) / len(members) if members else None
        yield (
            f"goal_{level}",
            Cell(value, (came, {seat.person_id for seat in base if level not in seat.goals})),
        )
    for kind in WORDS:
        count = sum(seat.counts[kind] for seat in seats)
        yield kind, Cell(count, ({seat.person_id for seat in seats if seat.counts[kind]},))
    yield from of_asking(seasons)
    yield from of_ties(seasons)
    yield from of_roles(seasons)
    alarms = [alarm for season in seasons for alarm in season.alarms]
    for kind in URGENT:
        people = [person for each, person, _ in alarms if each == kind]
        yield kind, Cell(len(people), (set(people),), withheld=not tell_alarms)
    looked = [(person, minutes) for _, person, minutes in alarms if minutes is not None]
    minutes_median = statistics.median(minutes for _, minutes in looked) if looked else None
    yield (
        "minutes_median",
        Cell(minutes_median, ({person for person, _ in looked},), withheld=not tell_alarms),
    )
    stayed = sum(seat.stayed for seat in seats)
    segments = sum(season.segments for season in seasons)
    yield (
        "segments_per_member_week",
        Cell(segments / stayed, ({seat.person_id for seat in seats if seat.stayed},))
        if stayed
        else Cell(None),
    )


def standings(seasons: Sequence[Season]) -> Iterator[tuple[str, Cell]]:
    seats = [seat for season in seasons for seat in season.seats]
    for standing in STANDINGS:
        yield standing, _people([seat for seat in seats if seat.standing == standing])


def of_weeks(seasons: Sequence[Season], weeks: Collection[int]) -> Iterator[tuple[str, Cell]]:
    """What is counted of the weeks' questions and of the pairs, in some weeks."""
    # One pass without a call: of a large cohort there are tens of thousands of seats.
    inside = sum(1 << week for week in weeks)
    in_time: set[int] = set()
    not_in_time: set[int] = set()
    replied: set[int] = set()
    hours: list[float] = []
    asked = answered = 0
    for season in seasons:
        for seat in season.seats:
            if not (of_these := seat.asked & inside):
                continue
            person, timely = seat.person_id, seat.in_time & inside
            asked += of_these.bit_count()
            if timely:
                answered += timely.bit_count()
                in_time.add(person)
            if timely != of_these:
                not_in_time.add(person)
            after = [after for week, after in seat.replied if inside >> week & 1]
            if after:
                replied.add(person)
                hours += after
    yield "asked", Cell(asked, (in_time | not_in_time,)) if asked else Cell(None)
    yield "response", Cell(answered / asked, (in_time, not_in_time)) if asked else Cell(None)
    quartiles = statistics.quantiles(hours, n=4, method="inclusive") if len(hours) > 1 else [None] * 3
    for figure, value in zip(HOURS, quartiles, strict=True):
        yield figure, Cell(value, (replied,)) if asked else Cell(None)
    pairs = [
        (connected, people) for season in seasons for week, connected, people in season.pairs if week in weeks
    ]
    met = {person for connected, people in pairs if connected for person in people}
    not_met = {person for connected, people in pairs if not connected for person in people}
    value = sum(connected for connected, _ in pairs) / len(pairs) if pairs else None
    yield "pairs", Cell(value, (met, not_met)) if pairs else Cell(None)


def _rhythm(seasons: Sequence[Season]) -> Cell:
    """Of the last four weeks opened for each member, count those that were answered, late or not."""
    counted = []
    for season in seasons:
        before_lately = (1 << max(0, season.weeks - LATELY + 1)) - 1
        for seat in season.seats:
            if seat.is_in and (lately := (seat.opened & ~before_lately).bit_count()):
                answered = sum(week > season.weeks - LATELY for week, _ in seat.replied)
                counted.append((seat.person_id, answered, lately))
    return _share(counted)


def _comebacks(seats: Sequence[Seat]) -> Cell:
    """Of those who were quiet for two weeks on end or more, those who answered again."""
    were_quiet: list[tuple[int, int, int]] = []
    for seat in seats:
        replied = sum(1 << week for week, _ in seat.replied)
        quiet, away, back = 0, False, False
        for week in range(1, seat.opened.bit_length()):
            if not seat.opened >> week & 1:
                continue
            if replied >> week & 1:
                back, quiet = back or away, 0
            else:
                quiet += 1
                away = away or quiet >= COMES_BACK_AFTER
        if away:
            were_quiet.append((seat.person_id, int(back), 1))
    return _share(were_quiet)


def trend(seasons: Sequence[Season]) -> Cell:
    """Whether more answer in the second half than in the first: 1, 0 (about as many) or -1."""
    weeks = max(season.weeks for season in seasons)
    middle = (weeks + 1) // 2
    if weeks < 2:
        return Cell(None)
    halves = []
    for some in (range(1, middle + 1), range(weeks - middle + 1, weeks + 1)):
        inside = sum(1 << week for week in some)
        counted = [
            (seat.person_id, (seat.in_time & inside).bit_count(), of_these.bit_count())
            for season in seasons
            for seat in season.seats
            if (of_these := seat.asked & inside)
        ]
        halves.append(_share(counted))
    first, second = (half.value for half in halves)
    if first is None or second is None:
        return Cell(None)
    change = second - first
    value = 0 if abs(change) < STEADY else 1 if change > 0 else -1
    return Cell(value, tuple(side for half in halves for side in half.sides))


def _people(seats: Sequence[Seat]) -> Cell:
    return Cell(len(seats), ({seat.person_id for seat in seats},))


def _share(each: Sequence[tuple[int, int, int]]) -> Cell:
    """Of how many of these something was so, with the people of whom it was so and of whom it was not.

    Args:
        each: A person, how often it was so, and how often it could have been: once at least.
    """
    if not each:
        return Cell(None)
    sides: tuple[AbstractSet[int], ...] = (
        {person for person, did, _ in each if did},
        {person for person, did, of in each if did < of},
    )
    return Cell(sum(did for _, did, _ in each) / sum(of for _, _, of in each), sides)
