"""Makes of what a phone sent what others may be sent: the picture or the voice, and nothing about either.

The kind is read from the bytes. A picture is painted anew from its pixels, so that no place, no camera and no
thumbnail is left; of a voice the sound alone is kept (`assistant.media.voices`). What we cannot be sure of is
refused. Strangers' files are looked at in a process of their own (`clean_apart`), which may take no more than
its share of memory and time, and gives both back.
"""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from assistant.media.boxed_voices import BEGINS, FilmError
from assistant.media.voices import clean_voice

MOST_BYTES: Final = 5 * 1024 * 1024
"""What Twilio takes for a message, and so the most it brings (docs: accepted MIME types)."""
MOST_PIXELS: Final = 60_000_000
LONGEST_SIDE: Final = 1280
PICTURE_BYTES: Final = 600_000
"""What every carrier of the United States and Canada passes on in a message."""
QUALITIES: Final = (85, 75, 60, 45, 30)
MEMORY: Final = 1024 * 1024 * 1024
SECONDS: Final = 20
PICTURES: Final = ("JPEG", "PNG", "WEBP", "GIF")
_BEGINNINGS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8")
HEIF: Final = "HEIF"
_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What pictures of iPhones begin with, after the word that they share with MP4 (ISO/IEC 23008-12)."""
REASONS: Final = ("kind", "large", "broken", "video")


class UnfitError(Exception):
    """It is not passed on; `reason` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What may go on."""

    content_type: str
    data: bytes


def clean(data: bytes) -> Cleaned:
    """Return the picture or voice with nothing about it.

    Raises:
        UnfitError: it is too large, of no kind that we know for sure, or broken.
    """
    if len(data) > MOST_BYTES:
        raise UnfitError("large")
    if data.startswith(_BEGINNINGS):
        return Cleaned("image/jpeg", _painted_anew(data, PICTURES))
    if data[4:8] == BEGINS and data[8:12] in _HEIF_BRANDS:
        return Cleaned("image/jpeg", _painted_anew(data, (HEIF,)))
    try:
        voice = clean_voice(data)
    except FilmError as error:
        raise UnfitError("video") from error
    except ValueError as error:
        raise UnfitError("broken") from error
    if voice is None:
        raise UnfitError("kind")
    return Cleaned(*voice)


def clean_apart(data: bytes) -> Cleaned:
    """Do the same in a process of its own, which cannot harm this one.

    Raises:
        UnfitError: as for `clean`; or that process came to its bounds.
    """
    if len(data) > MOST_BYTES:
        raise UnfitError("large")
    command = [sys.executable, "-m", "assistant.media.cleaning"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=2 * SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise UnfitError("broken") from error
    if done.returncode != 0:
        reason = done.stderr.decode("ascii", "replace").strip()
        raise UnfitError(reason if reason in REASONS else "broken")
    kind, _, cleaned = done.stdout.partition(b"\n")
    return Cleaned(kind.decode("ascii"), cleaned)


def _painted_anew(data: bytes, formats: tuple[str, ...]) -> bytes:
    from PIL import Image, ImageOps, UnidentifiedImageError

    if HEIF in formats:
        from pillow_heif import register_heif_opener

        # The picture alone: what else lies in the file is not even looked at.
        register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise UnfitError("large")
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except UnfitError:
        raise
    except UnidentifiedImageError as error:
        # What begins as an iPhone's picture is one that is not whole.
        raise UnfitError("broken" if HEIF in formats else "kind") from error
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, Image.DecompressionBombError) as error:
        raise UnfitError("broken") from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    anew = Image.new("RGB", upright.size, "white")
    anew.paste(upright, mask=upright)
    for quality in QUALITIES:
        written = io.BytesIO()
        anew.save(written, "JPEG", quality=quality, optimize=True)
        if written.tell() <= PICTURE_BYTES:
            break
    return written.getvalue()


def _bound() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _bound()
    try:
        found = clean(sys.stdin.buffer.read(MOST_BYTES + 1))
    except UnfitError as error:
        sys.exit(error.reason)
    sys.stdout.buffer.write(found.content_type.encode("ascii") + b"\n" + found.data)
