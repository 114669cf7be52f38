"""What each process does without: what it does not import, it need not hold for months."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from granian import _granian

from assistant.lean import RUST_ALLOCATOR

HEAVY = (
    "aiohttp",
    "alembic",
    "assistant.conversations",
    "dateutil.parser",
    "flask",
    "greenlet",
    "numpy",
    "phonenumbers",
    "rapidfuzz",
    "requests",
    "rich",
    "sqlalchemy",
    "twilio.rest",
)
PROCESSES = {
    "the supervisor": ("assistant.cli.run_command assistant.settings supervisor.supervisord", ()),
    "the clock": ("assistant.workers.clock_process", ()),
    "the web": ("assistant.runtime webhooks.app webhooks.serve", ("flask", "sqlalchemy")),
    "the local carrier": ("assistant.fake_twilio.server", ("aiohttp", "phonenumbers")),
    "delivery": (
        "assistant.workers.worker_process assistant.delivery.sender assistant.our_twilio phonenumbers",
        ("aiohttp", "phonenumbers", "sqlalchemy"),
    ),
    "the inbox's worker": (
        (
            "assistant.workers.worker_process assistant.workers.reading_ahead"
            " assistant.conversations.action_catalogue"
        ),
        ("assistant.conversations", "phonenumbers", "rapidfuzz", "sqlalchemy"),
    ),
}
"""Process -> what it imports, and what of the heavy things comes with it."""


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_imports_only_what_it_needs(process: str) -> None:
    imports, needed = PROCESSES[process]
    program = (
        f"from assistant.lean import stay_small; stay_small(); import sys, {', '.join(imports.split())};"
        f"print(*(name for name in {HEAVY!r} if sys.modules.get(name)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert tuple(found.stdout.split()) == needed


def test_granian_still_looks_where_its_allocator_is_told_to_give_back() -> None:
    assert RUST_ALLOCATOR.encode() in Path(_granian.__file__).read_bytes()
