"""Pictures and voices as phones make them: with where, when and by what, which nobody is to learn."""

from __future__ import annotations

import io
import struct

from PIL import Image, PngImagePlugin
from pillow_heif import register_heif_opener

from assistant.media.voices import checksum

PLACE = b"Calle Secreta 5"


def photo(*, size: tuple[int, int] = (640, 480), turned: int = 1, kind: str = "JPEG") -> bytes:
    """A picture, red on its left, that says where it was taken, and by which camera."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = image.getexif()
    exif[0x0112] = turned
    exif[0x010F], exif[0x010E] = "Secretphone", PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    written = io.BytesIO()
    if kind == "HEIF":
        register_heif_opener()
        image.save(written, "HEIF", exif=exif, xmp=PLACE, quality=60)
    elif kind == "PNG":
        said = PngImagePlugin.PngInfo()
        said.add_text("Comment", PLACE.decode())
        image.save(written, "PNG", pnginfo=said, exif=exif)
    else:
        image.save(written, kind, exif=exif, comment=PLACE)
    return written.getvalue()


def ogg_page(packet: bytes, *, granule: int, number: int, flags: int, serial: int = 7) -> bytes:
    """One page with one packet, as RFC 3533 has it."""
    sizes = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, serial, number, 0)
    page = head + bytes([len(sizes)]) + sizes + packet
    return page[:22] + checksum(page).to_bytes(4, "little") + page[26:]


def voice(*, sound: bytes = b"\x78" + b"sound" * 100, tags: bytes = b"", serial: int = 7) -> bytes:
    """A voice note of WhatsApp's kind, whose comments say where it was made; three packets of sound."""
    comment = b"LOCATION=" + PLACE
    said = b"OpusTags" + struct.pack("<I", 4) + b"them" + struct.pack("<I", 1)
    said += struct.pack("<I", len(comment)) + comment + tags
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 16000, 0, 0)
    pages = [
        ogg_page(head, granule=0, number=0, flags=2),
        ogg_page(said, granule=0, number=1, flags=0),
        ogg_page(sound, granule=960, number=2, flags=0, serial=serial),
        ogg_page(sound, granule=1920, number=3, flags=0),
        ogg_page(sound, granule=2500, number=4, flags=4),
    ]
    return b"".join(pages)


def old_voice(frames: int = 3) -> bytes:
    """A voice note of an older phone: AMR, 12.2 kbit/s."""
    return b"#!AMR\n" + (b"\x3c" + bytes(range(31))) * frames


def aac_frames(count: int = 3) -> list[bytes]:
    """Frames as AAC has them, of different lengths; nothing of ours looks into them."""
    return [b"\x21" + bytes(range(20 + number)) for number in range(count)]


def box(kind: bytes, *inside: bytes) -> bytes:
    """A box of MP4."""
    body = b"".join(inside)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def boxed_voice(
    frames: list[bytes] | None = None,
    *,
    coding: bytes = b"mp4a",
    handler: bytes = b"soun",
    brand: bytes = b"M4A ",
) -> bytes:
    """A voice as phones record it, in MP4 or 3GP, whose boxes say where and by what; 44.1 kHz, mono."""
    frames = aac_frames() if frames is None else frames
    decoder = b"\x04\x11\x40\x15" + bytes(11) + b"\x05\x02\x12\x08"
    stream = b"\x03" + bytes([3 + len(decoder)]) + b"\x00\x01\x00" + decoder
    esds = box(b"esds", bytes(4), stream) if coding == b"mp4a" else b""
    entry = box(coding, bytes(6), b"\x00\x01", bytes(8), struct.pack(">HHIHH", 1, 16, 0, 44100, 0), esds)
    begin = box(b"ftyp", brand, bytes(4), b"isom")
    # The first chunk has one frame, the second the others.
    starts = [len(begin) + 8, len(begin) + 8 + len(frames[0]) if frames else 0]
    table = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), entry),
        box(b"stsz", bytes(8), struct.pack(f">{len(frames) + 1}I", len(frames), *map(len, frames))),
        box(b"stsc", bytes(4), struct.pack(">7I", 2, 1, 1, 1, 2, max(len(frames) - 1, 1), 1)),
        box(b"stco", bytes(4), struct.pack(">3I", 2, *starts)),
    )
    about = box(b"hdlr", bytes(8), handler, bytes(12), PLACE)
    track = box(b"trak", box(b"mdia", about, box(b"minf", table)))
    told = box(b"udta", box(b"\xa9xyz", PLACE), box(b"meta", PLACE))
    return begin + box(b"mdat", *frames) + box(b"moov", track, told) + box(b"free", PLACE)
