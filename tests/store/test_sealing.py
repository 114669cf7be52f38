"""What is sealed can be opened with its key, in its place, and in no other way."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.store.sealing import Keyring, SealError, is_sealed, keep_plain, read_plain

ONE, OTHER = os.urandom(32), os.urandom(32)
RING = Keyring(ONE)


@given(st.text())
def test_words_come_back_as_they_were_and_differ_each_time_they_are_sealed(words: str) -> None:
    sealed = RING.seal(words, "inbox.body")
    assert RING.open(sealed, "inbox.body") == words
    assert sealed != RING.seal(words, "inbox.body")
    assert sealed.isascii()
    assert "\n" not in sealed


@given(st.text())
def test_what_is_to_be_found_is_sealed_the_same_each_time(value: str) -> None:
    sealed = RING.seal_to_find(value, "address")
    assert sealed == Keyring(ONE).seal_to_find(value, "address")
    assert RING.open_found(sealed, "address") == value
    assert sealed != Keyring(OTHER).seal_to_find(value, "address")
    assert sealed != RING.seal_to_find(value, "cohort.name")


@given(st.one_of(st.text(), st.text().map("sealed:".__add__), st.just(RING.seal("x", "inbox.body"))))
def test_without_a_key_words_are_kept_readable_and_never_taken_for_sealed(words: str) -> None:
    kept = keep_plain(words)
    assert not is_sealed(kept)
    assert read_plain(kept, "inbox.body") == words


def test_a_sealed_value_opens_in_its_own_column_only() -> None:
    with pytest.raises(SealError, match=r"outbox\.body.*cannot be opened"):
        RING.open(RING.seal("rose", "inbox.body"), "outbox.body")
    with pytest.raises(SealError, match="cannot be opened"):
        RING.open_found(RING.seal_to_find("sms:+14155550123", "address"), "cohort.name")


@given(st.integers(0, 60))
def test_a_value_that_was_changed_or_cut_is_an_error_and_never_empty(at: int) -> None:
    sealed = RING.seal("the rose", "inbox.body")
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    if is_sealed(changed):
        with pytest.raises(SealError):
            RING.open(changed, "inbox.body")
    with pytest.raises(SealError, match="cannot be opened"):
        RING.open(sealed[:-4], "inbox.body")


def test_another_key_says_which_key_is_needed_and_not_a_word_of_the_value() -> None:
    sealed = RING.seal("the rose", "inbox.body")
    with pytest.raises(SealError) as caught:
        Keyring(OTHER).open(sealed, "inbox.body")
    assert RING.fingerprint in str(caught.value)
    with pytest.raises(SealError, match="there is no DATA_KEY here"):
        read_plain(sealed, "inbox.body")


def test_the_old_key_opens_and_only_the_new_one_seals() -> None:
    both = Keyring(OTHER, ONE)
    assert both.open(RING.seal("rose", "note.words"), "note.words") == "rose"
    assert both.open_found(RING.seal_to_find("sms:+1", "address"), "address") == "sms:+1"
    assert Keyring(OTHER).open(both.seal("rose", "note.words"), "note.words") == "rose"
    assert both.seal_to_find("sms:+1", "address", old=True) == RING.seal_to_find("sms:+1", "address")
    assert RING.seal_to_find("sms:+1", "address", old=True) == "sms:+1"
    assert both.fingerprints == (Keyring(OTHER).fingerprint, RING.fingerprint)


def test_a_line_written_without_a_key_is_read_as_it_is() -> None:
    assert RING.open_line('{"text": {}}') == '{"text": {}}'
    assert RING.open_line(RING.seal_line('{"text": {}}')) == '{"text": {}}'


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(b"short")
