"""Recognises what stands above any question: stop, start, help, and texts that no person wrote to us."""

import re
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from assistant.language.folding import clauses, fold, plain_words, says_something, strip_words
from assistant.language.signal_words import (
    ALLOWED_TAIL,
    AUTO_REPLIES,
    HELP,
    LEADS,
    OPT_OUT_ASIDES,
    START,
    STOP_CLAUSES,
    STOP_PATTERNS,
    STOP_WORDS,
    TAPBACKS,
    WHOLE_STOPS,
)
from assistant.language.words import FLUFF

_LONGEST = 4000  # characters: a tapback quotes a text of ours, and none of ours is longer

# "@" hands words to the buddy: "@ please stop, I'm laughing" is between the two of them. A carrier keyword
# alone is an opt-out all the same.
_RELAYED = re.compile(r"^\s*@")

_CAPITAL_STOP = re.compile(r"\s*(?:please\s+|PLEASE\s+)?(?:STOP|UNSUBSCRIBE|OPT OUT)\s*[.!\n]")
_FIRST_STOP = re.compile(r"\s*(?:please\s+)?(?:stop|unsubscribe|opt out)\s*[.!\n]", re.IGNORECASE)
_SHORT = 4  # words: "Stop. Who sent you?" is an opt-out, a story that begins with "Stop." is none
_LONGEST_PHRASE = max(map(len, STOP_CLAUSES | OPT_OUT_ASIDES | FLUFF))


@dataclass(frozen=True, slots=True)
class Signal:
    """What a text is before any question is looked at.

    Attributes:
        kind: "stop" (an opt-out in any wording), "start" (an explicit opt-in), "help", "tapback" (a reaction
            to a bubble, or its removal), "auto_reply" (written by a machine), "empty" (no letter, digit or
            emoji), or "words".
    """

    kind: str


def signal(text: str) -> Signal:
    """Return what a text is before any question is looked at; any text at all is read, none raises.

    An opt-out counts in any wording a reasonable person would understand (47 CFR 64.1200(a)(10)), but the
    words must be put to us: "we have to STOP this bill!" and "he won't stop calling me" are no opt-outs.
    """
    text = text[:_LONGEST]
    if not says_something(text):
        return Signal("empty")
    line = _as_one_line(text)
    if any(pattern.match(line) for pattern in TAPBACKS) and _quote_ends(line):
        return Signal("tapback")
    plain = fold(line)
    if any(pattern.search(plain) for pattern in AUTO_REPLIES):
        return Signal("auto_reply")
    words = plain_words(text)
    if not words:
        return Signal("words")
    bare = strip_words(words, FLUFF)
    if _RELAYED.match(text):
        return Signal("stop" if len(words) == 1 and words[0] in STOP_WORDS else "words")
    if _is_stop(text, words, bare):
        return Signal("stop")
    if tuple(bare) in START or tuple(words) in START:
        return Signal("start")
    if tuple(bare) in HELP or tuple(words) in HELP:
        return Signal("help")
    return Signal("words")


def _as_one_line(text: str) -> str:
    """Return a text without the invisible and hair-thin blanks that phones put around a reaction's emoji."""
    text = re.sub(r"[\u200b-\u200f\u2060\ufeff\u202a-\u202e\ufe0f\ufffc]", "", text)
    text = re.sub(r"[“”„«»]", '"', text.replace("’", "'"))
    return " ".join(text.split())


def _quote_ends(line: str) -> bool:
    """Tell whether the quoted text reaches the end or was cut off: 'Loved "the idea" of it' is talk."""
    return line.count('"') < 2 or line.rstrip(" .").endswith(('"', "…"))


def _is_stop(text: str, words: list[str], bare: list[str]) -> bool:
    if len(bare) == 1 and (bare[0] in STOP_WORDS or _nearly_unsubscribe(bare[0])):
        return True
    if tuple(bare) in WHOLE_STOPS or tuple(words) in WHOLE_STOPS:
        return True
    parts = [strip_words(part, FLUFF) for part in clauses(text)]
    if any(_asks_to_stop(part) for part in parts):
        return True
    return _stands_alone(text, parts)


def _nearly_unsubscribe(word: str) -> bool:
    return len(word) >= 8 and OSA.distance(word, "unsubscribe", score_cutoff=2) <= 2


def _asks_to_stop(words: list[str]) -> bool:
    """Tell whether a clause asks us, and not someone in her story, to send no more."""
    for said in dict.fromkeys((" ".join(words), " ".join(strip_words(words, FLUFF | LEADS)))):
        for pattern in STOP_PATTERNS:
            match = pattern.match(said)
            if match and all(word in ALLOWED_TAIL for word in said[match.end() :].split()):
                return True
    return False


def _stands_alone(text: str, parts: list[list[str]]) -> bool:
    """Tell whether "stop" is said for itself, and nothing around it turns it into talk.

    "Wrong number, stop" and "STOP I don't want this" are opt-outs; "stop, you're making me laugh" is not. The
    keyword in capitals as a sentence of its own is enough, whatever follows: that is how we ask for it.
    """
    if _CAPITAL_STOP.match(text):
        return True
    said: set[tuple[str, ...]] = set()
    for part in parts:
        phrases = _split_phrases(part)
        if phrases is None:
            return bool(_FIRST_STOP.match(text)) and sum(map(len, parts)) <= _SHORT
        said.update(phrases)
    return bool(said & STOP_CLAUSES)


def _split_phrases(words: list[str]) -> list[tuple[str, ...]] | None:
    """Return a clause as opt-outs and what goes with them, or None when it says anything else."""
    found = []
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            if phrase in STOP_CLAUSES or phrase in OPT_OUT_ASIDES or phrase in FLUFF:
                found.append(phrase)
                place += length
                break
        else:
            return None
    return found
