"""How many texts a week may come stands in one place, and whatever says a number says that one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from assistant.circles.people.inactivity import NUDGES_A_WEEK, may_nudge
from assistant.circles.people.weekly_texts import ROOM, TEXTS_A_WEEK, crowded, is_full
from assistant.runtime import FLOWS, read_flows
from assistant.simulation.texts_a_week import promised
from assistant.store.tables import Circle, CircleHour, HourSeat, Member, Outbox, Timer
from tests.circles.town import Town

SAYS = re.compile(
    r"\b(?:up to|more than|hasta|más de) (\d+) (?:texts|msgs|mensajes|msjs|a week)", re.IGNORECASE
)


def test_every_text_that_says_how_many_texts_a_week_says_the_true_number() -> None:
    said = {
        path.name: numbers
        for path in FLOWS.glob("*.toml")
        if (numbers := [int(number) for number in SAYS.findall(path.read_text("utf-8"))])
    }
    assert {number for numbers in said.values() for number in numbers} == {TEXTS_A_WEEK}
    # What it costs, coming back, EACH, a START, joining, a new phone, another channel: in both languages.
    files = ("answers.toml", "join.toml", "news.toml", "notices.toml", "shared.toml", "text_here.toml")
    assert {name: len(numbers) for name, numbers in said.items()} == {
        **dict.fromkeys(files, 2),
        **dict.fromkeys(("notices.toml", "shared.toml"), 4),
    }


def test_the_season_is_held_to_it() -> None:
    assert promised(read_flows()) == TEXTS_A_WEEK


def come_to(town: Town) -> tuple[Member, Callable[..., None]]:
    """A seat of a month, and what has a text come to it."""
    person = town.person("Ana")
    seat = town.seat(person, town.circle())
    seat.promised_at = town.now - dt.timedelta(days=30)

    def text(wording: str, *, days: int = 1, state: str = "done", purpose: str = "prompt") -> None:
        at = town.now - dt.timedelta(days=days)
        town.session.add(
            Outbox(
                person_id=person.id,
                member_id=seat.id,
                address_id=person.id,
                to_uri="sms:+15125550001",
                sender="MG1",
                body="?",
                segments=1,
                purpose=purpose,
                priority=2,
                wording=wording,
                created_at=at,
                not_before=at,
                state=state,
            )
        )
        town.session.flush()

    return seat, text


def test_asks_of_others_leave_room_for_what_the_season_plans(town: Town) -> None:
    seat, text = come_to(town)

    for _ in range(TEXTS_A_WEEK - ROOM - 1):
        text("weekly_reflection/open/say")
    text("weekly_reflection/open/say", days=8)
    text("weekly_reflection/open/say", state="cancelled")
    text("notices/relay", purpose="relay")
    text("ask_end/no_one/say")
    assert not is_full(town.session, seat, town.now)
    text("can_you_help/ask/say")
    assert is_full(town.session, seat, town.now)


def test_what_can_wait_leaves_room_for_what_the_rest_of_the_week_brings(town: Town) -> None:
    seat, text = come_to(town)
    circle = town.session.get_one(Circle, seat.circle_id)
    circle.state, circle.starts_on = "running", town.now.date()
    tuesday, sunday = (town.now + dt.timedelta(days=days) for days in (1, 6))
    # Buddies in three texts, the circle's close, and how it went.
    for _ in range(TEXTS_A_WEEK - ROOM - 3 - 1 - 1):
        text("notices/news_heading", days=0, purpose="relay")
    assert crowded(town.session, [seat], tuesday) == {seat.id}
    assert crowded(town.session, [seat], sunday) == set()
    assert is_full(town.session, seat, tuesday)
    assert not is_full(town.session, seat, sunday)
    seat.news = "each"  # The member's own wish.
    assert crowded(town.session, [seat], tuesday) == set()
    seat.news, seat.promised_at = "daily", sunday - dt.timedelta(days=2)
    text("goal/goal/say", days=-4)
    text("goal/goal/say", days=-5)
    assert crowded(town.session, [seat], sunday) == {seat.id}, "a question a day, to whoever has just come"


def test_a_circle_hour_ahead_has_its_room_kept_for_whoever_may_come(town: Town) -> None:
    seat, text = come_to(town)
    session, monday = town.session, town.now - dt.timedelta(days=town.now.weekday())
    text("hour_invite/ask/say", days=0)
    for _ in range(TEXTS_A_WEEK - ROOM - 1 - 3):
        text("notices/news_heading", days=0, purpose="relay")
    assert crowded(session, [seat], town.now) == set()
    at = monday + dt.timedelta(days=3)
    hour = CircleHour(circle_id=seat.circle_id, state="set", starts_at=at, created_at=town.now)
    session.add(hour)
    session.flush()
    assert crowded(session, [seat], town.now) == {seat.id}, "a reminder, the opening and the closing round"
    session.add(HourSeat(hour_id=hour.id, member_id=seat.id, reply="not"))
    session.flush()
    assert crowded(session, [seat], town.now) == set()


def test_a_step_that_has_its_day_this_week_has_its_room_kept(town: Town) -> None:
    seat, text = come_to(town)
    for _ in range(TEXTS_A_WEEK - ROOM - 1):
        text("notices/news_heading", days=0, purpose="relay")
    assert crowded(town.session, [seat], town.now) == set()
    monday = town.now - dt.timedelta(days=town.now.weekday())
    timer = Timer(kind="prompt", person_id=seat.person_id, member_id=seat.id, flow="step_reminder")
    timer.values, timer.due_at = {}, monday + dt.timedelta(days=8)
    town.session.add(timer)
    town.session.flush()
    assert crowded(town.session, [seat], town.now) == set(), "next week"
    timer.due_at = town.now + dt.timedelta(hours=1)
    town.session.flush()
    assert crowded(town.session, [seat], town.now) == {seat.id}


def test_the_one_question_half_way_is_one_of_the_nudges_of_a_week(town: Town) -> None:
    seat, text = come_to(town)
    for _ in range(NUDGES_A_WEEK - 1):
        text("buddy_middle/middle/say")
    text("survey/belonging/say", purpose="reply")
    assert may_nudge(town.session, seat.person_id, town.now)
    text("survey/belonging/say")
    assert not may_nudge(town.session, seat.person_id, town.now)
