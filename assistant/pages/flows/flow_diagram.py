"""Lays a flow out as one column of steps with arrows beside it: legible on a phone, and without scripts.

All lengths are SVG's own units.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.engine.flow_model import ANY, END, Flow, Step

BOX_WIDTH: Final = 250
LINE: Final = 17
PADDING: Final = 10
GAP: Final = 22
LANE: Final = 13
LONGEST: Final = 34
"""Characters of a line within a box."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step where it is drawn."""

    step: str
    kind: str
    lines: Sequence[tuple[int, str]]
    """(y, text) of each."""
    y: int
    height: int

    @property
    def middle(self) -> int:
        """Where arrows come in."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from one step to another."""

    path: str
    """SVG's path data."""
    head: str
    """The points of its head."""
    back: bool
    """It leads to a step above."""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Everything to draw."""

    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    width: int
    height: int


def ways_of(step: Step) -> list[tuple[str, str]]:
    """Return (what leads there, where) of each way out of a step; "" is whatever else."""
    ways = [("" if outcome == ANY else outcome, target) for outcome, target in step.go.items()]
    return ways + [(silence.after, silence.go) for silence in step.silence if silence.go]


def lay_out(flow: Flow) -> Diagram:
    """Return where everything of a flow stands."""
    boxes: dict[str, Box] = {}
    y = GAP
    for name in in_reading_order(flow):
        step = flow.steps.get(name)
        said = [name] if step is None else [name, *_described(step)]
        height = len(said) * LINE + PADDING
        lines = [(y + LINE * (row + 1), _cut(line)) for row, line in enumerate(said)]
        boxes[name] = Box(name, step.kind if step else END, lines, y, height)
        y += height + GAP
    arrows, lanes = _arrows(flow, boxes)
    return Diagram(list(boxes.values()), arrows, BOX_WIDTH + LANE * (lanes + 2), y)


def in_reading_order(flow: Flow) -> list[str]:
    """Return the steps as one comes to them, what nothing leads to after them, and the end."""
    seen: dict[str, None] = {}
    for start in (flow.start, *flow.steps):
        ahead = deque([start])
        while ahead:
            name = ahead.popleft()
            if name in seen or name not in flow.steps:
                continue
            seen[name] = None
            # What follows a step stands right below it where that can be.
            ahead.extendleft(reversed([target for _, target in ways_of(flow.steps[name])]))
    return [*seen, END]


def _described(step: Step) -> Iterator[str]:
    if step.expect:
        yield f"? {step.expect}"
    for what in (step.do, step.call, step.wait):
        if what:
            yield f"{step.kind} {what}"
    for label, target in ways_of(step):
        yield f"{label} → {target}" if label else f"→ {target}"


def _arrows(flow: Flow, boxes: Mapping[str, Box]) -> tuple[list[Arrow], int]:
    """Return the arrows, each in a lane where it crosses none that runs beside it, and how many lanes."""
    pairs = {
        (name, target): None
        for name, step in flow.steps.items()
        for _, target in ways_of(step)
        if target in boxes and target != name
    }
    ordered = sorted(pairs, key=lambda pair: abs(boxes[pair[0]].y - boxes[pair[1]].y))
    lanes: list[list[tuple[int, int]]] = []
    arrows = []
    for start, target in ordered:
        a, b = boxes[start], boxes[target]
        low, high = sorted((a.middle, b.middle))
        # The last line of a box that leads away, so that coming and going do not meet.
        free = next((n for n, taken in enumerate(lanes) if _fits(taken, low, high)), len(lanes))
        if free == len(lanes):
            lanes.append([])
        lanes[free].append((low, high))
        x, out, into = BOX_WIDTH + LANE * (free + 1), a.y + a.height - 5, b.y + 7
        arrows.append(
            Arrow(
                f"M{BOX_WIDTH} {out}H{x}V{into}H{BOX_WIDTH + 5}",
                f"{BOX_WIDTH},{into} {BOX_WIDTH + 7},{into - 4} {BOX_WIDTH + 7},{into + 4}",
                b.y < a.y,
            )
        )
    return arrows, len(lanes)


def _fits(taken: Sequence[tuple[int, int]], low: int, high: int) -> bool:
    return all(high < start or low > end for start, end in taken)


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
