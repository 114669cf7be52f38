"""Whoever dies after a commit or a send, the phones see the same conversation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import create_database
from tests.soak.deaths import CONFIRMED, difference

ROOT = Path(__file__).parent.parent.parent
CONVERSATION = [("+1", "Hi."), ("+1", "What first name?"), ("+1", f"Circle: {CONFIRMED}.")]


def walk(where: str, folder: Path, every: int) -> subprocess.CompletedProcess[str]:
    # A process of its own: this one has threads, and may not fork.
    command = [sys.executable, "-m", "tests.soak.deaths", where, str(folder), str(every)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(600)
def test_a_death_after_every_other_commit_or_send_leaves_no_trace_on_sqlite(tmp_path: Path) -> None:
    """After each of them: `python -m tests.soak.deaths sqlite FOLDER 1`, which takes a minute."""
    done = walk("sqlite", tmp_path, 2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-2]) > len(CONVERSATION)


@pytest.mark.timeout(600)
def test_a_death_after_some_commits_and_sends_leaves_no_trace_on_postgresql(
    tmp_path: Path, postgresql_server: str
) -> None:
    create_database(postgresql_server, "now")
    done = walk(postgresql_server, tmp_path, 7)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_walk_tells_what_differs() -> None:
    assert difference(CONVERSATION, CONVERSATION) is None
    assert difference(CONVERSATION, CONVERSATION[:2]) is None, "a late confirmation is dropped, as it must be"
    assert "missing" in str(difference(CONVERSATION, CONVERSATION[1:]))
    assert "too many" in str(difference(CONVERSATION, [CONVERSATION[0], *CONVERSATION]))
    assert difference(CONVERSATION, [CONVERSATION[1], CONVERSATION[0], CONVERSATION[2]]) == "order"
