"""Keeps of a voice note the sound alone: of those kinds in which it is sure what is sound and what is not.

Ogg with Opus (RFC 3533, RFC 7845), as WhatsApp sends: the pages are written anew, with the comments empty.
AMR and AMR-WB (RFC 4867), as phones send by MMS, and AAC: frames and nothing else. In MP4 and 3GP, as phones
record, places and names may hide anywhere: the frames are taken out (`assistant.media.boxed_voices`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assistant.media.boxed_voices import BEGINS, Boxed, in_adts, out_of_adts, sound_in

OPUS: Final = "audio/ogg"
AMR: Final = "audio/amr"
AAC: Final = "audio/aac"
_BOXED_AMR: Final = {"sawb": 0, "samr": 1}
"""How MP4 and 3GP call what stands at these places of `_AMR_HEADS`."""
_AMR_HEADS: Final = (
    (b"#!AMR-WB\n", (17, 23, 32, 36, 40, 46, 50, 58, 60, 5)),
    (b"#!AMR\n", (12, 13, 15, 17, 19, 20, 26, 31, 5)),
)
"""What a file begins with, and how many bytes a frame of each mode has after its own first one."""
_AMR_SILENT: Final = (14, 15)
_NOBODY: Final = b"OpusTags\x08\x00\x00\x00nameless\x00\x00\x00\x00"
_FIRST, _LAST = 0x02, 0x04
_PAGE_HEAD: Final = 27
_MOST_SEGMENTS: Final = 255
_OPUS_HEAD: Final = 19
"""Bytes of it where channels are mapped in the plain way: nothing can stand behind them."""


def clean_voice(data: bytes) -> tuple[str, bytes] | None:
    """Return what kind of voice it is and its sound; None: of no kind that we can be sure of.

    Raises:
        FilmError: there are pictures in it.
        ValueError: it begins like one, and is not whole, or holds something else as well.
    """
    if data.startswith(b"OggS"):
        return OPUS, _clean_opus(data)
    if data[4:8] == BEGINS:
        return _unboxed(sound_in(data))
    if data[:1] == b"\xff" and data[1:2] and data[1] & 0xF6 == 0xF0:
        return _unboxed(out_of_adts(data))
    for head, sizes in _AMR_HEADS:
        if data.startswith(head):
            return AMR, head + _frames(data[len(head) :], sizes)
    return None


def _unboxed(sound: Boxed | None) -> tuple[str, bytes] | None:
    if sound is None:
        return None
    if sound.coding not in _BOXED_AMR:
        return AAC, in_adts(sound)
    head, sizes = _AMR_HEADS[_BOXED_AMR[sound.coding]]
    return AMR, head + _frames(b"".join(sound.frames), sizes)


def _frames(data: bytes, sizes: tuple[int, ...]) -> bytes:
    """Return the frames; there is nothing else in such a file."""
    kept, at = [], 0
    while at < len(data):
        mode = (data[at] >> 3) & 0x0F
        if mode < len(sizes):
            size = sizes[mode]
        elif mode in _AMR_SILENT:
            size = 0
        else:
            raise ValueError("a frame of no mode")
        frame = data[at : at + 1 + size]
        if len(frame) < 1 + size or data[at] & 0x83:
            raise ValueError("no frame of a voice")
        kept.append(frame)
        at += 1 + size
    if not kept:
        raise ValueError("there is no sound")
    return b"".join(kept)


def _clean_opus(data: bytes) -> bytes:
    """Write the pages anew: the head, comments that say nothing, and the sound as it was."""
    packets = list(packets_of(data))
    if len(packets) < 3:
        raise ValueError("there is no sound")
    head, tags = packets[0][0], packets[1][0]
    if (
        not head.startswith(b"OpusHead")
        or len(head) != _OPUS_HEAD
        or head[18]
        or not tags.startswith(b"OpusTags")
    ):
        raise ValueError("not Opus alone, in the plain way")
    written = [_page([head], 0, 0, _FIRST), _page([_NOBODY], 0, 1, 0)]
    sound = [(packet, granule) for packet, granule in packets[2:] if packet]
    group: list[bytes] = []
    for place, (packet, granule) in enumerate(sound):
        group.append(packet)
        last = place == len(sound) - 1
        full = sum(len(each) // 255 + 1 for each in group)
        more = 0 if last else len(sound[place + 1][0]) // 255 + 1
        if full > _MOST_SEGMENTS:
            raise ValueError("a packet of sound is too long")
        # A page ends where one ended before: only there is it known at which moment that is.
        if granule is not None or full + more > _MOST_SEGMENTS:
            at = granule if granule is not None else 0xFFFFFFFFFFFFFFFF
            written.append(_page(group, at, len(written), _LAST if last else 0))
            group = []
    if group:
        raise ValueError("the end is missing")
    return b"".join(written)


def packets_of(data: bytes) -> Iterator[tuple[bytes, int | None]]:
    """Yield each packet of the only stream, with the moment that its page ends on, where it is its last."""
    at, stream, held = 0, None, b""
    while at < len(data):
        if data[at : at + 4] != b"OggS" or len(data) < at + _PAGE_HEAD or data[at + 4]:
            raise ValueError("no page where one should be")
        serial, count = data[at + 14 : at + 18], data[at + 26]
        if stream not in (None, serial):
            raise ValueError("more than one stream")
        stream = serial
        granule = int.from_bytes(data[at + 6 : at + 14], "little")
        sizes = data[at + _PAGE_HEAD : at + _PAGE_HEAD + count]
        at += _PAGE_HEAD + count
        ended: list[bytes] = []
        for size in sizes:
            held += data[at : at + size]
            at += size
            if size < 255:
                ended.append(held)
                held = b""
        if len(sizes) < count or at > len(data):
            raise ValueError("a page is cut off")
        for packet in ended[:-1]:
            yield packet, None
        if ended:
            yield ended[-1], granule
    if held:
        raise ValueError("a packet is cut off")


def _page(packets: list[bytes], granule: int, number: int, flags: int) -> bytes:
    sizes = b"".join(b"\xff" * (len(each) // 255) + bytes([len(each) % 255]) for each in packets)
    head = b"OggS\x00" + bytes([flags]) + granule.to_bytes(8, "little") + b"\x01\x00\x00\x00"
    head += number.to_bytes(4, "little")
    body = bytes([len(sizes)]) + sizes + b"".join(packets)
    return head + checksum(head + b"\x00\x00\x00\x00" + body).to_bytes(4, "little") + body


def _table() -> tuple[int, ...]:
    found = []
    for number in range(256):
        rest = number << 24
        for _ in range(8):
            rest = ((rest << 1) ^ 0x04C11DB7 if rest & 0x80000000 else rest << 1) & 0xFFFFFFFF
        found.append(rest)
    return tuple(found)


_TABLE: Final = _table()


def checksum(data: bytes) -> int:
    """Return the sum that Ogg has in each page."""
    found = 0
    for each in data:
        found = ((found << 8) & 0xFFFFFFFF) ^ _TABLE[(found >> 24) ^ each]
    return found
