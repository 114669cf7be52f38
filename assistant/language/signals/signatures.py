"""Takes off what a phone writes under a text by itself: "Sent from my iPhone"."""

from __future__ import annotations

import re
from typing import Final

from assistant.language.folding import fold
from assistant.language.signals.signal_words import SIGNATURES

_LONGEST: Final = 120  # characters of a line that may be a signature


def without_signature(text: str) -> str:
    """Return a text without the signature on its last line; a text that is nothing else stays as it is."""
    before, mark, last = re.sub(r"[\s_*-]+$", "", text).rpartition("\n")
    said = fold(last[:_LONGEST]).strip(" -–—_*")
    signed = bool(mark) and len(last) <= _LONGEST and any(each.match(said) for each in SIGNATURES)
    return re.sub(r"[\s_*–—-]+$", "", before) if signed and before.strip() else text
