"""Counts what members asked of each other and how connected they are, with the people it speaks of. Pure.

The network's figures are those of its field: density is the part of all possible pairs that are tied,
reciprocity the part of ties that are returned, and an isolate is tied to nobody.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from assistant.circles.reports.season_counts import Season
from assistant.circles.reports.suppression import Cell

MEDIANS: Final = ("hours_to_yes", "minutes_to_now")
"""Of a cohort they are no sum of its circles'."""
ROLES: Final = ("role_brings", "role_listens", "role_asks")
POSTED: Final = {
    "ask": ("asks_posted", "asks_answered"),
    "offer": ("offers_posted", "offers_taken"),
    "now": ("nows_posted", "nows_answered"),
}
SOON: Final = {"hours_to_yes": ("ask", 1), "minutes_to_now": ("now", 60)}
"""Figures of how soon the first yes came -> of which kind, and into what parts an hour is split."""


def of_asking(seasons: Sequence[Season]) -> Iterator[tuple[str, Cell]]:
    """Count asks, offers and calls: how many, with a yes, helped by the word of who asked, and how soon."""
    posted = [each for season in seasons for each in season.posted]
    for kind, (made, answered) in POSTED.items():
        these = [each for each in posted if each.kind == kind]
        yield made, Cell(len(these), ({each.person_id for each in these},))
        yield answered, _part([(each.person_id, each.hours_to_yes is not None) for each in these])
    asked = [each for each in posted if each.kind == "ask" and each.hours_to_yes is not None]
    yield "asks_helped", _part([(each.person_id, each.helped) for each in asked])
    for figure, (kind, parts) in SOON.items():
        waits = [(each.person_id, each.hours_to_yes) for each in posted if each.kind == kind]
        came = [(person, hours * parts) for person, hours in waits if hours is not None]
        median = statistics.median(wait for _, wait in came) if came else None
        yield figure, Cell(median, ({person for person, _ in came},)) if came else Cell(None)
    helped = {pair for season in seasons for pair in season.helped}
    yield (
        "helped_pairs",
        Cell(len(helped), ({giver for giver, _ in helped}, {getter for _, getter in helped})),
    )


def of_roles(seasons: Sequence[Season]) -> Iterator[tuple[str, Cell]]:
    """Count the rounds in which members held each role, and who of those who held one has held them all."""
    seats = [seat for season in seasons for seat in season.seats]
    for role in ROLES:
        held = [seat for seat in seats if seat.counts[role]]
        yield role, Cell(sum(seat.counts[role] for seat in held), ({seat.person_id for seat in held},))
    some = [seat for seat in seats if seat.is_in and any(seat.counts[role] for role in ROLES)]
    yield "every_role", _part([(seat.person_id, all(seat.counts[role] for role in ROLES)) for seat in some])


def of_ties(seasons: Sequence[Season], weeks: Collection[int] | None = None) -> Iterator[tuple[str, Cell]]:
    """Count how connected members are beyond their buddies: over the whole season, or in some weeks.

    By weeks only whether they are tied at all is counted: for the rest a week is too short.
    """
    tied: set[int] = set()
    alone: set[int] = set()
    pairs = possible = returned = directed = 0
    mutual: set[int] = set()
    unreturned: set[int] = set()
    for season in seasons:
        members = {seat.person_id for seat in season.seats if seat.is_in}
        ties = _beyond_buddies(season, weeks)
        here = members & {person for tie in ties for person in tie}
        tied |= here
        alone |= members - here
        among = {(one, other) for one, other in ties if one in members and other in members}
        pairs += len({frozenset(tie) for tie in among})
        possible += len(members) * (len(members) - 1) // 2
        for one, other in among:
            back = (other, one) in among
            returned, directed = returned + back, directed + 1
            (mutual if back else unreturned).update((one, other))
    people = len(tied) + len(alone)
    yield "tied", Cell(len(tied) / people, (tied, alone)) if people else Cell(None)
    if weeks is not None:
        return
    yield "density", Cell(pairs / possible, (tied,)) if possible else Cell(None)
    yield (
        "reciprocity",
        Cell(returned / directed, (mutual, unreturned)) if directed else Cell(None),
    )
    yield "isolates", Cell(len(alone), (alone, tied)) if people else Cell(None)


def _beyond_buddies(season: Season, weeks: Collection[int] | None) -> set[tuple[int, int]]:
    """Return the ties between two who were no buddies in that week."""
    buddies = {(week, people) for week, _, people in season.pairs}
    of_week: dict[int, list[frozenset[int]]] = {}
    for week, people in buddies:
        of_week.setdefault(week, []).append(people)
    return {
        (one, other)
        for week, one, other in season.ties
        if (weeks is None or week in weeks)
        and not any(one in people and other in people for people in of_week.get(week, ()))
    }


def _part(each: Sequence[tuple[int, bool]]) -> Cell:
    """Return the part of these of which something was so, with those of whom it was and was not."""
    if not each:
        return Cell(None)
    was, was_not = {person for person, so in each if so}, {person for person, so in each if not so}
    return Cell(sum(so for _, so in each) / len(each), (was, was_not))
