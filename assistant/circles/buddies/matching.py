"""Chooses who is whose buddy this round: fewest repeats over the whole season, then hours and asks that meet.

Pure: seats and history go in, groups come out, the same ones for the same seed. While a group is unchanged it
goes round by the circle method, in which 8 people meet everyone in 7 rounds. When people have come, paused or
left, a maximum-weight matching proposes a round, and a bounded search through the rounds that could follow
rejects one that would force a repeat later than need be.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Final

from assistant.circles.buddies.round_search import Grouping, RoundSearch, circle_method, without
from assistant.circles.buddies.suitability import BEST_FIT, Seat, fits, teaches, understand

Met = Sequence[Sequence[tuple[int, ...]]]
"""Rounds so far, the oldest first; each a list of groups of members. In a trio, all three have met."""
Couple = frozenset[int]

MOST_MATCHINGS: Final = 12
"""Trios tried in earnest for one odd round."""

# What a round costs: a repeat outweighs everything else, a recent one an old one, any repeat all that fits.
_REPEAT: Final = 1_000_000
_RECENT: Final = 10_000
_MISFIT: Final = 10
"""Below it, chance decides."""
_APART: Final = -1


@dataclass(frozen=True, slots=True)
class Group:
    """Buddies of one round."""

    members: tuple[int, ...]
    """Two; three where the number is odd; one where there was nobody else."""
    why: str
    """For the host, one of `WHYS`; never anything that somebody asked for in confidence."""
    placeholders: Mapping[str, int] = field(default_factory=dict)
    """What a sentence about `why` may name: `hours` both are awake, `rounds` since they were last buddies."""


WHYS: Final = (
    "first_time",  # they have not been buddies yet this season
    "ask_offer",  # nor these, and one of them knows what the other would like to learn
    "languages",  # they have none in common: everyone with whom they have has been
    "again",  # everyone who could be has been: these, longest ago
    "three",  # an odd number, so there is one group of three
    "alone",  # there was nobody left to be with
    "gathered",  # in the middle of a round: they were left without a buddy, or came late
)


def pair_up(
    seats: Sequence[Seat], met: Met, apart: Collection[Couple], weeks_left: int, seed: int
) -> list[Group]:
    """Group everyone present: in twos, with one group of three where the number is odd.

    Nobody is alone unless there is nobody else, or is kept apart from everyone else. Nobody meets again
    as long as there is a way for all to meet someone new.

    Args:
        seats: Who takes part; whoever is away is left out.
        met: The groups of earlier rounds, whoever of them is still here.
        apart: Couples of members who are never put together, whatever it costs.
        weeks_left: Rounds to come in the season, this one included; how far to look ahead.
        seed: The same for all rounds of a circle, so that they follow one plan.

    Raises:
        ValueError: a member is listed twice.
    """
    ordered = sorted(seats, key=lambda seat: seat.member)
    if len({seat.member for seat in ordered}) < len(ordered):
        raise ValueError("a member can take one seat in a round; give each of them once")
    if not ordered:
        return []
    table = _Table(ordered, met, apart, seed)
    chosen = table.choose(max(1, weeks_left))
    return sorted((table.group(places) for places in chosen), key=lambda group: group.members)


def change_places(
    seats: Sequence[Seat],
    met: Met,
    apart: Collection[Couple],
    groups: Collection[tuple[int, ...]],
    chosen: tuple[int, ...],
) -> list[Group] | None:
    """The best way to give the buddies of one group others, by one change of places with another group.

    Fewest repeats over the season decide, then recent ones, then how well all suit each other. Everyone else
    stays where they are, and groups keep their size.

    Args:
        seats: Everyone in `groups`.
        met: The groups of the season so far, these included.
        apart: Couples of members who are never put together.
        groups: The groups of this round.
        chosen: The one of them that is to be changed.

    Returns:
        The two new groups; None: there is no way.
    """
    table = _Table(sorted(seats, key=lambda seat: seat.member), met, apart, 0)
    place = {seat.member: at for at, seat in enumerate(table.seats)}
    best: tuple[int, list[tuple[int, ...]]] | None = None
    for swapped in _changes(groups, chosen):
        cost = table.cost_of_meeting([tuple(place[member] for member in group) for group in swapped])
        if cost is not None and (best is None or (cost, swapped) < best):
            best = cost, swapped
    if best is None:
        return None
    made = [table.group(tuple(place[member] for member in group)) for group in best[1]]
    return [_counted_from_this_round(group) for group in made]


def _changes(groups: Collection[tuple[int, ...]], chosen: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """Yield what comes of each change of places between the chosen group and another: two groups."""
    for other in groups:
        if other == chosen or min(len(other), len(chosen)) < 2:
            continue
        for mine, theirs in product(chosen, other):
            if mine not in other and theirs not in chosen:
                yield [
                    tuple(sorted({*group} - {gone} | {come}))
                    for group, gone, come in ((chosen, mine, theirs), (other, theirs, mine))
                ]


def _counted_from_this_round(group: Group) -> Group:
    """The group with its `rounds` counted from this round, which is among those they have had."""
    if "rounds" not in group.placeholders:
        return group
    rounds = max(1, group.placeholders["rounds"] - 1)
    return replace(group, placeholders={**group.placeholders, "rounds": rounds})


class _Table:
    """Everyone present by place, and what each two of them are to each other."""

    def __init__(self, seats: Sequence[Seat], met: Met, apart: Collection[Couple], seed: int) -> None:
        self.seats = seats
        self.count = len(seats)
        self.chance = random.Random(f"{seed} {len(met)}")  # noqa: S311 - nothing here is a secret
        self.labels = list(range(self.count))
        random.Random(f"{seed} {[seat.member for seat in seats]}").shuffle(self.labels)  # noqa: S311
        self.met = met
        self.apart = {couple for couple in apart if couple <= {seat.member for seat in seats}}
        everyone = range(self.count)
        self.times = [[0] * self.count for _ in everyone]
        self.last = [[-1] * self.count for _ in everyone]
        place = {seat.member: at for at, seat in enumerate(seats)}
        for number, groups in enumerate(met):
            for group in groups:
                here = [place[member] for member in group if member in place]
                for a, b in combinations(here, 2):
                    self.times[a][b] = self.times[b][a] = self.times[a][b] + 1
                    self.last[a][b] = self.last[b][a] = number
        self.fit = [[fits(a, b) if a != b else 0 for b in seats] for a in seats]
        self.fresh = [
            sum(1 << b for b in everyone if b != a and not self.times[a][b] and self._may(a, b))
            for a in everyone
        ]
        """Of each place, which others it may meet for the first time, as bits."""

    def choose(self, weeks: int) -> Grouping:
        """This round's groups."""
        by_rote = self._round_robin()
        if by_rote is not None:
            return by_rote
        proposed = self._match([[self._cost(a, b) for b in range(self.count)] for a in range(self.count)])
        if not self._is_fresh(proposed):
            # Of very many trios a matching may have missed the one that lets nobody meet again.
            season = self._look_ahead(self.fresh, weeks) if self.count % 2 else []
            return season[0] if season else proposed
        reached = 1 + len(self._look_ahead(without(self.fresh, proposed), weeks - 1))
        if reached >= min(weeks, self._most_fresh_rounds()):
            return proposed
        season = self._look_ahead(self.fresh, weeks)
        return season[0] if len(season) > reached else proposed

    def group(self, places: tuple[int, ...]) -> Group:
        """The group of these places, and why it is one."""
        members = tuple(self.seats[place].member for place in places)
        if len(places) == 1:
            return Group(members, "alone")
        hours = len(frozenset.intersection(*(self.seats[place].awake for place in places)))
        if len(places) > 2:
            return Group(members, "three", {"hours": hours})
        a, b = places
        if not understand(self.seats[a], self.seats[b]):
            return Group(members, "languages", {"hours": hours})
        if self.times[a][b]:
            return Group(members, "again", {"hours": hours, "rounds": len(self.met) - self.last[a][b]})
        one, other = self.seats[a], self.seats[b]
        why = "ask_offer" if teaches(one, other) or teaches(other, one) else "first_time"
        return Group(members, why, {"hours": hours})

    def cost_of_meeting(self, grouping: Collection[tuple[int, ...]]) -> int | None:
        """What these groups cost; None: some of them are kept apart, or never awake at the same hours."""
        couples = [couple for group in grouping for couple in combinations(group, 2)]
        if not all(self._may(a, b) and self.seats[a].awake & self.seats[b].awake for a, b in couples):
            return None
        return sum(self._cost(a, b) for a, b in couples)

    def _may(self, a: int, b: int) -> bool:
        return frozenset((self.seats[a].member, self.seats[b].member)) not in self.apart

    def _cost(self, a: int, b: int) -> int:
        if a == b or not self._may(a, b):
            return _APART
        repeats = self.times[a][b] ** 2 * _REPEAT + (self.last[a][b] + 1) * _RECENT
        # Both directions are asked for, and have to come to the same.
        low, high = min(a, b), max(a, b)
        luck = random.Random(f"{self.labels[low]} {self.labels[high]} {len(self.met)}")  # noqa: S311
        return repeats + (BEST_FIT - self.fit[a][b]) * _MISFIT + luck.randrange(_MISFIT)

    def _is_fresh(self, grouping: Grouping) -> bool:
        return all(
            len(group) > 1 and all(self.fresh[a] >> b & 1 for a, b in combinations(group, 2))
            for group in grouping
        )

    def _most_fresh_rounds(self) -> int:
        """More rounds without a repeat than this there cannot be."""
        met_a_round = self.count // 2 if self.count % 2 == 0 else (self.count + 3) // 2
        couples = sum(mask.bit_count() for mask in self.fresh) // 2
        return min(min(mask.bit_count() for mask in self.fresh), couples // met_a_round)

    def _round_robin(self) -> Grouping | None:
        """The next round by the circle method, the best fitting first; None once anything has changed."""
        if self.count % 2 or self.apart:
            return None
        rounds = [_sorted(groups) for groups in circle_method(self.labels)]
        had = [groups for groups in rounds if all(self.times[a][b] == 1 for a, b in groups)]
        to_come = [groups for groups in rounds if not any(self.times[a][b] for a, b in groups)]
        if not to_come or len(had) + len(to_come) < len(rounds):
            return None
        return max(to_come, key=lambda groups: sum(self.fit[a][b] for a, b in groups))

    def _match(self, cost: Sequence[Sequence[int]]) -> Grouping:
        """The cheapest way to group all: fewest alone, then the least cost; exact but for very many trios."""
        everyone = frozenset(range(self.count))
        pairs = _cheapest_pairs(everyone, cost)
        best, left = pairs, len(everyone) - 2 * len(pairs)
        if not left:
            return _with_alone(best, everyone)
        spent = _total(pairs, cost)
        least = [min((each for each in row if each != _APART), default=0) for row in cost]
        trios = sorted(
            (_total([trio], cost) + sum(least[place] for place in everyone.difference(trio)) // 2, trio)
            for trio in combinations(sorted(everyone), 3)
            if all(cost[a][b] != _APART for a, b in combinations(trio, 2))
        )
        for at_least, trio in trios[:MOST_MATCHINGS]:
            if left == 0 and at_least >= spent:
                break
            grouping = (trio, *_cheapest_pairs(everyone.difference(trio), cost))
            alone = self.count - sum(map(len, grouping))
            if (alone, _total(grouping, cost)) < (left, spent):
                best, left, spent = grouping, alone, _total(grouping, cost)
        return _with_alone(best, everyone)

    def _look_ahead(self, fresh: Sequence[int], rounds: int) -> list[Grouping]:
        """As many rounds without a repeat, in a row, as are found in reasonable time; at most `rounds`."""
        search = RoundSearch(self.count, self.fit, self.chance)
        return search.season(fresh, rounds)


def _cheapest_pairs(places: Collection[int], cost: Sequence[Sequence[int]]) -> Grouping:
    # networkx is slow to import, and most of what imports this room pairs nobody.
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    couples = [(a, b) for a, b in combinations(sorted(places), 2) if cost[a][b] != _APART]
    most = max((cost[a][b] for a, b in couples), default=0) + 1
    graph.add_weighted_edges_from((a, b, most - cost[a][b]) for a, b in couples)
    return _sorted(nx.max_weight_matching(graph, maxcardinality=True))


def _sorted(groups: Collection[tuple[int, ...]]) -> Grouping:
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def _with_alone(grouping: Grouping, everyone: frozenset[int]) -> Grouping:
    grouped = {place for group in grouping for place in group}
    return (*grouping, *((place,) for place in sorted(everyone - grouped)))


def _total(grouping: Collection[tuple[int, ...]], cost: Sequence[Sequence[int]]) -> int:
    return sum(cost[a][b] for group in grouping for a, b in combinations(group, 2))
