"""Keeps a table of tens of thousands of short lines in a tenth of the memory that a dict of them takes."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

BLOCK: Final = 4096
"""Bytes that are packed together: to unpack so many for one look takes some ten microseconds."""
_LEVEL: Final = 1
"""How hard to press. What more would save is little, and the table is packed anew at each start."""


class PackedTable:
    """Keys and their values in sorted blocks, each compressed; the block of a key is found by bisection.

    A key may have several values, which stay in the order they were given. Neither may hold a tab or a line
    break, but values may hold tabs.
    """

    __slots__ = ("_blocks", "_firsts")

    def __init__(self, entries: Iterable[str]) -> None:
        """Pack these, each a key, a tab and its value."""
        lines = [f"{entry}\n".encode() for entry in entries]
        lines.sort(key=_key)
        self._firsts: list[bytes] = []
        """The first key of each block."""
        self._blocks: list[bytes] = []
        block: list[bytes] = []
        size, last = 0, b""
        for line in lines:
            key = _key(line)
            # All values of a key stand in one block.
            if size >= BLOCK and key != last:
                self._pack(block)
                block, size = [], 0
            block.append(line)
            size += len(line)
            last = key
        if block:
            self._pack(block)

    def _pack(self, lines: list[bytes]) -> None:
        self._firsts.append(_key(lines[0]))
        # A line break before the first line as well: each key then stands between one and a tab.
        self._blocks.append(zlib.compress(b"\n" + b"".join(lines), _LEVEL))

    def find(self, key: str) -> list[str]:
        """Return the values of a key; none for one that the table lacks."""
        sought = key.encode()
        place = bisect_right(self._firsts, sought) - 1
        if place < 0:
            return []
        block, start_of_line = zlib.decompress(self._blocks[place]), b"\n" + sought + b"\t"
        found, at = [], block.find(start_of_line)
        while at >= 0:
            end = block.index(b"\n", at + len(start_of_line))
            found.append(block[at + len(start_of_line) : end].decode())
            at = end if block.startswith(start_of_line, end) else -1
        return found

    def holding(self, part: str = "") -> Iterator[tuple[str, str]]:
        """Yield the key and the value of each line that holds `part` somewhere; "" is in all of them."""
        sought = part.encode()
        for packed in self._blocks:
            block = zlib.decompress(packed)
            if sought not in block:
                continue
            for line in block.decode().split("\n")[1:-1]:
                if part in line:
                    key, _, value = line.partition("\t")
                    yield key, value


def _key(line: bytes) -> bytes:
    return line[: line.index(b"\t")]
