"""A folder of flows that a test writes, and a checker that knows a few actions and fills."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from assistant.engine import FlowBook, FlowErrors, Known, Problem, load
from assistant.engine.flow_model import SURE
from assistant.language.commands.command_reading import parse_phrase
from assistant.language.rendering import Placeholder, worst_case
from assistant.language.sms.gsm7 import to_gsm7
from assistant.language.sms.segments import measure
from assistant.schedule.waits import check_wait

PLACEHOLDERS = {
    placeholder.name: placeholder
    for placeholder in (
        Placeholder("name", 20, {"en": "Ana"}),
        Placeholder("circle", 20, {"en": "Bold Moves"}),
        Placeholder("host", 20, {"en": "Luz"}),
        Placeholder("goal", 80, {"en": "get two interviews"}),
    )
}
ACTIONS = {
    "find_circle": frozenset({"found", "unknown", "full"}),
    "seat_member": frozenset({"done"}),
    "look_again": frozenset({"yes", "no"}),
}
OUTCOMES = {
    "text": frozenset({"text"}),
    "name": frozenset({"name"}),
    "yes_no": frozenset({"yes", "no"}),
    "choice": frozenset[str](),
    "agree": frozenset({"agree", "no"}),
    "number 1-5": frozenset({"number"}),
}


def read_outcomes(expect: str) -> frozenset[str]:
    if expect not in OUTCOMES:
        raise ValueError(f'nobody can expect "{expect}"')
    return OUTCOMES[expect]


def count_segments(text: str) -> tuple[str, int]:
    measured = measure(to_gsm7(text))
    return measured.encoding, measured.segments


KNOWN = Known(
    actions=ACTIONS,
    outcomes=read_outcomes,
    placeholders=PLACEHOLDERS.keys(),
    worst=lambda text: worst_case(text, PLACEHOLDERS),
    segments=count_segments,
    waits=check_wait,
    degrees=lambda expect: () if expect == "text" else SURE,
    phrase=parse_phrase,
    languages=("en", "es"),
)


@dataclass
class FlowFolder:
    """A folder of flows that a test writes."""

    path: Path

    def write(self, name: str, text: str) -> None:
        (self.path / f"{name}.toml").write_text(dedent(text), encoding="utf-8")

    def load(self) -> FlowBook:
        return load(self.path, KNOWN)

    def problems(self) -> tuple[Problem, ...]:
        with pytest.raises(FlowErrors) as raised:
            self.load()
        return raised.value.problems
