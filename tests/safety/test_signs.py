"""Signs are classes of words that mean something only together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.safety.signs import NEXT, WITHIN, Signs

TABLE = {
    "words": {
        "pills": ["pills", "bottle of pills", "pastill*"],
        "saved": ["saved|saving _|up", "guardando"],
        "joke": ["lol"],
        "he": ["he"],
        "hits": ["hit|hits"],
        "me": ["me"],
    },
    "self_harm": {"unless": ["joke"], "signs": ["pills saved"], "certain": []},
    "abuse": {"unless": [], "signs": ["he > hits > me - pills"], "certain": []},
    "certainly": {"unless": ["joke"], "signs": [], "certain": ["joke pills"]},
}
SIGNS = Signs(TABLE)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("saving up my pills", "self_harm"),
        ("pills i saved", "self_harm"),
        ("estoy guardando las pastillas", "self_harm"),
        ("saving money", None),
        ("pills pills", None),
        ("saving pills lol", "certainly"),
        ("he only hits me when he drinks", "abuse"),
        ("me he hits", None),
        ("he hits me and my pills", None),
        ("saving pills / he hits me", "self_harm"),
        ("", None),
    ],
)
def test_a_sign_is_all_its_classes_and_none_of_its_exceptions(said: str, kind: str | None) -> None:
    assert SIGNS.kind_of(said) == kind


def test_words_far_apart_are_no_sign() -> None:
    assert SIGNS.kind_of("pills" + " so" * WITHIN + " saved") == "self_harm"
    assert SIGNS.kind_of("pills" + " so" * (WITHIN + 1) + " saved") is None
    assert SIGNS.kind_of("he" + " so" * NEXT + " hits me") == "abuse"
    assert SIGNS.kind_of("he" + " so" * (NEXT + 1) + " hits me") is None


def test_one_word_is_never_two_classes_of_a_sign() -> None:
    both = {"one": ["gun"], "two": ["gun", "rope"]}
    signs = Signs({"words": both, "danger": {"unless": [], "signs": ["one two"], "certain": []}})
    assert signs.kind_of("a gun") is None
    assert signs.kind_of("a gun and a rope") == "danger"


def test_a_sign_of_unknown_words_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Signs({"words": {"one": ["gun"]}, "danger": {"unless": [], "signs": ["one nothing"], "certain": []}})


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["he", "hits", "me", "pills", "saved", "up", "lol", "so", "/"]), max_size=300)
)
def test_any_words_are_read(words: list[str]) -> None:
    assert SIGNS.kind_of(" ".join(words)) in {None, "self_harm", "abuse", "certainly"}
