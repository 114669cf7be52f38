"""Chooses from which score on a text is paged or asked about, per language, on lots never learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assistant.safety.danger_reader.cases import Case


@dataclass(frozen=True, slots=True)
class Aims:
    """How often everyday texts may be taken for danger; within that, as little as possible is missed.

    Attributes:
        plain_paged: The share of plain texts that may page a person.
        near_paged: The share of those that only sound like danger that may.
        plain_asked: The share of plain texts that may be asked about or paged.
    """

    plain_paged: float
    near_paged: float
    plain_asked: float


AIMS: Final = Aims(plain_paged=0.01, near_paged=0.12, plain_asked=0.094)
"""Of a hundred plain texts one may page, and eight more be asked about: silence toward danger harms more."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A case, the score it got from weights that never saw its lot, and the language its words tell."""

    case: Case
    score: float
    language: str


def choose_thresholds(scored: Sequence[Scored], aims: Aims = AIMS) -> dict[str, dict[str, float]]:
    """Return language -> the least scores of "sure" and of "perhaps"."""
    return {
        language: _choose([each for each in scored if each.language == language], aims)
        for language in ("en", "es")
    }


def _choose(scored: Sequence[Scored], aims: Aims) -> dict[str, float]:
    plain = [each.score for each in scored if each.case.kind == "plain"]
    near = [each.score for each in scored if not each.case.danger and each.case.kind != "plain"]
    sure = max(_exceeded_by(plain, aims.plain_paged), _exceeded_by(near, aims.near_paged))
    perhaps = min(sure, _exceeded_by(plain, aims.plain_asked))
    return {"sure": round(sure, 3), "perhaps": round(perhaps, 3)}


def _exceeded_by(scores: Sequence[float], share: float) -> float:
    """Return the least score that no more than a share of these reach; 0 where there are none."""
    ordered = sorted(scores, reverse=True)
    if not ordered:
        return 0.0
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] + 0.001
