"""Counts seasons into figures, each with the people that it says something about. Pure."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from assistant.circles.reports.season_counts import REPLY_WITHIN, Season, Seat, Week
from assistant.circles.reports.suppression import Cell
from assistant.store.tables.operation_tables import URGENT

STANDINGS: Final = ("answering", "quiet", "paused", "reading", "unreachable", "joining")
"""Every member stands in one of them."""
GOALS: Final = {"set": None, "planned": "set", "step": None, "done": "step", "reached": "set"}
"""How far members came with a goal -> out of whom it is a part."""
WORDS: Final = ("shares", "asks", "kind", "thanks")
HOURS: Final = ("hours_quartile_1", "hours_median", "hours_quartile_3")
SHARES: Final = ("response", "pairs", "rhythm", "goal_set", "goal_step")
"""Shares of everyone there is, not of some."""
HOUR: Final = dt.timedelta(hours=1)
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
    # One pass without a call: of a large cohort there are hundreds of thousands of weeks.
    in_time: set[int] = set()
    not_in_time: set[int] = set()
    replied: set[int] = set()
    hours: list[float] = []
    asked = answered = 0
    for season in seasons:
        for seat in season.seats:
            found, person = seat.weeks, seat.person_id
            for number in weeks:
                if (week := found.get(number)) is None or not week.asked:
                    continue
                asked += 1
                after = week.replied_after
                if after is not None:
                    replied.add(person)
                    hours.append(after / HOUR)
                if after is not None and after <= REPLY_WITHIN:
                    answered += 1
                    in_time.add(person)
                else:
                    not_in_time.add(person)
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


def _asked(seasons: Sequence[Season], weeks: Collection[int]) -> Iterator[tuple[int, Week]]:
    """The person and the week of each question that was asked in these weeks."""
    for season in seasons:
        for seat in season.seats:
            found, person = seat.weeks, seat.person_id
            for number in weeks:
                if (week := found.get(number)) is not None and week.asked:
                    yield person, week


def _rhythm(seasons: Sequence[Season]) -> Cell:
    """Of the last four weeks opened for each member, count those that were answered, late or not."""
    return _share(
        [
            (seat.person_id, week.replied_after is not None)
            for season in seasons
            for seat in season.seats
            if seat.is_in
            for number, week in seat.weeks.items()
            if number > season.weeks - LATELY
        ]
    )


def _comebacks(seats: Sequence[Seat]) -> Cell:
    """Of those who were quiet for two weeks on end or more, those who answered again."""
    were_quiet: list[tuple[int, bool]] = []
    for seat in seats:
        quiet, away, back = 0, False, False
        for _, week in sorted(seat.weeks.items()):
            answered = week.replied_after is not None
            back = back or (away and answered)
            quiet = 0 if answered else quiet + 1
            away = away or quiet >= COMES_BACK_AFTER
        if away:
            were_quiet.append((seat.person_id, back))
    return _share(were_quiet)


def trend(seasons: Sequence[Season]) -> Cell:
    """Whether more answer in the second half than in the first: 1, 0 (about as many) or -1."""
    weeks = max(season.weeks for season in seasons)
    middle = (weeks + 1) // 2
    if weeks < 2:
        return Cell(None)
    halves = [
        _share([(person, week.in_time) for person, week in _asked(seasons, some)])
        for some in (range(1, middle + 1), range(weeks - middle + 1, weeks + 1))
    ]
    first, second = (half.value for half in halves)
    if first is None or second is None:
        return Cell(None)
    change = second - first
    value = 0 if abs(change) < STEADY else 1 if change > 0 else -1
    return Cell(value, tuple(side for half in halves for side in half.sides))


def _people(seats: Sequence[Seat]) -> Cell:
    return Cell(len(seats), ({seat.person_id for seat in seats},))


def _share(each: Sequence[tuple[int, bool]]) -> Cell:
    """How many of these did, with the people who did and those who did not."""
    if not each:
        return Cell(None)
    sides: tuple[AbstractSet[int], ...] = (
        {person for person, did in each if did},
        {person for person, did in each if not did},
    )
    return Cell(sum(did for _, did in each) / len(each), sides)
