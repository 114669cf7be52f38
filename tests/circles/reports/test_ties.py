"""What members asked of each other and how connected they are, counted by hand and held to networkx."""

from __future__ import annotations

import datetime as dt

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.actions.effects import Lines
from assistant.circles.reports.published import Report
from assistant.circles.reports.report import report_on
from assistant.circles.reports.season_counts import Season, Seat
from assistant.circles.reports.tie_figures import of_ties
from assistant.circles.seasons.retention import erase_circle
from assistant.store.tables import Approach, Introduced, Introduction, Listing, Note, PairMember
from tests.circles.played import Played, after_weeks, hours
from tests.circles.town import NOW, Town

ASKS = """
asker  yes after  by  helped
    0          2  12  yes
    1          4  13  yes
    2          6  14  yes
    3          8  15  yes
    4         10  16  yes
    5         12  17  no
    6         14  17  no
    7         16  18  not_yet
    8         18  19  no
    9         20  19  -
   10          -   -  -
   11          -   -  -
   12          -   -  -
   13          -   -  -
   14          -   -  -
"""
"""Fifteen asks of a circle of thirty. Ten get a yes, after 2 to 20 hours, half within 11; five helped."""
CALLS = (3, 4, 5, 6, 7, None, None, None, None, None, None)
"""Minutes after which someone was there, of eleven who called NOW."""
NOTES = """
week  kind    from  to
   1  kind       0  20
   1  kind      20   0
   1  thanks     1  21
   1  thanks    21   1
   2  answer     2  22
   2  answer    22   2
   2  buddy      3  23
   2  link       0  12
"""
"""Lines between two. A buddy's is none; what went on the line of the first ask is a tie the other way."""


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()[1:]]


class Connected:
    """A circle of thirty in which that happened, and two of whom were introduced."""

    def __init__(self, town: Town) -> None:
        self.played = Played(town, people=30)
        self.session = town.session
        for asker, after, by, helped in table(ASKS):
            self._ask(int(asker), after, by, helped)
        for caller, minutes in enumerate(CALLS):
            self._call(caller, minutes)
        for week, kind, giver, getter in table(NOTES):
            at = NOW + dt.timedelta(weeks=int(week) - 1, hours=5)
            one, other = self.played.seats[int(giver)], self.played.seats[int(getter)]
            self.session.add(
                Note(
                    circle_id=self.played.circle.id,
                    from_member_id=one.id,
                    to_member_id=other.id,
                    kind=kind,
                    words="w",
                    at=at,
                )
            )
        self._meet(24, 25)
        self.session.flush()

    def report(self) -> Report:
        return report_on(self.session, self.played.circle, after_weeks(2))

    def _ask(self, asker: int, after: str, by: str, helped: str) -> None:
        listing = Listing(
            kind="ask",
            circle_id=self.played.circle.id,
            member_id=self.played.seats[asker].id,
            words="w",
            state="ended",
            created_at=NOW,
            posted_at=NOW,
            outcome="no_one" if after == "-" else "person",
            ended_at=NOW,
        )
        self.session.add(listing)
        self.session.flush()
        if after == "-":
            return
        at = NOW + hours(int(after))
        yes = {"reply": "can", "replied_at": at, "linked_at": at, "helped": None if helped == "-" else helped}
        later = {"reply": "can", "replied_at": at + hours(30)}
        for seat, said in ((int(by), yes), (29, later), (28, {"reply": "no", "replied_at": NOW})):
            member = self.played.seats[seat]
            self.session.add(
                Approach(listing_id=listing.id, member_id=member.id, wave="circle", due_at=NOW, **said)
            )
        self.session.flush()

    def _call(self, caller: int, minutes: int | None) -> None:
        listing = Listing(
            kind="now",
            circle_id=self.played.circle.id,
            member_id=self.played.seats[caller].id,
            words="w",
            state="ended",
            created_at=NOW,
            posted_at=NOW,
            outcome="no_one" if minutes is None else "person",
            ended_at=NOW,
        )
        self.session.add(listing)
        self.session.flush()
        said = {} if minutes is None else {"reply": "can", "replied_at": NOW + dt.timedelta(minutes=minutes)}
        self.session.add(
            Approach(
                listing_id=listing.id,
                member_id=self.played.seats[28].id,
                wave="now",
                due_at=NOW,
                **said,
            )
        )

    def _meet(self, one: int, other: int) -> None:
        circle, by = self.played.circle, self.played.people[27]
        met = Introduction(
            kind="two",
            circle_id=circle.id,
            by_person_id=by.id,
            began_at=NOW,
            ends_at=NOW,
            outcome="met",
            ended_at=NOW,
            linked_at=NOW + dt.timedelta(weeks=1),
        )
        self.session.add(met)
        self.session.flush()
        for seat in (one, other):
            member = self.played.seats[seat]
            self.session.add(Introduced(introduction_id=met.id, member_id=member.id, reply="yes"))


def value(report: Report, figure: str, period: str = "season") -> float | None:
    found = report.get(figure, period=period)
    assert found is not None
    assert not found.hidden, figure
    return found.value


def test_asks_as_the_table_has_them(town: Town) -> None:
    report = Connected(town).report()
    assert value(report, "asks_posted") == 15
    assert value(report, "asks_answered") == 10 / 15
    assert value(report, "asks_helped") == 5 / 10
    assert value(report, "hours_to_yes") == 11
    assert value(report, "helped_pairs") == 5
    assert value(report, "nows_posted") == 11
    assert value(report, "nows_answered") == 5 / 11
    assert value(report, "minutes_to_now") == 5
    offers = report.get("offers_posted")
    assert offers is not None
    assert offers.hidden


