"""Reads yes and no, agreement to a promise, and "I'd rather skip"."""

from collections.abc import Collection

from assistant.language.folding import clauses, fold, plain_words, squeeze, strip_words
from assistant.language.words import (
    AFFIRMATIVE,
    AGREE,
    BUT,
    DISAGREE,
    FLUFF,
    NEGATIVE,
    NO,
    NO_EMOJI,
    SKIP,
    SKIP_STARTS,
    UNSURE,
    YES,
    YES_EMOJI,
)

_LONGEST_PHRASE = 5  # words


def read_yes_no(text: str) -> str | None:
    """Return "yes" or "no", or None when a reply says neither or both.

    1 is read as yes and 2 as no. Mixed signals ("yes but not today") are None: to ask again costs less than
    to have heard the wrong thing.
    """
    words = _without_fluff(text)
    if not words:
        return emoji_lean(text)
    lead = _number_lead(words)
    if lead:
        rest = _lean(words[1:], YES, NO) if len(words) > 1 else lead
        if any(word.isdigit() for word in words[1:]):
            return None  # "1 or 2"
        return lead if rest in {lead, ""} and not _doubt(words[1:]) else None
    return _read(text, words, YES, NO)


def read_agreement(text: str) -> str | None:
    """Return "agree" or "no", or None when a reply is neither: agreement is never guessed."""
    words = _without_fluff(text)
    answer = _read(text, words, YES | AGREE, NO | DISAGREE) if words else emoji_lean(text)
    return "agree" if answer == "yes" else answer


def is_plain_no(text: str) -> bool:
    """Tell whether the whole message is a no: "no thanks" declines an offer, and passes over a question."""
    return tuple(plain_words(text)) in NO or tuple(_without_fluff(text)) in NO


def is_skip(text: str) -> bool:
    """Tell whether the whole message asks to pass over the question."""
    words = plain_words(text)
    return bool(words) and (tuple(words) in SKIP or tuple(strip_words(words, FLUFF)) in SKIP)


def begins_with_skip(text: str) -> bool:
    """Tell whether a short message opens with a word for passing over: "skip for now, busy day"."""
    words = strip_words(plain_words(text), FLUFF)
    return bool(words) and words[0] in SKIP_STARTS and len(words) <= 6


def emoji_lean(text: str) -> str | None:
    """Return what the emoji of a text mean when they all mean the same."""
    signs = set(fold(text))
    says_yes, says_no = bool(signs & YES_EMOJI), bool(signs & NO_EMOJI)
    return None if says_yes == says_no else "yes" if says_yes else "no"


def _without_fluff(text: str) -> list[str]:
    return strip_words(plain_words(text), FLUFF)


def _number_lead(words: list[str]) -> str:
    return {"1": "yes", "2": "no"}.get(words[0], "") if len(words) <= 6 else ""


def _read(
    text: str, words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]
) -> str | None:
    """Weigh the words of a reply: its opening decides, and whatever speaks against it makes it unclear."""
    emoji = emoji_lean(text)
    for form in (plain_words(text), words, [squeeze(word) for word in words]):
        whole = tuple(form)
        if whole in UNSURE:
            return None
        answer = "yes" if whole in yes else "no" if whole in no else None
        if answer:
            return answer if emoji in {None, answer} else None
    parts = [strip_words(part, FLUFF) for part in clauses(text)]
    answers = {_clause_answer(part, yes, no) for part in parts if tuple(part) not in FLUFF}
    answers.discard("")
    if emoji:
        answers.add(emoji)
    if len(answers) != 1:
        return None
    answer = answers.pop()
    if answer == "doubt" or ("?" in text and not _opens(words, yes if answer == "yes" else no)):
        return None
    return answer


def _clause_answer(
    words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]
) -> str:
    """Return "yes", "no", "" (says neither) or "doubt" (says both, or speaks against itself)."""
    if _doubt(words):
        return "doubt"
    opening, used = _opening(words, yes, no)
    if not opening:
        squeezed = [squeeze(word) for word in words]
        opening, used = _opening(squeezed, yes, no)
    rest = words[used:]
    against = set(rest) & (NEGATIVE if opening == "yes" else AFFIRMATIVE)
    if opening:
        leans = _lean(rest, yes, no)
        return "doubt" if leans not in {"", opening} or (against and leans != opening) else opening
    if len(words) > 8 or set(words) & NEGATIVE:
        return "doubt" if set(words) & NEGATIVE else ""
    return _lean(words, yes, no) if set(words) & AFFIRMATIVE else ""


def _opening(
    words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]
) -> tuple[str, int]:
    """Return what the first phrase of the words means and how many words it takes; the longest one counts."""
    for length in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        phrase = tuple(words[:length])
        if phrase in yes:
            return "yes", length
        if phrase in no:
            return "no", length
    return "", 0


def _opens(words: list[str], phrases: Collection[tuple[str, ...]]) -> bool:
    return any(tuple(words[:length]) in phrases for length in range(1, _LONGEST_PHRASE + 1))


def _lean(words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]) -> str:
    """Return what all phrases found among the words mean together; "doubt" when they differ."""
    found: set[str] = set()
    place = 0
    while place < len(words):
        lean, used = _opening(words[place:], yes, no)
        if lean:
            found.add(lean)
        place += used or 1
    return "doubt" if len(found) > 1 else found.pop() if found else ""


def _doubt(words: list[str]) -> bool:
    if set(words) & BUT:
        return True
    return any(contains(words, list(phrase)) for phrase in UNSURE)


def contains(words: list[str], phrase: list[str]) -> bool:
    """Tell whether a phrase stands among words, its own words side by side."""
    return bool(phrase) and any(
        words[place : place + len(phrase)] == phrase for place in range(len(words) - len(phrase) + 1)
    )
