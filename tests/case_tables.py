"""Runs a test for each row of a table as one test, which names every row that fails.

Twenty thousand rows, each a test of its own, cost more in the telling than in the trying.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from textwrap import shorten
from typing import Any, Final

import pytest

Test = Callable[..., None]
LONGEST: Final = 200


def each_case(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Return what has a test run with each of these cases, as `pytest.mark.parametrize` does, but in one.

    Args:
        names: What the test calls what stands in a case.
        cases: Tuples of as many values; for a name alone the value itself.
    """
    called = (names,) if isinstance(names, str) else names
    rows = [(case,) if isinstance(names, str) else tuple(case) for case in cases]
    assert rows, "a table without cases proves nothing"

    def fold(test: Test) -> Test:
        @wraps(test)
        def run_all(**given: Any) -> None:
            wrong = []
            for row in rows:
                values = dict(zip(called, row, strict=True))
                try:
                    test(**values, **given)
                except (Exception, pytest.fail.Exception) as error:
                    shown = ", ".join(
                        f"{name}={shorten(repr(value), LONGEST)}" for name, value in values.items()
                    )
                    wrong.append(f"{shown}\n    {_told(error)}")
            if wrong:
                pytest.fail("\n".join((f"{len(wrong)} of {len(rows)} cases fail:", *wrong)), pytrace=False)

        asked = inspect.signature(test)
        left = [each for name, each in asked.parameters.items() if name not in called]
        vars(run_all)["__signature__"] = asked.replace(parameters=left)
        return run_all

    return fold


def _told(error: BaseException) -> str:
    """Return what pytest says of a failed assertion, or what kind of error it was, and where."""
    said = str(error) or "(nothing said)"
    if not isinstance(error, AssertionError | pytest.fail.Exception):
        said = f"{type(error).__name__}: {said}"
    return said.replace("\n", "\n    ")
