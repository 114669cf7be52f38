"""A text costs what Twilio says it costs, and a long one is cut where a reader would pause."""

import json
from pathlib import Path

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.language.sms.segments import Measure, measure, split
from tests.case_tables import each_case

CASES = json.loads(Path(__file__).with_name("cases").joinpath("segments.json").read_text("utf-8"))["cases"]

FAMILY, THUMB, FLAG, HEART = "👩‍👩‍👧‍👦", "👍🏽", "🇲🇽", "❤️"
SEEN = st.sampled_from(
    [*"abcdefgh     \n", "é", "ñ", "{", "€", "á", "你", "😀", FAMILY, THUMB, FLAG, HEART, "e\u0301"]
)
PLAIN = st.sampled_from([*"abcdefghéñ{€     \n"])
# Long enough to be cut: what hypothesis makes by itself seldom fills a segment.
TEXTS = st.one_of([st.lists(signs, min_size=120, max_size=500).map("".join) for signs in (SEEN, PLAIN)])
WORDS = st.one_of(
    [
        st.lists(st.text(letters, min_size=1, max_size=12), min_size=60, max_size=120).map(" ".join)
        for letters in ("abcdeñ{", "abcdeñá😀")
    ]
)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_text_is_measured_as_by_twilios_own_calculator(case: dict[str, object]) -> None:
    assert measure(str(case["text"])) == Measure(
        str(case["encoding"]), int(str(case["units"])), int(str(case["segments"]))
    )


@each_case(
    ("text", "usual", "toll_free"),
    [("x" * 160, 1, 1), ("x" * 304, 2, 2), ("x" * 306, 2, 3), ("你" * 70, 1, 1), ("你" * 133, 2, 3)],
)
def test_a_toll_free_number_holds_a_little_less(text: str, usual: int, toll_free: int) -> None:
    assert measure(text).segments == usual
    assert measure(text, toll_free=True).segments == toll_free


def test_half_an_emoji_from_a_broken_phone_is_measured_without_an_error() -> None:
    assert measure("a\ud83d") == Measure("UCS-2", 2, 1)


def test_a_letter_under_hundreds_of_accents_fills_as_many_segments_as_it_needs() -> None:
    assert measure("a" + "\u0301" * 200).segments == 3


def test_a_short_text_is_one_part() -> None:
    assert split("Hi Rosa, how are you?") == ["Hi Rosa, how are you?"]


def test_a_blank_text_has_no_parts() -> None:
    assert split("") == []
    assert split(" \n ") == []


def test_a_long_text_is_cut_between_words() -> None:
    parts = split(" ".join(["sister"] * 100))
    assert [measure(part).segments for part in parts] == [2, 2, 1]
    assert all(set(part.split(" ")) == {"sister"} for part in parts)


def test_line_breaks_inside_a_part_are_kept() -> None:
    parts = split("one\n\ntwo\r\nthree\n" + "x " * 200)
    assert parts[0].startswith("one\n\ntwo\r\nthree\nx x")


def test_a_word_too_long_for_a_part_is_cut_but_no_emoji_is() -> None:
    parts = split("so many: " + FAMILY * 30)
    assert "".join(parts).replace(" ", "") == "somany:" + FAMILY * 30
    assert all(part.replace("so many: ", "").replace(FAMILY, "") == "" for part in parts)


def test_a_word_is_not_cut_because_it_stands_at_an_edge() -> None:
    address = "https://example.org/" + "a" * 60
    parts = split("word " * 50 + address)
    assert parts[-1].endswith(address)


def test_an_emoji_costs_only_the_part_in_which_it_stands() -> None:
    parts = split("sister " * 60 + "🎉")
    assert [measure(part).encoding for part in parts] == ["GSM-7", "UCS-2"]


def test_no_break_spaces_hold_words_together() -> None:
    held = "9\u00a0am"
    assert all("9" not in part or held in part for part in split(f"aaaa {held} " * 60))


def test_a_text_of_many_segments_stays_within_what_twilio_takes() -> None:
    assert all(len(part) <= 1600 for part in split("word " * 900, segments=20))
    assert all(measure(part).units <= 700 for part in split("слово " * 900, segments=20))


def test_no_room_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1 segment"):
        split("hi", segments=0)


@given(TEXTS, st.integers(1, 3), st.booleans())
@settings(max_examples=60)
def test_every_part_fits_and_the_words_come_back(text: str, segments: int, toll_free: bool) -> None:
    parts = split(text, segments=segments, toll_free=toll_free)
    assert all(measure(part, toll_free=toll_free).segments <= segments for part in parts)
    assert all(part == part.strip() != "" for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(TEXTS)
@settings(max_examples=40)
def test_no_cut_falls_inside_what_people_see_as_one_character(text: str) -> None:
    # "\r\n" and blanks apart, the characters seen in the parts are those seen in the whole.
    seen = [one for one in regex.findall(r"\X", text) if not one.isspace()]
    assert [one for part in split(text) for one in regex.findall(r"\X", part) if not one.isspace()] == seen


@given(WORDS, st.integers(1, 3))
@settings(max_examples=40)
def test_no_way_of_cutting_at_words_needs_fewer_parts(text: str, segments: int) -> None:
    words = text.split(" ")
    fewest = [0] + [len(words)] * len(words)  # fewest[n]: parts for the first n words, every cut tried
    for end in range(1, len(words) + 1):
        start = end - 1
        while start >= 0 and measure(" ".join(words[start:end])).segments <= segments:
            fewest[end] = min(fewest[end], fewest[start] + 1)
            start -= 1
    assert len(split(text, segments=segments)) == fewest[-1]
