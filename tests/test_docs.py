"""What the documents name is there: a walk through the rooms that leads nowhere helps nobody."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(?:[a-z_]+/)*(?P<module>[a-z_0-9]+)\.(?P<name>[A-Za-z_]+)(?:\.(?P<member>[a-z_]+))?`")
"""`conversations/dispatch.handle`, `permissions.circle_for`, `recorder.Recorder.record`."""
FILES = frozenset({"toml", "md", "py", "yml"})


@cache
def defined() -> dict[str, dict[str, set[str]]]:
    """Module -> what it defines -> what that defines."""
    found: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for path in (*ROOT.glob("assistant/**/*.py"), *ROOT.glob("webhooks/*.py")):
        module = path.parent.name if path.stem == "__init__" else path.stem
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                members = {each.name for each in ast.walk(node) if isinstance(each, ast.FunctionDef)}
                found[module][node.name] = members
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found[module].update({each.id: set() for each in targets if isinstance(each, ast.Name)})
    return found


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"])
def test_every_function_that_a_page_names_is_there(page: str) -> None:
    modules = defined()
    missing = []
    for found in NAMED.finditer((ROOT / page).read_text("utf-8")):
        module, name, member = found["module"], found["name"], found["member"]
        if name in FILES or module not in modules:
            continue
        if name not in modules[module] or (member and member not in modules[module][name]):
            missing.append(found[0])
    assert missing == []


def test_the_walks_name_modules_that_exist() -> None:
    modules = defined()
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = {found["module"] for found in NAMED.finditer(page) if found["name"] not in FILES}
    assert named - modules.keys() == set()
