"""What goes on of a picture or a voice is the picture or the voice: nothing about it, nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assistant.media import cleaning
from assistant.media.cleaning import (
    MOST_BYTES,
    PICTURE_BYTES,
    REASONS,
    Cleaned,
    UnfitError,
    clean,
    clean_apart,
)
from assistant.media.voices import packets_of
from tests.case_tables import each_case
from tests.media.recordings import PLACE, aac_frames, boxed_voice, ogg_page, old_voice, photo, voice


def opened(cleaned: Cleaned) -> Image.Image:
    assert cleaned.content_type == "image/jpeg"
    image = Image.open(io.BytesIO(cleaned.data))
    image.load()
    return image


@each_case("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_picture_says_nothing_of_place_time_or_camera(kind: str) -> None:
    taken = photo(kind=kind)
    assert PLACE in taken
    cleaned = clean(taken)
    assert PLACE not in cleaned.data
    assert b"Secretphone" not in cleaned.data
    image = opened(cleaned)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_picture_stands_as_it_was_held() -> None:
    image = opened(clean(photo(size=(640, 480), turned=3)))  # upside down: red is right now
    assert image.size == (640, 480)
    left, right = image.getpixel((10, 240)), image.getpixel((630, 240))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert min(left) > 200
    assert right[0] > 200 > 60 > right[1]


def test_a_large_picture_becomes_one_that_every_carrier_takes() -> None:
    noise = Image.effect_noise((3000, 2000), 100).convert("RGB")
    written = io.BytesIO()
    noise.save(written, "JPEG", quality=60)
    assert len(written.getvalue()) < MOST_BYTES
    cleaned = clean(written.getvalue())
    assert opened(cleaned).size == (1280, 853)
    assert len(cleaned.data) <= PICTURE_BYTES


def test_of_a_voice_note_only_the_sound_is_left() -> None:
    note = voice(tags=PLACE)
    cleaned = clean(note)
    assert cleaned.content_type == "audio/ogg"
    assert note.count(PLACE) == 2
    assert PLACE not in cleaned.data
    assert b"them" not in cleaned.data
    before, after = list(packets_of(note)), list(packets_of(cleaned.data))
    assert after[0] == before[0]
    assert after[2:] == before[2:]
    assert clean(cleaned.data) == cleaned


def test_the_pages_of_a_voice_note_are_whole() -> None:
    # Each page once more by the tests' own hand, sums included.
    cleaned = clean(voice()).data
    assert cleaned.endswith(ogg_page(b"\x78" + b"sound" * 100, granule=2500, number=4, flags=4, serial=1))


def test_an_older_phones_voice_note_goes_as_it_is() -> None:
    assert clean(old_voice()) == Cleaned("audio/amr", old_voice())


def test_of_a_voice_in_mp4_the_frames_alone_are_left() -> None:
    recorded = boxed_voice()
    assert recorded.count(PLACE) == 4
    cleaned = clean(recorded)
    assert cleaned.content_type == "audio/aac"
    assert cleaned.data == b"".join(adts_head(frame) + frame for frame in aac_frames())
    assert clean(cleaned.data) == cleaned


def adts_head(frame: bytes) -> bytes:
    """Written bit by bit, as a table of the standard would be read aloud."""
    bits = f"{0xFFF:012b}" + "0" + "00" + "1"  # sync, MPEG-4, layer, no checksum
    bits += "01" + "0100" + "0" + "001" + "0000"  # LC, 44.1 kHz, private, mono, four of copyright
    bits += f"{len(frame) + 7:013b}" + "1" * 11 + "00"
    return int(bits, 2).to_bytes(7, "big")


def test_a_voice_in_3gp_becomes_the_older_phones_kind() -> None:
    frames = [old_voice(1).removeprefix(b"#!AMR\n")] * 3
    recorded = boxed_voice(frames, coding=b"samr", brand=b"3gp4")
    assert clean(recorded) == Cleaned("audio/amr", old_voice())


UNFIT: dict[str, tuple[Callable[[], bytes], str]] = {
    "words": (lambda: b"not a picture", "kind"),
    "nothing": (lambda: b"", "kind"),
    "a page that calls itself a picture": (lambda: b"<svg onload='x'>", "kind"),
    "a film": (lambda: boxed_voice(handler=b"vide"), "video"),
    "half an iPhone's picture": (lambda: photo(kind="HEIF")[:900], "broken"),
    "what calls itself an iPhone's picture": (lambda: b"\x00\x00\x00\x18ftypheic" + bytes(100), "broken"),
    "a voice in MP4 without what it is told by": (lambda: boxed_voice()[:100], "broken"),
    "a voice in MP4 whose sound lies elsewhere": (lambda: boxed_voice().replace(b"mdat", b"free"), "broken"),
    "a voice in MP4 without its end": (lambda: boxed_voice()[:-30], "broken"),
    "a voice in MP4 that nobody can take apart": (lambda: boxed_voice(coding=b"enca"), "kind"),
    "a voice in MP4 of another coding of AAC": (
        lambda: boxed_voice().replace(b"\x05\x02\x12", b"\x05\x02\x22"),
        "kind",
    ),
    "a voice in MP4 without sound": (lambda: boxed_voice([]), "broken"),
    "frames that are one and the same": (
        lambda: boxed_voice([bytes(9)] * 9).replace(b"\x00\x00\x00\x09" * 9, b"\x00\x00\xff\xff" * 9),
        "broken",
    ),
    "a plain stream with something behind it": (lambda: clean(boxed_voice()).data + PLACE, "broken"),
    "music": (lambda: b"ID3\x04" + bytes(100), "kind"),
    "sound of no picture": (lambda: b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(30), "kind"),
    "half a picture": (lambda: photo()[:2000], "broken"),
    "too many bytes": (lambda: b"\xff\xd8\xff" + bytes(MOST_BYTES), "large"),
    "two streams in one": (lambda: voice(serial=8), "broken"),
    "something behind a voice": (lambda: voice() + PLACE, "broken"),
    "half a voice": (lambda: voice()[:-30], "broken"),
    "something behind an older voice": (lambda: old_voice() + PLACE, "broken"),
    "an older voice without sound": (lambda: old_voice(0), "broken"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_nobody_can_be_sure_of_is_refused(what: str) -> None:
    make, reason = UNFIT[what]
    with pytest.raises(UnfitError) as refused:
        clean(make())
    assert refused.value.reason == reason


def test_a_picture_that_unfolds_to_more_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MOST_PIXELS", 1000)
    with pytest.raises(UnfitError, match="large"):
        clean(photo())


def test_strangers_files_are_looked_at_in_a_process_of_their_own() -> None:
    assert clean_apart(photo()) == clean(photo())
    for data, reason in ((b"not a picture", "kind"), (photo()[:2000], "broken")):
        with pytest.raises(UnfitError) as refused:
            clean_apart(data)
        assert refused.value.reason == reason


@given(st.data())
def test_whatever_is_done_to_a_recording_it_is_cleaned_or_refused(data: st.DataObject) -> None:
    recorded = data.draw(st.sampled_from([boxed_voice(), clean(boxed_voice()).data, voice(), old_voice()]))
    hurt = bytearray(recorded)
    for place in data.draw(st.lists(st.integers(0, len(hurt) - 1), max_size=4)):
        hurt[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    cut = data.draw(st.integers(0, len(hurt)))
    outcome: Cleaned | str
    try:
        outcome = clean(bytes(hurt[:cut]))
    except UnfitError as refused:
        outcome = refused.reason
    if isinstance(outcome, str):
        assert outcome in REASONS
    else:
        assert PLACE not in outcome.data
        assert len(outcome.data) < 2 * len(recorded)
