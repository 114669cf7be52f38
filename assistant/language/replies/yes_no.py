"""Reads yes and no, agreement to a promise, and "I'd rather skip"."""

from collections.abc import Mapping

from assistant.language.folding import plain_words, strip_words
from assistant.language.replies.coverage import (
    LEAD,
    POLITE,
    TAIL,
    Explained,
    Sense,
    Vocabulary,
    courtesies,
    explain,
    roles,
    senses,
    vocabulary_of,
)
from assistant.language.replies.deciding import lean_of, settle
from assistant.language.replies.numbers import picks_by_number
from assistant.language.word_tables import Phrases
from assistant.language.words import (
    AGREE_DEGREES,
    ANSWER_LEADS,
    CHOICE_TAILS,
    DISAGREE_DEGREES,
    FLUFF,
    HEDGES,
    NO,
    NO_DEGREES,
    SKIP,
    SKIP_PARTS,
    SKIP_TAILS,
    UNSURE,
    YES_DEGREES,
)

_DENYING = frozenset({"no"})


def _vocabulary(*answers: tuple[str, Mapping[str, Phrases]], numbers: bool) -> Vocabulary:
    said: dict[tuple[str, ...], Sense] = {}
    for outcome, degrees in answers:
        said |= senses(outcome, degrees)
    if numbers:
        said |= {("1",): Sense("yes"), ("2",): Sense("no")}
    beside = roles(TAIL, CHOICE_TAILS) | roles(LEAD, ANSWER_LEADS)
    undecided = {phrase: sense for phrase, sense in courtesies(said).items() if phrase in UNSURE}
    return vocabulary_of(beside, courtesies(said), said, undecided)


_YES_NO = _vocabulary(("yes", YES_DEGREES), ("no", NO_DEGREES), numbers=True)
_AGREEMENT = _vocabulary(
    ("yes", YES_DEGREES), ("yes", AGREE_DEGREES), ("no", NO_DEGREES), ("no", DISAGREE_DEGREES), numbers=False
)

_SKIPPING = vocabulary_of(
    courtesies(), roles(POLITE, HEDGES | SKIP_TAILS), senses("skip", {"alone": SKIP_PARTS})
)


def explain_yes_no(text: str) -> Explained:
    """Return what each word of a reply to a yes-or-no question is for."""
    return explain(text, _YES_NO)


def explain_agreement(text: str) -> Explained:
    """Return what each word of a reply to a promise is for."""
    return explain(text, _AGREEMENT)


def read_yes_no(text: str, *, whole: bool = False) -> str | None:
    """Return "yes" or "no", or None when a reply says neither or both.

    1 is read as yes and 2 as no. Mixed signals ("yes but not today") are None: to ask again costs less than
    to have heard the wrong thing.

    Args:
        text: the reply as written.
        whole: whether only a reply that is explained whole counts.
    """
    return _decide(text, explain_yes_no(text), whole)


def read_agreement(text: str, *, whole: bool = False) -> str | None:
    """Return "agree" or "no", or None when a reply is neither: agreement is never guessed."""
    answer = _decide(text, explain_agreement(text), whole)
    return "agree" if answer == "yes" else answer


def _decide(text: str, found: Explained, whole: bool) -> str | None:
    lean = lean_of(text, whole=whole)
    if lean is None:
        return None
    if not any(span.answers for span in found.spans):
        # A thumb beside "thanks" answers; beside words that say something, it may mean those.
        return None if found.leftover or found.asks else lean or None
    answer = settle(found, whole=whole, denying=_DENYING)
    digits = any(span.answers and span.words[0].isdigit() for span in found.spans)
    if digits and found.leftover == () and not picks_by_number(text):
        return None
    return answer if lean in ("", answer) else None


def is_plain_no(text: str) -> bool:
    """Tell whether the whole message is a no: "no thanks" declines an offer, and passes over a question."""
    return tuple(plain_words(text)) in NO or tuple(strip_words(plain_words(text), FLUFF)) in NO


def is_skip(text: str) -> bool:
    """Tell whether the whole message asks to pass over the question."""
    words = plain_words(text)
    return bool(words) and (tuple(words) in SKIP or tuple(strip_words(words, FLUFF)) in SKIP)


def wishes_to_skip(text: str, *, whole: bool = False) -> bool:
    """Tell whether a message asks to pass over the question, with a word or a reason beside it.

    "I don't know yet, can I skip this" and "skip for now, busy day" do; "I never skip a day" does not.

    Args:
        text: the reply as written.
        whole: whether nothing else may be said in it, not even a reason.
    """
    spans = explain(text, _SKIPPING).spans
    stretches = {span.clause for span in spans if span.answers}
    strange = {span.clause for span in spans if span.sense is None}
    return bool(stretches) and not (strange if whole else stretches <= strange)
