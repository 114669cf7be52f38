"""A season's prompts on their way: planned, begun, sent, and the next one planned, in one commit."""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from assistant.circles.calendar import season_plan
from assistant.circles.people import consent
from assistant.conversations import timers
from assistant.delivery import sender
from assistant.schedule.clock import ManualClock
from assistant.schedule.programs import programs
from assistant.services import Services
from assistant.store import looks
from assistant.store.database import Database
from assistant.store.tables import Circle, Conversation, Member, Outbox, Person, Question, Timer
from tests.conversations.season_flows import QUESTION, season_book
from tests.delivery.fakes import ANA, LUZ, OMAR, ROSA, SENDER, URIS, FakeCarrier, seat_the_cast, services_of

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = dt.date(2027, 3, 1)
LONG_AGO = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def services(database: Database, tmp_path: Path) -> Services:
    """Services with the season's flows; the cast's circles begin today."""
    clock = ManualClock(dt.datetime(2027, 2, 28, 12, tzinfo=dt.UTC))
    seat_the_cast(database, clock.now() - dt.timedelta(days=10))
    made = replace(services_of(database, clock, FakeCarrier(clock)), book=season_book(tmp_path))
    with database.write() as session:
        for circle in session.scalars(select(Circle)):
            circle.program = "four_weeks"
        homes = {ROSA: ("Asia/Tokyo", 19), LUZ: ("Europe/Madrid", None), OMAR: ("America/Los_Angeles", 12)}
        for person_id, (zone, hour) in homes.items():
            person = session.get_one(Person, person_id)
            person.zone, person.hour = zone, hour
    return made


def begin(services: Services, day: dt.date = MONDAY) -> None:
    with services.database.write() as session:
        for circle in session.scalars(select(Circle).order_by(Circle.id)).all():
            season_plan.begin_season(session, circle, day, services.clock.now())


def clock_of(services: Services) -> ManualClock:
    assert isinstance(services.clock, ManualClock)
    return services.clock


def carrier_of(services: Services) -> FakeCarrier:
    assert isinstance(services.carrier, FakeCarrier)
    return services.carrier


def settle(services: Services) -> None:
    timers.fire_due(services, time.monotonic() + 60)
    with services.database.read() as session:
        waiting = session.scalar(select(Outbox.id).where(Outbox.state == "queued").limit(1))
    if waiting is not None:
        sender.drain(services, until=time.monotonic() + 60)


def pass_to(services: Services, moment: dt.datetime) -> None:
    """Let time pass, stopping at each timer on the way."""
    clock = clock_of(services)
    while True:
        with services.database.read() as session:
            due = looks.soonest(session, LONG_AGO, timers.NEXT)
        if due is None or due > moment:
            break
        clock.move_to(due)
        settle(services)
    clock.move_to(moment)
    settle(services)


def heard(services: Services, person: int) -> list[tuple[str, dt.datetime]]:
    return [(sent.text, sent.at) for sent in carrier_of(services).sent if sent.uri == URIS[person]]


def chicago(day: int, hour: int, month: int = 3) -> dt.datetime:
    return dt.datetime(2027, month, day, hour, tzinfo=CHICAGO).astimezone(dt.UTC)


def test_a_season_reaches_every_phone_on_its_days_at_their_hours_and_ends(services: Services) -> None:
    begin(services)
    pass_to(services, chicago(1, 12, month=4))
    entries = programs()["four_weeks"].entries
    homes = {
        ANA: ("America/Chicago", 9),
        ROSA: ("Asia/Tokyo", 19),
        LUZ: ("Europe/Madrid", 9),
        OMAR: ("America/Los_Angeles", 12),
    }
    for person, (zone, hour) in homes.items():
        local = [(text, at.astimezone(ZoneInfo(zone))) for text, at in heard(services, person)]
        said = {"weekly_reflection": QUESTION}
        assert [(text, at.date(), at.hour, at.minute) for text, at in local] == [
            (said.get(entry.flow, entry.flow), entry.day(MONDAY), hour, 0) for entry in entries
        ]
    with services.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Timer).where(Timer.done_at.is_(None))) == 0


def test_every_flow_is_told_which_week_it_is(services: Services) -> None:
    begin(services)
    pass_to(services, chicago(9, 12))
    with services.database.read() as session:
        of_ana = select(Conversation).where(Conversation.person_id == ANA).order_by(Conversation.id)
        begun = [(each.flow, each.values, each.member_id) for each in session.scalars(of_ana)]
    assert begun[0] == ("weekly_reflection", {"week": 1, "theme": 1, "weeks": 4}, ANA)
    assert begun[4] == ("weekly_reflection", {"week": 2, "theme": 3, "weeks": 4}, ANA)


