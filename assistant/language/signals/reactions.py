"""Recognises reactions to a bubble: by their wording, or by quoting one of our texts in any language."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from assistant.language.folding import fold, plain_words
from assistant.language.signals.signal_words import OWN_WORDS, TAPBACKS

QUOTES: Final = '"“”„‟«»‹›「」『』《》〈〉〝〞'
"""Marks that begin or end a quotation somewhere in the world."""
_MARK: Final = re.compile(f"[{QUOTES}]")
_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u2060\ufeff\u202a-\u202e\ufe0f\ufffc]")
_LONGEST: Final = 4000  # characters: a reaction quotes a text of ours, and none of ours is longer
_MOST_MARKS: Final = 16
_MOST_BEFORE: Final = 6  # words of "ha reaccionado con un corazón a"
_MOST_AFTER: Final = 5  # words of "hat „…“ mit „Gefällt mir“ markiert"
_LEAST_QUOTED: Final = 12  # letters and digits of a quotation that was cut off


def is_reaction(text: str) -> bool:
    """Tell whether a text is worded as a phone words a reaction, or its removal: 'Liked “Week 2”'."""
    line = _INVISIBLE.sub("", text[:_LONGEST])
    line = " ".join(re.sub(r"[“”„«»]", '"', line.replace("’", "'")).split())
    line = re.sub(r'"\s+(?=\w)|(?<=\w)\s+"$', '"', line) if line.count('"') < 3 else line
    return any(pattern.match(line) for pattern in TAPBACKS) and _quote_ends(line)


def has_quotation(text: str) -> bool:
    """Tell whether a text may quote anything, so that it is worth comparing with what we sent."""
    return _MARK.search(text[:_LONGEST]) is not None


def quotes_ours(text: str, ours: Iterable[str]) -> bool:
    """Tell whether a text is a reaction in some language: one of our texts in quotes, and little else.

    The quotation is one of our texts whole, or its beginning where it was cut off. What stands around it
    may be any few words that ask and tell nothing of the sender's own.

    Args:
        text: the text as it came in.
        ours: the newest texts that we sent to that person.
    """
    text = _INVISIBLE.sub("", text[:_LONGEST])
    sent = [letters for body in ours if (letters := _letters(body))]
    return any(
        _is_ours(inside, sent) and _is_little(text[:start], text[end:])
        for start, end, inside in _quotations(text)
    )


def without_quotation(text: str) -> str:
    """Return a reaction without what it quotes: between its first and last mark, or to the end."""
    marks = [match.start() for match in _MARK.finditer(text)]
    if not marks:
        return text
    end = marks[-1] if len(marks) > 1 else len(text)
    return text[: marks[0] + 1] + text[end:]


def _quotations(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield every stretch from one quotation mark to a later one, or to the end where it was cut off."""
    marks = [match.start() for match in _MARK.finditer(text)]
    if len(marks) > _MOST_MARKS:
        marks = [*marks[: _MOST_MARKS // 2], *marks[-_MOST_MARKS // 2 :]]
    for at, start in enumerate(marks):
        for end in marks[at + 1 :]:
            yield start, end + 1, text[start + 1 : end]
        yield start, len(text), text[start + 1 :]


def _is_ours(inside: str, sent: list[str]) -> bool:
    quoted = _letters(inside)
    if not quoted:
        return False
    return any(quoted == body or (len(quoted) >= _LEAST_QUOTED and body.startswith(quoted)) for body in sent)


def _is_little(before: str, after: str) -> bool:
    """Tell whether what stands around the quotation is no more than the name of a reaction."""
    head, tail = plain_words(before), plain_words(after)
    if OWN_WORDS.intersection(head + tail) or "?" in before + after or "？" in before + after:
        return False
    if not head and not tail and not _pictures(before + after):
        return False  # Nothing but our own words: they are asked about, or sent back.
    # After a quotation a Latin script goes on only where the sentence began before it.
    goes_on = bool(head) or not tail or not any(_is_latin(word) for word in tail)
    return len(head) <= _MOST_BEFORE and len(tail) <= _MOST_AFTER and goes_on


def _letters(text: str) -> str:
    return "".join(sign for sign in fold(text) if sign.isalnum())


def _is_latin(word: str) -> bool:
    return any("LATIN" in unicodedata.name(sign, "") for sign in word)


def _pictures(text: str) -> bool:
    return any(unicodedata.category(sign) == "So" for sign in text)


def _quote_ends(line: str) -> bool:
    """Tell whether the quoted text reaches the end or was cut off: 'Loved "the idea" of it' is talk."""
    return line.count('"') < 2 or line.rstrip(" .").endswith(('"', "…")) or line.startswith('Hat "')
