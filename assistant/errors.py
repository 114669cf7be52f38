"""The answer to something that cannot be done: what is wrong, and how to mend it."""

from __future__ import annotations


class NotPossible(Exception):  # noqa: N818 - it is an answer, not a fault
    """What was asked cannot be done as asked; each sentence of `reasons` says why, and how to mend it."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons
