"""What only says for whom something is answers nothing, unless that was asked."""

from __future__ import annotations

from assistant.language.replies.audiences import names_audience
from assistant.language.replies.reply_reading import Choice, Expect, read
from tests.case_tables import each_case

AUDIENCES = (
    *(
        "al resto",
        "to the rest",
        "to everyone else",
        "a todas las demás",
        "Para el resto del grupo",
        "for the others",
    ),
    *(
        "a los demás por favor",
        "not to the host",
        "to all of you",
        "a todo el mundo",
        "dile a mi guía",
        "tell everyone",
    ),
    *("solo a mi dupla", "to my buddy only", "share it with the whole circle", "al círculo"),
)
MORE = (
    *(
        "rest",
        "the rest",
        "everyone",
        "let it rest",
        "a mi hijo",
        "hello to the others",
        "todo para mi mundo",
        "todos",
    ),
    *(
        "thanks to everyone",
        "gracias a todas",
        "to the rest of my life",
        "a mi grupo de amigas",
        "the others helped me",
    ),
)
NEXT = Expect(
    "choice",
    choices=(
        Choice("day", {"en": ("another day",), "es": ("otro día", "luego")}),
        Choice("rest", {"en": ("let it rest", "rest"), "es": ("dejarlo descansar",)}),
    ),
)
TELL = Expect(
    "choice", choices=(Choice("circle", {"en": ("the circle",)}), Choice("no", {"en": ("nobody",)}))
)


@each_case("text", AUDIENCES)
def test_for_whom_something_is_answers_no_question_but_that(text: str) -> None:
    assert names_audience(text)
    assert read(NEXT, text, "es").outcome == read(Expect("name"), text, "es").outcome == "unclear"


@each_case("text", MORE)
def test_what_says_more_than_for_whom_stays_what_it_is(text: str) -> None:
    assert not names_audience(text)


def test_an_option_that_names_its_readers_is_picked_by_them() -> None:
    assert read(TELL, "to the circle", "en").outcome == "circle"
    assert read(NEXT, "the rest", "en").outcome == "rest"
