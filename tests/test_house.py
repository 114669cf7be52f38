"""The house stays easy to find one's way in: small rooms, one name for one thing, short files."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.case_tables import each_case

ROOT = Path(__file__).parent.parent
MOST_MODULES = 25
MOST_LINES = 400
LONG: dict[str, str] = {
    "assistant/store/migrations/versions/0001_make_every_table.py": "written once, and never changed again",
}
"""Files of code that may be longer, and why."""
UNNAMED = ("__init__", "__main__")
MIGRATIONS = ROOT / "assistant/store/migrations/versions"

SPANISH = re.compile(r"[¿¡áéíóúüñ]", re.IGNORECASE)
SAYING = ("circles", "conversations", "delivery", "safety", "schedule", "engine", "carriers", "workers")
"""Rooms that have texts said, and hold none: a text is there in Spanish as well, in several words."""

MODULES = sorted(path for top in ("assistant", "webhooks") for path in (ROOT / top).rglob("*.py"))


def test_no_room_has_more_modules_than_one_can_know() -> None:
    rooms: dict[Path, int] = defaultdict(int)
    for module in MODULES:
        if module.stem not in UNNAMED and module.parent != MIGRATIONS:
            rooms[module.parent.relative_to(ROOT)] += 1
    assert {str(room): count for room, count in rooms.items() if count > MOST_MODULES} == {}


def test_no_module_has_the_name_of_another() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        if module.stem not in UNNAMED:
            places[module.stem].append(str(module.relative_to(ROOT)))
    assert [where for where in places.values() if len(where) > 1] == []


@each_case("module", MODULES)
def test_a_module_says_its_job_and_can_be_read_in_one_go(module: Path) -> None:
    source = module.read_text("utf-8")
    assert ast.get_docstring(ast.parse(source)), "its first line says what the module is for"
    if str(module.relative_to(ROOT)) not in LONG:
        assert source.count("\n") <= MOST_LINES, "split it where it does a second thing"


def test_the_exceptions_are_still_needed() -> None:
    assert {name for name in LONG if (ROOT / name).read_text("utf-8").count("\n") <= MOST_LINES} == set()


@each_case("room", SAYING)
def test_a_text_that_people_read_stands_in_data(room: str) -> None:
    found = [
        f"{module.relative_to(ROOT)}:{line} {text}"
        for module in MODULES
        if module.is_relative_to(ROOT / "assistant" / room)
        for line, text in strings_of(module)
        if SPANISH.search(text) and " " in text.strip()
    ]
    assert found == []


def strings_of(module: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module that is no docstring, with its line."""
    nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))
    notes = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.lineno, node.value
