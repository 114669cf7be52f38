"""Takes the sound out of MP4 and 3GP, and leaves the boxes behind (ISO/IEC 14496-12).

Places, names and times may hide in any box, so none is kept: the tables say where each frame of sound lies,
and the frames alone are written anew. AAC becomes ADTS (ISO/IEC 13818-7), AMR its own plain file. What has
pictures as well, or is coded in another way, is not for us to take apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

BEGINS: Final = b"ftyp"
"""At the fifth byte of such a file."""
_MOST_FRAMES: Final = 200_000
"""Over an hour of AAC, and more than the bytes we take could hold."""
_ENTRY: Final = 28
"""Bytes of an entry for sound before the boxes in it, where it is of the plain version."""
_LOW_COMPLEXITY: Final = 2
_WITH_MORE: Final = (5, 29)
"""Kinds of AAC that add to the plain one what players find in the frames by themselves."""
_ADTS_HEAD: Final = 7
_LONGEST: Final = 0x1FFF - _ADTS_HEAD
_CHANNELS: Final = (1, 2)
_RATES: Final = 13


class FilmError(Exception):
    """It moves: there are pictures in it."""


@dataclass(frozen=True, slots=True)
class Boxed:
    """The sound of a file."""

    coding: str
    """mp4a | samr | sawb"""
    frames: tuple[bytes, ...]
    setting: tuple[int, int] = (0, 0)
    """Of AAC: the index of its rate, and how many channels."""


def sound_in(data: bytes) -> Boxed | None:
    """Return the only sound of a file; None: it is coded in a way, or told in a version, that is not plain.

    Raises:
        FilmError: there are pictures in it.
        ValueError: it is not whole.
    """
    whole = _boxes(data)
    if b"moov" not in whole or b"moof" in whole:
        return None
    tracks = [_inside(each, b"mdia") for each in _boxes(whole[b"moov"][0]).get(b"trak", ())]
    kinds = [_first(each, b"hdlr")[8:12] for each in tracks]
    if b"vide" in kinds:
        raise FilmError
    if kinds.count(b"soun") != 1:
        return None
    table = _inside(_first(tracks[kinds.index(b"soun")], b"minf"), b"stbl")
    told = _first(table, b"stsd")[8:]
    entries = [(kind, told[start:end]) for kind, start, end in _each(told)]
    if len(entries) != 1:
        return None
    ((coding, entry),) = entries
    if len(entry) < _ENTRY or entry[8:10] != b"\x00\x00":
        return None
    lies = [(start, end) for kind, start, end in _each(data) if kind == b"mdat"]
    frames = tuple(_frames(data, table, lies))
    if coding in (b"samr", b"sawb"):
        return Boxed(coding.decode("ascii"), frames)
    setting = _setting(_first(_boxes(entry[_ENTRY:]), b"esds")) if coding == b"mp4a" else None
    return Boxed("mp4a", frames, setting) if setting is not None else None


def in_adts(sound: Boxed) -> bytes:
    """Return AAC as a plain stream: each frame with a head that says only how to play it.

    Raises:
        ValueError: there is no sound, or a frame that no such stream may hold.
    """
    rate, channels = sound.setting
    written = []
    for frame in sound.frames:
        if len(frame) > _LONGEST:
            raise ValueError("a frame is too long")
        size = len(frame) + _ADTS_HEAD
        head = (0xFFF1 << 40) | ((_LOW_COMPLEXITY - 1) << 38) | (rate << 34) | (channels << 30)
        head |= (size << 13) | (0x7FF << 2)
        written.append(head.to_bytes(_ADTS_HEAD, "big") + frame)
    if not written:
        raise ValueError("there is no sound")
    return b"".join(written)


def out_of_adts(data: bytes) -> Boxed | None:
    """Return the sound of a stream of AAC; None: of another kind than the plain one.

    Raises:
        ValueError: it is not whole, or holds something else as well.
    """
    frames, settings, at = [], set(), 0
    while at < len(data):
        head = data[at : at + _ADTS_HEAD]
        if len(head) < _ADTS_HEAD or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            raise ValueError("no frame where one should be")
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        skipped = _ADTS_HEAD if head[1] & 1 else _ADTS_HEAD + 2
        if size <= skipped or at + size > len(data):
            raise ValueError("a frame is cut off")
        if head[2] >> 6 != _LOW_COMPLEXITY - 1 or head[6] & 3:
            return None
        settings.add(((head[2] >> 2) & 0x0F, (head[2] & 1) << 2 | head[3] >> 6))
        frames.append(data[at + skipped : at + size])
        at += size
    if len(settings) != 1:
        return None
    (setting,) = settings
    return Boxed("mp4a", tuple(frames), setting) if _is_plain(setting) else None


def _is_plain(setting: tuple[int, int]) -> bool:
    return setting[0] < _RATES and setting[1] in _CHANNELS


def _each(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes of a stretch: kind, and where what is in it begins and ends."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise ValueError("a box is cut off")
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            raise ValueError("a box is cut off")
        yield kind, at + head, at + size
        at += size


Boxes = Mapping[bytes, list[bytes]]


def _boxes(data: bytes) -> Boxes:
    found: dict[bytes, list[bytes]] = {}
    for kind, start, end in _each(data):
        found.setdefault(kind, []).append(data[start:end])
    return found


def _first(boxes: Boxes, kind: bytes) -> bytes:
    if kind not in boxes:
        raise ValueError("a box is missing")
    return boxes[kind][0]


def _inside(data: bytes, kind: bytes) -> Boxes:
    return _boxes(_first(_boxes(data), kind))


def _numbers(data: bytes, size: int = 4, each: int = 1) -> list[tuple[int, ...]]:
    """Return the rows of a table: a count, and so many rows of `each` numbers."""
    count = int.from_bytes(data[4:8], "big")
    if count > _MOST_FRAMES or len(data) < 8 + count * each * size:
        raise ValueError("a table is cut off")
    form = ">" + ("I" if size == 4 else "Q") * each
    return list(struct.iter_unpack(form, data[8 : 8 + count * each * size]))


def _sizes(table: bytes) -> list[int]:
    same, count = int.from_bytes(table[4:8], "big"), int.from_bytes(table[8:12], "big")
    if count > _MOST_FRAMES:
        raise ValueError("there are too many frames")
    return [same] * count if same else [size for (size,) in _numbers(table[4:])]


def _frames(data: bytes, table: Boxes, lies: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Yield each frame of sound from where the tables say that it lies: among the sound, and nowhere else."""
    sizes = _sizes(_first(table, b"stsz"))
    wide = b"co64" in table
    chunks = [at for (at,) in _numbers(_first(table, b"co64" if wide else b"stco"), 8 if wide else 4)]
    runs = _numbers(_first(table, b"stsc"), each=3)
    if sum(sizes) > len(data) or any(one[0] >= then[0] for one, then in pairwise(runs)):
        raise ValueError("frames lie on one another")
    place = 0
    for number, (first, count, _) in enumerate(runs):
        last = runs[number + 1][0] - 1 if number + 1 < len(runs) else len(chunks)
        for at in chunks[max(first, 1) - 1 : last]:
            for size in sizes[place : place + count]:
                if not any(start <= at and at + size <= end for start, end in lies):
                    raise ValueError("a frame lies outside of the sound")
                if size:
                    yield data[at : at + size]
                at += size
            place += count
    if place < len(sizes):
        raise ValueError("frames are missing")


