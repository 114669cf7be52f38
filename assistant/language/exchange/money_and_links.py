"""Tells whether an ask or an offer is for a host to look at first: it asks for money, or holds a link."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from assistant.language.folding import fold, plain_words
from assistant.language.word_tables import load_table

_LINK: Final = re.compile(
    r"https?://|\bwww\.|\b[\w-]+\.(?:com|org|net|io|me|ly|gl|co|info|app|link|us|mx|biz|xyz|shop)(?:/|\b)",
    re.IGNORECASE,
)
_SUM: Final = re.compile(r"[$€]\s*(\d[\d.,]*)|(\d[\d.,]*)\s*[$€]")
_A_SUM: Final = "bucksinfigures"
"""What a sum with a sign reads as."""
_BARE_SUM: Final = re.compile(r"\d{2,6}")


def needs_look(text: str) -> bool:
    """Whether a host looks at it first: a link, a way to pay, or a request for money.

    A wage is no request: "front desk, $18 an hour" may go as it is.
    """
    return bool(_LINK.search(text)) or _names_a_way(text) or _asks_for_money(text)


def _names_a_way(text: str) -> bool:
    said = f" {' '.join(plain_words(text))} "
    return any(f" {way} " in said for way in _table()["ways"])


def _asks_for_money(text: str) -> bool:
    table = _table()
    marked = _SUM.sub(rf" \1\2 {_A_SUM} ", fold(text))
    words = plain_words(marked)
    for place, word in enumerate(words):
        money = {_A_SUM, *(table["money"] if word in table["asking"] else ())}
        if word not in table["asking"] and word not in table["asking_a_sum"]:
            continue
        near = words[place + 1 : place + 1 + table["near"]]
        for at, each in enumerate(near):
            after = words[place + 2 + at : place + 5 + at]
            if each in money and not set(after) & set(table["wages"]):
                return True
            if word in _LENDING and _BARE_SUM.fullmatch(each):
                return True
    return False


_LENDING: Final = frozenset({"lend", "loan", "borrow", "prestar", "presta", "preste", "prestarme", "prestan"})
"""With these a bare number is a sum: "can someone lend me 200"."""


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return load_table("money_and_links", "assistant.language.exchange")
