"""The author's guide tells the truth: each of its examples is a file that loads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from assistant.circles.actions import help_lines
from assistant.circles.actions.crisis_lines import find_gaps, lines_of, read_lines
from assistant.engine import AUDIENCES, FlowBook, choose_text, load
from assistant.engine.flow_reading import KEYS, WHO
from assistant.language.replies.reply_reading import KINDS
from assistant.runtime import FLOWS, known
from assistant.schedule.programs import read_programs

GUIDE = (Path(__file__).parents[2] / "flows" / "README.md").read_text(encoding="utf-8")
_BLOCKS = re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
PROGRAMS = [block for block in _BLOCKS if block.startswith("program")]
LINES = [block for block in _BLOCKS if block.startswith("[XX]")]
TO_CALL = [block for block in _BLOCKS if block.startswith("[[XX]]")]
ON_PAGES = [block for block in _BLOCKS if block.startswith("[quiet_title]")]
EXAMPLES = [block for block in _BLOCKS if block not in (*PROGRAMS, *LINES, *TO_CALL, *ON_PAGES)]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> FlowBook:
    folder = tmp_path_factory.mktemp("guide")
    for example in EXAMPLES:
        path = folder / f"{tomllib.loads(example)['flow']}.toml"
        assert not path.exists(), f"two examples are called {path.stem}"
        path.write_text(example, encoding="utf-8")
    return load(folder, known())


def test_every_example_of_the_guide_loads_without_a_warning(book: FlowBook) -> None:
    assert len(book.flows) == len(EXAMPLES) - len({"notices", "commands", "shared", "answers"})
    assert set(book.notices) == {"member_joined"}
    assert set(book.commands) == {"rename"}
    assert set(book.answers) == {"cost"}
    assert book.warnings == ()


def test_the_guides_program_is_one_of_this_projects_flows(tmp_path: Path) -> None:
    (example,) = PROGRAMS
    (tmp_path / "three_weeks.toml").write_text(example, encoding="utf-8")
    program = read_programs(tmp_path, {path.stem for path in FLOWS.glob("*.toml")})["three_weeks"]
    assert [entry.key for entry in program.entries][-2:] == [
        "week 3 weekly_reflection",
        "week 3 season_close",
    ]


def test_the_guides_sentence_of_a_page_stands_on_one() -> None:
    (example,) = ON_PAGES
    page = tomllib.loads((FLOWS / "pages" / "host.toml").read_text(encoding="utf-8"))
    assert tomllib.loads(example).items() <= page.items()


def test_the_guides_country_has_every_line() -> None:
    (example,) = LINES
    tables = tomllib.loads(example)
    assert list(find_gaps(tables)) == []
    assert read_lines(tables)["XX"]["es"]["crisis_call_capital"] == "Llama al 0800 555 0100 y marca 1"


def test_the_guides_line_to_call_has_everything() -> None:
    (example,) = TO_CALL
    tables = tomllib.loads(example)
    assert list(help_lines.find_gaps(tables)) == []
    (line,) = help_lines.read_help_lines(tables)["XX"]
    assert line.texts["en"] == "0800 555 0102, about work and pay"


def test_what_the_guide_says_of_the_lines_of_the_united_states_is_true() -> None:
    for name, words in lines_of("US", "en").items():
        (row,) = re.findall(rf"^\| .*`\{{{name}\}}`.*$", GUIDE, re.MULTILINE)
        assert words.casefold() in row.casefold()


@pytest.mark.parametrize("key", sorted(frozenset().union(*KEYS.values())))
def test_the_guide_shows_every_key(key: str) -> None:
    assert any(re.search(rf"\b{key}\b", example) for example in EXAMPLES)


def test_the_guide_names_everyone_who_may_see_or_command() -> None:
    for name in (*AUDIENCES, *WHO):
        assert f"`{name}`" in GUIDE


def test_the_guide_names_every_fill() -> None:
    for name in known().placeholders:
        assert f"{{{name}}}" in GUIDE


def test_the_guide_names_every_kind_of_answer_with_its_outcomes() -> None:
    for kind, outcomes in KINDS.items():
        (row,) = re.findall(rf'^\| `"{kind}"`.*$', GUIDE, re.MULTILINE)
        for outcome in outcomes:
            assert f"`{outcome}`" in row


def test_the_guide_on_variants_is_true(book: FlowBook) -> None:
    texts = book.flow("week_question").steps["open"].say
    assert texts is not None

    assert choose_text(texts, "en", {"week": 6}).startswith("When did you say yes")
    assert choose_text(texts, "en", {"week": 6}, plain=True).endswith("(Just us.)")
    assert choose_text(texts, "es", {"week": 2}, plain=True).startswith("¿Qué traes")
