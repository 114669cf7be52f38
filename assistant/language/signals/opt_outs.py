"""Reads an opt-out in any wording, and tells what surely is one from what only may be one."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal

from rapidfuzz.distance import OSA

from assistant.language.folding import Word, fold, plain_words, split_words, squeeze, strip_words
from assistant.language.shorthand import written_out
from assistant.language.signals.signal_words import (
    ALLOWED_TAIL,
    ERASING_WHOLES,
    EVERYTHING,
    JOINED_TAILS,
    LEADS,
    MAYBE_PATTERNS,
    MAYBE_WHOLES,
    NOT_OURS,
    OPT_OUT_ASIDES,
    OUR_TEXTS,
    OURS,
    SPEECH,
    STOP_CLAUSES,
    STOP_PATTERNS,
    STOP_WORDS,
    SURE_STOP_WORDS,
    WHOLE_STOPS,
)
from assistant.language.words import FLUFF, NUMBERS

OptOut = Literal["stop", "maybe_stop"]

_CAPITAL_STOP: Final = re.compile(r"\s*(?:please\s+|PLEASE\s+)?(?:STOP|UNSUBSCRIBE|OPT OUT)\s*[.!\n]")
_FIRST_STOP: Final = re.compile(r"\s*(?:please\s+)?(?:stop|unsubscribe|opt out)\s*[.!\n]", re.IGNORECASE)
_SHORT: Final = 4  # words: "Stop. Who sent you?" is an opt-out, a story that begins with "Stop." is none
_LONGEST_PHRASE: Final = max(map(len, STOP_CLAUSES | OPT_OUT_ASIDES | FLUFF))
_BEFORE_A_REQUEST: Final = FLUFF | LEADS
_SPELT_ANYHOW: Final = 8  # letters
_LONGEST_LINE: Final = 6  # words of "please STOP the MAPLE circle now"; more is a sentence
_BREAK: Final = re.compile(r"[.,;:!?¡¿…\n\r()\"“”„«»]|\s[-–—]+\s")
_QUOTED: Final = re.compile(r"\"[^\"\n]*\"")
_DOING: Final = re.compile(r"\w{2,}ing|\w{2,}in|\w{2,}[aie]ndo")
"""A habit to stop, in capitals or not: STOP SMOKING, stop cryin, dejar fumando."""
_TOLD: Final = re.compile(r"\w+[éó]")
"""Spanish of what is over: "cancelé", "canceló"; folded, the first is the same as "cancele", which asks."""


def read_opt_out(text: str) -> OptOut | None:
    """Tell whether a text asks us to send no more; None when it does not.

    stop: an imperative or a wish about our texts or a place here, which explains its clause whole (47 CFR
    64.1200(a)(10): any wording a reasonable person would understand). maybe_stop: it may be about us or about
    something in the sender's life ("Cancel my membership"), and is asked about. What is told (the past),
    quoted, or about something else is neither.

    Args:
        text: the text as it came, with at least one word.
    """
    words = plain_words(text)
    bare = strip_words(words, FLUFF)
    if tuple(bare) in ERASING_WHOLES:
        return "maybe_stop"
    if _is_whole(words, bare):
        return "stop"
    line = _read_keyword_line(text, ())
    if line == "stop":
        return line
    parts = _clauses(_unquoted(text))
    if any(_asks(part, STOP_PATTERNS) for part in parts) or _stands_alone(text, parts):
        return "stop"
    if line or tuple(bare) in MAYBE_WHOLES or (len(parts) == 1 and _asks(parts[0], MAYBE_PATTERNS)):
        return "maybe_stop"
    return None


def stops_everything(text: str) -> bool:
    """Tell whether an opt-out is one from all that we send, and not only from where it was written."""
    return not EVERYTHING.isdisjoint(plain_words(text))


def is_keyword(word: str) -> bool:
    """Tell whether a plain word is an opt-out keyword, also drawn out, mistyped or joined: STOP2QUIT."""
    if word in STOP_WORDS or squeeze(word) in SURE_STOP_WORDS:
        return True
    return _is_unsubscribe(word) or (word.startswith("stop") and _is_joined(word[4:]))


def _is_unsubscribe(word: str) -> bool:
    """Tell whether a word is that long one, however it is spelt: it means nothing else."""
    return len(word) >= _SPELT_ANYHOW and OSA.distance(word, "unsubscribe", score_cutoff=2) <= 2


def _is_joined(tail: str) -> bool:
    if not tail or tail.isdigit():
        return len(tail) < 5
    return any(tail.startswith(each) and _is_joined(tail[len(each) :]) for each in JOINED_TAILS)


def stops_by_name(text: str, names: Collection[str]) -> bool:
    """Tell whether words that alone are no opt-out are one where circles are called so: "stop maple".

    Args:
        text: the text as it came in, without a signature.
        names: what the sender's circles are called, and their codes.
    """
    return _read_keyword_line(text, names) == "stop"


def _is_whole(words: list[str], bare: list[str]) -> bool:
    if len(bare) == 1 and is_keyword(bare[0]):
        return True
    return any(tuple(said) in WHOLE_STOPS or tuple(said) in STOP_CLAUSES for said in (words, bare))


def _read_keyword_line(text: str, names: Collection[str]) -> OptOut | None:
    """Read a keyword with the name of something after it: STOP MAPLE, STOP 1, "cancel the texts, please"."""
    words = _line_words(text)
    if not words or len(words) > _LONGEST_LINE or not is_keyword(words[0].plain):
        return None
    first, rest = words[0], words[1:]
    if any(word.plain in NOT_OURS or _BREAK.search(text[first.end : word.start]) for word in rest):
        return None
    sure = squeeze(first.plain) in SURE_STOP_WORDS or first.plain.startswith("stop")
    sure = sure or _is_unsubscribe(first.plain)
    known = {word for name in names for word in plain_words(name)}
    named = any(word.plain in OURS or word.plain in known or word.plain.isdigit() for word in rest)
    odd = [at for at, word in enumerate(rest) if not _is_explained(rest, at, known, sure=sure)]
    capitals = text[first.start : first.end].isupper()
    if not odd:
        return "stop" if sure or capitals or not named else "maybe_stop"
    if len(odd) > 1:
        # STOP BOLD MOVES, by somebody of whose circles we know nothing; in small letters it is a sentence.
        shouted = sure and text[first.start : rest[-1].end].isupper() and len(rest) < _SHORT
        return "maybe_stop" if shouted and not any(_DOING.fullmatch(word.plain) for word in rest) else None
    if not _is_named(rest, odd[0]):
        return None
    written = text[rest[odd[0]].start : rest[odd[0]].end]
    if sure:
        # A name by its capital: nobody writes "Stop Sugar", and STOP with one more word is how we are told.
        return "stop" if written[0].isupper() or named or capitals else "maybe_stop"
    return "maybe_stop" if capitals and written.isupper() else None


def _is_named(rest: list[Word], at: int) -> bool:
    """Tell whether an unknown word stands where a circle is named: STOP MAPLE, STOP circle Maple."""
    word = rest[at].plain
    if _DOING.fullmatch(word) or word in ALLOWED_TAIL or word.isdigit():
        return False
    beside = [rest[near].plain for near in (at - 1, at + 1) if 0 <= near < len(rest)]
    return at == 0 or any(near in OURS for near in beside)


def _line_words(text: str) -> list[Word]:
    """Return the words of a one-line text from its keyword on, without polite ones before and after."""
    words = split_words(text[:200])
    plain = [word.plain for word in words]
    if plain[:2] == ["opt", "out"]:
        words[:2] = [Word("optout", words[0].start, words[1].end)]
        plain = [word.plain for word in words]
    kept = strip_words(plain, FLUFF)
    for at in range(len(plain) - len(kept) + 1):
        if plain[at : at + len(kept)] == kept:
            return words[at : at + len(kept)]
    return words


def _is_explained(rest: list[Word], at: int, known: Collection[str], *, sure: bool) -> bool:
    """Tell whether a word after a keyword is courtesy, or names what of ours is to end."""
    word = rest[at].plain
    if word in OUR_TEXTS or word in OURS or word in known or is_keyword(word):
        return True
    if word.isdigit() or (word in NUMBERS and word not in ALLOWED_TAIL):
        before = rest[at - 1].plain if at else ""
        return len(word) < 5 and (not before or before in OURS or before in known)
    if sure:
        return word in ALLOWED_TAIL or (word,) in FLUFF
    # "END IT" and "quit that" are about something in a life; "end the texts" names them.
    return (word,) in FLUFF or word in {"now", "already", "ya", "all", "the", "my", "these", "los", "mis"}


def _unquoted(text: str) -> str:
    """Return a text without what it quotes: words of someone else, unless they are all of it."""
    plain = re.sub(r"[“”„«»]", '"', text)
    left = _QUOTED.sub(" . ", plain)
    return left if plain_words(left) else text


def _clauses(text: str) -> list[list[str]]:
    """Return the plain words of each stretch between stops and commas, without what someone else said.

    A clause that tells what is over has its verb marked, so that no pattern takes it for a wish.
    """
    parts = [[_as_told(text[w.start : w.end]) for w in words] for text, words in _stretches(text)]
    kept = []
    for at, words in enumerate(parts):
        before, after = parts[at - 1] if at else [], parts[at + 1] if at + 1 < len(parts) else []
        announced = (
            before and before[0] != "i" and any(tuple(before[-len(said) :]) == said for said in SPEECH)
        )
        ascribed = 0 < len(after) < 4 and after[0] != "i" and any(_holds(after, said) for said in SPEECH)
        if not (announced or ascribed):
            kept.append(strip_words(words, FLUFF))
    return kept


def _stretches(text: str) -> Iterator[tuple[str, list[Word]]]:
    for part in _BREAK.split(text):
        if words := split_words(part):
            yield part, words


def _holds(words: list[str], said: tuple[str, ...]) -> bool:
    return any(tuple(words[at : at + len(said)]) == said for at in range(len(words)))


def _as_told(word: str) -> str:
    return f"told_{fold(word)}" if _TOLD.fullmatch(word.lower()) else fold(word)


def _asks(words: list[str], patterns: Iterable[re.Pattern[str]]) -> bool:
    """Tell whether a clause asks us, and not someone in a story, to send no more."""
    both = dict.fromkeys((tuple(words), written_out(words)))
    bare = (strip_words(each, _BEFORE_A_REQUEST) for each in both)
    for said in dict.fromkeys(" ".join(each) for each in (*both, *bare)):
        for pattern in patterns:
            match = pattern.match(said)
            if match and _leaves_whole(said[match.end() :].split()):
                return True
    return False


def _leaves_whole(tail: list[str]) -> bool:
    """Tell whether what follows a request neither narrows nor changes it: "again", "or I will report you"."""
    return all(word in ALLOWED_TAIL for word in tail) or _split_phrases(tail) is not None


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
