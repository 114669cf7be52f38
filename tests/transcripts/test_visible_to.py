"""What a question says of its answer's readers is true: they get the words, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation import transcript
from assistant.simulation.transcript import play_in
from assistant.simulation.world import World

WORDS = "zebra lantern"
"""Written once, by ana; whoever reads these has read her words."""
BEGINNING = """
circle MAPLE "Bold Moves" host luz
circle OAK "New Moms" host eva
member ana MAPLE
member bea MAPLE
member cid MAPLE plain
member dee MAPLE language es
member omar OAK
season MAPLE
season OAK
... Monday 12:00
dee: hola
dee: con nombre
dee: paso
... Tuesday 12:00
""".strip()
LATER = """
... 2 days pass
bea: READ
cid: READ
cid: yes
dee: LEER
omar: READ
luz: STATUS
luz: 1
""".strip()
CIRCLE = {"bea", "cid", "dee"}
BUDDY = {"bea"}
HOST = {"luz"}
THAT_ONE = {"dee"}

HOUR = """
luz: HOUR Wednesday 7pm
luz: SEND
... 2 minutes pass
ana: coming
... Wednesday 19:01
""".strip()
"""Ana comes to a circle hour, which begins."""

SCENES: dict[str, tuple[str, set[str]]] = {
    "about_me/teach": (f"ana: ABOUT ME\nana: 1\nana: {WORDS}", CIRCLE),
    "about_me/learn": (f"ana: ABOUT ME\nana: 3\nana: {WORDS}", CIRCLE),
    "circle_close/kind": (
        f"start circle_close for ana with week=1 theme=1 weeks=8\nana: Dee, {WORDS}",
        THAT_ONE,
    ),
    "circle_close/kind_again": (
        f"start circle_close for ana with week=1 theme=7 weeks=8\nana: Dee, {WORDS}",
        THAT_ONE,
    ),
    "circle_close/step": (
        (
            "start circle_close for ana with week=1 theme=3 weeks=8\n"
            f"ana: By Friday I will {WORDS}\nana: name\nana: skip"
        ),
        CIRCLE,
    ),
    "circle_close/words": (
        f"start circle_close for ana with week=1 theme=6 weeks=8\nana: {WORDS}\nana: name",
        CIRCLE,
    ),
    "circle_hour/open": (f"{HOUR}\nana: {WORDS}\nana: name", CIRCLE),
    "circle_hour/close": (f"{HOUR}\nana: skip\n... 45 minutes pass\nana: {WORDS}\nana: name", CIRCLE),
    "goal/goal": (f"ana: GOAL\nana: {WORDS}\nana: skip\nana: no", BUDDY),
    "goal/plan": (f"ana: GOAL\nana: a good job\nana: {WORDS}\nana: no", BUDDY),
    "group_check_in/ask_own": (
        f"luz: CHECKIN how was it?\nluz: SEND\n... 2 minutes pass\nana: {WORDS}",
        HOST,
    ),
    "kind_line/line": (
        f"start circle_close for ana with week=1 theme=1 weeks=8\nana: Dee\nana: {WORDS}",
        THAT_ONE,
    ),
    "poll/question": (
        f"ana: POLL\nana: {WORDS}? one, two\nana: yes\n... 2 minutes pass\ncid: POLL\ncid: yes",
        CIRCLE,
    ),
    "poll/choices": (
        (f"ana: POLL which one?\nana: {WORDS}, none\nana: yes\n... 2 minutes pass\ncid: POLL\ncid: yes"),
        CIRCLE,
    ),
    "poll/many": (
        (
            f"ana: POLL which one? a, b, c, d, e, f, g\nana: {WORDS}, none\nana: yes\n"
            "... 2 minutes pass\ncid: POLL\ncid: yes"
        ),
        CIRCLE,
    ),
    "poll/long": (
        (
            f"ana: POLL which {'long ' * 25}one? a, b\nana: which one? {WORDS}, none\nana: yes\n"
            "... 2 minutes pass\ncid: POLL\ncid: yes"
        ),
        CIRCLE,
    ),
    "season_close/round": (
        f"start season_close for ana with week=8 weeks=8\nana: {WORDS}\nana: name",
        CIRCLE,
    ),
    "step/step": (f"ana: STEP\nana: {WORDS}\nana: skip", BUDDY),
    "step_plan/where": (f"ana: STEP\nana: call on Friday\nana: {WORDS}", BUDDY),
    "step_plan/when": (f"ana: STEP\nana: call my aunt\nana: {WORDS}", BUDDY),
    "step_check/ask": (
        f"ana: STEP\nana: {WORDS}\nana: skip\nstart step_check for ana\nana: 1\nana: skip\nana: 2",
        BUDDY,
    ),
    "step_reminder/ask": (
        f"ana: STEP\nana: {WORDS} tomorrow\nana: skip\n... Wednesday 12:00\nana: DONE\nana: 2",
        BUDDY,
    ),
    "weekly_reflection/open": (
        f"start weekly_reflection for ana with week=2 theme=2 weeks=8\nana: {WORDS}\nana: name\nana: skip",
        CIRCLE,
    ),
    "weekly_reflection/open_with_goal": (
        (
            "ana: GOAL\nana: a good job\nana: skip\nana: no\n"
            f"start weekly_reflection for ana with week=8 theme=8 weeks=8\nana: {WORDS}\nana: name\nana: skip"
        ),
        CIRCLE,
    ),
    "weekly_reflection/ask": (
        f"start weekly_reflection for ana with week=4 theme=4 weeks=8\nana: hello\nana: name\nana: {WORDS}",
        CIRCLE,
    ),
    "weekly_reflection/question": (
        f"start weekly_reflection for ana with week=5 theme=5 weeks=8\nana: hello\nana: name\nana: {WORDS}",
        CIRCLE,
    ),
    "stand_by/line": (
        f"dee: APOYO renta\ndee: 1\ndee: 1\ndee: 1\nana: 2\nana: {WORDS}",
        THAT_ONE,
    ),
    "stand_by/joy": (
        f"dee: APOYO el trabajo es mío\ndee: 5\ndee: 1\ndee: 1\nana: {WORDS}",
        THAT_ONE,
    ),
    "weekly_reflection/thanks": (
        (
            "start weekly_reflection for ana with week=8 theme=8 weeks=8\n"
            f"ana: hello\nana: name\nana: Dee, {WORDS}"
        ),
        THAT_ONE,
    ),
}
"""flow/step -> what ana does, and who must have read her words in the end."""
NO_WORDS = {
    "alert_call/ask": "a yes or no; danger_number.txt shows who hears it",
    "call_ask/ask": "a yes or no; call.txt",
    "group_check_in/ask": "a choice; group_check_in.txt",
    "host_offer/ask": "a yes or no; handoff.txt",
    "hour_invite/ask": "coming or not; circle_hour.txt",
    "hour_reminder/ask": "coming or not; circle_hour.txt",
    "hour_suits/ask": "numbers of times; hour_poll.txt",
    "hour_suits/again": "numbers of times; hour_poll.txt",
    "circle_hour/there": "a yes or no; circle_hour.txt",
    "safe/ask": "a choice; danger_answered.txt",
    "season_close/may_keep": "a yes or no about words that were seen; season_close.txt",
    "host/name": "a name, in what a host says",
    "new_circle/name": "a name, in what a host says",
    "new_circle/naming": "the circle's name, in every text",
    "new_circle/naming_again": "the circle's name, in every text",
    "onboarding/name": "a first name, with what is shared",
    "rename/name": "a first name, with what is shared",
    "rename_circle/ask": "the circle's name, in every text",
    "rename_circle/again": "the circle's name, in every text",
    "ask_outcome/thanks": "a line for the helper; exchange_ask.txt",
    "introduction_outcome/thanks": "a line for the other of two who met; introduce.txt",
    "now_outcome/thanks": "a line for whoever came; now_hour.txt",
    "rally_thanks/ask": "a line for those who stood by; rally_joy.txt",
    "stand_by/meant": "a yes or no about a line; rally.txt",
    "be_found/ask": "a yes or no; exchange_who_knows.txt",
    "offer/source": "a choice; exchange_offer.txt",
    "report/line": "words for a review; report.txt",
    "kind_note/words": "a host's note; quiet_note.txt",
    "onboarding/teach": "as about_me/teach, by the same action; onboarding_english.txt",
    "onboarding/learn": "as about_me/learn, by the same action; onboarding_english.txt",
}
"""Questions whose answers are no free words of a member's, and what shows who gets them."""

