from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.packed_table import PackedTable

WORDS = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=("Cs", "Cc")), max_size=6)


@given(st.lists(st.tuples(WORDS, WORDS), max_size=30), WORDS)
def test_a_packed_table_finds_what_a_dict_of_lists_would(pairs: list[tuple[str, str]], other: str) -> None:
    expected: dict[str, list[str]] = {}
    for key, value in pairs:
        expected.setdefault(key, []).append(value)
    table = PackedTable(f"{key}\t{value}" for key, value in pairs)
    for key in (*expected, other):
        assert table.find(key) == expected.get(key, [])
    assert sorted(table.holding()) == sorted(pairs)


def test_lines_that_hold_a_part_are_found() -> None:
    table = PackedTable(["leon\tMX\tGUA", "leon\tES\t55", "leon\tNI\t08"])
    assert list(table.holding("\tES\t")) == [("leon", "ES\t55")]
