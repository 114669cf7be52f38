"""Decides what an explained reply comes to: an outcome, or None, which is asked about and never guessed."""

from collections.abc import Sequence
from itertools import pairwise

from assistant.language.folding import fold
from assistant.language.replies.coverage import HEDGE, LEAD, OTHER, UNDECIDED, Degree, Explained, Span
from assistant.language.words import (
    JOINS,
    KIND_EMOJI,
    NEGATIVE,
    NO_EMOJI,
    NO_GOES_ON,
    UNSURE_EMOJI,
    YES_EMOJI,
)


def settle(found: Explained, *, whole: bool, denying: frozenset[str] = frozenset()) -> str | None:
    """Return the outcome that a reply comes to, or None when it is not clear enough.

    Args:
        found: the reply.
        whole: whether only a reply that is explained whole counts, without a guess in it.
        denying: the outcomes that are a no themselves: beside them, other words may deny, too.
    """
    said = [span for span in found.spans if span.sense is not None and span.answers]
    if not said or found.asks or _undecided(found.spans, said[0].clause) or _denied(found.spans, denying):
        return None
    first = said[0].sense
    assert first is not None
    if not found.leftover:
        alike = all(span.sense is not None and span.sense.says == first.says for span in said)
        return first.says if alike and first.says != OTHER and not (whole and _guesses(found, said)) else None
    if whole or found.conditional or first.says == OTHER or not _opens(found, said[0]):
        return None
    others = [span for span in said if span.sense and span.sense.says != first.says]
    denied = any(
        span.sense is not None and span.sense.says in denying and not span.words[0].isdigit()
        for span in others
    )
    if denied or any(_counts(found, span) for span in others):
        return None
    if first.says not in denying and set(found.leftover) & NEGATIVE:
        return None
    return first.says


def lean_of(text: str, *, whole: bool = False) -> str | None:
    """Return the yes or no that the emoji of a text mean when they all mean the same, "" when none means any.

    None is a contradiction or a shrug. A heart is a yes unless the answer must be sure.
    """
    signs = set(fold(text))
    says = {"yes"} if signs & YES_EMOJI or (signs & KIND_EMOJI and not whole) else set()
    says |= {"no"} if signs & NO_EMOJI else set()
    if signs & UNSURE_EMOJI or len(says) > 1:
        return None
    return says.pop() if says else ""


def _undecided(spans: Sequence[Span], answered: int) -> bool:
    """Tell whether a doubt stands beside the answer or opens a stretch; "I might lose it" is no doubt."""
    doubt = (place for place, span in enumerate(spans) if span.sense and span.sense.says == UNDECIDED)
    return any(
        spans[place].clause == answered
        or all(span.sense is not None for span in spans[:place] if span.clause == spans[place].clause)
        for place in doubt
    )


def _denied(spans: Sequence[Span], denying: frozenset[str]) -> bool:
    """Tell whether a no stands right before what it may deny: "not bad", "nada mal", "no 2".

    "no not yet" says no twice; what begins with a denial itself is denied by none. In Spanish the no may come
    last: "mal no".
    """
    for before, span in pairwise(spans):
        trails = span.words == ("no",) and before.clause == span.clause and before.answers
        if trails and before.words[0] not in NEGATIVE and not before.words[0].isdigit():
            return True
    for place, span in enumerate(spans):
        if span.sense is None or span.sense.says not in denying or span.words[0] not in NEGATIVE:
            continue
        rest = [later for later in spans[place + 1 :] if later.clause == span.clause]
        while rest and rest[0].sense is not None and rest[0].sense.says in (LEAD, HEDGE):
            rest = rest[1:]
        following = rest[0] if rest else None
        if following is not None and following.answers and not _goes_on(span, following):
            return True
    return False


def _goes_on(no: Span, following: Span) -> bool:
    first = following.words[0]
    return first in NEGATIVE or (no.words == ("no",) and first in NO_GOES_ON)


def _guesses(found: Explained, said: Sequence[Span]) -> bool:
    """Tell whether a reply explained whole is none to build on: hedges, or words that can mean two things."""
    degrees = [span.sense.degree for span in said if span.sense is not None]
    hedges = any(span.sense is not None and span.sense.says == HEDGE for span in found.spans)
    return hedges or found.returned or Degree.HEDGED in degrees or max(degrees) <= Degree.STUB


def _opens(found: Explained, answer: Span) -> bool:
    """Tell whether an answer stands first and may speak for what follows it."""
    before = found.spans[: found.spans.index(answer)]
    if any(span.sense is None for span in before) or answer.sense is None:
        return False
    after = [span for span in found.spans[len(before) + 1 :] if span.clause == answer.clause]
    if all(span.sense is not None for span in after):
        return answer.sense.degree >= Degree.CLAUSE
    first_left = next(span.words[0] for span in after if span.sense is None)
    if answer.words == ("no",):
        return after[0].words[0] in NO_GOES_ON
    if answer.sense.named and first_left in JOINS and after[0].sense is None:
        return False
    return answer.sense.degree == Degree.OPENS


def _counts(found: Explained, span: Span) -> bool:
    """Tell whether an answer further on speaks against the first one, and is no mere word of a sentence."""
    if span.sense is None:
        return False
    clause = [each for each in found.spans if each.clause == span.clause]
    alone = all(each.sense is not None for each in clause)
    return span.sense.named or span.sense.degree == Degree.OPENS or alone
