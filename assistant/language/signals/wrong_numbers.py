"""Recognises that whoever answers is not whom we mean: the number is another person's."""

import re
from typing import Final

from assistant.language.folding import fold, plain_words
from assistant.language.shorthand import written_out
from assistant.language.signals.signal_words import BESIDE_WRONG, HINTS_OF_WRONG, PERHAPS_WRONG, THEIR_PHONE
from assistant.language.words import FLUFF

_CLAUSES: Final = re.compile(r"[.,;:!?\n()\"]+|\s-+\s|\s(?:and|but|y|pero|because|porque)\s")
_ENOUGH: Final = 2
_LONGEST: Final = 300  # characters; more is a story that has a wrong number in it


def is_wrong_number(text: str) -> bool:
    """Tell whether a text surely says that we reached another person: "This is not Ana's number, I'm Bob".

    What is said of this very phone is enough, beside whatever else; "wrong number" alone counts only where
    nothing else is said, and of hints ("I'm not Ana", "she changed her number") it takes two that differ.
    A question ("who is this?") is none.
    """
    plain = fold(text[:_LONGEST]).replace("#", " number ")
    clauses = [said for part in _CLAUSES.split(plain) if (said := _bare(part))]
    if len(text) > _LONGEST:
        return False
    if any(_is(clause, THEIR_PHONE) for clause in clauses):
        return True
    hints = sum(any(_is(clause, (pattern,)) for clause in clauses) for pattern in HINTS_OF_WRONG)
    if hints < _ENOUGH and not any(_is(clause, PERHAPS_WRONG) for clause in clauses):
        return False
    return all(_is(clause, (*PERHAPS_WRONG, *HINTS_OF_WRONG, *BESIDE_WRONG)) for clause in clauses)


def _bare(part: str) -> str:
    words = plain_words(part)
    return "" if tuple(words) in FLUFF else " ".join(words)


def _is(clause: str, patterns: tuple[re.Pattern[str], ...]) -> bool:
    said = dict.fromkeys((clause, " ".join(written_out(clause.split()))))
    return any(pattern.match(each) for pattern in patterns for each in said)
