"""A table that is run as one test fails with every row that is wrong, and says which."""

from __future__ import annotations

import inspect

import pytest

from tests.case_tables import each_case


def test_every_row_that_fails_is_named_with_what_is_wrong() -> None:
    @each_case("twice", [2, 3])
    @each_case(("number", "square"), [(1, 1), (2, 5), (3, 9), (4, 17)])
    def tried(number: int, square: int, twice: int) -> None:
        assert number**twice == square

    with pytest.raises(pytest.fail.Exception) as failed:
        tried()
    told = str(failed.value)
    assert told.startswith("2 of 2 cases fail:\ntwice=2\n    2 of 4 cases fail:\n    number=2, square=5\n")
    assert "assert (4 ** 2) == 17" in told


def test_an_error_is_a_failure_too() -> None:
    @each_case("by", [1, 0])
    def tried(by: int) -> None:
        assert 1 / by

    with pytest.raises(pytest.fail.Exception, match=r"1 of 2 .*\nby=0\n *ZeroDivisionError"):
        tried()


def test_fixtures_are_still_asked_for() -> None:
    @each_case("name", ["here"])
    def tried(name: str, tmp_path: object) -> None:
        assert tmp_path

    assert list(inspect.signature(tried).parameters) == ["tmp_path"]


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(AssertionError, match="proves nothing"):
        each_case("name", [])
