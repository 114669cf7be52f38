"""Holds the rows behind a simulated season to the promises: rounds as they are made, the rest at its end."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

import networkx as nx
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.buddies.groups import history, kept_apart, pairable
from assistant.circles.people.inactivity import OPENING
from assistant.circles.people.weekly_texts import OF_OWN_ASKS
from assistant.delivery.verdicts import OPENER
from assistant.schedule.programs import programs
from assistant.simulation.invariants import Score
from assistant.simulation.text_checks import Passed
from assistant.simulation.texts_a_week import ASKED, asked_again
from assistant.simulation.world import World
from assistant.store.columns import Base
from assistant.store.tables import (
    Alert,
    Circle,
    Inbox,
    Member,
    Outbox,
    Pair,
    PairMember,
    Person,
    Question,
    Round,
    Timer,
)
from assistant.store.tables.operation_tables import URGENT

MOST_PLANNED, MOST_NUDGES = 4, 2
_COMING_IN: Final = ("onboarding/", "promise/", "goal/", "settle_place/", "another_circle/", "join/")
_WISHED_FOR: Final = (
    "step_reminder/",
    "step/",
    "step_day/",
    "pause_over/",
    "circle_hour/",
    "hour_reminder/coming/",
)
"""What people chose a day for, or said they come to, is not of the rhythm; nor what whoever has just come is
asked first."""
_PLANNED: Final = frozenset(
    {"weekly_reflection", "buddy_meet", "circle_close", "buddy_did", "group_check_in", "season_close"}
    | {"step_check", "missed_you", "seat_kept", "hour_invite"}
)
"""The flows of the programs, and those that come in their place; whatever else comes unasked is a nudge."""
_DAY: Final = dt.timedelta(days=1)


@dataclass(slots=True)
class Reckoner:
    """Looks at the tables now and then, and once more when all is over."""

    world: World
    score: Score
    here: dict[int, set[dt.date]] = field(default_factory=lambda: defaultdict(set))
    """The days (of the member's own calendar) on which a seat was looked at and took full part, well."""
    less: dict[int, set[dt.date]] = field(default_factory=lambda: defaultdict(set))
    """Those of them on which it was to have the weekly question alone."""
    rounds: list[tuple[str, int, list[list[str]]]] = field(default_factory=list)
    """Each round as it was made: the circle's word, the week, the groups by name."""
    _last_round: int = 0

    def look(self) -> list[tuple[str, int, list[list[str]]]]:
        """Check the rounds that were made since the last look; gives them."""
        now = self.world.clock.now()
        made = []
        with self.world.database.read() as session:
            for round_ in session.scalars(
                select(Round).where(Round.id > self._last_round).order_by(Round.id)
            ).all():
                self._last_round = round_.id
                made.append(self._check_round(session, round_, now))
        self.rounds += made
        return made

    def _check_round(
        self, session: Session, round_: Round, now: dt.datetime
    ) -> tuple[str, int, list[list[str]]]:
        circle = session.get_one(Circle, round_.circle_id)
        groups = _groups(session, round_)
        names = _names(session, circle.id)
        told = [[names[member] for member in group] for group in groups]
        here = {
            member.id for member in pairable(session, circle.id, self.world.services.identity.sender, now)
        }
        placed = Counter(member for group in groups for member in group)
        apart = kept_apart(session, circle.id)
        once = set(placed) == here and set(placed.values()) <= {1}
        alone = [group[0] for group in groups if len(group) == 1]
        needless = [one for one in alone if any(_could_join(one, group, apart) for group in groups)]
        right = once and (not needless or len(here) == 1)
        self.score.hold("group", right, now, circle.name, f"week {round_.week}: {told}")
        before = [group for round_ in history(session, circle.id)[:-1] for group in round_]
        met = {frozenset(couple) for group in before for couple in combinations(group, 2)}
        again = [couple for group in groups for couple in combinations(group, 2) if frozenset(couple) in met]
        free = again and _all_new_possible(sorted(here), met | apart)
        self.score.hold(
            "pairs",
            not free,
            now,
            circle.name,
            lambda: f"week {round_.week}: {told}, though all could be new",
        )
        return circle.code, round_.week, told

    def note_day(self, opted_out: Collection[int]) -> None:
        """Remember who is in full part of a circle today, and that nobody is asked two things; once a day.

        Args:
            opted_out: People who said STOP.
        """
        now = self.world.clock.now()
        with self.world.database.read() as session:
            twice = session.scalar(
                select(func.count())
                .select_from(Question)
                .where(Question.state == "open")
                .group_by(Question.person_id)
                .having(func.count() > 1)
            )
            self.score.hold("question", not twice, now, "", "someone is asked two things at once")
            rows = session.execute(
                select(Member.id, Person.id, Person.zone, Member.weekly_only)
                .join(Person, Person.id == Member.person_id)
                .where(Member.state == "active", Member.promised_at.is_not(None))
            )
            # What is planned waits while somebody looks after them, past its worth if it has to.
            urgent = select(Alert.person_id).where(Alert.kind.in_(URGENT), Alert.closed_at.is_(None))
            tended = set(session.scalars(urgent))
            for member_id, person_id, zone, weekly_only in rows:
                if person_id not in opted_out and person_id not in tended:
                    local = now.astimezone(ZoneInfo(zone or str(self.world.zone)))
                    self.here[member_id].add(local.date())
                    if weekly_only:
                        self.less[member_id].add(local.date())

    def close(self, texts: Sequence[Passed]) -> None:
        """Check what can only be seen when all is over."""
        now = self.world.clock.now()
        with self.world.database.read() as session:
            self._check_texts(session, now)
            self._check_prompts(session, now)
            self._check_rhythm(session, texts)

    def _check_texts(self, session: Session, now: dt.datetime) -> None:
        hold = self.score.hold
        for row in session.scalars(select(Outbox)):
            who = self.world.name(row.to_uri.partition(":")[2])
            waits = row.state in ("queued", "claimed", "unsure") and row.not_before <= now
            hold("lost", not waits, now, who, f"still {row.state}: {row.body!r}")
            if row.state in ("dropped", "failed", "cancelled"):
                hold("lost", bool(row.reason), now, who, f"{row.state} without a reason: {row.body!r}")
            hold("stop", row.error_code != 21610, row.created_at, who, f"tried after STOP: {row.body!r}")
        for text in session.scalars(select(Inbox)):
            who = self.world.name(text.from_uri.partition(":")[2])
            settled = text.state == "done" or (text.state == "ignored" and bool(text.reason))
            hold("lost", settled, text.received_at, who, f"{text.state} ({text.reason}): {text.body!r}")
            hold("sound", not text.attempts, text.received_at, who, f"failed inside: {text.body!r}")
        for timer in session.scalars(select(Timer).where(Timer.attempts > 0)):
            hold("sound", False, timer.due_at, f"seat {timer.member_id}", f"{timer.kind} {timer.flow} failed")
        hold("sound", True, now, "", "")

    def _check_prompts(self, session: Session, now: dt.datetime) -> None:
        """Whoever was here the day before, that day and the day after had the prompt that day, once.

        Whoever wanted fewer texts on one of them had only what comes every week.
        """
        for member in session.scalars(select(Member).order_by(Member.id)):
            circle = session.get_one(Circle, member.circle_id)
            person = session.get_one(Person, member.person_id)
            if circle.starts_on is None:
                continue
            came: dict[str, list[dt.datetime]] = defaultdict(list)
            for timer in session.scalars(
                select(Timer).where(Timer.member_id == member.id, Timer.key.is_not(None))
            ):
                if timer.done_at is not None and timer.failed_at is None:
                    came[timer.key or ""].append(timer.done_at)
            zone = ZoneInfo(person.zone or circle.zone)
            for entry in programs()[circle.program].entries:
                day = entry.day(circle.starts_on)
                around = {day - _DAY, day, day + _DAY}
                weekly = entry.flow == OPENING or entry.readers
                if not around <= self.here[member.id] or (around & self.less[member.id] and not weekly):
                    continue
                moments = came[entry.key]
                days = {moment.astimezone(zone).date() for moment in moments}
                self.score.hold(
                    "once",
                    len(moments) == 1 and days <= {day, day + _DAY},
                    now,
                    person.name or "?",
                    f"{entry.key}, planned for {day}, came {len(moments)} times",
                )

    def _check_rhythm(self, session: Session, texts: Sequence[Passed]) -> None:
        """Count what came to each seat unasked, by week; the parts of one turn count as one."""
        planned: dict[tuple[int, dt.date], dict[dt.datetime, str]] = defaultdict(dict)
        nudges: dict[tuple[int, dt.date], dict[dt.datetime, str]] = defaultdict(dict)
        running = {
            member.id: session.get_one(Circle, member.circle_id)
            for member in session.scalars(select(Member).order_by(Member.id))
        }
        names: dict[int, str] = {}
        resumed = asked_again(texts)
        for index, text in enumerate(texts):
            if index in resumed or text.row is None or text.row.purpose != "prompt":
                continue
            if text.row.member_id not in running:
                continue
            if text.row.wording.startswith(_COMING_IN + _WISHED_FOR + ASKED + OF_OWN_ASKS):
                continue
            if text.row.wording == OPENER:
                continue  # It stands for what waits behind it, which counts when it comes.
            day = text.at.astimezone(ZoneInfo(text.zone)).date()
            starts_on = running[text.row.member_id].starts_on
            if starts_on is None or day < starts_on:
                continue
            week = (text.row.member_id, day - dt.timedelta(days=day.weekday()))
            flow, _, part = text.row.wording.partition("/")
            # A later step of the plan's own, as the season's close has two days on, is of the plan.
            again = text.row.wording in [told for at, told in planned.get(week, {}).items() if at != text.at]
            nudge = "silence" in part or "nudge" in part or flow not in _PLANNED or again
            (nudges if nudge else planned)[week].setdefault(text.at, text.row.wording)
            names[text.row.member_id] = text.name
        for kind, counted, most in (
            ("planned texts", planned, MOST_PLANNED),
            ("nudges", nudges, MOST_NUDGES),
        ):
            for (member_id, monday), moments in counted.items():
                at = sorted(moments)[min(most, len(moments) - 1)]
                what = f"{len(moments)} {kind} in the week of {monday}: {', '.join(moments.values())}"
                self.score.hold("rhythm", len(moments) <= most, at, names[member_id], what)

    def check_erased(self, words: Sequence[str]) -> None:
        """Look for words that only members wrote in every text column of every table."""
        now = self.world.clock.now()
        with self.world.database.read() as session:
            found = {word: table for table, text in _all_words(session) for word in words if word in text}
        for word in words:
            self.score.hold("erased", word not in found, now, "", f"{word!r} stands in {found.get(word)}")


def _all_words(session: Session) -> Iterator[tuple[str, str]]:
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield table.name, str(tuple(row)).casefold()


def _groups(session: Session, round_: Round) -> list[list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    rows = session.execute(
        select(PairMember.pair_id, PairMember.member_id)
        .join(Pair, Pair.id == PairMember.pair_id)
        .where(Pair.round_id == round_.id, Pair.ended_at.is_(None))
        .order_by(PairMember.pair_id, PairMember.member_id)
    )
    for pair_id, member_id in rows:
        groups[pair_id].append(member_id)
    return list(groups.values())


def _names(session: Session, circle_id: int) -> Mapping[int, str]:
    rows = session.execute(
        select(Member.id, Person.name)
        .join(Person, Person.id == Member.person_id)
        .where(Member.circle_id == circle_id)
    )
    return {member_id: name or "someone" for member_id, name in rows}


def _could_join(one: int, group: Sequence[int], apart: Collection[frozenset[int]]) -> bool:
    """Whether someone who is alone could have been with this group, none of whom they are kept apart from."""
    return (
        one not in group and len(group) < 3 and all(frozenset((one, other)) not in apart for other in group)
    )


def _all_new_possible(here: Sequence[int], closed: Collection[frozenset[int]]) -> bool:
    """Whether all could be grouped in twos (and a three if they are odd) without any of these couples."""
    if len(here) % 2 == 0:
        return _perfect(here, closed)
    return any(
        all(frozenset(couple) not in closed for couple in combinations(three, 2))
        and _perfect([each for each in here if each not in three], closed)
        for three in combinations(here, 3)
    )


def _perfect(here: Sequence[int], closed: Collection[frozenset[int]]) -> bool:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(here)
    graph.add_edges_from(pair for pair in combinations(here, 2) if frozenset(pair) not in closed)
    return 2 * len(nx.max_weight_matching(graph, maxcardinality=True)) == len(here)
