"""Recognises that whoever answers is not whom we mean, or that what came was meant for somebody else."""

import re
from typing import Final

from assistant.language.folding import fold, plain_words
from assistant.language.shorthand import written_out
from assistant.language.signals.signal_words import (
    ASTRAY,
    BESIDE_ASTRAY,
    BESIDE_WRONG,
    HINTS_OF_WRONG,
    PERHAPS_WRONG,
    SLIPS,
    THEIR_PHONE,
    any_of,
)
from assistant.language.words import FLUFF

_CLAUSES: Final = re.compile(r"[.,;:!?\n()\"]+|\s-+\s|\s(?:and|but|y|pero|because|porque)\s")
_THEIRS: Final = any_of(THEIR_PHONE)
_SLIP: Final = any_of(SLIPS)
_HINT: Final = any_of(HINTS_OF_WRONG)
_HINTS: Final = tuple(any_of((each,)) for each in HINTS_OF_WRONG)
_PERHAPS: Final = any_of(SLIPS, PERHAPS_WRONG)
_OF_WRONG: Final = any_of(SLIPS, PERHAPS_WRONG, HINTS_OF_WRONG, BESIDE_WRONG)
_BESIDE_SLIP: Final = any_of(SLIPS, BESIDE_ASTRAY)
_ASTRAY: Final = any_of(ASTRAY)
_OF_ASTRAY: Final = any_of(ASTRAY, BESIDE_ASTRAY, HINTS_OF_WRONG, BESIDE_WRONG)
_ENOUGH: Final = 2
_LONGEST: Final = 300  # characters; more is a story that has a wrong number in it


def is_wrong_number(text: str) -> bool:
    """Tell whether a text surely says that we reached another person: "This is not Ana's number, I'm Bob".

    What is said of this very phone is enough, beside whatever else; "wrong number" alone counts only where
    nothing else is said, and of hints ("I'm not Ana", "she changed her number") it takes two that differ.
    A question ("who is this?") is none.
    """
    if len(text) > _LONGEST:
        return False
    clauses = _clauses(text)
    if any(_is(clause, _THEIRS) for clause in clauses):
        return True
    hinted = [clause for clause in clauses if _is(clause, _HINT)]
    hints = sum(any(_is(clause, pattern) for clause in hinted) for pattern in _HINTS) if hinted else 0
    if hints < _ENOUGH and not any(_is(clause, _PERHAPS) for clause in clauses):
        return False
    return all(_is(clause, _OF_WRONG) for clause in clauses)


def may_be_slip(text: str) -> bool:
    """Tell whether "wrong number" or "sorry, wrong person" is all that a text says.

    Whoever has a number that was another's says it, and so does whoever wrote to the wrong chat.
    """
    clauses = _clauses(text)
    return any(_is(each, _SLIP) for each in clauses) and all(_is(each, _BESIDE_SLIP) for each in clauses)


def is_astray(text: str) -> bool:
    """Tell whether a text says nothing but that it, or its writer, is not the one we asked.

    "Sorry, wrong chat" and "this isn't Ana, this is her daughter" are; the number stays the member's. What
    says more ("my mom met the wrong person and I helped her") is none.
    """
    if len(text) > _LONGEST:
        return False
    clauses = _clauses(text)
    return any(_is(clause, _ASTRAY) for clause in clauses) and all(
        _is(clause, _OF_ASTRAY) for clause in clauses
    )


def _clauses(text: str) -> list[dict[str, None]]:
    """Return each clause as it stands and, where that differs, as it is written out."""
    plain = fold(text).replace("#", " number ")
    clauses = [said for part in _CLAUSES.split(plain) if (said := _bare(part))]
    return [dict.fromkeys((said, " ".join(written_out(said.split())))) for said in clauses]


def _bare(part: str) -> str:
    words = plain_words(part)
    return "" if tuple(words) in FLUFF else " ".join(words)


def _is(clause: dict[str, None], pattern: re.Pattern[str]) -> bool:
    return any(map(pattern.match, clause))