def _setting(told: bytes) -> tuple[int, int] | None:
    """Return the index of the rate and how many channels; None: it is not plain AAC."""
    kind, stream = _descriptor(told[4:])
    flags = stream[2] if kind == 3 and len(stream) > 2 else 0xFF
    if flags & 0xE0:
        return None
    kind, decoder = _descriptor(stream[3:])
    if kind != 4 or len(decoder) < 15:
        return None
    kind, config = _descriptor(decoder[13:])
    if kind != 5 or len(config) < 2:
        return None
    bits = int.from_bytes(config[:4].ljust(4, b"\x00"), "big")
    coding, rate, channels = bits >> 27, (bits >> 23) & 0x0F, (bits >> 19) & 0x0F
    if coding in _WITH_MORE and rate < _RATES and (bits >> 15) & 0x0F < _RATES:
        coding = (bits >> 10) & 0x1F
    setting = rate, channels
    return setting if coding == _LOW_COMPLEXITY and _is_plain(setting) else None


def _descriptor(data: bytes) -> tuple[int, bytes]:
    """Return the kind of the first of these, and what is in it."""
    size, at = 0, 1
    for _ in range(4):
        if at >= len(data):
            raise ValueError("what the sound is told to be is cut off")
        size, more, at = size << 7 | data[at] & 0x7F, data[at] & 0x80, at + 1
        if not more:
            break
    return data[0], data[at : at + size]
