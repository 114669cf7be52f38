"""What a week asks follows its theme; of the week before only counts are told, and only if there are any."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.seasons.weeks import CLOSES, FOLLOW_UPS
from assistant.store.tables import Member, Person, Question
from tests.circles.town import Town


@pytest.fixture
def seat(town: Town) -> Member:
    return town.seat(town.person("Ana"), town.circle())


@pytest.mark.parametrize("theme", [*range(1, 9), 12, None])
def test_every_theme_has_its_follow_up(town: Town, theme: int | None) -> None:
    outcome = town.do("choose_follow_up", town.person("Ana"), theme=theme).outcome
    assert outcome == FOLLOW_UPS.get(theme or 0, "nothing")


@pytest.mark.parametrize("theme", [*range(1, 9), 12])
def test_a_close_that_speaks_of_others_words_waits_for_some(town: Town, seat: Member, theme: int) -> None:
    ana, circle = town.person("x"), seat.circle_id
    close = CLOSES.get(theme, "share")
    town.share(seat, "her own", week=2)
    alone = town.do("choose_close", ana, seat, theme=theme, week=2)
    assert alone.outcome == ("nothing" if theme in (1, 2) else close)
    rosa = Member(
        person_id=town.person("Rosa").id,
        circle_id=circle,
        state="active",
        state_at=town.now,
        promised_at=town.now,
    )
    town.session.add(rosa)
    town.session.flush()
    town.share(rosa, "Rosa's", week=1)
    assert town.do("choose_close", ana, seat, theme=theme, week=2).outcome == alone.outcome
    town.share(rosa, "Rosa's", week=2)
    done = town.do("choose_close", ana, seat, theme=theme, week=2)
    assert (done.outcome, done.values["count"]) == (close, "2")


def test_a_member_closes_no_week_before_the_promise(town: Town, seat: Member) -> None:
    seat.promised_at = None
    assert town.do("choose_close", town.person("x"), seat, theme=4).outcome == "nothing"
    assert town.do("choose_close", town.person("x"), None, theme=4).outcome == "nothing"


def test_last_week_is_told_in_numbers_when_someone_else_shared(town: Town) -> None:
    circle = town.circle()
    ana, rosa = town.person("Ana"), town.person("Rosa")
    hers, rosas = town.seat(ana, circle), town.seat(rosa, circle)
    town.share(hers, "her own", week=2)
    assert town.do("recap_week", ana, hers, week=3).outcome == "nothing"
    town.share(rosas, "Rosa's", week=2)
    # Whoever was told of it as it came needs no numbers.
    assert town.do("recap_week", ana, hers, week=3).outcome == "nothing"
    hers.news = "read"
    done = town.do("recap_week", ana, hers, week=3)
    assert (done.outcome, done.values) == ("news", {"count": "2", "steps_done": "0", "steps": False})
    town.do("keep_step", rosa, rosas, step="call two shops")
    town.do("step_did", rosa, rosas)
    assert town.do("recap_week", ana, hers, week=3).values == {"count": "2", "steps_done": "1", "steps": True}
    town.now += dt.timedelta(days=8)
    assert town.do("recap_week", ana, hers, week=3).values["steps_done"] == "0"
    assert town.do("recap_week", ana, hers, week=4).outcome == "nothing"
    assert town.do("recap_week", ana, None, week=3).outcome == "nothing"


def test_a_question_comes_back_while_it_is_open_or_was_missed_lately(town: Town, seat: Member) -> None:
    ana = town.session.get_one(Person, seat.person_id)
    assert town.do("question_again", ana, seat).outcome == "nothing"
    question: Question = town.question(ana, seat)
    assert town.do("question_again", ana, seat).outcome == "again"
    question.state, question.outcome, question.closed_at = "closed", "silence", town.now
    assert town.do("question_again", ana, seat).outcome == "again"
    town.now += dt.timedelta(days=15)
    assert town.do("question_again", ana, seat).outcome == "nothing"
    question.outcome, question.closed_at = "text", town.now
    assert town.do("question_again", ana, seat).outcome == "nothing"


def test_only_a_member_of_two_circles_is_asked_which(town: Town, seat: Member) -> None:
    ana = town.session.get_one(Person, seat.person_id)
    assert town.do("which_seat", town.person("Omar")).outcome == "none"
    assert town.do("which_seat", ana).member == seat
    other = town.seat(ana, town.circle("OAK", "New Moms"))
    done = town.do("which_seat", ana)
    assert (done.outcome, done.values["options"]) == ("several", "1 Bold Moves, 2 New Moms")
    assert town.do("which_seat", ana, other).member == other
    assert town.do("take_seat", ana, seat=str(other.id)).member == other
    assert town.do("take_seat", ana, seat="999").outcome == "none"
    ana.plain = True
    assert town.do("which_seat", ana).values["options"] == "1 BM, 2 NM"
    other.state = "left"
    assert town.do("which_seat", ana, other).member == seat
