"""A goal lives in one place; a step has a day, comes up once, and is settled in three good ways."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Start
from assistant.circles.sharing.goals import bare_step, goal_of, open_step
from assistant.schedule.local_time import hours_for
from assistant.store.database import Database
from assistant.store.tables import Circle, Conversation, Goal, Member, Outbox, Person, Question
from tests.circles.town import Town

CHICAGO = ZoneInfo("America/Chicago")


def ana_and_her_seat(town: Town, **columns: object) -> tuple[Person, Member]:
    ana = town.person("Ana", zone="America/Chicago", **columns)
    return ana, town.seat(ana, town.circle())


def reminder(done: ActionResult) -> Start:
    (start,) = done.effects
    assert isinstance(start, Start)
    return start


def test_a_new_goal_takes_the_place_of_the_one_before_and_its_step_goes_along(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    assert town.do("recall_goal", ana, seat).outcome == "none"
    assert town.do("keep_goal", ana, seat, goal=" Two interviews ").outcome == "kept"
    assert town.do("keep_plan", ana, seat, plan="If tired, then ten minutes").outcome == "kept"
    town.do("keep_step", ana, seat, step="By Friday I will call two shops")
    first = goal_of(town.session, seat.id)
    assert first is not None
    assert (first.words, first.plan) == ("Two interviews", "If tired, then ten minutes")
    town.do("keep_goal", ana, seat, goal="A kinder job")
    second, step = goal_of(town.session, seat.id), open_step(town.session, seat.id)
    assert second is not None
    assert step is not None
    assert (first.state, second.words, step.goal_id) == ("changed", "A kinder job", second.id)
    assert town.do("recall_goal", ana, seat).outcome == "goal"


def test_without_a_seat_or_words_nothing_is_kept(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    for action in ("keep_goal", "keep_step", "recall_goal", "recall_step"):
        assert town.do(action, ana, None, goal="x", step="x").outcome == "no_seat"
    assert town.do("keep_goal", ana, seat, goal="  ").outcome == "no_seat"
    assert town.do("keep_plan", ana, seat, plan="If").outcome == "no_goal"
    seat.state = "left"
    assert town.do("keep_goal", ana, seat, goal="x").outcome == "no_seat"
    assert town.session.query(Goal).count() == 0


@pytest.mark.parametrize(("theme", "outcome"), [(1, "none"), (3, "goal"), (8, "goal"), (None, "none")])
def test_a_goal_comes_back_in_the_weeks_that_speak_of_it(town: Town, theme: int | None, outcome: str) -> None:
    ana, seat = ana_and_her_seat(town)
    assert town.do("recall_goal_in_week", ana, seat, theme=theme).outcome == "none"
    town.goal(seat, "Two interviews")
    assert town.do("recall_goal_in_week", ana, seat, theme=theme).outcome == outcome


def test_a_reached_goal_is_kept_and_offered_to_the_circle(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    assert town.do("reach_goal", ana, seat).outcome == "none"
    goal = town.goal(seat, "Two interviews")
    done = town.do("reach_goal", ana, seat)
    assert (done.outcome, goal.state, done.values["sharing"]) == ("reached", "reached", {"goal": goal.id})
    assert goal_of(town.session, seat.id) is None


def test_a_step_comes_up_on_the_day_its_words_name_at_the_members_hour(town: Town) -> None:
    ana, seat = ana_and_her_seat(town, hour=18)
    done = town.do("keep_step", ana, seat, step="By Friday I will call two shops")
    assert done.outcome == "dated"
    assert (done.values["day"], done.values["date"]) == ("Friday", "June 5")
    start = reminder(done)
    assert start.flow == "step_reminder"
    assert start.due_at is not None
    assert start.due_at.astimezone(CHICAGO) == dt.datetime(2026, 6, 5, 18, tzinfo=CHICAGO)
    step = open_step(town.session, seat.id)
    assert step is not None
    assert start.values == {"step_id": step.id}


def test_a_step_for_today_does_not_come_up_at_once(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    start = reminder(town.do("keep_step", ana, seat, step="Today I will call"))
    assert start.due_at is not None
    assert dt.timedelta(hours=3) <= start.due_at - town.now < dt.timedelta(hours=10)


@pytest.mark.parametrize(
    "words", ["call two shops", "on Monday or Tuesday I will call", "yesterday I called"]
)
def test_a_step_without_one_day_to_come_is_asked_for_its_day(town: Town, words: str) -> None:
    ana, seat = ana_and_her_seat(town)
    assert town.do("keep_step", ana, seat, step=words).outcome == "undated"
    assert town.do("set_step_day", ana, seat, day_said="2026-05-01").outcome == "undated"
    assert town.do("set_step_day", ana, seat, day_said="2031-05-01").outcome == "undated"
    assert town.do("set_step_day", ana, seat, day_said="2026-06-07").outcome == "dated"
    step = open_step(town.session, seat.id)
    assert step is not None
    assert step.due_on == dt.date(2026, 6, 7)


def test_a_reminder_of_a_day_that_moved_or_of_a_step_that_is_done_is_over(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    old = reminder(town.do("keep_step", ana, seat, step="By Friday I will call"))
    new = reminder(town.do("set_step_day", ana, seat, day_said="2026-06-07"))
    town.now = dt.datetime(2026, 6, 5, 14, tzinfo=dt.UTC)
    assert town.do("step_today", ana, seat, **old.values).outcome == "over"
    town.now = dt.datetime(2026, 6, 7, 14, tzinfo=dt.UTC)
    assert town.do("step_today", ana, seat, **new.values).outcome == "due"
    seat.state = "paused"
    assert town.do("step_today", ana, seat, **new.values).outcome == "over"
    seat.state = "active"
    town.do("step_did", ana, seat)
    assert town.do("step_today", ana, seat, **new.values).outcome == "over"


def test_a_reminder_is_never_a_third_nudge_in_a_week(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    values = reminder(town.do("keep_step", ana, seat, step="By Friday I will call")).values
    town.now = dt.datetime(2026, 6, 5, 14, tzinfo=dt.UTC)
    address_id = town.ctx(ana).address_id
    for number in range(2):
        assert town.do("step_today", ana, seat, **values).outcome == "due"
        nudge = Outbox(
            person_id=ana.id,
            address_id=address_id,
            member_id=seat.id,
            sender="sms:+14155550100",
            purpose="prompt",
            priority=2,
            to_uri="sms:+15125550001",
            body="your spot is saved",
            segments=1,
            wording=f"weekly_reflection/open/silence.{number}",
            state="sent",
            not_before=town.now,
            created_at=town.now,
        )
        town.session.add(nudge)
        town.session.flush()
    assert town.do("step_today", ana, seat, **values).outcome == "over"


def test_a_step_is_asked_about_once_its_day_has_come_or_if_it_never_had_one(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    assert town.do("step_is_due", ana, seat).outcome == "none"
    town.do("keep_step", ana, seat, step="call two shops")
    assert town.do("step_is_due", ana, seat).outcome == "due"
    town.do("set_step_day", ana, seat, day_said="2026-06-05")
    assert town.do("step_is_due", ana, seat).outcome == "none"
    town.now = dt.datetime(2026, 6, 6, 14, tzinfo=dt.UTC)
    assert town.do("step_is_due", ana, seat).values["step"] == "call two shops"


def test_a_step_is_done_part_way_or_not_yet(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    for action in ("step_did", "step_part", "step_not_yet", "rest_step", "set_step_day", "recall_step"):
        assert town.do(action, ana, seat, day_said="2026-06-05").outcome == "none"
    town.do("keep_step", ana, seat, step="By Friday I will call")
    step = open_step(town.session, seat.id)
    assert step is not None
    for action, outcome in (("step_part", "part"), ("step_not_yet", "not_yet")):
        assert town.do(action, ana, seat).outcome == "kept"
        assert (step.outcome, step.settled_at) == (outcome, None)
    done = town.do("step_did", ana, seat)
    assert (done.outcome, done.values) == ("did", {"sharing": {"step": step.id}, "step": "call"})
    assert (step.outcome, step.settled_at) == ("did", town.now)


def test_a_step_that_rests_keeps_what_came_of_it(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    town.do("keep_step", ana, seat, step="call two shops")
    step = open_step(town.session, seat.id)
    town.do("step_part", ana, seat)
    assert town.do("rest_step", ana, seat).outcome == "rested"
    assert step is not None
    assert (step.outcome, step.settled_at) == ("part", town.now)


def test_an_open_reminder_ends_when_its_step_moves_on(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    town.do("keep_step", ana, seat, step="By Friday I will call")
    asked = town.conversation(ana, seat, "step_reminder")
    question = Question(
        conversation_id=asked.id,
        person_id=ana.id,
        member_id=seat.id,
        flow="step_reminder",
        step="ask",
        visible_to="us",
        state="open",
        opened_at=town.now,
    )
    other = town.conversation(ana, seat, "weekly_reflection")
    town.session.add(question)
    town.do("step_did", ana, seat)
    assert (question.state, asked.ended_at, other.ended_at) == ("closed", town.now, None)
    assert town.session.query(Conversation).filter_by(ended_at=None).all() == [other]


def test_two_circles_keep_two_goals_and_two_steps(town: Town) -> None:
    ana, seat = ana_and_her_seat(town)
    other = town.seat(ana, town.circle("OAK", "New Moms"))
    town.do("keep_goal", ana, seat, goal="Two interviews")
    town.do("keep_step", ana, other, step="sleep")
    assert goal_of(town.session, other.id) is None
    assert open_step(town.session, seat.id) is None
    assert town.do("recall_step", ana, other).values["step"] == "sleep"


@pytest.mark.parametrize(
    ("words", "bare"),
    [
        ("By Friday I will call two shops", "call two shops"),
        ("by friday, I'll call two shops", "call two shops"),
        ("Antes del viernes voy a llamar a dos tiendas", "llamar a dos tiendas"),
        ("call two shops", "call two shops"),
        ("By Friday I will", "By Friday I will"),
        (
            "Tell Mia that on Sunday, if it is dry, I will come",
            "Tell Mia that on Sunday, if it is dry, I will come",
        ),
    ],
)
def test_a_step_is_named_by_what_will_be_done(words: str, bare: str) -> None:
    assert bare_step(words) == bare


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_a_step_has_words_whatever_they_are(words: str) -> None:
    assert bool(bare_step(words)) == bool(words.strip())


@given(
    day=st.integers(0, 179),
    hour=st.integers(9, 19),
    zone=st.sampled_from(["America/Chicago", "Europe/Madrid", "Pacific/Auckland", "America/Sao_Paulo"]),
)
@settings(max_examples=20)
def test_a_reminder_comes_on_the_day_that_was_chosen_and_never_at_night(
    day: int, hour: int, zone: str
) -> None:
    database = Database("sqlite://", durable=False)
    database.create_all()
    with database.write() as session:
        town = Town(session)
        ana = town.person("Ana", zone=zone, hour=hour)
        circle: Circle = town.circle()
        seat = town.seat(ana, circle)
        town.do("keep_step", ana, seat, step="call")
        chosen = town.now.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=day)
        start = reminder(town.do("set_step_day", ana, seat, day_said=chosen.isoformat()))
        assert start.due_at is not None
        local = start.due_at.astimezone(ZoneInfo(zone))
        assert hours_for(None).contain(local)
        assert local.date() == chosen or (day == 0 and local.date() == chosen + dt.timedelta(days=1))
    database.close()
