"""What an action may ask for: each is a request, carried out by `assistant.conversations.effect_handlers`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

OWN: Final = ""
"""What a text carries that holds nobody's words but those of whoever reads it."""


def _say_whose(verbatim: tuple[str, ...], carries: str | None) -> None:
    """Let no text carry words of which nobody says whose they are: it would leave without a receipt.

    Raises:
        ValueError: it would.
    """
    if verbatim and carries is None:
        raise ValueError(f"{' and '.join(verbatim)} hold someone's words: say whose they are, in carries")


@dataclass(frozen=True, slots=True)
class Tell:
    """Say a notice of `flows/notices.toml` to a person, outside that person's conversations.

    Unprompted unless the purpose says otherwise: it waits for the recipient's daytime, and needs consent.
    """

    person_id: int
    notice: str
    placeholders: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "notice"
    circle_id: int | None = None
    expires: dt.timedelta | None = None
    verbatim: tuple[str, ...] = ()
    """Names of placeholders that hold another person's words: they arrive to the letter."""
    member_id: int | None = None
    """The seat it is about; what is about a seat that was paused or given up since does not go."""
    not_before: dt.datetime | None = None
    """It waits until then (aware UTC); None: it may go at once."""
    carries: str | None = None
    """The rows whose words stand in it ("note:5 share:7"): their writers have a receipt, and can take them
    back. `OWN`: they are the recipient's."""

    def __post_init__(self) -> None:
        _say_whose(self.verbatim, self.carries)


@dataclass(frozen=True, slots=True)
class Line:
    """A notice of `flows/notices.toml` as one line of a text."""

    notice: str
    placeholders: Mapping[str, Any] = field(default_factory=dict)
    """What stands in its placeholders, and what chooses its variant."""
    verbatim: tuple[str, ...] = ()
    """Names of placeholders that hold another person's words: they arrive to the letter."""
    carries: str | None = None
    """The row whose words stand in it, as in `Tell`."""

    def __post_init__(self) -> None:
        _say_whose(self.verbatim, self.carries)


@dataclass(frozen=True, slots=True)
class Lines:
    """Say several notices to whoever this turn is about in one text, a line each, in the order given."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Show the sender a text just as others will read it: once for each language, and for shared phones.

    Each comes as the notice `preview_text`, with the text as `words` and what it costs as `count` segments.
    """

    people: tuple[int, ...]
    """Ids of those who will read it."""
    wording: str
    """`flow/step`, or `notices/name`, whose text it is."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What stands in its placeholders, and what chooses its variant."""
    verbatim: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Start a flow with a person; `due_at` None means now."""

    person_id: int
    flow: str
    values: Mapping[str, Any] = field(default_factory=dict)
    member_id: int | None = None
    due_at: dt.datetime | None = None
    at_once: bool = False
    """It asks nothing, so that it does not wait until the person has finished talking."""


@dataclass(frozen=True, slots=True)
class Finish:
    """End a person's open conversations: all of one seat's, or all."""

    person_id: int
    member_id: int | None = None
    keep_current: bool = True
    keep_plans: bool = False
    """What the season has planned for the member still comes."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The person wants to read once more the question that is being asked, or was asked last."""


@dataclass(frozen=True, slots=True)
class Reword:
    """The person reads another language from now on: what waits for them is said in it."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The person's words that were held are the answer to a question that was asked.

    Attributes:
        media: Pictures and voice notes that go with them.
        before: They are another choice at what was asked before that question instead.
    """

    question_id: int
    words: str
    media: tuple[int, ...] = ()
    before: bool = False


@dataclass(frozen=True, slots=True)
class Obey:
    """The person's words that were held are the command that they spell."""

    words: str


@dataclass(frozen=True, slots=True)
class OptIn:
    """The person asked for texts in a text: the opt-in goes into the consent ledger with those words."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """The person asked for no more texts at all: from this moment the opt-out is in the consent ledger."""

    confirm: bool = True
    """False where the one text that the law allows about an opt-out was already said."""


@dataclass(frozen=True, slots=True)
class WrongNumber:
    """Whoever has the number is someone else: no more texts, and no seat goes with it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Someone may be in danger, or is not OK: a person is paged, at any hour, until one answers.

    Whoever is on call for the circle hears that someone may need them, and by SHOW who it is; never a word of
    what was written. While such an alarm about someone is open, another of its kind pages nobody anew.
    """

    kind: str
    """danger | not_ok"""
    circle_id: int | None
    """Whose host to page; None: the person has no circle, and only whoever runs this service sees it."""
    person_id: int
    """Whom it is about."""


Effect = (
    Tell
    | Lines
    | Preview
    | Start
    | Finish
    | AskAgain
    | Reword
    | HandOver
    | Obey
    | OptIn
    | OptOut
    | WrongNumber
    | Alarm
)
