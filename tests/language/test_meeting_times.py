"""When people meet, as hosts text it, in both languages; and where, as far as it follows."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.language.times.meeting_times import Meeting, MeetingReading, read_meetings
from tests.case_tables import each_case

NOW = dt.datetime(2026, 12, 1, 16, 0, tzinfo=dt.UTC)
"""A Tuesday, 10:00 in Chicago."""


def read(text: str) -> MeetingReading:
    return read_meetings(text, now=NOW, zone="America/Chicago", country="US")


def said(text: str) -> list[str]:
    """What a text says: "3 19:00", "3 7:00?" where it can be morning or evening, "3 -", "- 19:00"."""
    return [_in_short(each) for each in read(text).meetings]


def _in_short(meeting: Meeting) -> str:
    day = meeting.day.day if meeting.day else "-"
    if meeting.hour is None:
        return f"{day} -"
    return f"{day} {meeting.hour}:{meeting.minute:02}{'' if meeting.half_said else '?'}"


@each_case(
    ("text", "meeting"),
    [
        ("Thursday 7pm", "3 19:00"),
        ("thurs 7:30 PM", "3 19:30"),
        ("thursday 630pm", "3 18:30"),
        ("seven pm thursday", "3 19:00"),
        ("7pm on Thursday", "3 19:00"),
        ("Thursday, Dec 3, 7pm", "3 19:00"),
        ("Thursday the 3rd 7pm", "3 19:00"),
        ("12/3 at 7pm", "3 19:00"),
        ("Dec 13 18h", "13 18:00"),
        ("Friday 19:30", "4 19:30"),
        ("next Thursday 7pm", "10 19:00"),
        ("tomorrow noon", "2 12:00"),
        ("tonight 7", "1 19:00"),
        ("Thursday evening 7", "3 19:00"),
        ("Thursday 7-8pm", "3 19:00"),
        ("Thursday 7", "3 7:00?"),
        ("at 7 on thursday", "3 7:00?"),
        ("Dec 3 7", "3 7:00?"),
        ("Saturday 10", "5 10:00?"),
        ("Thursday 7 o'clock", "3 7:00?"),
        ("Dec 3", "3 -"),
        ("Thursday", "3 -"),
        ("7pm", "- 19:00"),
        ("jueves 7pm", "3 19:00"),
        ("el jueves a las 7 de la noche", "3 19:00"),
        ("jueves a las 19", "3 19:00"),
        ("viernes 19h", "4 19:00"),
        ("mañana a las 10 de la mañana", "2 10:00"),
        ("mañana 7", "2 7:00?"),
        ("7 y media de la tarde el viernes", "4 19:30"),
        ("el 13 de diciembre a las 6 de la tarde", "13 18:00"),
        ("hoy 3pm", "1 15:00"),
    ],
)
def test_a_day_and_a_time_are_read_as_they_are_written(text: str, meeting: str) -> None:
    assert said(text) == [meeting]
    assert read(text).rest == ""


@each_case(
    ("text", "meetings"),
    [
        ("Tue 7pm or Thu 8pm or Sat 10am", ["8 19:00", "3 20:00", "5 10:00"]),
        ("Tue 7pm, Thu 8pm, Sat 10am", ["8 19:00", "3 20:00", "5 10:00"]),
        ("martes 7pm o jueves 8pm o sábado 10am", ["8 19:00", "3 20:00", "5 10:00"]),
        ("Tue or Thu 7pm", ["8 19:00", "3 19:00"]),
        ("Thursday 7pm or Friday", ["3 19:00", "4 19:00"]),
        ("Thu 7 or 8pm", ["3 19:00", "3 20:00"]),
        ("thu 8pm/fri 7pm", ["3 20:00", "4 19:00"]),
        ("Thu 7pm or Thu 7pm", ["3 19:00"]),
    ],
)
def test_alternatives_take_from_each_other_what_they_leave_out(text: str, meetings: list[str]) -> None:
    assert said(text) == meetings


@each_case(
    ("text", "rest"),
    [
        ("Thursday 7pm at the library on Oak", "at the library on Oak"),
        ("Thursday 7pm, at Ana's house", "at Ana's house"),
        ("Thursday 7pm https://zoom.us/j/123", "https://zoom.us/j/123"),
        ("Thursday 7pm: dial 641-715-3580 code 12", "dial 641-715-3580 code 12"),
        ("Thursday 7pm 641-715-3580", "641-715-3580"),
        ("el jueves 7pm en casa de Ana", "en casa de Ana"),
    ],
)
def test_what_follows_is_where_or_how_to_come(text: str, rest: str) -> None:
    assert said(text) == ["3 19:00"]
    assert read(text).rest == rest


def test_another_clock_is_said_right_after_the_time() -> None:
    assert read("Thursday 7pm ET").zone == "America/New_York"
    assert read("Thursday 7pm Pacific, at the park").rest == "at the park"
    assert read("Thursday 7pm").zone is None
    assert read("Thursday 7pm Etta's place") == read("Thursday 7pm Etta's place")
    assert read("Thursday 7pm Etta's place").rest == "Etta's place"


def test_what_says_nothing_of_when_is_no_time_and_an_impossible_day_is_not_guessed() -> None:
    assert read("the library") == MeetingReading((), "the library")
    assert read("") == MeetingReading((), "")
    assert not read("Feb 30 7pm").understood
    assert read("Feb 30 7pm").meetings == ()


@settings(max_examples=200)
@given(text=st.text(max_size=80) | st.from_regex(r"[a-z0-9:,/ ]{0,40}(pm|am|or|o|thu|jue)?", fullmatch=True))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    for each in reading.meetings:
        assert each.hour is None or 0 <= each.hour <= 23
        assert each.half_said or 1 <= (each.hour or 0) <= 12
    assert reading.rest in " ".join(text.split()) or reading.rest in text
