"""Makes our words fit GSM-7, the alphabet in which an SMS holds 160 characters instead of 70."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

# 3GPP TS 23.038, the default alphabet and its extension table, as Twilio uses them (no national tables).
BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = "\f^{}\\[~]|€"  # each costs two septets: an escape, then the character

_GSM7: Final = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*")
_EXTENSION: Final = re.compile(f"[{re.escape(EXTENSION)}]")

# What Unicode does not decompose to the plain sign that a person would type instead.
_PLAIN_WORDS: Final[Mapping[str, str]] = {
    "'": "‘’‚‛′‵´`ʹʻʼʽˈˊˋ❛❜＇",
    '"': "“”„‟″‶«»ʺˮ❝❞〝〞＂",
    "-": "‐‑‒–—―−⁃﹘﹣－•·‧",
    "<": "‹",
    ">": "›",
    "/": "⁄∕⧸÷",
    "*": "∗⁎",
    "...": "…",
    "x": "×",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\v\u0085\u2028\u2029",
    "d": "đð",
    "D": "ĐÐ",
    "l": "ł",
    "L": "Ł",
    "i": "ı",
    "h": "ħ",
    "H": "Ħ",
    "t": "ŧ",
    "T": "Ŧ",
    "oe": "œ",
    "OE": "Œ",
    "th": "þ",
    "Th": "Þ",
    "SS": "ẞ",
}
_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
    + "".join(map(chr, [*range(0x0A), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)]))
)
_PLAIN: Final = str.maketrans(
    dict.fromkeys(_INVISIBLE.replace("\t", ""), "")
    | {sign: plain for plain, signs in _PLAIN_WORDS.items() for sign in signs}
)

_KEYCAP: Final = "\u20e3"
_EMOJI_STYLE: Final = "\ufe0f"
_ACCENTS: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
MARKS: Final = _ACCENTS + "\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f"
"""What hangs on the sign before it: accents, and the joiners and selectors that emoji are built with."""
_CLUSTER: Final = re.compile(f"[^{MARKS}][{MARKS}]+|[^{re.escape(BASIC + EXTENSION)}{MARKS}]")


def is_gsm7(text: str) -> bool:
    """Whether every character of `text` is in GSM-7 (an empty text is)."""
    return _GSM7.fullmatch(text) is not None


def septets(text: str) -> int:
    """How many septets a GSM-7 `text` takes; the extension characters `^{}[]~|\\€` and form feed take two."""
    return len(text) + len(_EXTENSION.findall(text))


def to_gsm7(text: str) -> str:
    """Writes our own words and names with the signs of GSM-7, as a person would on an old phone.

    Curly quotes, dashes, ellipses, unusual spaces and ligatures become plain, what has no width goes, and
    accents that GSM-7 lacks are dropped (á í ó ú À ç), while those it has stay (ñ Ñ é É ü Ü ¿ ¡ à è). Emoji
    and other scripts stay as they are: such a text is sent as UCS-2. Doing it twice changes nothing more.
    """
    if is_gsm7(text):
        return text
    return _CLUSTER.sub(_plain_cluster, text.translate(_PLAIN))


def _plain_cluster(found: re.Match[str]) -> str:
    """One sign with the marks that hang on it, plain if GSM-7 can say it, otherwise as it was."""
    cluster = found[0]
    if len(cluster) == 1:
        return _plain_sign(cluster)
    if _KEYCAP in cluster:
        return cluster
    # Composed first, so that n + tilde stays ñ, which GSM-7 has.
    composed = unicodedata.normalize("NFC", cluster)
    plain = _plain_sign(composed[0])
    if not is_gsm7(plain) or (_EMOJI_STYLE in cluster and not is_gsm7(cluster[0])):
        return cluster
    return plain


@lru_cache(maxsize=4096)
def _plain_sign(sign: str) -> str:
    if is_gsm7(sign):
        return sign
    decomposed = unicodedata.normalize("NFKD", sign).translate(_PLAIN)
    plain = "".join(part for part in decomposed if not unicodedata.combining(part))
    # ASCII only: an accented Greek letter would lose its accent and still leave the text UCS-2.
    return plain if plain.isascii() and is_gsm7(plain) and plain.strip() else sign
