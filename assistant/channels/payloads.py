"""What a tap brings back: which asking it answers, and with what. Whatever else comes is no tap of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TO_READ: Final = "read"
"""The payload of the opener's button: nothing is answered by it."""
NAMES: Final = ("ButtonPayload", "ListId")
"""Where Twilio puts it: of a button or a suggested reply, and of an item of a list."""
LONGEST: Final = 200
"""Characters of an id, as Twilio's content types have it."""
_ANSWER: Final = re.compile(r"ask:([1-9][0-9]{0,17}):(.{1,170})", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tapped:
    """One option of one asking."""

    question_id: int
    option: str
    """An outcome, the key of a choice, or a number."""


def payload_of(question_id: int, option: str) -> str:
    """Return what the tap on this option of this asking brings back."""
    return f"ask:{question_id}:{option}"


def fits(option: str) -> bool:
    """Return whether an option's key can be brought back whole."""
    return 0 < len(option) <= 170 and option.isprintable()


def payload_in(params: Mapping[str, Any]) -> str | None:
    """Return what was tapped, of whatever a text came with."""
    found = (params.get(name) for name in NAMES)
    return next((each for each in found if isinstance(each, str) and 0 < len(each) <= LONGEST), None)


def tapped(params: Mapping[str, Any]) -> Tapped | None:
    """Return which option of which asking was tapped; None: nothing, or it is none that we ever sent."""
    read = _ANSWER.fullmatch(payload_in(params) or "")
    return Tapped(int(read[1]), read[2]) if read else None


def asks_to_read(params: Mapping[str, Any]) -> bool:
    """Return whether it is the opener's button that was tapped."""
    return payload_in(params) == TO_READ
