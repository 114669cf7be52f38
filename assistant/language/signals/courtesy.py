"""Tells words that only close a talk kindly ("thanks!", "ok", "jaja", a heart) from those that say more."""

from assistant.language.folding import plain_words
from assistant.language.words import COURTESY, FLUFF, SKIP, YES

_KIND = FLUFF | COURTESY | YES | SKIP
_LONGEST = max(len(phrase) for phrase in _KIND)


def is_courtesy(text: str) -> bool:
    """Tell whether a text asks for nothing and tells nothing: thanks, a greeting, an OK, SKIP, or only signs.

    "Thank you so much!!" and "ok, gracias" are; "thanks, I got the job" is not.
    """
    words, place = plain_words(text), 0
    while place < len(words):
        used = next(
            (
                length
                for length in range(_LONGEST, 0, -1)
                if tuple(words[place : place + length]) in _KIND and place + length <= len(words)
            ),
            0,
        )
        if not used:
            return False
        place += used
    return True
