"""What a report counts, by hand: of whom, of which weeks, and what it keeps to itself."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from assistant.circles.reports.published import COHORT, Report
from assistant.circles.reports.report import find_whose, publish, report_on
from assistant.circles.reports.season_counts import Season, Seat
from assistant.circles.reports.season_figures import STANDINGS
from assistant.circles.reports.suppression import FEWEST
from assistant.circles.seasons.retention import erase_circle
from assistant.errors import NotPossible
from assistant.store.tables import Cohort, Consent, Inbox, Pair, PairMember, Question
from tests.circles.played import MONDAY, Played, after_weeks, hours
from tests.circles.reports.test_suppression import derivable
from tests.circles.town import NOW, Town

NONE = [None] * 12


def value(report: Report, figure: str, period: str = "season", scope: str | None = None) -> float | None:
    found = report.get(figure, scope, period)
    assert found is not None, f"{figure} is not reported"
    assert not found.hidden, f"{figure} is hidden"
    return found.value


def is_hidden(report: Report, figure: str, period: str = "season", scope: str | None = None) -> bool:
    found = report.get(figure, scope, period)
    assert found is not None, f"{figure} is not reported"
    assert found.value is None or not found.hidden
    return found.hidden


def two_weeks(town: Town) -> Played:
    """12 people. First week: six answer, after 2 to 12 hours. Second: six after 10 hours, one after 80."""
    played = Played(town)
    played.week(1, [2, 4, 6, 8, 10, 12, *NONE[:6]])
    played.week(2, [10, 10, 10, 10, 10, 10, 80, *NONE[:5]])
    return played


def test_responses_and_the_time_to_them(town: Town) -> None:
    report = report_on(town.session, two_weeks(town).circle, after_weeks(2))
    assert (report.weeks, report.first_day, report.last_day) == (2, MONDAY, MONDAY + dt.timedelta(days=13))
    assert [value(report, "asked", each) for each in ("week 1", "week 2", "season")] == [12, 12, 24]
    # The one after 80 hours came, but not within three days.
    assert [value(report, "response", each) for each in ("week 1", "week 2", "season")] == [0.5, 0.5, 0.5]
    assert value(report, "hours_median", "week 1") == 7
    assert value(report, "hours_quartile_1", "week 1") == 4.5
    assert value(report, "hours_quartile_3", "week 1") == 9.5
    assert value(report, "hours_median") == 10
    assert value(report, "response_trend") == 0


def test_rhythm_counts_late_answers_too(town: Town) -> None:
    report = report_on(town.session, two_weeks(town).circle, after_weeks(2))
    assert value(report, "rhythm") == 13 / 24


def test_a_week_counts_once_it_is_over(town: Town) -> None:
    played = two_weeks(town)
    assert report_on(town.session, played.circle, NOW + dt.timedelta(days=6)).weeks == 0
    sunday = NOW + dt.timedelta(days=13)
    assert report_on(town.session, played.circle, sunday).weeks == 1
    assert value(report_on(town.session, played.circle, sunday), "asked") == 12


def test_what_did_not_reach_anyone_and_what_was_taken_back_was_not_asked(town: Town) -> None:
    played = Played(town)
    played.week(1, [5] * 5 + NONE[:5])
    for seat, state in zip(played.seats[10:], ("failed", "dropped"), strict=True):
        played.ask(seat, 1, NOW, None, state=state)
    report = report_on(town.session, played.circle, after_weeks(1))
    assert (value(report, "asked"), value(report, "response")) == (10, 0.5)
    # She paused a day later: the question was taken back.
    question = town.session.query(Question).filter_by(member_id=played.seats[9].id).one()
    question.outcome, question.closed_at = "ended", NOW + hours(24)
    town.session.flush()
    report = report_on(town.session, played.circle, after_weeks(1))
    assert value(report, "asked") == 9
    assert is_hidden(report, "response"), "four did not answer"
    # Left days later, it was asked all the same.
    question.closed_at = NOW + hours(100)
    town.session.flush()
    assert value(report_on(town.session, played.circle, after_weeks(1)), "asked") == 10


def test_skip_is_a_reply(town: Town) -> None:
    played = Played(town)
    played.week(1, [5] * 6 + NONE[:6], outcome="skip")
    assert value(report_on(town.session, played.circle, after_weeks(1)), "response") == 0.5


def test_pairs_count_when_all_of_them_say_so(town: Town) -> None:
    played = Played(town, people=15)
    played.week(1, [5] * 15)
    met = [("yes", "yes"), ("yes", "yes"), ("yes", "yes"), ("yes", "not_yet"), ("yes", None), (None, "new")]
    played.round(1, [*met, ("yes", "yes", None)])
    report = report_on(town.session, played.circle, after_weeks(1))
    assert value(report, "pairs") == 3 / 7
    # A pair that was mended is none; neither is one that nobody was told of, nor one of a week to come.
    first = town.session.query(Pair).order_by(Pair.id).limit(1).one()
    first.ended_at = NOW
    assert is_hidden(report_on(town.session, played.circle, after_weeks(1)), "pairs"), "four connected"
    first.ended_at = None
    played.round(2, [*met, ("yes", None)])
    last = town.session.query(Pair).order_by(Pair.id.desc()).limit(1).one()
    assert value(report_on(town.session, played.circle, after_weeks(1)), "pairs") == 3 / 7
    for seat in town.session.query(PairMember).filter_by(pair_id=last.id):
        seat.told_at = None
    town.session.flush()
    assert value(report_on(town.session, played.circle, after_weeks(2)), "pairs", "week 2") == 3 / 6


def test_goals_are_a_funnel_of_the_members_there_are(town: Town) -> None:
    played = Played(town, people=31)
    played.goals(25, planned=20, stepped=18, did=12, reached=6)
    played.seats[30].state = "left"
    town.session.flush()
    report = report_on(town.session, played.circle, after_weeks(1))
    levels = ("set", "planned", "step", "done", "reached")
    assert [value(report, f"goal_{each}") for each in levels] == [25 / 30, 20 / 30, 18 / 30, 12 / 30, 6 / 30]


def test_a_level_of_the_funnel_does_not_tell_of_the_few_who_did_not_reach_it(town: Town) -> None:
    played = Played(town, people=20)
    played.goals(14, planned=11, reached=5)
    report = report_on(town.session, played.circle, after_weeks(1))
    assert value(report, "goal_set") == 14 / 20
    assert is_hidden(report, "goal_planned"), "14 set one, 11 planned: three did not"
    assert value(report, "goal_reached") == 5 / 20


def test_shares_asks_kind_lines_and_thanks(town: Town) -> None:
    played = Played(town)
    for seat in played.seats[:6]:
        played.share(seat)
        played.share(seat)
        played.note(seat, "kind")
        played.note(seat, "buddy")
    for seat in played.seats[:5]:
        played.share(seat, "ask_details")
    for _ in range(9):
        played.note(played.seats[0], "thanks")
    report = report_on(town.session, played.circle, after_weeks(1))
    assert (value(report, "shares"), value(report, "asks"), value(report, "kind")) == (12, 5, 6)
    assert is_hidden(report, "thanks"), "nine, but all of one person"


def test_what_texts_cost(town: Town) -> None:
    played = two_weeks(town)
    report = report_on(town.session, played.circle, NOW + dt.timedelta(days=15))
    assert value(report, "segments_per_member_week") == pytest.approx(24 / (12 * 15 / 7))


def standing(town: Town) -> Played:
    """40 people: 5 each take part, are quiet, paused, reading, unreachable, joining, left and stopped."""
    played = Played(town, people=40)
    states = ("active", "active", "paused", "reading", "unreachable", "joining", "left", "left")
    for number, state in enumerate(states):
        for seat in played.seats[number * 5 : number * 5 + 5]:
            seat.state = state
            if state == "active":
                seat.state_at = NOW - dt.timedelta(days=1)
    town.session.flush()
    played.week(1, NONE[:10])
    played.week(2, NONE[:10])
    for number, person in enumerate(played.people):
        if number < 5:
            town.session.add(text_from(person.id, after_weeks(1), number))
        if number >= 35:
            town.say_stop(person)
    town.session.flush()
    return played


def text_from(person_id: int, at: dt.datetime, number: int) -> Inbox:
    return Inbox(
        carrier_id=f"SM{number}",
        from_uri="sms:+15125550001",
        to_uri="sms:+14155550100",
        body="w",
        params={},
        received_at=at,
        person_id=person_id,
        state="done",
    )


def test_how_members_stand(town: Town) -> None:
    played = standing(town)
    report = report_on(town.session, played.circle, after_weeks(2))
    assert value(report, "members") == 30
    assert [value(report, each) for each in STANDINGS] == [5] * 6
    assert (value(report, "left"), value(report, "stopped")) == (5, 5)


def test_what_a_member_writes_after_the_end_does_not_change_the_standing(town: Town) -> None:
    played = standing(town)
    played.close(after_weeks(2))
    for person in played.people[5:10]:
        town.session.add(text_from(person.id, after_weeks(4), person.id + 100))
    town.session.flush()
    assert value(report_on(town.session, played.circle, after_weeks(5)), "quiet") == 5


def test_a_stop_long_before_a_member_left_is_not_the_reason(town: Town) -> None:
    played = standing(town)
    for row in town.session.query(Consent):
        row.at = NOW - dt.timedelta(days=30)
    town.session.flush()
    report = report_on(town.session, played.circle, after_weeks(2))
    assert value(report, "left") == 10
    assert is_hidden(report, "stopped")


def with_alarms(town: Town, people: int, cohort: Cohort | None = None, code: str = "MAPLE") -> Played:
    played = Played(town, code, cohort=cohort)
    for minutes, seat in enumerate(played.seats[:people], 1):
        played.alarm(seat, looked_after=minutes)
    return played


def test_alarms_of_a_circle_are_told_once_its_season_is_over(town: Town) -> None:
    played = with_alarms(town, 5)
    running = report_on(town.session, played.circle, after_weeks(2))
    assert is_hidden(running, "danger")
    assert is_hidden(running, "not_ok")
    assert is_hidden(running, "minutes_median")
    played.close(after_weeks(3))
    over = report_on(town.session, played.circle, after_weeks(3))
    assert (value(over, "danger"), value(over, "minutes_median")) == (5, 3)
    assert is_hidden(over, "not_ok")
    assert not [each for each in over.figures if each.figure == "danger" and each.period != "season"]


def test_alarms_of_few_are_never_told(town: Town) -> None:
    played = with_alarms(town, 4)
    for _ in range(6):
        played.alarm(played.seats[0], looked_after=1)
    played.close(after_weeks(3))
    over = report_on(town.session, played.circle, after_weeks(3))
    assert is_hidden(over, "danger")
    assert is_hidden(over, "minutes_median")


def test_alarms_of_a_cohort_are_told_while_no_circle_can_be_made_out(town: Town) -> None:
    cohort = town.cohort()
    for code, count in (("MAPLE", 6), ("OAK", 5), ("ELM", 0)):
        with_alarms(town, count, cohort, code)
    report = report_on(town.session, cohort, after_weeks(2))
    assert value(report, "danger") == 11
    assert all(is_hidden(report, "danger", scope=code) for code in report.circles)


def test_a_cohort_of_one_circle_is_no_way_around(town: Town) -> None:
    cohort = town.cohort()
    with_alarms(town, 9, cohort)
    assert is_hidden(report_on(town.session, cohort, after_weeks(2)), "danger")


def test_a_cohort_is_the_sum_of_its_circles(town: Town) -> None:
    cohort = town.cohort()
    for code in ("MAPLE", "OAK", "ELM"):
        Played(town, code, people=10, cohort=cohort).week(1, [3] * 5 + NONE[:5])
    report = report_on(town.session, cohort, after_weeks(1))
    assert report.circles == ("MAPLE", "OAK", "ELM")
    assert (value(report, "members"), value(report, "asked", "week 1")) == (30, 30)
    assert value(report, "response") == value(report, "response", scope="ELM") == 0.5


def test_a_circle_shows_what_its_cohort_shows_of_it(town: Town) -> None:
    cohort = town.cohort()
    played = Played(town, "MAPLE", people=10, cohort=cohort)
    played.week(1, [3] * 5 + NONE[:5])
    Played(town, "OAK", people=3, cohort=cohort).week(1, [3] * 3)
    whole = report_on(town.session, cohort, after_weeks(1))
    alone = report_on(town.session, played.circle, after_weeks(1))
    assert alone.figures == tuple(each for each in whole.figures if each.scope == "MAPLE")
    assert (alone.cohort, {each.period for each in alone.figures}) == ("Spring", {"season"})
    # Or OAK would be the cohort less MAPLE.
    assert is_hidden(alone, "members")


def test_erasing_the_words_changes_no_figure(town: Town) -> None:
    played = Played(town, people=30)
    for week in (1, 2, 3):
        played.week(week, [week * 3] * 15 + [None] * 15)
        played.round(week, [("yes", "yes")] * 8 + [("yes", None)] * 7)
    played.goals(24, planned=19, stepped=18, did=12, reached=6)
    for seat in played.seats[:9]:
        played.share(seat)
        played.share(seat, "ask_details")
        played.note(seat, "kind")
        played.note(seat, "thanks")
        played.alarm(seat, looked_after=3)
    # A step without a goal in words is no goal, before and after.
    played.seats[25].misses = 0
    played.close(after_weeks(3))
    before = report_on(town.session, played.circle, after_weeks(9))
    assert sum(not each.hidden and each.value is not None for each in before.figures) > 20
    erase_circle(town.session, played.circle, after_weeks(8))
    assert report_on(town.session, played.circle, after_weeks(9)).figures == before.figures


def test_a_circle_that_has_yet_to_begin_has_no_weeks(town: Town) -> None:
    circle = town.circle(starts_on=MONDAY - dt.timedelta(weeks=4))
    for _ in range(6):
        town.seat(town.person(), circle, "joining")
    report = report_on(town.session, circle, NOW)
    assert (report.weeks, report.first_day, value(report, "members")) == (0, None, 6)
    assert value(report, "response") is None


def test_an_empty_cohort_has_no_figures(town: Town) -> None:
    report = report_on(town.session, town.cohort(), NOW)
    assert (report.circles, report.figures) == ((), ())


def test_the_number_of_statements_does_not_grow_with_the_circles(town: Town) -> None:
    def statements(cohort: Cohort) -> int:
        town.session.flush()
        seen: list[str] = []

        def note(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        bind = town.session.connection()
        event.listen(bind, "before_cursor_execute", note)
        report_on(town.session, cohort, after_weeks(2))
        event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    small, large = town.cohort("Small"), town.cohort("Large")
    Played(town, "ONE", people=2, cohort=small).week(1, [3])
    for number in range(6):
        Played(town, f"CIRCLE{number}", people=8, cohort=large).week(1, [3] * 8)
    town.session.expire_all()
    assert statements(small) == statements(large) <= 25


def test_a_report_is_found_by_the_cohorts_name_or_the_circles_code(town: Town) -> None:
    cohort, circle = town.cohort("Spring 2027"), town.circle("MAPLE")
    assert find_whose(town.session, " spring  2027") is cohort
    assert find_whose(town.session, "maple") is circle
    for wrong, hint in (("Sprng 2027", "Spring 2027"), ("MAPEL", "MAPLE"), ("mapel", "MAPLE")):
        with pytest.raises(NotPossible, match=f'Did you mean "?{hint}'):
            find_whose(town.session, wrong)
    with pytest.raises(NotPossible, match="MAPLE, Spring 2027"):
        find_whose(town.session, "zzzzzzzz")


# Pure: what seasons come to


def seat(number: int, *answered: float | None, standing: str = "answering") -> Seat:
    made = Seat(number, standing)
    for week, after in enumerate(answered, 1):
        made.opened |= 1 << week
        made.ask(week, None if after is None else hours(after))
    return made


def season(seats: list[Seat], weeks: int, code: str = "MAPLE") -> Season:
    return Season(code, weeks, False, seats)


def of(seats: list[Seat], weeks: int, figure: str) -> float | None:
    published = publish([season(seats, weeks)], of_cohort=False)
    (found,) = [each for each in published if (each.period, each.figure) == ("season", figure)]
    assert not found.hidden
    return found.value


def test_a_comeback_is_an_answer_after_two_quiet_weeks() -> None:
    back = [seat(n, 3, None, None, 5) for n in range(6)]
    gone = [seat(n, None, None, None, None) for n in range(10, 15)]
    never_quiet = [seat(n, None, 3, None, 3) for n in range(20, 29)]
    assert of(back + gone + never_quiet, 4, "comebacks") == 6 / 11


@pytest.mark.parametrize(("second", "trend"), [(6, -1), (10, 0), (14, 1)])
def test_a_trend_is_the_second_half_to_the_first(second: int, trend: int) -> None:
    answers = [(3 if n < 10 else None, 3 if n < second else None) for n in range(20)]
    assert of([seat(n, *each) for n, each in enumerate(answers)], 2, "response_trend") == trend


def test_nearly_everyone_is_told_so_but_not_how_many_are_left() -> None:
    for missing in range(FEWEST):
        seats = [seat(n, None if n < missing else 3) for n in range(40)]
        published = publish([season(seats, 1)], of_cohort=False)
        (response,) = [e for e in published if (e.period, e.figure) == ("season", "response")]
        assert (response.value, response.hidden, response.at_least) == (None, True, 0.9)
        (by_week,) = [e for e in published if (e.period, e.figure) == ("week 1", "response")]
        assert (by_week.value, by_week.hidden, by_week.at_least) == (None, True, None)


seats_of = st.lists(
    st.tuples(
        st.sampled_from((*STANDINGS, "left", "stopped")),
        st.lists(st.one_of(st.none(), st.just(3.0)), max_size=4),
        st.sampled_from(((), ("set",), ("set", "planned"), ("step", "done"), ("set", "reached"))),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(st.lists(seats_of, min_size=1, max_size=5), st.booleans())
def test_no_hidden_figure_of_a_report_can_be_worked_out(made: list[list[tuple]], of_cohort: bool) -> None:  # type: ignore[type-arg]
    numbers = iter(range(10_000))
    seasons = []
    for at, seats in enumerate(made if of_cohort else made[:1]):
        mine = season([], 4, f"C{at}")
        for stands, answers, goals, count in seats:
            one = seat(next(numbers), *answers, standing=stands)
            one.goals |= set(goals)
            one.counts["asks"] = count
            mine.seats.append(one)
            if count:
                mine.alarms.append(("danger", one.person_id, 3.0))
        seasons.append(mine)
    published = publish(seasons, of_cohort=of_cohort)
    whole = COHORT if of_cohort else "C0"
    hidden = {" ".join((e.scope, e.period, e.figure)) for e in published if e.hidden}
    here = {" ".join((e.scope, e.period, e.figure)) for e in published}
    counted = {e.figure for e in published if not e.figure.endswith(("median", "_1", "_3", "trend"))}
    sums = []
    for figure in sorted(counted - set(STANDINGS)):
        total = f"{whole} season {figure}"
        weekly = [f"{whole} week {n} {figure}" for n in range(1, 5)]
        for parts in ([f"{each.code} season {figure}" for each in seasons], weekly):
            if total not in parts and set(parts) <= here:
                sums.append((total, parts))
    sums.append((f"{whole} season members", [f"{whole} season {each}" for each in STANDINGS]))
    # Without the figures' values: whether sums and differences alone would give one away.
    assert not derivable(hidden & {key for total, parts in sums for key in (total, *parts)}, sums)
    members = {each.code: {one.person_id for one in each.seats if one.is_in} for each in seasons}
    for each in published:
        if each.figure == "members" and not each.hidden:
            people = members[each.scope] if each.scope in members else set().union(*members.values())
            assert len(people) >= FEWEST