def test_ties_as_the_tables_have_them(town: Town) -> None:
    """By asks 12>0 13>1 14>2 15>3 16>4 17>5 17>6 18>7 19>8 19>9, by notes 0=20 1=21 2=22 0>12, and 24=25."""
    report = Connected(town).report()
    people = {*range(10), *range(12, 20), 20, 21, 22, 24, 25}
    assert value(report, "tied") == len(people) / 30 == 23 / 30
    assert value(report, "isolates") == 7
    # 10 pairs by asks, 3 by notes, one introduced; 0 and 12 are one of the ten.
    assert value(report, "density") == 14 / (30 * 29 / 2)
    # 10 by asks, 7 by notes, 2 of those who met; both ways go 0=20, 1=21, 2=22, 0=12 and 24=25.
    assert value(report, "reciprocity") == 10 / 19


def test_ties_by_week_are_those_of_the_week_alone(town: Town) -> None:
    report = Connected(town).report()
    # The first: asks, and notes between 0, 1, 20 and 21. The second: 2, 22, 0, 12 and the two who met.
    assert value(report, "tied", "week 1") == (18 + 2) / 30
    assert value(report, "tied", "week 2") == 6 / 30


def test_buddies_of_the_week_are_no_tie(town: Town) -> None:
    connected = Connected(town)
    # In the second week 0 and 12 are paired, and so are 24 and 25: what is between them counts for nothing.
    order = [0, 12, *(each for each in range(30) if each not in (0, 12))]
    connected.played.seats = [connected.played.seats[each] for each in order]
    connected.played.round(2, [("yes", "yes")] * 15)
    report = connected.report()
    found = report.get("tied", period="week 2")
    assert found is not None
    assert found.hidden, "2 and 22 are fewer than five"
    assert value(report, "tied") == 21 / 30, "0 and 12 are tied by the ask of the first week"


def test_few_are_not_told_of(town: Town) -> None:
    played = Played(town, people=8)
    played.note(played.seats[1], "kind")
    report = report_on(town.session, played.circle, after_weeks(1))
    for figure in ("tied", "density", "reciprocity", "isolates", "asks_posted", "helped_pairs"):
        found = report.get(figure)
        assert found is not None
        assert found.value is None


def test_it_counts_the_same_after_the_words_are_erased(town: Town) -> None:
    connected = Connected(town)
    before = connected.report().figures
    erase_circle(town.session, connected.played.circle, after_weeks(2))
    assert connected.report().figures == before


@given(st.integers(5, 12), st.data())
@settings(max_examples=60)
def test_the_network_is_what_networkx_says(people: int, data: st.DataObject) -> None:
    one = st.integers(1, people)
    ties = [tie for tie in data.draw(st.lists(st.tuples(one, one), max_size=30)) if tie[0] != tie[1]]
    season = Season("MAPLE", 3, over=False, seats=[Seat(each, "answering") for each in range(1, people + 1)])
    season.ties = [(1, giver, getter) for giver, getter in ties]
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(1, people + 1))
    graph.add_edges_from(ties)
    found = {figure: cell.value for figure, cell in of_ties([season])}
    assert found["density"] == pytest.approx(nx.density(graph.to_undirected()))
    assert found["isolates"] == nx.number_of_isolates(graph)
    assert found["tied"] == pytest.approx(1 - nx.number_of_isolates(graph) / people)
    if ties:
        assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(graph))
    else:
        assert found["reciprocity"] is None


def test_a_host_reads_by_text_what_the_report_shows_and_nothing_else(town: Town) -> None:
    connected = Connected(town)
    host, seat = connected.played.people[26], connected.played.seats[26]
    town.role(host, "host", connected.played.circle)
    town.now = after_weeks(2)
    told = town.do("tell_figures", host, seat)
    assert told.outcome == "shown"
    (lines,) = told.effects
    assert isinstance(lines, Lines)
    said = {line.notice: line.placeholders.get("count") for line in lines.lines[1:]}
    assert said == {
        "figure_members": "30",
        "figure_asks_posted": "15",
        "figure_asks_answered": "67",
        "figure_asks_helped": "50",
        "figure_hours_to_yes": "11",
        "figure_nows_posted": "11",
        "figure_nows_answered": "45",
        "figure_minutes_to_now": "5",
        "figure_tied": "77",
    }
    assert town.do("tell_figures", connected.played.people[1], connected.played.seats[1]).outcome == "none"


def test_roles_are_counted_by_round_and_all_three_by_person(town: Town) -> None:
    """Of 12 five bring, listen and ask in turn; five more bring twice; one is not told; one has none."""
    played = Played(town, people=12)
    turns = ("brings", "listens", "asks")
    for week in (1, 2, 3):
        played.round(week, [(None, None)] * 6)
        made = town.session.query(PairMember).order_by(PairMember.pair_id, PairMember.member_id).all()
        seats = made[-12:]
        for number, seat in enumerate(seats[:11]):
            turn = turns[(number + week) % 3] if number < 5 else "brings" if week < 3 else None
            seat.role = turn if number < 10 else "asks"
            seat.told_at = NOW if number < 10 else None
        town.session.flush()
    report = report_on(town.session, played.circle, after_weeks(3))
    assert [value(report, f"role_{each}") for each in turns] == [5 + 10, 5, 5]
    assert value(report, "every_role") == 5 / 10
