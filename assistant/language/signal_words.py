"""The wordings of opt-out, opt-in, help, reactions and automatic replies, as `signals.toml` explains them."""

import re
from collections.abc import Mapping

from assistant.language.word_tables import load_table, phrases_of, words_of

_TABLE = load_table("signals")


def _patterns(entry: Mapping[str, list[str]], *, whole_word: bool = False) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of an entry, the fragments filled in."""
    found = []
    for pattern in entry["patterns"]:
        for name, fragment in _TABLE["fragments"].items():
            pattern = pattern.replace(f"<{name}>", fragment)
        found.append(re.compile(rf"(?:{pattern})(?!\w)" if whole_word else pattern, re.IGNORECASE))
    return tuple(found)


STOP_WORDS = words_of(_TABLE["stop_words"])
WHOLE_STOPS = phrases_of(_TABLE["whole_stops"])
STOP_CLAUSES = phrases_of(_TABLE["stop_clauses"])
OPT_OUT_ASIDES = phrases_of(_TABLE["opt_out_asides"])
LEADS = phrases_of(_TABLE["leads"])
ALLOWED_TAIL = words_of(_TABLE["allowed_tail"])
STOP_PATTERNS = _patterns(_TABLE["stop_patterns"], whole_word=True)

START = phrases_of(_TABLE["start"])
HELP = phrases_of(_TABLE["help"])

TAPBACKS = _patterns(_TABLE["tapbacks"])
AUTO_REPLIES = _patterns(_TABLE["auto_replies"])
