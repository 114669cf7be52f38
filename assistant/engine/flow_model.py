"""The words of the engine: flow, step, place, turn, and the effects that a turn asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

END = "end"
"""The step name that ends a flow (or returns to the flow that called it)."""

ANY = "*"
"""The outcome that stands for every other one in a step's `go`."""

CAPITALS = "capitals"
"""A command whose words people also say for their own sake interrupts a question only in capitals."""

UNLESS_ANSWER = "unless_answer"
"""A command that interrupts any question, but for one that its words answer: "mejor no" is a SKIP."""
ASKED = "asked"
"""A command whose words may well be an answer: written otherwise, the person is asked about it."""

TOGETHER = "together"
"""A command that needs no capitals while two are together, and everywhere else is as with `CAPITALS`."""

OPENING = "opening"
WHOLE = "whole"
SURE = (OPENING, WHOLE)
"""How sure a reply must be before it counts: its opening says so, or every word of it does."""

AUDIENCES = ("us", "host", "buddy", "circle")
"""Who will see an answer, from the narrowest to the widest."""

Texts = Mapping[str, Mapping[str, str]]
"""language -> variant -> text. Variants: "full"; "plain" (shared phones); "<value name>_<value>" and
"<value name>_<value>_plain", chosen by the values a flow was started with."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice: the outcome it leads to, and the ways of saying it in each language."""

    key: str
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Silence:
    """What happens when nobody answers for `after`: something said (it stays open), a way on, or both."""

    after: str
    say: Texts | None = None
    go: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One question or action of a flow. `kind` is say, ask, do, wait or call."""

    name: str
    kind: str
    go: Mapping[str, str]
    """outcome -> step. A plain `go = "x"` in the file is {"*": "x"}: whatever came."""
    say: Texts | None = None
    unclear: Texts | None = None
    again: Texts | None = None
    """The question in other words, where `unclear` says that something was not understood."""
    example: Texts | None = None
    """What a second reply that nobody understood gets: an answer, to see what one looks like."""
    because: Texts | None = None
    """What the question is for, said to whoever asks; a flow says it once for all its questions."""
    taken_back: str | None = None
    """Where all that the flow has gathered is let go of, once taken back; a flow says it for all."""
    expect: str | None = None
    sure: Mapping[str, str] = field(default_factory=dict)
    """outcome -> how sure a reply must be to come to it; {"*": "whole"} when it does not vary."""
    visible_to: Mapping[str, str] = field(default_factory=dict)
    """variant -> audience; {"full": "circle"} when it does not vary."""
    save_as: str | None = None
    may_change: bool = False
    """Whether another answer takes the place of the one given, as long as nothing else was asked since."""
    options: tuple[Option, ...] = ()
    choices_from: str | None = None
    silence: tuple[Silence, ...] = ()
    do: str | None = None
    wait: str | None = None
    call: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A checked flow."""

    name: str
    title: str
    start: str
    steps: Mapping[str, Step]
    version: str
    """First 16 hex digits of the SHA-256 of the canonical movement: no wording in it."""
    safety: bool = False
    """Whether its texts go at any hour and before all others, for someone may be in danger."""
    urgent: bool = False
    """Whether its texts go at once, as answers do: whoever reads them asked for it, or agreed to the hour."""


@dataclass(frozen=True, slots=True)
class Command:
    """Words that start a flow at any time; a `{slot}` in them becomes a value of that name."""

    name: str
    words: Mapping[str, tuple[str, ...]]
    """language -> patterns, such as "join {code}"."""
    who: str
    """anyone, member, host or organizer."""
    starts: str
    interrupts: bool | str = False
    """Whether it is obeyed even while a question is open; with `CAPITALS` and `ASKED` only in capitals."""
    names_subject: bool = False
    """Whether its words name what people teach and learn, too: as an answer they are not asked about."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A flow to come back to, and the step in it that called."""

    flow: str
    version: str
    step: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation stands."""

    flow: str
    version: str
    step: str
    callers: tuple[Caller, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Say this step's text. `part` is "say", "unclear", or "silence.N".

    The version is that of the flow it stands in, which need not be the one where the turn stops: a called
    flow, or the one that called, may have the next word.
    """

    flow: str
    step: str
    part: str
    version: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Open this step's question (its text was said just before)."""

    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class Do:
    """Run an action now and hand its outcome back to `advance`."""

    action: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Set a timer; when it is due, `advance` with the outcome "waited"."""

    spec: str


Effect = Say | Ask | Do | Wait


@dataclass(frozen=True, slots=True)
class Turn:
    """One move: the next place (None: the conversation is over) and what it asks for, in order.

    A turn stops at an Ask, a Do or a Wait, which is then its last effect.
    """

    place: Place | None
    effects: tuple[Effect, ...]