PRIVATE = {
    "weekly_reflection/open, theme 3": (
        f"start weekly_reflection for ana with week=3 theme=3 weeks=8\nana: {WORDS}"
    ),
    "goal/goal, alone": f"ana: LESS\nana: 1\nana: GOAL\nana: {WORDS}\nana: skip\nana: no",
    "step/step, alone": f"ana: LESS\nana: 1\nana: STEP\nana: {WORDS}\nana: skip",
    "weekly_reflection/plan": (
        "ana: GOAL\nana: a good job\nana: skip\nana: no\n"
        f"start weekly_reflection for ana with week=3 theme=3 weeks=8\nana: hello\nana: {WORDS}"
    ),
}
"""Where the question says that nobody sees it."""


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


Play = Callable[[str], str]


@pytest.fixture(scope="module")
def play(book: FlowBook) -> Iterator[Play]:
    """Plays what comes after the beginning, which is played once: each scene begins with its rows."""
    with World(book, start=transcript.BEGINNING) as first:
        begun = play_in(first, BEGINNING)
        first.database.close()  # Now all rows are in the one file.
        rows, now = rows_of(first).read_bytes(), first.clock.now()

        def play(script: str) -> str:
            with World(book, start=now) as world:
                rows_of(world).write_bytes(rows)
                world.numbers |= first.numbers
                world.local.chance.setstate(first.local.chance.getstate())  # Ids go on where they stood.
                return begun + play_in(world, script)

        yield play


