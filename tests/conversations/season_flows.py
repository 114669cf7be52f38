"""Flows of every name that a season has, as short as can be: the week's question asks, the rest only say."""

from __future__ import annotations

from pathlib import Path

from assistant.engine.book import FlowBook
from assistant.engine.loading import load
from assistant.runtime import known
from assistant.schedule.programs import programs

QUESTION = "How was your week? (Just us.)"
ASKING = """
flow = "weekly_reflection"
title = "The week's question"
start = "ask"

[ask]
say.en = "How was your week? (Just us.)"
say.es = "¿Cómo fue tu semana? (Queda aquí.)"
expect = "text"
visible_to = "us"
save_as = "week"
unclear.en = "A few words?"
unclear.es = "¿Unas palabras?"
go = "end"
silence = [{ after = "20 hours", go = "end" }]
"""
SAYING = """
flow = "{name}"
title = "{name}"
start = "say"

[say]
say.en = "{name}"
say.es = "{name}"
"""


def season_book(folder: Path) -> FlowBook:
    """Write them into a folder and read them."""
    for name in {"brief", *(entry.flow for program in programs().values() for entry in program.entries)}:
        text = ASKING if name == "weekly_reflection" else SAYING.format(name=name)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(folder, known())
