"""PAUSE, BACK, quiet weeks: the seat stays, nobody is left waiting, and nothing missed is counted."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.actions.effects import Finish, Start
from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.people.inactivity import is_left_alone, may_nudge, quiet_weeks, wants
from assistant.store.tables import Circle, Member, Outbox, Person, Timer
from tests.circles.town import NOW, Town

WEEK = dt.timedelta(weeks=1)


def opened(town: Town, member: Member, at: dt.datetime, week: int) -> None:
    """Record that a week's question has come to the member."""
    town.session.add(
        Timer(
            kind="prompt",
            person_id=member.person_id,
            member_id=member.id,
            flow="weekly_reflection",
            key=f"week {week} weekly_reflection",
            due_at=at,
            done_at=at,
        )
    )
    town.session.flush()


def seated(town: Town, weeks: int = 0) -> tuple[Person, Member, Circle]:
    """Ana in a running circle, `weeks` questions after the last text; it is the Monday after them."""
    circle, ana = town.circle(state="running"), town.person("Ana")
    member = town.seat(ana, circle)
    for week in range(weeks):
        opened(town, member, NOW + dt.timedelta(minutes=1) + week * WEEK, week + 1)
    town.now = NOW + dt.timedelta(minutes=1) + weeks * WEEK
    return ana, member, circle


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("PAUSE", dt.date(2026, 6, 15)),
        ("pause 3", dt.date(2026, 6, 22)),
        ("pausa por una semana", dt.date(2026, 6, 8)),
        ("pause for 10 days", dt.date(2026, 6, 11)),
        ("pause until friday", dt.date(2026, 6, 5)),
        ("pausa hasta el viernes", dt.date(2026, 6, 5)),
        ("away till June 20", dt.date(2026, 6, 20)),
        ("necesito una pausa", dt.date(2026, 6, 15)),
        ("quiero una pausa por favor", dt.date(2026, 6, 15)),
        ("quiero una pausa de 3 semanas", dt.date(2026, 6, 22)),
        ("I need a break", dt.date(2026, 6, 15)),
        ("pausa 1 mes", dt.date(2026, 7, 1)),
        ("pausa de quince días", dt.date(2026, 6, 16)),
        ("pause til the 15th", dt.date(2026, 6, 15)),
        ("PAUSE until Monday the 22nd", dt.date(2026, 6, 22)),
    ],
)
def test_a_pause_lasts_as_long_as_the_member_says(town: Town, words: str, until: dt.date) -> None:
    ana, member, _ = seated(town)
    heard = town.do("hear_pause", ana, member, words)
    assert (heard.outcome, heard.values["pause_until"]) == ("heard", until.isoformat())


@pytest.mark.parametrize(
    "words",
    [
        "pause 0",
        "pause 99",
        "pause 99999999999",
        "pause until yesterday",
        "pause 1 or 2",
        "pausa hasta nuevo aviso",
        "pause for 2 or 3 weeks",
    ],
)
def test_a_pause_nobody_can_read_is_asked_about(town: Town, words: str) -> None:
    ana, member, _ = seated(town)
    assert town.do("hear_pause", ana, member, words).outcome == "unclear"


def test_a_pause_ends_what_was_asked_and_ends_by_itself_at_the_members_hour(town: Town) -> None:
    ana, member, _ = seated(town)
    ana.hour = 11
    done = town.do("pause", ana, member, pause_until="2026-06-05")
    assert (done.outcome, done.values["date"], member.state) == ("paused", "June 5", "paused")
    over = dt.datetime(2026, 6, 5, 16, 0, tzinfo=dt.UTC)
    assert done.effects == (
        Finish(ana.id, member.id),
        Start(ana.id, "pause_over", {}, member.id, due_at=over),
    )
    assert town.do("end_pause", ana, member).outcome == "stands"
    town.now = over
    assert town.do("end_pause", ana, member).outcome == "over"
    assert town.do("come_back", ana, member).outcome == "back"
    assert (member.state, member.paused_until) == ("active", None)


def test_a_pause_that_was_ended_before_does_not_end_twice(town: Town) -> None:
    ana, member, _ = seated(town)
    town.do("pause", ana, member)
    town.do("come_back", ana, member)
    town.now += 3 * WEEK
    assert town.do("end_pause", ana, member).outcome == "stands"


def test_a_person_who_has_not_come_in_has_nothing_to_pause(town: Town) -> None:
    ana = town.person("Ana")
    member = town.seat(ana, town.circle(), "joining")
    assert town.do("pause", ana, member).outcome == "early"
    assert town.do("only_read", ana, member).outcome == "early"
    assert member.state == "joining"


def test_back_brings_this_weeks_question_and_marks_it_as_come(town: Town) -> None:
    ana, member, circle = seated(town)
    begin_season(town.session, circle, NOW.date(), NOW)
    town.do("pause", ana, member)
    town.now = NOW + WEEK + dt.timedelta(days=2)
    done = town.do("come_back", ana, member)
    assert (done.outcome, done.values["week"]) == ("question", 2)
    keys = {timer.key: timer.done_at for timer in town.session.query(Timer).filter_by(member_id=member.id)}
    assert keys["week 2 weekly_reflection"] == town.now
    assert "week 1 weekly_reflection" not in keys


def test_back_asks_nothing_that_was_answered_this_week(town: Town) -> None:
    ana, member, circle = seated(town)
    begin_season(town.session, circle, NOW.date(), NOW)
    question = town.question(ana, member, "open", "circle")
    question.flow = "weekly_reflection"
    conversation = town.conversation(ana, member, "weekly_reflection", week=1)
    question.conversation_id = conversation.id
    town.answer(question, "a bus pass")
    town.do("pause", ana, member)
    town.now += dt.timedelta(days=2)
    assert town.do("come_back", ana, member).outcome == "back"


