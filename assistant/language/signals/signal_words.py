"""The wordings of opt-out, opt-in, help, reactions, wrong numbers and machines, from their tables."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.language.word_tables import load_table, phrases_of, words_of


def _ways(table: Mapping[str, Any], patterns: Sequence[str], end: str = "") -> tuple[str, ...]:
    """Return the patterns, the fragments of their table filled in; a fragment may hold earlier ones."""
    fragments: dict[str, str] = {}
    for name, fragment in table.get("fragments", {}).items():
        fragments[name] = _filled(fragment, fragments)
    return tuple(f"(?:{_filled(each, fragments)}){end}" for each in patterns)


def _patterns(
    table: Mapping[str, Any], patterns: Sequence[str], end: str = ""
) -> tuple[re.Pattern[str], ...]:
    """Return `_ways` each ready to be asked by itself."""
    return tuple(re.compile(way, re.IGNORECASE) for way in _ways(table, patterns, end))


def any_of(*tables: tuple[str, ...]) -> re.Pattern[str]:
    """Return one pattern that matches where any of these does: a tenth of the time of asking each."""
    return re.compile("|".join(f"(?:{way})" for table in tables for way in table), re.IGNORECASE)


def _filled(pattern: str, fragments: Mapping[str, str]) -> str:
    for name, fragment in fragments.items():
        pattern = pattern.replace(f"<{name}>", fragment)
    return pattern


_WHOLE_WORD = r"(?!\w)"

_OPT_OUTS = load_table("opt_outs", "assistant.language.signals")
STOP_WORDS = words_of(_OPT_OUTS["stop_words"])
EVERYTHING = words_of(_OPT_OUTS["everything"])
SURE_STOP_WORDS = words_of(_OPT_OUTS["sure_stop_words"])
JOINED_TAILS = words_of(_OPT_OUTS["joined_tails"])
OURS = words_of(_OPT_OUTS["ours"])
OUR_TEXTS = frozenset(_OPT_OUTS["ours"]["texts"])
NOT_OURS = words_of(_OPT_OUTS["not_ours"])
WHOLE_STOPS = phrases_of(_OPT_OUTS["whole_stops"])
ERASING_WHOLES = phrases_of(_OPT_OUTS["erasing_wholes"])
MAYBE_WHOLES = phrases_of(_OPT_OUTS["maybe_wholes"])
STOP_CLAUSES = phrases_of(_OPT_OUTS["stop_clauses"])
OPT_OUT_ASIDES = phrases_of(_OPT_OUTS["opt_out_asides"])
LEADS = phrases_of(_OPT_OUTS["leads"])
SPEECH = phrases_of(_OPT_OUTS["speech"])
ALLOWED_TAIL = words_of(_OPT_OUTS["allowed_tail"])
STOP_PATTERNS = _patterns(_OPT_OUTS, _OPT_OUTS["stop_patterns"]["patterns"], _WHOLE_WORD)
MAYBE_PATTERNS = _patterns(_OPT_OUTS, _OPT_OUTS["maybe_patterns"]["patterns"], _WHOLE_WORD)

_SIGNALS = load_table("signals", "assistant.language.signals")
START = phrases_of(_SIGNALS["start"])
HELP = phrases_of(_SIGNALS["help"])
SIGNATURES = _patterns(_SIGNALS, _SIGNALS["signatures"]["patterns"], r"\W*$")
FORWARDS = _patterns(_SIGNALS, _SIGNALS["forwards"]["patterns"])
PUZZLED = phrases_of(_SIGNALS["puzzled"])

_WRONG_NUMBERS = load_table("wrong_numbers", "assistant.language.signals")
THEIR_PHONE = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["sure"]["patterns"], "$")
SLIPS = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["slips"]["patterns"], "$")
PERHAPS_WRONG = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["whole"]["patterns"], "$")
HINTS_OF_WRONG = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["hints"]["patterns"], "$")
BESIDE_WRONG = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["beside"]["patterns"], "$")
ASTRAY = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["astray"]["patterns"], "$")
BESIDE_ASTRAY = _ways(_WRONG_NUMBERS, _WRONG_NUMBERS["beside_astray"]["patterns"], "$")

_REACTIONS = load_table("reactions", "assistant.language.signals")
TAPBACKS = _patterns(_REACTIONS, _REACTIONS["tapbacks"]["patterns"])
OWN_WORDS = words_of(_REACTIONS["own_words"])

_AUTO_REPLIES = load_table("auto_replies", "assistant.language.signals")
MACHINES = _ways(_AUTO_REPLIES, _AUTO_REPLIES["machines"]["patterns"])
AUTO_SENTENCES = _ways(_AUTO_REPLIES, _AUTO_REPLIES["sentences"]["patterns"], "$")
AUTO_STATES = _ways(_AUTO_REPLIES, _AUTO_REPLIES["states"]["patterns"], "$")
AUTO_BESIDE = _ways(_AUTO_REPLIES, _AUTO_REPLIES["beside"]["patterns"], "$")
