"""Proves in a process of its own that after reading ahead nothing is cold that a first text needs."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from assistant.workers.reading_ahead import TEXTS

FIRST_TEXTS = """
import json
import sys
from dataclasses import replace

from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.runtime import build_runtime
from assistant.settings import load_settings
from assistant.store.tables import Circle, Inbox, Outbox
from assistant.conversations import inbox
from assistant.workers import worker_process
from assistant.workers.reading_ahead import read_ahead


def kept_once():
    return {
        f"{name}.{key}": value.cache_info()
        for name, module in list(sys.modules.items())
        if name.startswith("assistant.")
        for key, value in vars(module).items()
        if hasattr(value, "cache_info") and value.__module__ == name
        if value.cache_info().maxsize in (1, None)
    }


with build_runtime(load_settings({"CIRCLE_DATA": sys.argv[1]})) as runtime:
    runtime.database.create_all()
    services = replace(runtime.services, wake=lambda queue: None)
    looks = []
    read_ahead(services, see_to_texts=lambda: looks.append(inbox.drain(services, float("inf"))))
    before, modules = kept_once(), set(sys.modules)
    statements = len(runtime.database.engine._compiled_cache)
    with runtime.database.write() as session:
        rows = [session.query(table).count() for table in (Circle, Inbox, Outbox)]
        session.add(Circle(code="REAL", name="Real", zone="America/Chicago", created_at=services.clock.now()))
    known = len(runtime.database.engine._compiled_cache)
    for number, body in enumerate(("JOIN REAL", "UNIRME REAL")):
        uri = f"sms:+1312555018{number}"
        with runtime.database.write() as session:
            insert_texts(
                session,
                [IncomingText(f"SM{number}", uri, "sms:+1", body, {"NumMedia": "0"}, services.clock.now())],
            )
        inbox.drain(services, float("inf"))
    after = kept_once()
    with runtime.database.read() as session:
        replies = session.query(Outbox).count()
    print(json.dumps({
        "cold": sorted(name for name, info in before.items() if not info.currsize),
        "missed": sorted(name for name in after if after[name].misses > before[name].misses),
        "imported": sorted(name for name in set(sys.modules) - modules if name.startswith("assistant")),
        "prepared": statements,
        "compiled": len(runtime.database.engine._compiled_cache) - known,
        "left behind": sum(rows),
        "looks": len(looks),
        "replies": replies,
    }))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the first two texts of a process met."""
    folder = tmp_path_factory.mktemp("first")
    done = subprocess.run(
        [sys.executable, "-c", FIRST_TEXTS, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_what_is_kept_once_a_process_is_kept_before_the_first_text(found: dict[str, Any]) -> None:
    # What a file of an import says, a text that is long and full of emoji, a host's HOUR, a RALLY for some by
    # name, when time that is moved by hand stops next: no first texts. PostgreSQL numbers rows its own way.
    rare = {
        "assistant.circles.cohorts.import_entries._zones_by_plain_name",
        "assistant.language.exchange.whom._table",
        "assistant.language.sms.segments._seen_as_one",
        "assistant.language.times.meeting_times._table",
        "assistant.store.looks._times",
        "assistant.store.numbering._next_of_all",
    }
    assert set(found["cold"]) <= rare
    assert found["missed"] == []


def test_the_first_text_imports_nothing(found: dict[str, Any]) -> None:
    assert found["imported"] == []


def test_the_first_text_meets_no_statement_that_is_new(found: dict[str, Any]) -> None:
    assert found["prepared"] > 50
    assert found["compiled"] == 0
    assert found["replies"] > 0


def test_a_rehearsal_leaves_nothing_behind(found: dict[str, Any]) -> None:
    assert found["left behind"] == 0


def test_texts_are_seen_to_between_those_of_the_rehearsal(found: dict[str, Any]) -> None:
    people = tomllib.loads(TEXTS.read_text("utf-8"))["people"]
    assert found["looks"] > sum(len(person["texts"]) for person in people)
