"""Whoever chose only the weekly question gets that, and what goes even to those who just read along."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from assistant.schedule.local_time import hours_for
from assistant.schedule.planning import LocalClock, next_prompt
from assistant.schedule.programs import programs

MONDAY = dt.date(2026, 6, 1)
CLOCK = LocalClock(ZoneInfo("America/Chicago"), hours_for(None))


def test_only_the_weekly_question_and_the_goodbye_come() -> None:
    program = programs()["eight_weeks"]
    now, came, flows = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC), set[str](), []
    while following := next_prompt(program, MONDAY, CLOCK, now, come=came, only="weekly_reflection"):
        came.add(following.entry.key)
        flows.append(following.entry.flow)
        now = following.due_at
    assert flows == ["weekly_reflection"] * 8 + ["season_close"]