def test_however_many_workers_look_each_prompt_comes_once(services: Services) -> None:
    begin(services)
    clock_of(services).move_to(chicago(1, 15))
    with services.database.write() as session:
        for person in session.scalars(select(Person)):
            person.zone, person.hour = None, None

    def look() -> None:
        for _ in range(3):
            timers.fire_batch(services)

    workers = [threading.Thread(target=look) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with services.database.read() as session:
        counts = session.execute(
            select(Conversation.person_id, func.count()).group_by(Conversation.person_id)
        ).all()
        planned = session.scalars(select(Timer.key).where(Timer.kind == "prompt", Timer.done_at.is_(None)))
        assert sorted(map(tuple, counts)) == [(ANA, 1), (ROSA, 1), (LUZ, 1), (OMAR, 1)]
        assert list(planned) == ["week 1 buddy_meet"] * 4


def test_who_opted_out_is_not_asked_and_goes_on_with_the_season_once_in_again(
    services: Services,
) -> None:
    begin(services)
    with services.database.write() as session:
        consent.refuse(session, ANA, SENDER, wording="STOP", way="text", now=services.clock.now())
    pass_to(services, chicago(2, 20))
    assert heard(services, ANA) == []
    with services.database.read() as session:
        assert session.scalar(select(Question.id).where(Question.person_id == ANA)) is None
    with services.database.write() as session:
        consent.agree(session, ANA, SENDER, "START", "text", services.clock.now())
    pass_to(services, chicago(4, 20))
    assert [text for text, _ in heard(services, ANA)] == ["circle_close"]


def test_what_an_outage_made_too_late_is_dropped_and_the_rest_comes(services: Services) -> None:
    begin(services)
    clock_of(services).move_to(chicago(3, 12))  # Nobody looked since Sunday.
    settle(services)
    assert heard(services, ANA) == [("buddy_meet", chicago(3, 12))]
    pass_to(services, chicago(5, 12))
    assert [text for text, _ in heard(services, ANA)] == ["buddy_meet", "circle_close"]


def test_what_is_due_at_night_after_an_outage_waits_for_the_morning(services: Services) -> None:
    begin(services)
    clock_of(services).move_to(chicago(1, 22))
    settle(services)
    assert heard(services, ANA) == []
    pass_to(services, chicago(2, 9))
    assert (QUESTION, chicago(2, 9)) in heard(services, ANA)


def test_a_pause_that_nobody_planned_for_still_holds_and_ends_with_this_week(services: Services) -> None:
    begin(services)

    def set_state(state: str) -> None:
        with services.database.write() as session:
            ana = session.get_one(Member, ANA)
            ana.state, ana.state_at = state, services.clock.now()

    set_state("paused")
    pass_to(services, chicago(10, 12))
    assert heard(services, ANA) == []
    set_state("active")
    with services.database.write() as session:
        season_plan.replan(session, session.get_one(Member, ANA), services.clock.now())
    pass_to(services, chicago(11, 12))
    assert heard(services, ANA) == [("circle_close", chicago(11, 9))]


def test_one_prompt_that_fails_takes_nothing_else_along(services: Services) -> None:
    with services.database.write() as session:
        season_plan.begin_season(session, session.get_one(Circle, 2), MONDAY, services.clock.now())
    services.book.flows = {name: flow for name, flow in services.book.flows.items() if name != "buddy_meet"}
    pass_to(services, chicago(5, 12))
    assert [text for text, _ in heard(services, OMAR)] == [QUESTION, "circle_close"]
    with services.database.read() as session:
        failed = session.scalars(select(Timer.key).where(Timer.failed_at.is_not(None)))
        assert list(failed) == ["week 1 buddy_meet"]


def test_a_prompt_that_comes_while_ana_is_being_asked_waits_and_is_not_lost(services: Services) -> None:
    begin(services)
    pass_to(services, chicago(1, 10))
    with services.database.write() as session:
        # A question opened an hour before Tuesday's prompt is due.
        question = session.scalars(select(Question).where(Question.person_id == ANA)).one()
        question.opened_at = chicago(2, 8)
        for timer in session.scalars(select(Timer).where(Timer.question_id == question.id)):
            timer.due_at = chicago(3, 9)
    pass_to(services, chicago(2, 10))
    assert [text for text, _ in heard(services, ANA)] == [QUESTION]
    pass_to(services, chicago(2, 12))
    assert heard(services, ANA)[-1] == ("buddy_meet", chicago(2, 11))


def test_what_waits_for_a_talk_comes_once_that_ends_before_it_is_too_late(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hours after each word of a talk may be too late; that it was closed is seen before."""
    over = chicago(3, 18) + dt.timedelta(minutes=40)
    kept = dt.timedelta(hours=3)
    monkeypatch.setattr(
        timers,
        "talking_with_host",
        lambda *_: None if services.clock.now() >= over else services.clock.now() + kept,
    )
    begin(services)
    pass_to(services, chicago(5, 8))
    comes = dict(heard(services, ANA))
    assert over <= comes["buddy_meet"] < over + dt.timedelta(minutes=15)  # Due on Tuesday at nine.


def test_what_waits_for_an_answer_comes_at_the_last_moment_at_which_it_matters(services: Services) -> None:
    begin(services)
    pass_to(services, chicago(1, 12))
    with services.database.write() as session:
        asked = session.scalars(
            select(Question).where(Question.person_id == ANA, Question.state == "open")
        ).one()
        asked.opened_at = chicago(3, 19)  # Whoever is asked one thing after another has just been asked.
        for timer in session.scalars(select(Timer).where(Timer.question_id == asked.id)):
            timer.due_at = chicago(5, 9)
    pass_to(services, chicago(4, 8))
    came = [at for text, at in heard(services, ANA) if text == "buddy_meet"]
    assert came == [chicago(3, 19) + dt.timedelta(minutes=45)]
