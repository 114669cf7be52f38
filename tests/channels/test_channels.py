"""What addresses show, windows, and what a tap brings back."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels.payloads import Tapped, asks_to_read, payload_of, tapped
from assistant.channels.shapes import LONGEST_VALUE, Shape, all_shapes, samples_of, shaped, types_of
from assistant.channels.showing import LONGEST_TITLE, Style, Tap, at_home, fitted, parts_of, style_for
from assistant.channels.windows import WINDOW, is_open, just_opened, opens_again
from assistant.fake_twilio.content.content_rules import check_template

NOW = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
WHATSAPP, SMS = "whatsapp:+14155550101", "sms:+14155550101"


@pytest.mark.parametrize(
    ("uri", "channel", "options", "style"),
    [
        (WHATSAPP, None, 3, Style.QUICK_REPLY),
        (WHATSAPP, None, 4, Style.LIST_PICKER),
        (WHATSAPP, None, 10, Style.LIST_PICKER),
        (WHATSAPP, None, 11, None),
        (WHATSAPP, None, 0, None),
        (SMS, None, 2, None),
        (SMS, "rcs", 11, Style.CARD),
        (SMS, "rcs", 12, None),
        ("messenger:123", None, 2, None),
    ],
)
def test_options_are_shown_the_widest_way_there_is(
    uri: str, channel: str | None, options: int, style: Style | None
) -> None:
    assert style_for(uri, channel, options) is style


def test_rcs_is_another_way_to_a_number_and_no_other_address() -> None:
    assert at_home("rcs:+14155550101") == (SMS, "rcs")
    assert at_home("rcs:circle_agent") == ("rcs:circle_agent", None)
    assert at_home(WHATSAPP) == (WHATSAPP, None)


def test_a_window_is_a_day_from_the_last_text_and_a_refusal_closes_it_until_the_next() -> None:
    heard = NOW - dt.timedelta(hours=23)
    assert is_open(WHATSAPP, heard, NOW)
    assert not is_open(WHATSAPP, NOW - WINDOW, NOW)
    assert not is_open(WHATSAPP, None, NOW)
    assert is_open(SMS, None, NOW)
    assert not is_open(WHATSAPP, heard, NOW, refused_at=NOW - dt.timedelta(minutes=1))
    assert is_open(WHATSAPP, heard, NOW, refused_at=heard - dt.timedelta(minutes=1))


def test_nobody_is_asked_to_write_twice_while_they_are_silent() -> None:
    week, asked = dt.timedelta(days=7), NOW - dt.timedelta(days=2)
    assert opens_again(None, None, NOW, week)
    assert not opens_again(asked, asked - dt.timedelta(days=1), NOW, week)
    assert opens_again(asked, asked + dt.timedelta(hours=1), NOW, week)
    assert opens_again(asked, None, NOW + week, week)
    assert just_opened(asked, None)
    assert not just_opened(asked, NOW)
    assert not just_opened(None, NOW)


@given(
    st.integers(1, 10**17),
    st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=170),
)
def test_a_tap_brings_back_the_option_of_the_asking(question: int, option: str) -> None:
    assert tapped({"ButtonPayload": payload_of(question, option)}) == Tapped(question, option)
    assert tapped({"ListId": payload_of(question, option)}) == Tapped(question, option)


@given(st.text(max_size=40))
def test_what_is_no_payload_of_ours_is_no_tap(odd: str) -> None:
    for forged in (odd, f"ask:{odd}", f"ask:0{odd}:yes", f"ask:{odd}:"):
        read = tapped({"ButtonPayload": forged})
        assert read is None or payload_of(read.question_id, read.option) == forged


def test_the_openers_button_answers_nothing() -> None:
    assert asks_to_read({"ButtonPayload": "read"})
    assert tapped({"ButtonPayload": "read"}) is None
    assert tapped({"ButtonPayload": ["ask:1:yes"]}) is None


def test_titles_that_would_read_the_same_are_not_shown() -> None:
    long = [Tap("a", "Springfield Community Garden North"), Tap("b", "Springfield Community Garden South")]
    assert fitted(long, 24) == ()
    cut = fitted([Tap("a", "The library on Main Street"), Tap("b", "Home")], 20)
    assert [tap.title for tap in cut] == ["The library on Main…", "Home"]


def test_every_shape_is_a_content_that_twilio_takes() -> None:
    shapes = list(all_shapes())
    assert Shape(Style.LIST_PICKER, 10, 2) in shapes
    for shape in shapes:
        check_template(
            {
                "language": "en",
                "types": types_of(shape),
                "variables": samples_of(shape),
                "friendly_name": shape.name,
            }
        )


@given(
    st.sampled_from(list(Style)),
    st.lists(st.text("abc ñ1", min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=3),
    st.text("abcdefg ", min_size=1, max_size=600).map(lambda text: " ".join(text.split())).filter(bool),
)
def test_a_shape_says_the_very_words_and_brings_back_each_option(
    style: Style, labels: list[str], words: str
) -> None:
    taps = [Tap(f"ask:7:{place}", " ".join(label.split())) for place, label in enumerate(labels)]
    made = shaped(style, words, taps, "Choose")
    if made is None:
        return
    shape, values = made
    assert " ".join(values[f"w{part}"] for part in range(1, shape.parts + 1)) == words
    assert [values[f"p{at}"] for at in range(1, len(taps) + 1)] == [tap.payload for tap in taps]
    assert all(0 < len(values[f"t{at}"]) <= LONGEST_TITLE[style] for at in range(1, len(taps) + 1))
    assert all(0 < len(value) <= LONGEST_VALUE for value in values.values())


def test_words_that_no_variable_can_hold_go_without_buttons() -> None:
    taps = [Tap("ask:1:yes", "Yes")]
    assert shaped(Style.QUICK_REPLY, "two\nlines", taps, "") is None
    assert shaped(Style.QUICK_REPLY, "x" * 600, taps, "") is None


def test_a_text_elsewhere_than_by_sms_is_cut_only_where_a_message_ends() -> None:
    assert parts_of("¿Qué hubo? " * 20) == [("¿Qué hubo? " * 20).strip()]
    parts = parts_of("word " * 500)
    assert len(parts) == 3
    assert all(len(part) <= 1000 for part in parts)
    assert " ".join(parts).split() == ["word"] * 500
