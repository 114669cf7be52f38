"""Turns the bytes of an exported table into text, and says when their encoding had to be guessed."""

from __future__ import annotations

from typing import Final

MOST_LOOKED_AT: Final = 200_000
"""Bytes; names further down are written in the same encoding."""
_OURS: Final = frozenset("áéíóúüñçãõâêôàèìòùöäÁÉÍÓÚÜÑÇÃÕÂÊÔÀÈÖÄ")
"""Letters of the names and words of English, Spanish, Portuguese, French and German."""
_GUESSES: Final = {
    "cp1252": "Windows Western",
    "mac_roman": "Mac Roman",
    "cp1250": "Windows Central European",
}
"""In the order that decides between equals: the first is what Excel on Windows writes in the Americas."""


def decode(data: bytes) -> tuple[str, str | None]:
    """Return the text of a file, and what its encoding is taken for when nothing in it tells.

    UTF-8 and UTF-16 with its mark are sure. In any other encoding every byte means something, so the one is
    taken in which most of the letters make words; names should be looked at.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), None
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        best = max(_GUESSES, key=lambda encoding: _likelihood(data[:MOST_LOOKED_AT], encoding))
        return data.decode(best, errors="replace"), _GUESSES[best]


def _likelihood(data: bytes, encoding: str) -> int:
    """Return how much a reading looks like words: well-known letters speak for it, signs in words against."""
    text = data.decode(encoding, errors="replace")
    score = 0
    for at, sign in enumerate(text):
        if sign.isascii():
            continue
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        if not sign.isalpha():
            # "Mar'a", "Pe–a", "£ukasz": a sign that touches a letter stands for one.
            score -= 2 if before.isalpha() or after.isalpha() else 0
        elif sign.isupper() and before.islower():
            score -= 2
        else:
            score += 2 if sign in _OURS else 1
    return score
