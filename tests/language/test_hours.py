"""The hour that is read suits, and never is one that is said not to."""

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.times.hours import EARLIEST, LATEST, Hour, read_hour
from tests.case_tables import each_case

CASES = tomllib.loads((Path(__file__).parent / "cases" / "hours.toml").read_text(encoding="utf-8"))
GROUPS = ("clock", "parts", "not_then", "busy_then")

# Part of the day -> the hours that belong to it.
PARTS = {
    "mornings": range(9, 12),
    "afternoons": range(12, 18),
    "evenings": range(17, 20),
    "nights": range(18, 20),
    "mañanas": range(9, 12),
    "tardes": range(12, 19),
    "noches": range(18, 20),
}
REFUSALS = (
    "not {}", "no {}", "never {}", "{} no", "{} are bad", "any time but {}", "anytime except {}",
    "I can't do {}",
    "I work {}", "cualquier hora menos {}", "{} no puedo", "trabajo {}", "todo menos {}", "please no {}",
)  # fmt: skip
FILLERS = ("", "please", "thanks!", "I guess", "lol", "por favor", "ok?")


def in_short(hour: Hour) -> str:
    """Return an hour as the table writes it."""
    said = ("-" if hour.hour is None else str(hour.hour)) + ("!" if hour.clamped else "")
    runs: list[list[int]] = []
    for each in sorted(hour.excluded):
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    spans = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"{said} not {','.join(spans)}" if spans else said


@each_case(("reply", "expected"), [case for group in GROUPS for case in CASES[group].items()])
def test_hours_are_read_with_those_that_do_not_suit(reply: str, expected: str) -> None:
    hour = read_hour(reply)
    assert hour is not None
    assert in_short(hour) == expected


@each_case("reply", CASES["no_time"]["none"])
def test_where_no_time_is_named_none_is_read(reply: str) -> None:
    assert read_hour(reply) is None


@each_case("part", PARTS)
@each_case("refusal", REFUSALS)
def test_a_part_of_the_day_that_is_refused_is_never_chosen(refusal: str, part: str) -> None:
    hour = read_hour(refusal.format(part))
    assert hour is not None
    assert hour.hour is not None
    assert hour.hour not in PARTS[part]
    assert set(PARTS[part]) <= hour.excluded


@given(
    refused=st.sampled_from(sorted(PARTS)),
    liked=st.sampled_from(sorted(PARTS)),
    filler=st.sampled_from(FILLERS),
)
def test_liking_one_part_and_refusing_another_is_heard_whole(refused: str, liked: str, filler: str) -> None:
    if set(PARTS[liked]) <= set(PARTS[refused]):
        return
    hour = read_hour(f"{liked}, not {refused} {filler}")
    assert hour is not None
    assert hour.hour in set(PARTS[liked]) - set(PARTS[refused])


@given(st.text(max_size=80))
def test_whatever_is_written_the_hour_is_one_that_may_be_promised(text: str) -> None:
    hour = read_hour(text)
    assert hour is None or hour.hour is None or EARLIEST <= hour.hour <= LATEST
    assert hour is None or hour.hour not in hour.excluded
