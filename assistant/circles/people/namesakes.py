"""Tells people of one first name apart by something whoever reads of them knows; never by their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

ENDONYMS: Final = {"en": "English", "es": "Español"}
"""What each language calls itself, so that everyone knows it by that."""


def told_apart(
    labels: Sequence[str], details: Sequence[Sequence[str]], groups: Sequence[Hashable] = ()
) -> list[str]:
    """Return the labels, with a detail behind those that are alike: "Ana (June 1)", "Ana (June 8)".

    The first kind of detail by which all of one label differ is taken; where no kind is enough, the first two
    together that are, else the last. A label that is alone stays as it is.

    Args:
        labels: One a person.
        details: For each kind of detail, the best known first, one a person; "" where it is not known.
        groups: Labels are alike only within a group, one a person; none: all are of one.
    """
    keys = list(zip(labels, groups, strict=True)) if groups else [(label, None) for label in labels]
    alike = Counter(keys)
    told = list(labels)
    for key in (key for key, count in alike.items() if count > 1):
        same = [at for at, each in enumerate(keys) if each == key]
        for at, detail in zip(
            same, _first_that_differs([[kind[at] for at in same] for kind in details]), strict=True
        ):
            told[at] = f"{labels[at]} ({detail})" if detail else labels[at]
    return told


def _first_that_differs(kinds: Sequence[Sequence[str]]) -> Sequence[str]:
    pairs = [
        [", ".join(filter(None, both)) for both in zip(one, other, strict=True)]
        for at, one in enumerate(kinds)
        for other in kinds[at + 1 :]
    ]
    for kind in (*kinds, *pairs):
        if len(set(kind)) == len(kind):
            return kind
    return kinds[-1]
