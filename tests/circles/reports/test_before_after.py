"""What was answered before and after, counted by hand: small counts hidden, few not compared."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assistant.circles.reports.before_after import (
    Answers,
    BeforeAfter,
    Change,
    as_figures,
    before_after,
    mean_of,
    share_of,
)
from assistant.circles.reports.report import report_on
from assistant.store.tables import Circle, Survey, SurveyAnswer
from tests.circles.played import Played, after_weeks
from tests.circles.town import NOW, Town

BEFORE = [1] * 5 + [2] * 5 + [3] * 5 + [4] * 5 + [5] * 5
"""25 answers: each of five answers five times, so that all can be shown; their mean is 3."""
AFTER = [2] * 5 + [3] * 5 + [3] * 5 + [4] * 5
"""The first 20 again: ten are one better, ten the same: on average half a step better."""


def answer(town: Town, played: Played, point: str, item: str, scores: list[int | None]) -> None:
    """The first so many were asked at a point, and answered; None: they did not."""
    for seat, score in zip(played.seats, scores, strict=False):
        row = Survey(member_id=seat.id, point=point, state="asked", asked_at=NOW)
        town.session.add(row)
        town.session.flush()
        if score is not None:
            town.session.add(SurveyAnswer(survey_id=row.id, item=item, score=str(score), at=NOW))
    town.session.flush()


def of(made: BeforeAfter, point: str, item: str) -> Answers:
    return next(each for each in made.answers if (each.point, each.item) == (point, item))


def change(made: BeforeAfter, item: str, before: str = "joining", after: str = "end") -> Change:
    return next(
        each for each in made.changes if (each.item, each.before, each.after) == (item, before, after)
    )


def test_the_example_that_was_counted_by_hand(town: Town) -> None:
    played = Played(town, people=31)
    answer(town, played, "joining", "lonely", [*BEFORE, *[None] * 6])
    answer(town, played, "end", "lonely", [*AFTER, *[None] * 5])
    made = before_after(town.session, played.circle)
    before, after = of(made, "joining", "lonely"), of(made, "end", "lonely")
    assert (before.asked, before.answered, before.missing) == (31, 25, 6)
    assert before.counts == (5, 5, 5, 5, 5)
    assert before.mean is not None
    # The standard deviation of these 25 is the root of 50/24; its fifth part times 1.96 is 0.57.
    assert before.mean.value == 3
    assert (before.mean.low, before.mean.high) == pytest.approx((2.434, 3.566), abs=0.001)
    assert (after.asked, after.answered, after.missing) == (25, 20, 5)
    assert after.counts is None  # Nobody said 1 or 5, which is fewer than five.
    assert after.mean is not None
    assert after.mean.value == 3
    found = change(made, "lonely")
    assert (found.pairs, found.lost) == (20, 5)
    assert found.mean is not None
    assert found.mean.value == pytest.approx(0.5)
    assert (found.mean.low, found.mean.high) == pytest.approx((0.275, 0.725), abs=0.001)


def test_nothing_under_twenty_is_compared(town: Town) -> None:
    played = Played(town, people=25)
    answer(town, played, "joining", "hope", BEFORE)
    answer(town, played, "end", "hope", [*AFTER[:19], *[None] * 6])
    made = before_after(town.session, played.circle)
    assert of(made, "end", "hope").mean is None
    found = change(made, "hope")
    assert (found.pairs, found.mean) == (None, None)


def test_fewer_than_five_are_not_shown_nor_had_by_subtraction(town: Town) -> None:
    played = Played(town, people=25)
    answer(town, played, "joining", "someone", [3] * 18 + [1] * 3 + [None] * 4)
    each = of(before_after(town.session, played.circle), "joining", "someone")
    assert (each.asked, each.answered, each.missing) == (None, 21, None)
    assert each.counts is None
    assert each.share is None  # Three said otherwise.


def test_a_share_has_wilsons_interval(town: Town) -> None:
    played = Played(town, people=25)
    answer(town, played, "middle", "belonging", [4] * 10 + [3] * 5 + [2] * 5 + [1] * 5)
    each = of(before_after(town.session, played.circle), "middle", "belonging")
    assert each.share is not None
    assert each.share.value == 0.6
    assert each.mean is None


def test_the_figure_belonging_counts_each_members_last_word(town: Town) -> None:
    played = Played(town, people=12)
    answer(town, played, "middle", "belonging", [1] * 12)
    answer(town, played, "end", "belonging", [3] * 6)
    figure = report_on(town.session, played.circle, after_weeks(8)).get("belonging")
    assert figure is not None
    assert figure.value == 0.5


def test_a_circle_of_a_cohort_is_told_of_with_its_cohort_alone(town: Town) -> None:
    cohort = town.cohort()
    some = [Played(town, code, people=15, cohort=cohort) for code in ("ELM", "OAK")]
    for played in some:
        answer(town, played, "joining", "lonely", [1, 2, 3, 4, 5] * 3)
    assert before_after(town.session, some[0].circle) == BeforeAfter("ELM")
    made = of(before_after(town.session, cohort), "joining", "lonely")
    assert made.counts == (6, 6, 6, 6, 6)


def test_the_forgotten_are_nowhere(town: Town) -> None:
    played = Played(town, people=30)
    answer(town, played, "joining", "lonely", [*BEFORE, *[None] * 5])
    for person in played.people[25:]:
        person.erased_at = NOW
    made = of(before_after(town.session, played.circle), "joining", "lonely")
    assert (made.asked, made.answered, made.missing) == (None, 25, None)


def test_as_figures_each_stands_in_a_row_of_its_own(town: Town) -> None:
    played = Played(town, people=31)
    answer(town, played, "joining", "lonely", [*BEFORE, *[None] * 6])
    answer(town, played, "end", "lonely", [*AFTER, *[None] * 5])
    circle: Circle = played.circle
    rows: Mapping[tuple[str, str], float | None] = {
        (each.period, each.figure): each.value for each in as_figures(before_after(town.session, circle))
    }
    assert rows["joining", "lonely_3"] == 5
    assert rows["joining to end", "lonely_change"] == pytest.approx(0.5)
    assert rows["end", "lonely_1"] is None


def test_intervals_are_those_of_scipy() -> None:
    from scipy import stats  # Only whoever needs it waits for it.

    found = share_of(17, 40)
    known = stats.binomtest(17, 40).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    values = [1.0, 2.0, 2.0, 3.0, 5.0] * 6
    mean = mean_of(values)
    assert (mean.low, mean.high) == pytest.approx(
        stats.norm.interval(0.95, loc=mean.value, scale=stats.sem(values))
    )
