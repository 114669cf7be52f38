"""Recognises what stands above any question: stop, start, help, and texts that no person wrote to us."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from assistant.language.folding import plain_words, says_something, strip_words
from assistant.language.signals.auto_replies import is_auto_reply
from assistant.language.signals.opt_outs import is_keyword, read_opt_out, stops_by_name
from assistant.language.signals.reactions import is_reaction, quotes_ours
from assistant.language.signals.signal_words import HELP, PUZZLED, START
from assistant.language.signals.signatures import without_signature
from assistant.language.signals.wrong_numbers import is_wrong_number
from assistant.language.words import FLUFF

_LONGEST = 4000  # characters: a reaction quotes a text of ours, and none of ours is longer

# "@" hands words to the buddy: "@ please stop, I'm laughing" is between the two of them. A carrier keyword
# alone is an opt-out all the same.
_RELAYED = re.compile(r"^\s*[@\uff20]")
_ASKING = re.compile(r"[?¿？؟]")


@dataclass(frozen=True, slots=True)
class Signal:
    """What a text is before any question is looked at.

    Attributes:
        kind: "stop" (an opt-out in any wording), "maybe_stop" (one, or words about something in the sender's
            life: it is asked about), "wrong_number" (another person's phone), "start" (an explicit opt-in),
            "help", "tapback" (a reaction to a bubble, or its removal), "auto_reply" (written by a machine),
            "puzzled" (a question mark alone, "what?"), "empty" (no letter, digit or emoji), or "words".
    """

    kind: str


def signal(text: str, *, ours: Iterable[str] = ()) -> Signal:
    """Return what a text is before any question is looked at; any text at all is read, none raises.

    An opt-out counts in any wording a reasonable person would understand (47 CFR 64.1200(a)(10)), but the
    words must be put to us: "we have to STOP this bill!" and "he won't stop calling me" are no opt-outs.

    Args:
        text: the text as it came in.
        ours: the newest texts we sent there: what quotes one of them, and says little else, is a reaction.
    """
    if not ours:
        return _alone(text[:_LONGEST])
    return _signal(text[:_LONGEST], ours)


def is_stop_by_name(text: str, names: Collection[str]) -> bool:
    """Tell whether a text that `signal` takes for words stops what is called so: "stop maple" in Maple.

    Args:
        text: the text as it came in.
        names: what the sender's circles are called, and their codes.
    """
    text = without_signature(text[:_LONGEST])
    return not _RELAYED.match(text) and stops_by_name(text, names)


@lru_cache(maxsize=1024)
def _alone(text: str) -> Signal:
    """Read a text for itself: several stages ask this of the same one."""
    return _signal(text, ())


def _signal(text: str, ours: Iterable[str]) -> Signal:
    text = without_signature(text)
    if not says_something(text):
        return Signal("puzzled" if _ASKING.search(text) else "empty")
    if is_reaction(text):
        return Signal("tapback")
    words = plain_words(text)
    if not words:
        return Signal("words")
    if _RELAYED.match(text):
        return Signal("stop" if len(words) == 1 and is_keyword(words[0]) else "words")
    return Signal(_read(text, words, ours))


def _read(text: str, words: list[str], ours: Iterable[str]) -> str:
    if is_auto_reply(text):
        return "auto_reply"
    opt_out = read_opt_out(text)
    if opt_out == "stop":
        return "stop"
    said = {tuple(words), tuple(strip_words(words, FLUFF))}
    if said & START:
        return "start"
    if said & HELP:
        return "help"
    if is_wrong_number(text):
        return "wrong_number"
    if tuple(words) in PUZZLED:
        return "puzzled"
    if quotes_ours(text, ours):
        return "tapback"
    return opt_out or "words"
