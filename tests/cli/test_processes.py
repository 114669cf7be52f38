"""Processes of `circle run` end with it, however it ends, and whatever they are busy with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

CHILD = """
import os, signal, sys, time
from assistant.cli import processes
signal.signal(signal.SIGTERM, lambda *_: print("told", flush=True) if {deaf} else os._exit(0))
processes.ENDS_WITHIN = 0.2
os.environ[processes.SUPERVISED] = {supervisor}
processes.end_with_supervisor()
print(os.getpid(), flush=True)
while True:
    time.sleep(0.1)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {child!r}])
time.sleep(60)
"""
PATIENCE = 20.0


def ends(process: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def killed(*, deaf: bool) -> int:
    """Kill a parent without warning once its child runs, and return the child."""
    child = CHILD.format(deaf=deaf, supervisor="str(os.getppid())")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(child=child)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        process = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    return process


def test_a_process_ends_at_once_when_its_supervisor_is_killed() -> None:
    assert ends(killed(deaf=False))


def test_a_process_that_does_not_listen_ends_all_the_same() -> None:
    assert ends(killed(deaf=True))


def test_a_process_whose_supervisor_ended_before_it_began_ends_too() -> None:
    child = CHILD.format(deaf=False, supervisor="'1'")
    done = subprocess.run([sys.executable, "-c", child], timeout=PATIENCE, check=False)
    assert done.returncode == 0
