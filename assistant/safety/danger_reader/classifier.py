"""Scores a text by learnt weights, in pure Python: how much its words speak of danger, and of which kind."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

from assistant.safety.danger_reader.features import hashes_between, hashes_of_word

if TYPE_CHECKING:
    from assistant.safety.danger_reader import Kind, Level

WEIGHTS: Final = "weights.bin"
RECORD: Final = "weights.json"
FEW: Final = 5
FEW_NEED: Final = 0.5
"""Of so few words more is needed to page someone, so much above the least score."""
_PLACE: Final = files("assistant.safety.danger_reader")
_SQUARES: Final = tuple([rare * rare for rare in range(256)])


class Classifier:
    """One set of weights; features share weights by their hash."""

    def __init__(self, packed: bytes, record: Mapping[str, Any]) -> None:
        """Unpack the weights.

        Args:
            packed: Compressed: the weights of danger, a signed byte each; how rare each feature is, a byte
                each; the weights of each kind, a signed byte each.
            record: What was written beside them: sizes, scales, biases, thresholds and where they come from.

        Raises:
            ValueError: These are not the weights that the record was written for.
        """
        if hashlib.sha256(packed).hexdigest() != record["weights_sha256"]:
            raise ValueError("the weights are not those of their record; run `circle danger train`")
        unpacked = zlib.decompress(packed)
        self._size = 1 << record["bits"]
        # Slices, so that the whole can go: a view of it would keep a second copy of what is sliced.
        self._weights = memoryview(unpacked[: self._size]).cast("b")
        self._rareness = unpacked[self._size : 2 * self._size]
        self._scale: float = record["scale"]
        self._damping: float = record["damping"]
        self._bias: float = record["bias"]
        self._kinds: list[tuple[Kind, memoryview[int], float, float]] = []
        for place, kind in enumerate(record["kinds"]):
            start = 2 * self._size + (place << record["kind_bits"])
            part = memoryview(unpacked[start : start + (1 << record["kind_bits"])]).cast("b")
            self._kinds.append((kind["name"], part, kind["scale"], kind["bias"]))
        self.thresholds: dict[str, dict[str, float]] = record["thresholds"]
        self._of_word = lru_cache(maxsize=16_384)(self._weigh_word)

    def score(self, words: Sequence[str]) -> float:
        """Return the log-odds that a text, by its plain words, speaks of danger."""
        total = squares = 0
        for word in set(words):
            weight, square = self._of_word(word)
            total += weight
            squares += square
        weight, square = self.weigh(hashes_between(words))
        return self.score_of(total + weight, squares + square)

    def score_of(self, weights: int, squares: int) -> float:
        """Return the log-odds of a text by the sums of its features."""
        return self._bias + self._scale * weights / sqrt(squares + self._damping)

    def _weigh_word(self, word: str) -> tuple[int, int]:
        return self.weigh(hashes_of_word(word))

    def weigh(self, hashes: Collection[int]) -> tuple[int, int]:
        """Return the sums of the weights and of the squared rareness of some features."""
        weights, rareness, mask = self._weights, self._rareness, self._size - 1
        places = [each & mask for each in hashes]
        return sum([weights[each] for each in places]), sum([_SQUARES[rareness[each]] for each in places])

    def level(self, score: float, language: str, words: Sequence[str]) -> Level:
        """Return how sure a score is, in a language; one without thresholds of its own is read as English.

        Few words ("I can't do this anymore") may mean much: they page someone only well above the least
        score, and are asked about below. Those that are certain stand in the lexicon.
        """
        bounds = self.thresholds.get(language) or self.thresholds["en"]
        if score >= bounds["sure"] + (FEW_NEED if len(words) <= FEW else 0):
            return "sure"
        return "perhaps" if score >= bounds["perhaps"] else "none"

    def kind(self, words: Sequence[str]) -> Kind:
        """Return the likeliest kind of danger of a text that speaks of some."""
        hashes = [*hashes_between(words)]
        for word in set(words):
            hashes += hashes_of_word(word)
        length = sqrt(len(hashes) or 1)
        best: tuple[float, Kind] | None = None
        for name, weights, scale, bias in self._kinds:
            mask = len(weights) - 1
            value = bias + scale * sum(weights[each & mask] for each in hashes) / length
            if best is None or value > best[0]:
                best = value, name
        if best is None:
            raise ValueError("the weights know no kind of danger")
        return best[1]


def read_record() -> dict[str, Any]:
    """Return what was written beside the weights when they were learnt."""
    record: dict[str, Any] = json.loads(_PLACE.joinpath(RECORD).read_text("utf-8"))
    return record


def read_weights() -> bytes:
    """Return the weights as they are kept."""
    return _PLACE.joinpath(WEIGHTS).read_bytes()


@cache
def load() -> Classifier:
    """Return the classifier that ships with the reader."""
    return Classifier(read_weights(), read_record())
