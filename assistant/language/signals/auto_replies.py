"""Recognises what phones, mailboxes and carriers answer by themselves: all of it a machine's words."""

import re
from collections.abc import Iterable
from typing import Final

from assistant.language.folding import fold, plain_words
from assistant.language.signals.signal_words import AUTO_BESIDE, AUTO_SENTENCES, AUTO_STATES, MACHINES, any_of
from assistant.language.words import FLUFF

_TITLES: Final = re.compile(r"\b(Dr|Dra|Mr|Mrs|Ms|Sr|Sra|Srta|St|Inc|Co|No)\.", re.IGNORECASE)
_HALVES: Final = re.compile(r"\b([ap])\.\s?m\.", re.IGNORECASE)
_OFFICE: Final = re.compile(r"(?<=[a-z] )(?:[A-Z][\w'’-]*(?: & | and | of | de )?(?: |(?=\W|$))){2,}")
"""Two or more words in capitals after one without: how offices and shops are called."""
_SENTENCES: Final = re.compile(r"[.!?](?!\d)+|[\n();]+")
_PARTS: Final = (
    re.compile(r"[,:]+|\s-+\s"),
    re.compile(r"\s(?:and|but|so|y|pero|e|mas|et|mais)\s|\s?&\s?|\s(?=with (?:limited|no) access)"),
)
_MACHINE: Final = any_of(MACHINES)
_SENTENCE: Final = any_of(AUTO_SENTENCES)
_STATE: Final = any_of(AUTO_STATES)
_BESIDE: Final = any_of(AUTO_BESIDE)
_SURE: Final = 2
_LONGEST: Final = 1000  # characters; no phone's own words are longer


def is_auto_reply(text: str) -> bool:
    """Tell whether a text is an automatic reply: every sentence of it is of a machine's wording.

    "Thank you for reaching out. I want to end my life" begins like one, and is a person's.
    """
    text = text[:_LONGEST]
    if _MACHINE.search(fold(text)):
        return True
    text = _HALVES.sub(r"\1m", _TITLES.sub(r"\1", text))
    named = text if text.isupper() else _OFFICE.sub("bizname ", text)
    return any(_sureness(said) >= _SURE for said in dict.fromkeys((text, named)))


def _sureness(text: str) -> int:
    """Return how surely a machine wrote a whole text: 0 as soon as one sentence is not of its wording."""
    return _sum(_weigh(sentence, _PARTS) for sentence in _SENTENCES.split(fold(text))) or 0


def _sum(weights: Iterable[int | None]) -> int | None:
    """Return the sum, or None as soon as one is unknown: most texts are a person's from the start."""
    total = 0
    for weight in weights:
        if weight is None:
            return None
        total += weight
    return total


def _weigh(sentence: str, ways: tuple[re.Pattern[str], ...]) -> int | None:
    """Return how surely a machine said a sentence (0 to 2), or None when a person may have."""
    said = " ".join(sentence.strip(" '\"*-–—_[]<>").split())
    if not said or tuple(plain_words(said)) in FLUFF or not plain_words(said):
        return 0
    if _SENTENCE.match(said):
        return _SURE
    if _STATE.match(said):
        return 1
    if _BESIDE.match(said):
        return 0
    if not ways:
        return None
    parts = ways[0].split(sentence)
    if len(parts) == 1:
        return _weigh(sentence, ways[1:])
    return _sum(_weigh(part, ways[1:]) for part in parts)
