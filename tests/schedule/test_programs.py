"""Season plans: what the files say, and everything that can be wrong with one, said at once."""

import datetime as dt
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from assistant.engine.problems import FlowErrors
from assistant.runtime import FLOWS as PROJECT_FLOWS
from assistant.runtime import read_flows
from assistant.schedule.programs import FRESH, first_monday, programs, read_programs

FLOWS = ("reflection", "meet", "close", "did", "check_in")


def written(folder: Path, text: str, name: str = "short") -> Path:
    (folder / f"{name}.toml").write_text(dedent(text), encoding="utf-8")
    return folder


def wrong(folder: Path, text: str, name: str = "short") -> list[str]:
    with pytest.raises(FlowErrors) as raised:
        read_programs(written(folder, text, name), FLOWS)
    return [str(problem).partition("/")[2] for problem in raised.value.problems]


def test_the_usual_season_has_eight_weeks_of_at_most_four_texts_and_says_goodbye() -> None:
    season = programs()["eight_weeks"]
    assert season.weeks == 8
    weeks = [[entry for entry in season.entries if entry.week == week] for week in range(1, 9)]
    assert [len(week) for week in weeks] == [4, 4, 4, 4, 4, 4, 4, 3]
    assert {entry.flow for entry in season.entries if entry.weekday == 0} == {"weekly_reflection"}
    assert [week[-1].flow for week in weeks] == [
        "buddy_did",
        "group_check_in",
        "buddy_did",
        "group_check_in",
        "buddy_did",
        "group_check_in",
        "buddy_did",
        "season_close",
    ]
    assert [dict(entry.values) for entry in season.entries if entry.flow == "weekly_reflection"] == [
        {"week": week, "theme": week, "weeks": 8} for week in range(1, 9)
    ]


def test_a_shorter_season_is_another_file_and_nothing_else() -> None:
    season = programs()["four_weeks"]
    assert season.weeks == 4
    assert [entry.values["theme"] for entry in season.entries if entry.weekday == 0] == [1, 3, 4, 8]
    assert season.entries[-1].flow == "season_close"


def test_a_week_has_what_every_week_has_unless_it_says_otherwise(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        """\
        program = "short"
        title   = "Short"

        [every_week]
        monday  = "reflection"
        tuesday = "meet"

        [[week]]
        theme = 3

        [[week]]
        theme    = 5
        tuesday  = "nothing"
        saturday = { flow = "check_in", hour = 10, expires = "6 hours", readers = true, with = { live = 1 } }
        """,
    )
    entries = read_programs(folder, FLOWS)["short"].entries
    assert [(entry.key, entry.weekday) for entry in entries] == [
        ("week 1 reflection", 0),
        ("week 1 meet", 1),
        ("week 2 reflection", 0),
        ("week 2 check_in", 5),
    ]
    last = entries[-1]
    assert last.values == {"live": 1, "week": 2, "theme": 5, "weeks": 2}
    assert (last.hour, last.expires, last.readers) == (10, dt.timedelta(hours=6), True)
    assert (entries[0].hour, entries[0].expires, entries[0].readers) == (None, FRESH, False)


def test_a_week_with_a_circle_hour_has_one_text_less(tmp_path: Path) -> None:
    season = programs()["eight_weeks_live"]
    assert [(hour.key, hour.weekday, hour.time) for hour in season.hours] == [
        ("week 2", 3, dt.time(19)),
        ("week 4", 3, dt.time(19)),
        ("week 6", 3, dt.time(19)),
    ]
    assert season.hours[0].day(dt.date(2027, 3, 1)) == dt.date(2027, 3, 11)
    assert [sum(entry.week == week for entry in season.entries) for week in (1, 2)] == [4, 3]
    assert wrong(
        tmp_path,
        """\
        program = "short"
        title   = "Short"

        [every_week]
        monday   = "reflection"
        tuesday  = "meet"
        thursday = "close"
        saturday = "did"

        [[week]]
        theme = 1
        hour  = "thursday 19:00"

        [[week]]
        theme   = 1
        tuesday = "nothing"
        hour    = "thurs 7pm"

        [[week]]
        theme   = 1
        tuesday = "nothing"
        hour    = "friday 22:00"
        """,
    ) == [
        (
            "short.toml:10 [week 1]: 5 texts are planned, the circle hour among them; 4 are all that people "
            "agreed to."
        ),
        'short.toml:17 [week 2] hour: write the circle hour as a day and a time: hour = "thursday 19:00".',
        "short.toml:22 [week 3] hour: a circle hour begins from 9:00 to 19:59.",
    ]


