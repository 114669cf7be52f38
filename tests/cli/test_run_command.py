"""`circle run` after one that was killed: it waits for what is left of it, and for nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from assistant.cli.run_command import _await_predecessor, _refuse_taken_ports
from assistant.settings import Settings, load_settings
from tests.servers import free_port


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def settings_at(port: int, data: Path) -> Settings:
    ports = {"PORT": str(port), "CARRIER_PORT": str(free_port())}
    return load_settings({**ports, "CIRCLE_DATA": str(data)})


def test_what_a_killed_run_left_is_waited_for(taken: socket.socket, tmp_path: Path) -> None:
    settings = settings_at(taken.getsockname()[1], tmp_path)
    (tmp_path / "run.pid").write_text("1\n")
    threading.Timer(0.3, taken.close).start()
    _await_predecessor(settings)
    _refuse_taken_ports(settings)


def test_a_stranger_s_port_is_refused_at_once(taken: socket.socket, tmp_path: Path) -> None:
    settings = settings_at(taken.getsockname()[1], tmp_path)
    _await_predecessor(settings)
    with pytest.raises(click.ClickException, match="is used by another program"):
        _refuse_taken_ports(settings)
