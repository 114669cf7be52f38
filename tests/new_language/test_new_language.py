"""The recipe "a new language" is true: data alone adds one, and the check names what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.new_language.backwards import add_everything, copy_project, declare

CONVERSATION = Path(__file__).parent / "backwards.txt"
CHECK = """
from assistant.engine.problems import FlowErrors
from assistant.runtime import read_flows
try:
    read_flows()
except FlowErrors as errors:
    print(*errors.problems, sep="\\n")
"""
PLAY = """
import pathlib, sys
from assistant.runtime import read_flows
from assistant.simulation.transcript import play
sys.stdout.reconfigure(encoding="utf-8")
print(play(read_flows(), pathlib.Path(sys.argv[1]).read_text("utf-8")), end="")
"""


def run(project: Path, code: str, *arguments: str) -> str:
    """Run code against a copied project, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copy_project(tmp_path)
    return tmp_path


def test_the_check_names_everything_that_a_declared_language_lacks(project: Path) -> None:
    declare(project, {"name": "Hsilgne", "days": ["Yadnom"], "clock": 12})

    problems = run(project, CHECK)

    for missing in (
        "languages.toml zz.months: it is missing.",
        "languages.toml zz.days: it has to list 7.",
        "languages.toml zz.labels: it is missing.",
        "words.toml yes.clause.zz: there are no words for the language zz.",
        "opt_outs.toml stop_clauses.zz: there are no words for the language zz.",
        'there is no translation to "zz".',
        '[language] choices: the languages can be chosen, but "zz" is not among them.',
    ):
        assert missing in problems
    assert "zz.name" not in problems


def test_people_are_brought_in_in_a_language_that_is_added_as_data(
    project: Path, request: pytest.FixtureRequest
) -> None:
    add_everything(project)

    # Flows in which anything is missing are not read at all.
    played = run(project, PLAY, str(CONVERSATION))

    if request.config.getoption("--update"):
        CONVERSATION.write_text(played, "utf-8")
    assert played == CONVERSATION.read_text("utf-8")
