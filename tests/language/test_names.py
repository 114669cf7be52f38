"""A name is a name however it is given, and read again it stays as it is."""

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.replies.names import LONGEST_NAME, read_name
from tests.case_tables import each_case

CASES = tomllib.loads((Path(__file__).parent / "cases" / "name.toml").read_text(encoding="utf-8"))
NAMES = (
    "Ana", "Luz", "My", "An", "Tu", "Do", "Nada", "Happy", "Love", "Q", "P", "La Tonya", "Alta",
    "Rosa Elena", "De Angelo", "Skip", "Will", "May", "Grace",
    "My Nguyen", "José Luis", "Nguyễn", "O'Neil", "McKay", "Xochitl", "Le", "So", "DeShawn", "Ana-María",
    "J.R.", "Bo", "Mi", "Tal", "Sunny",
)  # fmt: skip
# Where only a name can stand.
NAMING = (
    "my name is {}", "call me {}", "Call me {} please", "me llamo {}", "mi nombre es {}", "me dicen {}",
    "everyone calls me {}", "{} is my name", "hi! my name is {}",
    "Hola, me llamo {}, mucho gusto", "you can call me {}", "name: {}", "I go by {}", "puedes llamarme {}",
    "me llamo {} pero no hablo ingles",
)  # fmt: skip


@each_case("name", NAMES)
@each_case("said", NAMING)
def test_after_words_of_naming_a_name_is_read_as_given(said: str, name: str) -> None:
    assert read_name(said.format(name)) == name


@each_case("name", NAMES)
def test_a_name_alone_is_read_and_stays(name: str) -> None:
    assert read_name(name) == name
    assert read_name(f"{name}!") == name
    assert read_name(f"Hi, {name} here") == name


@each_case("given_name", [*CASES["name"].values(), *NAMES])
def test_a_name_read_again_is_the_same(given_name: str) -> None:
    assert read_name(given_name) == given_name


@each_case("name", ["Ana", "My", "Luz"])
@each_case(
    "said",
    [
        "who is {}?",
        "is {} the host",
        "how does {} know me",
        "{}'s phone",
        "this is {}'s number",
        "no soy {}",
        "my name is not {}",
        "don't call me {}",
    ],
)
def test_questions_denials_and_what_belongs_to_someone_are_no_names(said: str, name: str) -> None:
    assert read_name(said.format(name)) is None


@given(st.text(max_size=220))
def test_whatever_is_written_a_name_fits_and_asks_nothing(text: str) -> None:
    name = read_name(text)
    assert name is None or (
        0 < len(name) <= LONGEST_NAME and "?" not in name and not any(sign.isdigit() for sign in name)
    )
