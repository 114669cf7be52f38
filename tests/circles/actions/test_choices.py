"""Menus: what may be chosen from, and how much of it a text shows."""

from __future__ import annotations

import pytest

from assistant.circles.actions.choices import LONGEST_OPTION, circle_choices, list_choices
from assistant.circles.actions.placeholders import PLACEHOLDERS
from assistant.store.tables import Circle

LONGEST = PLACEHOLDERS["options"].longest
LONG = [(number, f"{number}. name that is long") for number in range(1, 8)]


def circle(name: str) -> Circle:
    return Circle(name=name, code="MAPLE")


def test_a_menu_numbers_its_choices_and_keeps_their_keys_as_text() -> None:
    assert list_choices("people", [(7, "Ana"), (9, "Rosa")]) == {
        "people": [{"key": "7", "label": "Ana"}, {"key": "9", "label": "Rosa"}],
        "options": "1 Ana, 2 Rosa",
    }


@pytest.mark.parametrize("last", [None, ("all", "all texts")])
def test_a_menu_of_nothing_shows_only_what_comes_last(last: tuple[str, str] | None) -> None:
    menu = list_choices("people", [], last=last)
    assert menu["options"] == ("1 all texts" if last else "")
    assert [each["key"] for each in menu["people"]] == (["all"] if last else [])


def test_a_menu_shows_whole_options_only_and_lists_the_rest_all_the_same() -> None:
    menu = list_choices("people", LONG)
    shown = menu["options"].split(", ")
    assert len(menu["people"]) == len(LONG)
    assert len(menu["options"]) <= LONGEST
    assert 1 < len(shown) < len(LONG)
    assert all(option == f"{number} {number}. name that is" for number, option in enumerate(shown, 1))
    assert menu["people"][-1] == {"key": "7", "label": LONG[-1][1]}


def test_a_label_that_does_not_fit_is_shortened_in_the_text_only() -> None:
    label = "Xy" * LONGEST_OPTION
    menu = list_choices("people", [(1, label)])
    assert menu["options"] == f"1 {label[:LONGEST_OPTION]}"
    assert menu["people"] == [{"key": "1", "label": label}]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_the_last_option_is_always_shown_under_its_own_number(count: int) -> None:
    menu = list_choices("seats", LONG[:count], last=("all", "all texts"))
    assert menu["options"].endswith(f"{count + 1} all texts")
    assert menu["options"].startswith("1 1. name that is")
    assert len(menu["options"]) <= LONGEST
    assert [each["key"] for each in menu["seats"]] == [str(key) for key, _ in LONG[:count]] + ["all"]


def test_a_choice_keeps_what_the_next_action_needs_of_it() -> None:
    menu = list_choices(
        "places", [(1, "Portland, OR"), (2, "Portland, ME")], details=[{"zone": "A"}, {"zone": "B"}]
    )
    assert [each["zone"] for each in menu["places"]] == ["A", "B"]
    assert menu["places"][1] == {"key": "2", "label": "Portland, ME", "zone": "B"}


@pytest.mark.parametrize(("plain", "options"), [(False, "1 Bold Moves, 2 New Moms"), (True, "1 BM, 2 NM")])
def test_a_circle_on_a_shared_phone_is_shown_by_its_initials(plain: bool, options: str) -> None:
    circles = [(1, circle("Bold Moves")), (2, circle("New Moms"))]
    assert circle_choices("circles", circles, plain=plain)["options"] == options
    assert (
        circle_choices("circles", circles, plain=plain, last=("all", "todo"))["options"]
        == f"{options}, 3 todo"
    )


def test_a_circle_is_chosen_by_its_word_too_and_by_its_name_where_only_initials_are_shown() -> None:
    circles = [(1, circle("Bold Moves"))]
    for plain, also in ((False, ["MAPLE"]), (True, ["MAPLE", "Bold Moves"])):
        (listed,) = circle_choices("circles", circles, plain=plain)["circles"]
        assert listed["also"] == also


def test_two_labels_that_would_read_the_same_when_shortened_are_shown_whole() -> None:
    listed = list_choices("places", [("1", "Guadalajara, México"), ("2", "Guadalajara, España")])
    assert listed["options"] == "1 Guadalajara, México, 2 Guadalajara, España"


def test_brackets_are_left_out_where_they_do_not_fit() -> None:
    menu = list_choices(
        "alerts", [(1, "Noor (Second Spring)"), (2, "Pia (Second Spring)"), (3, "Eva (Oaks)")]
    )
    assert menu["options"] == "1 Noor, 2 Pia, 3 Eva (Oaks)"
    two = list_choices("alerts", [(1, "Noor (Second Spring)"), (2, "Noor (Second Summer)")])
    assert two["options"] == "1 Noor (Second Spring), 2 Noor (Second Summer)"
