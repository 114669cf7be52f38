"""Who is asked before and after a season, and what is kept of an answer: a number that nobody is shown."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text

from assistant.circles.surveys import survey_plan
from assistant.circles.surveys.survey_items import ASKED_AT, ITEMS, choices_for
from assistant.circles.surveys.survey_plan import LATER, start_surveys, switch_surveys
from assistant.circles.trust.erasing import erase_person
from assistant.circles.trust.own_words import SURVEY, own_words
from assistant.errors import NotPossible
from assistant.language.languages import LANGUAGES
from assistant.store.tables import Circle, Member, Outbox, Person, Survey, SurveyAnswer
from tests.circles.town import NOW, SENDER, Town

DAY = dt.timedelta(days=1)
MAY_READ_SCORES = {
    "circles/reports/before_after.py": "counts",
    "circles/reports/season_counts.py": "counts",
    "circles/reports/seated_waiting.py": "counts",
    "circles/surveys/survey_answers.py": "writes",
    "circles/trust/own_words.py": "to whoever gave it",
}


def asked(town: Town, at: dt.datetime) -> set[str]:
    """Names of those who are asked when circles are looked at."""
    starts = start_surveys(town.session, SENDER, at)
    return {town.session.get_one(Person, start.person_id).name or "" for start in starts}


def members(town: Town, circle: Circle, *names: str) -> list[Member]:
    seats = []
    for name in names:
        person = town.person(name)
        town.consent(person)
        seats.append(town.seat(person, circle))
    return seats


def have_come(town: Town, seat: Member, count: int) -> None:
    """So many texts have come to a seat today."""
    for number in range(count):
        town.session.add(
            Outbox(
                person_id=seat.person_id,
                member_id=seat.id,
                address_id=town.ctx(town.session.get_one(Person, seat.person_id)).address_id,
                to_uri="sms:+15125550199",
                sender=SENDER,
                purpose="prompt",
                priority=5,
                body=f"{number}",
                segments=1,
                state="done",
                not_before=NOW,
                created_at=NOW,
            )
        )
    town.session.flush()


def surveyed(town: Town) -> Circle:
    circle = town.circle()
    switch_surveys(town.session, circle, NOW, on=True)
    return circle


def test_nobody_is_asked_in_a_circle_that_has_it_not_switched_on(town: Town) -> None:
    members(town, town.circle(), "Ana")
    assert asked(town, NOW + 2 * DAY) == set()


def test_members_are_asked_once_a_day_after_their_promise(town: Town) -> None:
    members(town, surveyed(town), "Ana", "Rosa")
    assert asked(town, NOW) == set()
    assert asked(town, NOW + DAY) == {"Ana", "Rosa"}
    assert asked(town, NOW + 2 * DAY) == set()


def test_whoever_may_not_be_asked_is_not(town: Town) -> None:
    circle = surveyed(town)
    plain, weekly, left, stopped, full, never, _ = members(town, circle, *"abcdefg")
    town.session.get_one(Person, plain.person_id).plain = True
    weekly.weekly_only = True
    left.state = "left"
    town.say_stop(town.session.get_one(Person, stopped.person_id))
    have_come(town, full, 12)
    town.session.add(Survey(member_id=never.id, point="end", state="never", asked_at=NOW))
    town.session.flush()
    assert asked(town, NOW + DAY) == {"g"}


def test_what_the_season_still_brings_this_week_has_its_room(town: Town) -> None:
    circle = surveyed(town)
    (seat,) = members(town, circle, "Ana")
    circle.state, circle.starts_on = "running", NOW.date()
    circle.ends_on = NOW.date() + dt.timedelta(weeks=8, days=-1)
    have_come(town, seat, 9)
    assert asked(town, NOW + DAY) == set()
    assert asked(town, NOW + 6 * DAY) == {"Ana"}


def test_a_season_that_has_long_begun_has_no_before(town: Town) -> None:
    circle = surveyed(town)
    members(town, circle, "Ana")
    circle.state, circle.starts_on = "running", NOW.date() - dt.timedelta(days=20)
    circle.ends_on = circle.starts_on + dt.timedelta(days=200)
    assert asked(town, NOW + 8 * DAY) == set()


def test_the_middle_is_the_friday_after_half_of_the_weeks(town: Town) -> None:
    circle = surveyed(town)
    (seat,) = members(town, circle, "Ana")
    town.session.add(Survey(member_id=seat.id, point="joining", state="no", asked_at=NOW))
    circle.state, circle.starts_on = "running", NOW.date()
    circle.ends_on = NOW.date() + dt.timedelta(weeks=8, days=-1)
    assert asked(town, NOW + dt.timedelta(weeks=4, days=3)) == set()
    assert asked(town, NOW + dt.timedelta(weeks=4, days=4)) == {"Ana"}
    row = town.session.scalars(select(Survey).where(Survey.point == "middle")).one()
    assert row.member_id == seat.id


def test_twelve_weeks_on_only_those_are_asked_who_agreed_and_are_still_here(town: Town) -> None:
    circle = surveyed(town)
    seats = members(town, circle, "Ana", "Rosa", "Eva", "Mia")
    circle.state, circle.closed_at = "closed", NOW
    assert asked(town, NOW + 2 * DAY) == {"Ana", "Rosa", "Eva", "Mia"}
    rows = {row.member_id: row for row in town.session.scalars(select(Survey))}
    for seat in seats[:3]:
        rows[seat.id].again = True
    seats[1].state = "left"
    town.say_stop(town.session.get_one(Person, seats[2].person_id))
    for day in (3, 20, 83):
        assert asked(town, NOW + day * DAY) == set()
    assert asked(town, NOW + LATER) == {"Ana"}


def test_switched_off_nobody_is_asked_any_more(town: Town) -> None:
    circle = surveyed(town)
    members(town, circle, "Ana")
    switch_surveys(town.session, circle, NOW, on=False)
    assert asked(town, NOW + DAY) == set()
    circle.state = "closed"
    with pytest.raises(NotPossible, match="no before"):
        switch_surveys(town.session, circle, NOW, on=True)


def test_a_cohort_is_switched_with_all_its_circles(town: Town) -> None:
    cohort = town.cohort()
    circles = [town.circle(code, code, cohort_id=cohort.id) for code in ("ELM", "OAK")]
    assert switch_surveys(town.session, cohort, NOW, on=True) == 2
    assert cohort.surveyed
    assert all(circle.surveyed for circle in circles)


def answering(town: Town, point: str = "joining") -> tuple[Person, Member, Survey]:
    circle = surveyed(town)
    (seat,) = members(town, circle, "Ana")
    row = Survey(member_id=seat.id, point=point, state="asked", asked_at=NOW)
    town.session.add(row)
    town.session.flush()
    return town.session.get_one(Person, seat.person_id), seat, row


def test_answers_are_kept_as_sealed_numbers_and_nothing_else(town: Town) -> None:
    person, seat, row = answering(town)
    assert town.do("open_survey", person, seat, survey=row.id).outcome == "ask"
    town.do("keep_survey", person, seat, survey=row.id, lonely="5")
    town.do("keep_survey", person, seat, survey=row.id, lonely="4", steps=0)
    town.do("keep_survey", person, seat, survey=row.id, hope="9", steps=8)
    kept = {each.item: each.score for each in town.session.scalars(select(SurveyAnswer))}
    assert kept == {"lonely": "4", "steps": "0"}
    assert row.state == "yes"


def test_nobody_answers_for_another(town: Town) -> None:
    _, _, row = answering(town)
    other = members(town, town.circle("ELM", "Elm"), "Eva")[0]
    eva = town.session.get_one(Person, other.person_id)
    assert town.do("open_survey", eva, other, survey=row.id).outcome == "over"
    town.do("keep_survey", eva, other, survey=row.id, hope="1")
    town.do("stop_surveys", eva, other, survey=row.id)
    assert town.session.scalars(select(SurveyAnswer)).all() == []
    assert row.state == "asked"


def test_what_was_answered_is_shown_to_its_giver_alone_and_erased_with_them(town: Town) -> None:
    person, seat, row = answering(town)
    town.do("keep_survey", person, seat, survey=row.id, lonely="2", someone="3")
    own = own_words(town.session, person.id)
    assert [(each.kind, each.private) for each in own] == [(SURVEY, True)] * 2
    assert sorted((each.words or "")[-13:] for each in own) == ["2, 2026-06-01", "3, 2026-06-01"]
    erase_person(town.ctx(person, seat))
    town.session.expire_all()
    assert set(town.session.scalars(select(SurveyAnswer.score))) == {None}
    assert own_words(town.session, person.id) == []


def test_numbers_are_forgotten_a_year_after_the_season(town: Town) -> None:
    person, seat, row = answering(town)
    town.do("keep_survey", person, seat, survey=row.id, lonely="2")
    circle = town.session.get_one(Circle, seat.circle_id)
    circle.state, circle.closed_at = "closed", NOW
    assert asked(town, NOW + survey_plan.KEPT_FOR) == set()
    town.session.expire_all()
    assert set(town.session.scalars(select(SurveyAnswer.score))) == {None}
    assert circle.survey_look_at is None
    town.session.execute(delete(SurveyAnswer))


def test_every_choice_is_said_in_every_language_and_stands_for_one_number() -> None:
    for language in LANGUAGES:
        values = choices_for(language)
        for name, item in ITEMS.items():
            if name == "steps":
                continue
            listed = values[f"{name}_choices"]
            assert [each["key"] for each in listed] == [str(score) for score in item.scores]
            words = [word for each in listed for word in (each["label"], *each["also"])]
            assert len(words) == len(set(words)), (language, name)
    assert {item for items in ASKED_AT.values() for item in items} == set(ITEMS)


def test_only_counting_modules_and_its_givers_own_read_a_score() -> None:
    root = Path(survey_plan.__file__).parents[2]
    readers = {
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        if "store" not in file.parts and "SurveyAnswer" in (source := file.read_text("utf-8"))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr == "score"
    }
    assert readers == set(MAY_READ_SCORES)


def test_a_score_lies_sealed(town: Town) -> None:
    person, seat, row = answering(town)
    town.do("keep_survey", person, seat, survey=row.id, lonely="2")
    column = SurveyAnswer.__table__.c.score
    assert type(column.type).__name__ == "Words"
    assert town.session.execute(text("SELECT count(*) FROM survey_answer")).scalar_one() == 1
