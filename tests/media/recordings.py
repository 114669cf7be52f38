"""Pictures and voices as phones make them: with where, when and by what, which nobody is to learn."""

from __future__ import annotations

import io
import struct

from PIL import Image, PngImagePlugin

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
    if kind == "PNG":
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
