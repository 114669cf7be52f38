"""What is printed for other programs is safe to open in them."""

from __future__ import annotations

import pytest

from assistant.language.csv_cells import safe_cell


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_words_in_a_csv_file_are_never_a_formula(words: str) -> None:
    assert safe_cell(words) == f"'{words}"


@pytest.mark.parametrize("cell", ["MAPLE", "", 3, -3, None])
def test_everything_else_stands_as_it_is(cell: object) -> None:
    assert safe_cell(cell) == cell
