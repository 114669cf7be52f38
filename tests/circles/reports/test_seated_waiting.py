"""Seated against waiting, counted by hand: as they were drawn, small counts hidden, few not compared."""

from __future__ import annotations

import json

import pytest

from assistant.circles.reports.before_after import before_after, share_of
from assistant.circles.reports.comparing import KEPT_AS, compare, compared_on, packed, unpacked
from assistant.circles.reports.report import KEPT_FOR
from assistant.circles.reports.seated_waiting import (
    Compared,
    SeatedWaiting,
    as_figures,
    difference_of_means,
    difference_of_shares,
    seated_waiting,
)
from assistant.store.tables import Cohort, KeptReport, Person
from tests.circles.lots import SEATED, WAITING, Lots
from tests.circles.played import Played
from tests.circles.town import NOW, Town


class Compare(Lots):
    """Such a cohort, and what is told of it."""

    def made(self) -> SeatedWaiting:
        return seated_waiting(self.session, self.cohort)

    def of(self, item: str = "hope", point: str = "end") -> Compared:
        return next(each for each in self.made().compared if (each.item, each.point) == (item, point))


def test_the_example_that_was_counted_by_hand(town: Town) -> None:
    lots = Compare(town)
    lots.answer("seated", SEATED)
    lots.answer("waiting", WAITING)
    found = lots.of()
    assert (found.seated.answered, found.seated.missing) == (25, 5)
    assert (found.waiting.answered, found.waiting.missing) == (25, 5)
    assert found.seated.estimate is not None
    assert found.waiting.estimate is not None
    assert found.difference is not None
    assert (found.seated.estimate.value, found.waiting.estimate.value) == pytest.approx((3.8, 2.8))
    # Either arm has the variance 14/24; a 95 % interval is 1.96 times the root of 2 * 14/24/25 to each side.
    assert (found.difference.low, found.difference.value, found.difference.high) == pytest.approx(
        (0.577, 1.0, 1.423), abs=0.001
    )


@pytest.mark.parametrize("few", ["seated", "waiting"])
def test_nothing_is_compared_where_fewer_than_twenty_of_either_arm_answered(town: Town, few: str) -> None:
    lots = Compare(town)
    for arm in ("seated", "waiting"):
        lots.answer(arm, SEATED[:19] if arm == few else SEATED)
    found = lots.of()
    assert (found.seated.estimate, found.waiting.estimate, found.difference) == (None, None, None)
    assert found.seated.answered in (19, 25)


@pytest.mark.parametrize("answered", [3, 28])
def test_of_answered_and_missing_both_are_shown_or_neither(town: Town, answered: int) -> None:
    lots = Compare(town)
    lots.answer("seated", [3] * answered)
    lots.answer("waiting", WAITING)
    found = lots.of()
    assert (found.seated.answered, found.seated.missing) == (None, None)
    assert (found.waiting.answered, found.waiting.missing) == (25, 5)


def test_who_got_a_seat_later_counts_as_one_who_waited_and_in_no_figure_of_before_and_after(
    town: Town,
) -> None:
    lots = Compare(town)
    lots.answer("seated", SEATED)
    lots.answer("waiting", WAITING)
    for place in range(25, 28):
        seat = town.seat(town.session.get_one(Person, lots.waiting[place].person_id), lots.played.circle)
        lots.score(5, member_id=seat.id)
    found = lots.of()
    # 25 and 3 more: two of thirty are missing, which is fewer than five.
    assert (found.waiting.answered, found.waiting.missing) == (None, None)
    assert found.waiting.estimate is not None
    assert found.waiting.estimate.value == pytest.approx((25 * 2.8 + 15) / 28)
    assert lots.made().moved is None
    whole = next(each for each in before_after(town.session, lots.cohort).answers if each.item == "hope")
    assert whole.answered == 25


def test_where_others_could_be_had_by_subtraction_nothing_of_that_question_is_told(town: Town) -> None:
    lots = Compare(town)
    lots.answer("seated", SEATED)
    lots.answer("waiting", WAITING)
    for count in range(1, 6):
        seat = town.seat(town.person(), lots.played.circle)
        lots.score(1, member_id=seat.id)
        found = lots.of()
        shown = found.difference is not None and found.seated.answered == 25
        assert shown == (count >= 5), count


def test_shares_have_newcombes_interval_and_means_welchs() -> None:
    from scipy import stats  # Only whoever needs it waits for it.

    # Newcombe 1998, table II, example (a): 56/70 and 48/80, method 10.
    found = difference_of_shares(share_of(56, 70), share_of(48, 80))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=0.0001)
    one, other = [float(each) for each in SEATED * 4], [float(each) for each in WAITING * 4]
    ours = difference_of_means(one, other)
    theirs = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_whoever_is_forgotten_is_missing_and_nothing_shows_it(town: Town) -> None:
    lots = Compare(town)
    lots.answer("seated", SEATED)
    lots.answer("waiting", WAITING)
    town.session.get_one(Person, lots.waiting[0].person_id).erased_at = NOW
    town.session.flush()
    found = lots.of()
    assert (lots.made().waiting, found.waiting.answered, found.waiting.missing) == (30, 24, 6)


def test_a_cohort_without_a_draw_and_a_circle_have_nothing_to_tell(town: Town) -> None:
    played = Played(town, cohort=town.cohort())
    assert not seated_waiting(town.session, played.circle).seated
    cohort = town.session.get_one(Cohort, played.circle.cohort_id)
    assert list(as_figures(seated_waiting(town.session, cohort))) == []


def test_every_figure_is_in_the_file_once_and_says_whether_it_is_hidden(town: Town) -> None:
    lots = Compare(town)
    lots.answer("seated", SEATED)
    lots.answer("waiting", WAITING[:3])
    figures = list(as_figures(lots.made()))
    names = [(each.period, each.figure) for each in figures]
    assert len(names) == len(set(names))
    assert all(each.hidden == (each.value is None) for each in figures)
    by_name = {each.figure: each.value for each in figures if each.period in ("end", "season")}
    assert by_name["drawn_seated"] == by_name["drawn_waiting"] == 30
    assert by_name["hope_waiting_answered"] is None
    assert by_name["hope_difference"] is None


def test_what_is_kept_of_a_large_cohort_is_what_was_counted(town: Town) -> None:
    lots = Compare(town)
    lots.answer("seated", SEATED)
    lots.answer("waiting", WAITING)
    lots.answer("seated", [3] * 12 + [1] * 12, point="later", item="someone")
    made = compare(town.session, lots.cohort)
    assert unpacked(json.loads(json.dumps(packed(made)))) == made
    kept = KeptReport(cohort_id=lots.cohort.id, scope=KEPT_AS, as_of=NOW, content=packed(made))
    town.session.add(kept)
    for place in range(6):
        lots.score(5, point="joining", member_id=lots.played.seats[place].id)
    assert compared_on(town.session, lots.cohort, NOW) == made
    later = NOW + KEPT_FOR
    assert compared_on(town.session, lots.cohort, later) == compare(town.session, lots.cohort) != made