def test_back_from_nothing_is_only_a_welcome(town: Town) -> None:
    ana, member, _ = seated(town)
    assert town.do("come_back", ana, member).outcome == "here"


def test_back_is_about_the_seat_that_rests(town: Town) -> None:
    ana, first, _ = seated(town)
    second = town.seat(ana, town.circle("OAK", "New Moms"), "paused")
    found = town.do("find_away", ana)
    assert (found.outcome, found.member) == ("one", second)
    first.state = "reading"
    assert town.do("find_away", ana).outcome == "several"


@pytest.mark.parametrize(
    ("weeks", "outcome"),
    [(0, "usual"), (1, "usual"), (2, "quiet_two"), (3, "quiet_three"), (5, "quiet_three")],
)
def test_quiet_weeks_are_counted_by_what_came_to_the_member(town: Town, weeks: int, outcome: str) -> None:
    ana, member, _ = seated(town, weeks)
    assert town.do("how_are_things", ana, member).outcome == outcome
    assert (member.unpaired_at is not None) == (outcome == "quiet_three")


def test_any_text_of_the_member_ends_the_quiet(town: Town) -> None:
    ana, member, _ = seated(town, 4)
    ana.heard_at = town.now - dt.timedelta(days=1)
    assert quiet_weeks(town.session, member, town.now) == 0


def test_with_two_circles_only_words_for_this_one_end_its_quiet(town: Town) -> None:
    ana, member, _ = seated(town, 2)
    other = town.seat(ana, town.circle("OAK", "New Moms", state="running"))
    ana.heard_at = town.now
    town.answer(town.question(ana, other), "hello")
    assert quiet_weeks(town.session, member, town.now) == 2
    town.answer(town.question(ana, member), "hello")
    assert quiet_weeks(town.session, member, town.now + dt.timedelta(seconds=1)) == 0


def test_a_quiet_member_who_was_told_is_left_alone_until_back(town: Town) -> None:
    ana, member, _ = seated(town, 3)
    town.do("how_are_things", ana, member)
    assert is_left_alone(town.session, member, town.now)
    assert town.do("how_are_things", ana, member).outcome == "away"
    town.now += WEEK
    assert town.do("come_back", ana, member).outcome == "back"
    assert member.unpaired_at is None
    assert not is_left_alone(town.session, member, town.now)
    assert town.do("how_are_things", ana, member).outcome == "usual"


@pytest.mark.parametrize(("state", "outcome"), [("reading", "reading"), ("paused", "away"), ("left", "away")])
def test_a_member_who_reads_or_is_away_is_asked_nothing(town: Town, state: str, outcome: str) -> None:
    ana, member, _ = seated(town, 3)
    member.state = state
    assert town.do("how_are_things", ana, member).outcome == outcome


@pytest.mark.parametrize("last", ["buddy_nudge/nudge/say", "survey/belonging/say"])
def test_nobody_is_nudged_more_than_twice_a_week(town: Town, last: str) -> None:
    ana, member, _ = seated(town)

    def nudge(at: dt.datetime, wording: str) -> None:
        town.session.add(
            Outbox(
                person_id=ana.id,
                member_id=member.id,
                address_id=ana.id,
                to_uri="sms:+15125550001",
                sender="MG1",
                body="...",
                segments=1,
                purpose="prompt",
                priority=2,
                wording=wording,
                created_at=at,
                not_before=at,
            )
        )
        town.session.flush()

    nudge(town.now - dt.timedelta(days=8), "weekly_reflection/open/silence.0")
    nudge(town.now - dt.timedelta(days=3), "weekly_reflection/open/silence.0")
    nudge(town.now - dt.timedelta(days=2), "weekly_reflection/open/say")
    assert may_nudge(town.session, ana.id, town.now)
    nudge(town.now - dt.timedelta(days=1), last)
    assert not may_nudge(town.session, ana.id, town.now)
    assert may_nudge(town.session, ana.id, town.now + dt.timedelta(days=5))


def test_whoever_wants_the_weekly_question_only_gets_no_reminder_and_no_buddy(town: Town) -> None:
    ana, member, _ = seated(town)
    waiting = [
        Timer(kind="prompt", person_id=ana.id, member_id=member.id, flow=flow, due_at=NOW + WEEK)
        for flow in ("step_reminder", "buddy_quiet", "host_says")
    ]
    town.session.add_all(waiting)
    town.session.flush()
    assert town.do("keep_weekly_only", ana, member).outcome == "kept"
    town.session.expire_all()
    assert [timer.done_at is None for timer in waiting] == [False, False, True]
    assert (member.weekly_only, member.unpaired_at is not None) == (True, True)
    assert not wants(town.session, member.id, "buddy_nudge")
    assert not wants(town.session, member.id, None)
    assert wants(town.session, member.id, "host_says")


def test_back_brings_back_what_fewer_texts_left_out(town: Town) -> None:
    ana, member, _ = seated(town)
    town.do("keep_weekly_only", ana, member)
    assert town.do("come_back", ana, member).outcome in ("back", "question")
    assert (member.weekly_only, member.unpaired_at) == (False, None)
    assert wants(town.session, member.id, "buddy_nudge")


def test_before_the_promise_there_is_nothing_to_have_less_of(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    member = town.seat(ana, circle, state="joining")
    assert town.do("keep_weekly_only", ana, member).outcome == "none"
