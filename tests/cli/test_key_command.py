"""The data key on the command line: made, looked at, changed; a wrong one is refused in one sentence."""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from pathlib import Path

import pytest

from assistant.cli.opening import runtime
from assistant.embedded_redis import free_port
from assistant.settings import load_settings
from assistant.settings.kept_files import DATA_KEY_FILE
from assistant.store.sealing import Keyring
from assistant.store.tables import Person
from tests.cli.shell import Circle

FIRST, SECOND = (os.urandom(32) for _ in range(2))


def give(monkeypatch: pytest.MonkeyPatch, key: bytes | None, old: bytes | None = None) -> None:
    """Set the keys as a shell would."""
    for name, value in (("DATA_KEY", key), ("DATA_KEY_OLD", old)):
        monkeypatch.setenv(name, b64encode(value).decode() if value else "")


def someone(name: str) -> None:
    with runtime() as opened, opened.database.write() as session:
        session.add(Person(name=name, created_at=opened.clock.now()))


def sums(circle: Circle) -> tuple[int, int, int]:
    rows = circle("key", "status", "--json").data["tables"]
    return (
        sum(row["sealed"] for row in rows),
        sum(row["old_key"] for row in rows),
        sum(row["plain"] for row in rows),
    )


def test_a_new_key_is_printed_alone_and_can_be_set(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    made = circle("key", "new")
    assert made.code == 0
    monkeypatch.setenv("DATA_KEY", made.out)
    assert len(load_settings().data_key or b"") == 32
    assert circle("key", "new").out != made.out
    assert "circle key rotate" in made.err


def test_rotating_seals_what_was_plain_and_then_what_is_under_the_old_key(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, None)
    someone("Ana")
    assert sums(circle) == (0, 0, 1)
    assert circle("key", "rotate").code == 1
    give(monkeypatch, FIRST)
    assert "1 values are sealed" in circle("key", "rotate").out
    assert sums(circle) == (1, 0, 0)
    give(monkeypatch, SECOND, FIRST)
    assert sums(circle) == (0, 1, 0)
    assert Keyring(SECOND).fingerprint in circle("key", "rotate").out
    assert sums(circle) == (1, 0, 0)
    give(monkeypatch, SECOND)
    assert circle("key", "rotate").code == 0
    table = circle("key", "status")
    assert Keyring(SECOND).fingerprint in table.err
    assert "person" in table.out


@pytest.mark.parametrize(
    "command", [("migrate",), ("status",), ("worker", "inbox"), ("web",), ("run",)], ids=" ".join
)
def test_every_process_refuses_a_wrong_key_in_one_sentence(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    for name in ("PORT", "CARRIER_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    give(monkeypatch, FIRST)
    someone("Ana")
    for key in (SECOND, None) if command != ("run",) else (SECOND,):
        give(monkeypatch, key)
        refused = circle(*command)
        assert refused.code == 1
        assert f"sealed with the key {Keyring(FIRST).fingerprint}" in refused.err
        assert "Traceback" not in refused.err


def test_doctor_says_how_it_stands_with_the_key(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> list[tuple[str, str]]:
        return [
            (each["state"], each["said"])
            for each in circle("doctor", "--json").data
            if each["piece"] == "key"
        ]

    give(monkeypatch, None)
    someone("Ana")
    assert found() == [("warn", "no DATA_KEY: words and numbers lie readable in the database")]
    give(monkeypatch, FIRST)
    circle("migrate")
    assert found() == [("warn", "1 values lie readable in the database, 0 are under the key before")]
    circle("key", "rotate")
    assert found() == [("ok", f"words and numbers are sealed ({Keyring(FIRST).fingerprint})")]
    give(monkeypatch, SECOND)
    ((state, said),) = found()
    assert state == "fail"
    assert Keyring(FIRST).fingerprint in said


def test_a_back_up_says_which_key_it_needs(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    give(monkeypatch, FIRST)
    someone("Guadalupe")
    made = circle("backup", tmp_path / "copy.db")
    assert Keyring(FIRST).fingerprint in made.err
    assert b"Guadalupe" not in (tmp_path / "copy.db").read_bytes()
    give(monkeypatch, None)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert circle("backup", tmp_path / "plain.db").err == ""


def test_a_key_that_lies_in_the_folder_is_everybody_s_who_reads_it(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, None)
    folder = load_settings().circle_data
    (folder / DATA_KEY_FILE).write_text(b64encode(FIRST).decode())
    assert load_settings().data_key == FIRST
    give(monkeypatch, SECOND)
    assert load_settings().data_key == SECOND
    give(monkeypatch, None)
    (folder / DATA_KEY_FILE).write_text("rubbish")
    assert "circle key new" in circle("status").err


def test_what_a_command_makes_is_for_its_owner_only(circle: Circle, tmp_path: Path) -> None:
    circle("create", "Maple", "--code", "MAPLE")
    loose = tmp_path / "var" / "logs"
    loose.mkdir(mode=0o755)
    loose.chmod(0o755)
    circle("status")
    for path in (tmp_path / "var", *(tmp_path / "var").rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path.name
