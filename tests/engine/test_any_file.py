"""Whatever stands in a flow file, the answer is a book or problems, never a crash of ours."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.engine import FlowErrors, load
from assistant.engine.flow_reading import KEYS as STEP_KEYS
from tests.engine.flow_folder import ACTIONS, KNOWN

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "end",
        "*",
        "else",
        "",
        "yes",
        "text",
        "choice",
        "2 days",
        "us",
        "circle",
        "any",
        "{name}",
        "{",
        *ACTIONS,
    ]
)
LEAVES = WORDS | st.integers() | st.booleans() | st.floats(allow_nan=False)
KEYS = st.sampled_from(
    sorted({*frozenset().union(*STEP_KEYS.values()), "en", "es", "full", "plain", "week_2", "after"})
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | WORDS, inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.fixed_dictionaries({"en": WORDS, "es": WORDS})
STEPS = st.dictionaries(KEYS, VALUES | TEXTS, max_size=8)
FILES = st.dictionaries(
    st.sampled_from(["a", "b", "end", "flow", "title", "start", "about"]), STEPS | WORDS | VALUES
)


def as_toml(value: Any) -> str:
    """A value as TOML writes it, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value)


@settings(max_examples=150)
@given(file=FILES, name=st.sampled_from(["any", "notices", "commands"]))
def test_any_file_is_a_book_or_problems(tmp_path_factory: Any, file: dict[str, Any], name: str) -> None:
    folder: Path = tmp_path_factory.mktemp("any")
    file = {"flow": name, "title": "Any", "start": "a"} | file
    (folder / f"{name}.toml").write_text(
        "\n".join(f"{key} = {as_toml(value)}" for key, value in file.items())
    )
    with suppress(FlowErrors):  # Anything else is a crash.
        load(folder, KNOWN)