def test_programs_are_checked_together_with_the_flows_they_name(tmp_path: Path) -> None:
    assert read_flows()
    shutil.copytree(PROJECT_FLOWS, tmp_path / "flows")
    (tmp_path / "flows" / "season_close.toml").unlink()
    (tmp_path / "flows" / "undo.toml").write_text("flow = ")
    with pytest.raises(FlowErrors) as raised:
        read_flows(tmp_path / "flows")
    wrong = {(problem.file, problem.step) for problem in raised.value.problems}
    assert {("undo.toml", None), ("programs/eight_weeks.toml", "week 8")} <= wrong


def test_weeks_begin_on_mondays_so_that_none_begins_half_over() -> None:
    assert first_monday(dt.date(2027, 3, 1)) == dt.date(2027, 3, 1)
    assert first_monday(dt.date(2027, 3, 2)) == dt.date(2027, 3, 8)
    assert first_monday(dt.date(2027, 3, 7)) == dt.date(2027, 3, 8)
    assert programs()["eight_weeks"].last_day(dt.date(2027, 3, 3)) == dt.date(2027, 5, 2)


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    assert wrong(
        tmp_path,
        """\
        program = "shrot"
        titel   = "Short"

        [every_week]
        monday   = "reflexion"
        tuseday  = "meet"
        thursday = { flow = "close", hour = 22, wiht = 1, readers = "yes", expires = "9 days" }

        [[week]]
        theme = 1

        [[week]]
        saturday = 3
        sunday   = { flow = "did", with = { week = 2 } }
        """,
    ) == [
        'short.toml:2 titel: nobody reads it. Did you mean "title"?',
        'short.toml:1 program: write program = "short", as the file is called.',
        'short.toml title: give it a title that people understand, such as "Eight weeks".',
        "short.toml:12 [week 2] theme: say which theme the week has: a number from 1.",
        'short.toml:6 [every week] tuseday: it is not a day of the week. Did you mean "tuesday"?',
        'short.toml:5 [every week] monday: there is no flow "reflexion". Did you mean "reflection"?',
        'short.toml:7 [every week] thursday: nobody reads "wiht". Did you mean "with"?',
        "short.toml:7 [every week] thursday: `hour` is a full hour from 9 to 19: nobody is woken.",
        "short.toml:7 [every week] thursday: `readers` is true or false.",
        "short.toml:7 [every week] thursday: `expires` is 7 days at most; by then the next week has come.",
        'short.toml:13 [week 2] saturday: write saturday = "some_flow" or saturday = { flow = "some_flow" }.',
        'short.toml:14 [week 2] sunday: "week" is given to every flow already; choose another name.',
    ]


def test_more_than_people_agreed_to_is_refused(tmp_path: Path) -> None:
    assert wrong(
        tmp_path,
        """\
        program = "short"
        title   = "Short"

        [every_week]
        monday    = "reflection"
        tuesday   = "meet"
        wednesday = "check_in"
        thursday  = "close"

        [[week]]
        theme = 1

        [[week]]
        theme    = 2
        saturday = "did"

        [[week]]
        theme     = 3
        wednesday = "close"
        """,
    ) == [
        "short.toml:13 [week 2]: 5 texts are planned; 4 are all that people agreed to.",
        'short.toml:17 [week 3]: "close" comes twice; a flow comes once a week.',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("program = ", "it cannot be read: Invalid value"),
        ('program = "short"\ntitle = "x"', "a season has 1 to 52 weeks, a [[week]] each; here are 0."),
        ('program = "short"\ntitle = "x"\n[week]\ntheme = 1', "each week is a table of its own"),
        ('program = "short"\ntitle = "x"\nevery_week = 1\n[[week]]\ntheme = 1', "write the days under"),
        ('program = "short"\ntitle = "x"\n[[week]]\ntheme = true', "say which theme the week has"),
        (
            'program = "short"\ntitle = "x"\n[[week]]\nmonday = { flow = "did", expires = "soon" }',
            '"soon" is not a time to wait',
        ),
    ],
)
def test_whatever_stands_in_a_file_the_answer_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in wrong(tmp_path, text))


def test_a_file_that_is_not_utf_8_says_so(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_bytes(b'program = "short"\ntitle = "ma\xf1ana"\n')
    with pytest.raises(FlowErrors, match="save it as UTF-8"):
        read_programs(tmp_path)


def test_a_name_that_cannot_be_a_programs_is_refused(tmp_path: Path) -> None:
    text = 'program = "Eight weeks"\ntitle = "x"\n[[week]]\ntheme = 1'
    assert any("small letters" in problem for problem in wrong(tmp_path, text, "Eight weeks"))
