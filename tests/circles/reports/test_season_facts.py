"""What seasons are read to have come to, in circles together: the same as by the rules, seat by seat."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from sqlalchemy import select

from assistant.circles.reports.season_counts import Seat
from assistant.circles.reports.season_facts import seasons_of
from assistant.store.tables import Circle, Member
from tests.circles.played import Played, after_weeks, hours
from tests.circles.town import NOW, Town

WEEKS = 4
REPLIES = (None, None, 0, 2, 71, 72, 73, 167, 168, 200)
Expected = tuple[bool, dt.timedelta | None]


def asked(town: Town, chance: random.Random, played: Played, seat: Member, week: int) -> Expected:
    """Ask one week's question in some way; what it must count as, after the season."""
    at = NOW + dt.timedelta(weeks=week - 1)
    after, state = chance.choice(REPLIES), chance.choice(("done", "sent", "failed", "queued"))
    question = played.ask(seat, week, at, None if after is None else at + hours(after), state=state)
    in_week = after is not None and after < 168
    if chance.random() < 0.2:
        question.outcome, question.closed_at = "ended", at + hours(chance.choice((10, 80)))
        taken_back = question.closed_at < at + hours(72)
    else:
        taken_back = False
    if state not in ("done", "sent") or (taken_back and not in_week):
        return False, None
    return True, hours(after) if in_week and after is not None else None


def weeks_of(seat: Seat) -> dict[int, Expected]:
    after = {week: hours(count) for week, count in seat.replied}
    return {
        week: (bool(seat.asked >> week & 1), after.get(week))
        for week in range(seat.opened.bit_length())
        if seat.opened >> week & 1
    }


@pytest.mark.parametrize("seed", range(3))
def test_each_seat_of_many_circles_has_its_own_weeks(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    expected: dict[str, dict[int, dict[int, Expected]]] = {}
    for code in ("MAPLE", "OAK", "ELM"):
        played = Played(town, code, people=4, weeks=WEEKS)
        expected[code] = {
            seat.person_id: {
                week: asked(town, chance, played, seat, week)
                for week in chance.sample(range(1, WEEKS + 1), chance.randrange(WEEKS + 1))
            }
            for seat in played.seats
        }
    town.session.flush()
    circles = town.session.scalars(select(Circle).order_by(Circle.id)).all()
    found = seasons_of(town.session, circles, select(Circle.id), after_weeks(WEEKS + 1))
    assert {
        season.code: {seat.person_id: weeks_of(seat) for seat in season.seats} for season in found
    } == expected


def test_a_talk_belongs_to_the_week_that_was_opened_last(town: Town) -> None:
    played = Played(town, people=1)
    (seat,) = played.seats
    first = played.ask(seat, 1, NOW, None)
    first.outcome, first.closed_at = "ended", NOW + hours(1)
    played.ask(seat, 2, NOW + hours(2), NOW + hours(5))
    (season,) = seasons_of(town.session, [played.circle], select(Circle.id), after_weeks(3))
    weeks = weeks_of(season.seats[0])
    assert weeks[1] == (False, None), "it was taken back within three days"
    assert weeks[2] == (True, hours(3))
