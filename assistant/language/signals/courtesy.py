"""Tells words that only close a talk kindly ("thanks!", "ok", "jaja", a heart) from those that say more."""

from assistant.language.folding import plain_words
from assistant.language.words import COURTESY, FIRM_NO, FLUFF, GREETINGS, SKIP, YES, YES_DEGREES

_KIND = FLUFF | COURTESY | YES | SKIP
_NODS = YES_DEGREES["opens"] | YES_DEGREES["clause"] | YES_DEGREES["alone"]
_LONGEST = max(len(phrase) for phrase in _KIND)


def is_courtesy(text: str) -> bool:
    """Tell whether a text asks for nothing and tells nothing: thanks, a greeting, an OK, SKIP, or only signs.

    "Thank you so much!!" and "ok, gracias" are; "thanks, I got the job" is not.
    """
    return _is_made_of(text, _KIND)


def is_hardly_said(text: str, *, to_one: bool = False) -> bool:
    """Tell whether a text is only a nod, a no, thanks or a laugh: "ok", "no", "gracias", a thumb.

    Where words of one's own are asked for it says nothing; "good" and "love you all" do, and "hello" greets
    whoever reads it.

    Args:
        text: As it came in.
        to_one: whether one person is to get it: then thanks alone are something to say.
    """
    words = tuple(plain_words(text))
    nods, denies = _holds(words, _NODS), _holds(words, FIRM_NO)
    if (nods and denies) or (to_one and not nods and not denies):
        return False  # "Yes, no" lists two.
    greets = bool(words) and _is_made_of(text, GREETINGS)
    return _is_made_of(text, _NODS | FIRM_NO | FLUFF) and not greets


def _holds(words: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> bool:
    return any(words[at : at + n] in phrases for n in range(1, _LONGEST + 1) for at in range(len(words)))


def _is_made_of(text: str, phrases: frozenset[tuple[str, ...]]) -> bool:
    words, place = plain_words(text), 0
    while place < len(words):
        used = next(
            (
                length
                for length in range(_LONGEST, 0, -1)
                if tuple(words[place : place + length]) in phrases and place + length <= len(words)
            ),
            0,
        )
        if not used:
            return False
        place += used
    return True
