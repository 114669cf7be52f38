"""The embedded Redis: one per installation, at one address, and nothing of it left behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from assistant import embedded_redis


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server, if any was started, is stopped."""
    yield tmp_path
    if (tmp_path / embedded_redis.ADDRESS_FILE).exists():
        stop(embedded_redis.address(tmp_path))


def stop(url: str) -> None:
    try:
        with redis.Redis.from_url(url) as client:
            client.shutdown(nosave=True)
    except redis.RedisError:
        pass
    deadline = time.monotonic() + 5
    while embedded_redis.answers(url) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_it_starts_once_and_is_found_again(data: Path) -> None:
    url = embedded_redis.ensure(data)
    assert embedded_redis.answers(url)
    assert embedded_redis.ensure(data) == url == embedded_redis.address(data)
    with redis.Redis.from_url(url) as client:
        client.set("left", "over")
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
    assert embedded_redis.reserve(data)


def test_only_its_owner_can_talk_to_it(data: Path) -> None:
    url = embedded_redis.ensure(data)
    assert stat.S_IMODE((data / embedded_redis.ADDRESS_FILE).stat().st_mode) == 0o600
    stranger = url.replace(str(urlsplit(url).password), "guess")
    assert not embedded_redis.answers(stranger)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(urlsplit(url).password) not in listed


def test_after_a_kill_it_comes_back_at_the_same_address(data: Path) -> None:
    url = embedded_redis.ensure(data)
    stop(url)
    assert not embedded_redis.answers(url)
    assert embedded_redis.ensure(data) == url
    assert embedded_redis.answers(url)


def test_a_stranger_on_its_port_moves_it(data: Path) -> None:
    url = embedded_redis.address(data)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(urlsplit(url).port or 0)))
        stranger.listen()
        assert not embedded_redis.reserve(data)
        moved = embedded_redis.address(data)
        assert moved != url
        assert embedded_redis.ensure(data) == moved


def test_a_torn_address_file_is_made_anew(data: Path) -> None:
    (data / embedded_redis.ADDRESS_FILE).write_text("redis:")
    assert urlsplit(embedded_redis.address(data)).port


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel ends children with their parent")
def test_it_ends_with_whoever_started_it_even_by_kill_9(data: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from assistant import embedded_redis\n"
        "print(embedded_redis.ensure(Path(sys.argv[1])), flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(data)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert starter.stdout is not None
    url = starter.stdout.readline().strip()
    assert embedded_redis.answers(url)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    deadline = time.monotonic() + 10
    while embedded_redis.answers(url) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not embedded_redis.answers(url)