def rows_of(world: World) -> Path:
    return Path(str(world.database.url.database))


def test_every_step_that_names_readers_is_shown(book: FlowBook) -> None:
    named = {
        f"{flow.name}/{step.name}"
        for flow in book.flows.values()
        for step in flow.steps.values()
        if set(step.visible_to.values()) - {"us"}
    }
    assert named == set(SCENES) | set(NO_WORDS)


@pytest.mark.parametrize("step", sorted(SCENES))
def test_those_who_were_named_read_it_and_nobody_else(step: str, play: Play) -> None:
    acts, readers = SCENES[step]
    played = play(f"{acts}\n{LATER}\n")
    assert readers_of(played.splitlines()) - {"ana"} == readers, played


@pytest.mark.parametrize("what", sorted(PRIVATE))
def test_what_is_for_nobody_reaches_nobody(what: str, play: Play) -> None:
    played = play(f"{PRIVATE[what]}\n{LATER}\n... Tuesday 12:00\n")
    assert readers_of(played.splitlines()) - {"ana"} == set(), played


def readers_of(lines: Iterable[str]) -> set[str]:
    """Return who got the words in a text of ours."""
    wrote, reader, readers = "", "", set()
    for line in lines:
        spoken = re.match(r"(?P<who>[a-z]+)(, at once|, meanwhile)?( to (?P<to>[a-z]+))?: ", line)
        if spoken and spoken["who"] == "bot":
            reader = spoken["to"] or wrote
        elif spoken:
            wrote, reader = spoken["who"], ""
        elif not line.startswith("    "):
            reader = ""
        if reader and WORDS in line:
            readers.add(reader)
    return readers
