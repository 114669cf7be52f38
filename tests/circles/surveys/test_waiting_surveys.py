"""Those who wait for a seat are asked as members are, at the same points, and only where they may be."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.surveys.survey_answers import keep_survey, open_survey, what_is_left
from assistant.circles.surveys.survey_plan import KEPT_FOR, LATER
from assistant.circles.surveys.waiting_plan import TOLD, start_waiting_surveys
from assistant.circles.trust.erasing import erase_person
from assistant.circles.trust.own_words import SURVEY, own_words
from assistant.store.tables import Applicant, Circle, Cohort, Outbox, Person, SeatDraw, Survey, SurveyAnswer
from tests.circles.town import NOW, SENDER, Town

DAY = dt.timedelta(days=1)


def drawn(town: Town, *names: str, surveyed: bool = True) -> tuple[Circle, dict[str, Applicant]]:
    """A cohort of one circle, and those who wait for a seat in it; each has just heard so."""
    cohort = town.cohort()
    town.session.get_one(Cohort, cohort.id).surveyed = surveyed
    circle = town.circle(cohort_id=cohort.id)
    row = SeatDraw(
        cohort_id=cohort.id,
        rule="1",
        seats=1,
        seed="5e" * 32,
        commitment="0" * 64,
        lines=[],
        sealed_at=NOW,
        drawn_at=NOW,
        look_at=NOW,
    )
    town.session.add(row)
    town.session.flush()
    found = {}
    for name in names:
        person = town.person(name)
        town.consent(person)
        address_id = town.ctx(person).address_id
        found[name] = Applicant(
            draw_id=row.id,
            person_id=person.id,
            address_id=address_id,
            place=len(found) + 2,
            arm="waiting",
            state="waiting",
            state_at=NOW,
            details={"name": name},
        )
        town.session.add(found[name])
        town.session.add(
            Outbox(
                person_id=person.id,
                address_id=address_id,
                to_uri="sms:+15125550199",
                sender=SENDER,
                purpose="invitation",
                priority=2,
                body="",
                segments=1,
                state="done",
                wording=TOLD,
                not_before=NOW,
                created_at=NOW,
                sent_at=NOW,
            )
        )
    town.session.flush()
    return circle, found


def asked(town: Town, at: dt.datetime) -> set[str]:
    for row in town.session.scalars(select(SeatDraw)):
        row.look_at = min(row.look_at, at) if row.look_at else None
    starts = start_waiting_surveys(town.session, SENDER, at)
    return {town.session.get_one(Person, start.person_id).name or "" for start in starts}


def test_those_who_wait_are_asked_once_a_day_after_they_heard_so(town: Town) -> None:
    drawn(town, "Ana", "Rosa")
    assert asked(town, NOW) == set()
    assert asked(town, NOW + DAY) == {"Ana", "Rosa"}
    assert asked(town, NOW + 2 * DAY) == set()


def test_nobody_who_waits_is_asked_where_the_cohort_has_it_not_on(town: Town) -> None:
    drawn(town, "Ana", surveyed=False)
    assert asked(town, NOW + DAY) == set()


def test_who_does_not_wait_any_more_or_may_not_be_asked_is_not(town: Town) -> None:
    circle, some = drawn(town, *"abcdefg")
    town.seat(town.session.get_one(Person, some["g"].person_id), circle)
    some["a"].state, some["b"].state = "offered", "left"
    town.session.get_one(Person, some["c"].person_id).plain = True
    town.say_stop(town.session.get_one(Person, some["d"].person_id))
    town.session.add(Survey(applicant_id=some["e"].id, point="end", state="never", asked_at=NOW))
    town.session.flush()
    assert asked(town, NOW + DAY) == {"f"}


def test_who_was_not_told_yet_is_not_asked(town: Town) -> None:
    drawn(town, "Ana")
    town.session.scalars(select(Outbox)).one().sent_at = None
    town.session.flush()
    assert asked(town, NOW + DAY) == set()


def test_the_end_is_that_of_the_circles_whose_seats_were_drawn(town: Town) -> None:
    circle, some = drawn(town, "Ana", "Rosa", "Eva")
    town.session.add(Survey(applicant_id=some["Ana"].id, point="joining", state="no", asked_at=NOW))
    circle.state, circle.closed_at = "closed", NOW + 60 * DAY
    town.session.flush()
    assert asked(town, NOW + 61 * DAY) == set()
    assert asked(town, NOW + 62 * DAY) == {"Ana", "Rosa", "Eva"}
    rows = {
        row.applicant_id: row for row in town.session.scalars(select(Survey).where(Survey.point == "end"))
    }
    rows[some["Rosa"].id].again = True
    town.session.flush()
    assert asked(town, NOW + 60 * DAY + LATER) == {"Rosa"}


def test_a_year_after_the_end_numbers_and_what_the_file_said_are_forgotten(town: Town) -> None:
    circle, some = drawn(town, "Ana")
    survey = Survey(applicant_id=some["Ana"].id, point="joining", state="yes", asked_at=NOW)
    town.session.add(survey)
    town.session.flush()
    town.session.add(SurveyAnswer(survey_id=survey.id, item="hope", score="4", at=NOW))
    circle.state, circle.closed_at = "closed", NOW
    town.session.flush()
    asked(town, NOW + KEPT_FOR - DAY)
    assert town.session.scalars(select(SurveyAnswer.score)).one() == "4"
    asked(town, NOW + KEPT_FOR)
    town.session.expire_all()
    assert town.session.scalars(select(SurveyAnswer.score)).one() is None
    assert town.session.scalars(select(Applicant.details)).one() == {}
    assert town.session.scalars(select(SeatDraw.look_at)).one() is None


@pytest.mark.parametrize("whose", ["own", "another's", "seated since"])
def test_an_answer_is_kept_of_whoever_was_asked_and_goes_with_them(town: Town, whose: str) -> None:
    _, some = drawn(town, "Ana", "Rosa")
    survey = Survey(applicant_id=some["Ana"].id, point="end", state="asked", asked_at=NOW)
    town.session.add(survey)
    town.session.flush()
    if whose == "seated since":
        some["Ana"].state = "offered"
    ana = town.session.get_one(Person, some["Ana"].person_id)
    ctx = town.ctx(town.session.get_one(Person, some["Rosa"].person_id) if whose == "another's" else ana)
    opened = open_survey(ctx, survey=survey.id)
    if whose != "own":
        assert opened.outcome == "over"
        return
    assert (opened.outcome, opened.values["count"], opened.values["waiting"]) == ("ask", "4", True)
    keep_survey(ctx, survey=survey.id, hope="3")
    assert what_is_left(ctx, survey=survey.id).outcome == "done"
    assert [each.words for each in own_words(town.session, ana.id) if each.kind == SURVEY]
    erase_person(town.ctx(ana))
    town.session.expire_all()
    assert town.session.scalars(select(SurveyAnswer.score)).one() is None
    assert town.session.get_one(Applicant, some["Ana"].id).details == {}
