"""Adds the language "zz" to a copy of the project, by data alone: English, each word written backwards."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CODE = "zz"
ROOT = Path(__file__).parents[2]
_WORD = re.compile(r"\{[^}]*\}|[^\W\d_]+")


def copy_project(to: Path) -> None:
    """Put a copy of what runs into an empty folder: the code, compiled, with its tables, and the flows."""
    for folder in ("assistant", "flows"):
        shutil.copytree(ROOT / folder, to / folder)


def declare(project: Path, table: Mapping[str, Any]) -> None:
    """Add the language to languages.toml of a copied project, with as much as `table` says of it."""
    rewrite(project / "assistant/language/languages.toml", lambda tables: {**tables, CODE: dict(table)})


def add_everything(project: Path) -> None:
    """Do what the recipe says: an entry in languages.toml, words in every table, texts in every flow."""
    languages = project / "assistant/language/languages.toml"
    english = tomllib.loads(languages.read_text("utf-8"))["en"]
    said_backwards = {**backwards(english), "dateparser": "", "date_format": english["date_format"]}
    declare(project, {**said_backwards, "joins_with": ["nioj"], "joins_alone": [], "creates_with": ["wen"]})
    for path in (project / "assistant/language").rglob("*.toml"):
        if path != languages:
            rewrite(path, with_backwards)
    for path in (project / "flows").glob("*.toml"):
        rewrite(path, with_backwards)


def with_backwards(value: Any, key: str = "") -> Any:
    """The same table, where whatever is given in English and Spanish is given backwards as well."""
    if isinstance(value, list):
        return [with_backwards(each) for each in value]
    if not isinstance(value, dict):
        return value
    whole = {name: with_backwards(each, name) for name, each in value.items()}
    if {"en", "es"} <= value.keys():
        # Where the languages themselves are chosen from, or lead somewhere, this one is one more of them.
        chosen = key in ("choices", "go")
        whole[CODE] = whole["en"] if key == "go" else backwards(whole["en"])
        if chosen and isinstance(whole[CODE], dict):
            whole[CODE] = {choice: ["Sdrawkcab"] for choice in (*whole[CODE], CODE)}
    return whole


def backwards(value: Any) -> Any:
    """Texts with each word written backwards, but for what stands in braces."""
    if isinstance(value, str):
        return _WORD.sub(lambda word: word[0] if word[0].startswith("{") else word[0][::-1], value)
    if isinstance(value, list):
        return [backwards(each) for each in value]
    if isinstance(value, dict):
        return {key: backwards(each) for key, each in value.items()}
    return value


def rewrite(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write a TOML file anew."""
    changed = change(tomllib.loads(path.read_text("utf-8")))
    lines = [f"{json.dumps(key, ensure_ascii=False)} = {as_toml(value)}\n" for key, value in changed.items()]
    path.write_text("".join(lines), "utf-8")


def as_toml(value: Any) -> str:
    """A value as TOML writes it, tables inline."""
    if isinstance(value, dict):
        inside = (f"{json.dumps(key, ensure_ascii=False)} = {as_toml(each)}" for key, each in value.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
