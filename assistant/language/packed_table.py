"""Keeps a table of tens of thousands of short lines in a fraction of the memory that a dict of them takes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate


class PackedTable:
    """Keys and their values, in one piece of memory; looked up by bisection.

    A key may have several values, which stay in the order they were given. Neither may hold a tab or a line
    break, but values may hold tabs.
    """

    __slots__ = ("_data", "_starts")

    def __init__(self, entries: Iterable[str]) -> None:
        """Pack these, each a key, a tab and its value."""
        lines = [f"{entry}\n".encode() for entry in entries]
        lines.sort(key=lambda line: line[: line.index(b"\t")])
        self._data = b"".join(lines)
        self._starts = array("I", accumulate(map(len, lines[:-1]), initial=0)) if lines else array("I")

    def find(self, key: str) -> list[str]:
        """Return the values of a key; none for one that the table lacks."""
        data, starts, sought = self._data, self._starts, key.encode()
        place = bisect_left(starts, sought, key=lambda start: data[start : data.index(b"\t", start)])
        found = []
        while place < len(starts) and data.startswith(sought + b"\t", starts[place]):
            start = starts[place] + len(sought) + 1
            found.append(data[start : data.index(b"\n", start)].decode())
            place += 1
        return found

    def holding(self, part: str = "") -> Iterator[tuple[str, str]]:
        """Yield the key and the value of each line that holds `part` somewhere; "" is in all of them."""
        data, sought, place = self._data, part.encode(), 0
        # From one find to the next: all lines as objects would be as much memory again.
        while (found := data.find(sought, place)) >= 0 and found < len(data):
            start, place = data.rfind(b"\n", 0, found) + 1, data.index(b"\n", found) + 1
            key, _, value = data[start : place - 1].decode().partition("\t")
            yield key, value
