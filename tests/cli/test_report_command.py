"""`circle report`: figures for a funder, as tables, as JSON and as CSV; never anyone's words or name."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import JSON, String, select, text

from assistant.store.clock_offset import CLOCK
from assistant.store.columns import Base
from assistant.store.database import Database
from assistant.store.sealed_columns import Sealed, WordsJson
from assistant.store.tables import Audit, ServiceState
from assistant.store.tables import Circle as CircleRow
from tests.circles.played import Played
from tests.circles.town import Town
from tests.cli.shell import Circle

LATER = dt.datetime(2026, 6, 22, 18, tzinfo=dt.UTC)
"""The Monday after three weeks."""
MARKER = "zucchini-lanterns"
READ_BY_PROGRAMS = {
    *("code", "state", "kind", "key", "flow", "step", "version", "zone", "language", "program", "wording"),
    *(
        "outcome",
        "visible_to",
        "purpose",
        "did",
        "gave",
        "role",
        "what",
        "sender",
        "uri",
        "carrier_id",
        "status",
        "action",
        "arm",
        "rule",
    ),
}
"""Columns whose words are the program's own, or a circle's code."""


@pytest.fixture
def spring(circle: Circle, rows: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three circles of 12 in a cohort, three weeks behind them; ELM belongs to none and has three people."""
    monkeypatch.setenv("TIME_TRAVEL", "1")
    with rows.write() as session:
        ahead = LATER - dt.datetime.now(dt.UTC)
        session.merge(ServiceState(name=CLOCK, value={"offset_seconds": ahead.total_seconds()}))
        town = Town(session)
        cohort = town.cohort()
        for number, code in enumerate(("MAPLE", "OAK", "BIRCH")):
            played = Played(town, code, cohort=cohort)
            for week in (1, 2, 3):
                played.week(week, [2.5 * week] * (5 + number) + [None] * (7 - number))
                played.round(week, [("yes", "yes")] * 3 + [("yes", None)] * 3)
            played.goals(7, planned=7, reached=1)
            for seat in played.seats[:3]:
                played.share(seat)
                played.note(seat, "kind")
                played.alarm(seat, "not_ok", looked_after=4)
        Played(town, "ELM", people=3).week(1, [3] * 3)


@pytest.mark.usefixtures("spring")
def test_a_cohort_reads_as_tables(circle: Circle) -> None:
    shown = circle("report", "spring")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[0].startswith("Spring: 3 circles, weeks 1 to 3 (2026-06-01 to 2026-06-21). As of ")
    assert lines[0].endswith(" 2026-06-22 18:00 UTC.")
    assert "nobody's words were read" in lines[1]
    assert "<5" in lines[2]
    assert max(map(len, lines)) <= 100
    flat = [" ".join(line.split()) for line in lines]
    assert "Members now 36" in flat
    assert "WEEKLY QUESTION W1 W2 W3 SEASON BY WEEK" in flat
    assert "Times the week's question was asked 36 36 36 108 ███" in flat
    assert "Answered within 3 days 50% 50% 50% 50% ███" in flat
    assert "Hours to the answer: half are faster 2.5 5.0 7.5 5.0 ▃▆█" in flat
    assert "Buddies who all say they connected 50% 50% 50% 50% ███" in flat
    assert "Set a goal 58%" in flat
    assert "made an if-then plan for it *" in flat
    assert "Kind lines passed on 9" in flat
    assert 'Alerts after "not OK" 9' in flat
    assert "MAPLE 12 42% steady 5.0 42% 50% 58% * *" not in flat
    assert next(line for line in flat if line.startswith("MAPLE")).startswith("MAPLE 12 42% steady 5.0")


@pytest.mark.usefixtures("spring")
def test_a_circle_of_a_cohort_is_told_over_its_season(circle: Circle) -> None:
    shown = circle("report", "OAK")
    assert shown.code == 0
    assert shown.out.startswith("OAK, weeks 1 to 3")
    flat = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "WEEKLY QUESTION SEASON" in flat
    assert "Answered within 3 days 50%" in flat
    assert "Trend, second half to the first steady" in flat
    assert 'Alerts after "not OK" *' in flat
    assert "circle report 'Spring'" in shown.err


@pytest.mark.usefixtures("spring")
def test_a_report_can_be_read_by_programs_and_by_spreadsheets(circle: Circle) -> None:
    data = circle("report", "Spring", "--json").data
    assert (data["report"], data["scope"], data["weeks"]) == ("Spring", "cohort", 3)
    assert (data["first_day"], data["last_day"]) == ("2026-06-01", "2026-06-21")
    figures = {(each["scope"], each["period"], each["figure"]): each for each in data["figures"]}
    assert figures["cohort", "week 2", "response"]["value"] == 0.5
    assert figures["MAPLE", "season", "response"]["value"] == 15 / 36
    planned = figures["cohort", "season", "goal_planned"]
    assert (planned["value"], planned["hidden"]) == (None, True)
    shown = circle("report", "Spring", "--csv")
    assert shown.out.isascii()
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert list(rows[0]) == ["scope", "period", "figure", "value", "hidden", "at_least"]
    assert len(rows) == len(figures)
    for row in rows:
        same = figures[row["scope"], row["period"], row["figure"]]
        assert (float(row["value"]) if row["value"] else None) == same["value"]
        assert (row["hidden"] == "true") == same["hidden"]


@pytest.mark.usefixtures("spring")
def test_fewer_weeks_are_shown_and_no_figure_changes(circle: Circle) -> None:
    whole = circle("report", "Spring", "--json").data["figures"]
    last = circle("report", "Spring", "--weeks", "1", "--json").data["figures"]
    assert last == [each for each in whole if each["period"] not in ("week 1", "week 2")]
    assert " W2 " not in circle("report", "Spring", "--weeks", 1).out
    assert circle("report", "Spring", "--weeks", "0").code == 2


@pytest.mark.usefixtures("spring")
def test_nobodys_words_or_names_are_in_a_report(circle: Circle, rows: Database) -> None:
    planted = set()
    with rows.write() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if column.name in READ_BY_PROGRAMS or (table.name, column.name) == ("cohort", "name"):
                    continue
                if isinstance(column.type, JSON | WordsJson):
                    session.execute(table.update().values({column: {MARKER: MARKER}}))
                elif isinstance(column.type, String | Sealed):
                    session.execute(table.update().values({column: MARKER}))
                else:
                    continue
                planted.add(f"{table.name}.{column.name}")
        session.execute(text("UPDATE member SET named = 1"))
    assert planted >= {
        "person.name",
        "answer.words",
        "answer.value",
        "share.words",
        "goal.words",
        "circle.name",
    }
    for name in ("Spring", "MAPLE", "ELM"):
        for form in ((), ("--json",), ("--csv",)):
            shown = circle("report", name, *form)
            assert shown.code == 0
            assert MARKER not in shown.out + shown.err
            assert "+1512" not in shown.out + shown.err


@pytest.mark.usefixtures("spring")
def test_looking_is_on_record(circle: Circle, rows: Database) -> None:
    circle("report", "Spring", "--csv")
    circle("report", "OAK")
    with rows.read() as session:
        oak = session.scalars(select(CircleRow.id).where(CircleRow.code == "OAK")).one()
        looked = session.scalars(select(Audit).where(Audit.action == "report").order_by(Audit.id)).all()
    assert [(each.person_id, each.circle_id, each.details) for each in looked] == [
        (None, None, {"cohort_id": 1}),
        (None, oak, {}),
    ]


@pytest.mark.usefixtures("spring")
def test_three_people_are_too_few_for_any_figure(circle: Circle) -> None:
    shown = circle("report", "ELM")
    assert shown.code == 0
    assert "no week is over yet" not in shown.out
    figures = circle("report", "ELM", "--json").data["figures"]
    assert [each["figure"] for each in figures if each["value"] is not None] == []


def test_a_report_without_members_says_so(circle: Circle) -> None:
    circle("cohort", "create", "Fall", "--organizer", "4155550100")
    shown = circle("report", "Fall")
    assert (shown.code, "no week is over yet" in shown.out) == (0, True)
    assert "no circles yet" in shown.err
    assert circle("report", "Fall", "--json").data["figures"] == []
    circle("create", "Maple", "--code", "MAPLE", "--cohort", "Fall")
    shown = circle("report", "MAPLE")
    assert shown.code == 0
    assert "once the first week is over" in shown.err


def test_an_unknown_name_is_answered_with_a_hint(circle: Circle) -> None:
    circle("cohort", "create", "Fall 2027", "--organizer", "4155550100")
    circle("create", "Maple", "--code", "MAPLE")
    for wrong, hint in (("Fal 2027", "Fall 2027"), ("MAPEL", "MAPLE")):
        result = circle("report", wrong)
        assert (result.code, result.out) == (1, "")
        assert f'Did you mean "{hint}"?' in result.err
    assert circle("report").code == 2
    assert circle("report", "MAPLE", "--json", "--csv").code == 2
