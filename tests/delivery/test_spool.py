"""The spool: in order, on the disk before it says so, and not lost by anything that happens to a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.delivery.spool import Entry, Spool
from assistant.store.sealing import Keyring


def entry(number: int) -> Entry:
    return {"text": {"number": number}}


def read(spool: Spool) -> list[int]:
    found: list[Entry] = []
    spool.replay(found.extend)
    return [each["text"]["number"] for each in found]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "not" / "yet" / "there")


def test_an_empty_spool_waits_for_nothing(spool: Spool) -> None:
    assert not spool.waiting()
    assert spool.size() == 0
    assert spool.replay(lambda _entries: pytest.fail("nothing is there")) == 0


def test_what_was_written_is_read_back_in_order_once(spool: Spool) -> None:
    spool.append([entry(1), entry(2)])
    spool.append([entry(3)])
    assert spool.waiting()
    assert spool.size() > 0
    assert read(spool) == [1, 2, 3]
    assert not spool.waiting()
    assert read(spool) == []


def test_thousands_are_handed_over_in_batches(spool: Spool) -> None:
    spool.append([entry(number) for number in range(1203)])
    sizes: list[int] = []
    assert spool.replay(lambda entries: sizes.append(len(entries))) == 1203
    assert sizes == [500, 500, 203]


def test_a_replay_that_breaks_off_starts_again_and_loses_nothing(spool: Spool) -> None:
    spool.append([entry(number) for number in range(700)])

    def break_off(entries: list[Entry]) -> None:
        if entries[0] == entry(500):
            raise ConnectionError

    with pytest.raises(ConnectionError):
        spool.replay(break_off)
    spool.append([entry(700)])
    assert read(spool) == list(range(701))


def test_a_line_torn_by_a_crash_is_set_aside_and_the_next_ones_are_whole(spool: Spool) -> None:
    spool.append([entry(1)])
    with (spool.folder / "waiting.jsonl").open("ab") as file:
        file.write(b'{"text": {"num')
    spool.append([entry(2)])
    assert read(spool) == [1, 2]
    assert (spool.folder / "set_aside.jsonl").read_bytes() == b'{"text": {"num\n\n'


def test_a_line_that_is_json_but_no_entry_is_set_aside(spool: Spool) -> None:
    spool.append([entry(1)])
    with (spool.folder / "waiting.jsonl").open("ab") as file:
        file.write(b"[1, 2]\n\xff\xfe\n\n")
    assert read(spool) == [1]
    assert b"[1, 2]" in (spool.folder / "set_aside.jsonl").read_bytes()


def test_any_string_survives(spool: Spool) -> None:
    odd = "a\nb\r\n\u2028 \x00 \ud800 👍🏽 ñ"
    spool.append([{"text": {"body": odd}}])
    found: list[Entry] = []
    spool.replay(found.extend)
    assert found == [{"text": {"body": odd}}]


def test_several_writers_and_readers_at_once_lose_and_mix_nothing(spool: Spool) -> None:
    found: list[int] = []
    found_lock = threading.Lock()
    stop = threading.Event()

    def write(first: int) -> None:
        for number in range(first, first + 50):
            spool.append([entry(number)])

    def put_in(entries: list[Entry]) -> None:
        with found_lock:
            found.extend(each["text"]["number"] for each in entries)

    def replay() -> None:
        while not stop.is_set():
            spool.replay(put_in)

    writers = [threading.Thread(target=write, args=(1000 * number,)) for number in range(4)]
    readers = [threading.Thread(target=replay) for _ in range(2)]
    for thread in writers + readers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    spool.replay(put_in)
    assert sorted(found) == sorted(1000 * number + each for number in range(4) for each in range(50))
    for number in range(4):
        of_one = [each for each in found if each // 1000 == number]
        assert of_one == sorted(of_one), "each writer's entries stay in order"


def test_a_process_killed_in_the_middle_of_a_replay_leaves_everything(spool: Spool) -> None:
    spool.append([entry(number) for number in range(3)])
    killed = (
        "import os, signal, sys; from pathlib import Path; from assistant.delivery.spool import Spool;"
        "Spool(Path(sys.argv[1])).replay(lambda entries: os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(spool.folder)], check=False)
    assert done.returncode == -9
    spool.append([entry(3)])
    assert read(spool) == [0, 1, 2, 3]


def test_a_full_disk_is_an_error_and_leaves_no_half_line(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append([entry(1)])
    whole = (spool.folder / "waiting.jsonl").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            spool.append([entry(2)])
    assert (spool.folder / "waiting.jsonl").read_bytes() == whole
    assert json.loads(whole) == entry(1)


def test_nobody_else_may_read_what_members_wrote(spool: Spool) -> None:
    spool.append([entry(1)])
    assert spool.folder.stat().st_mode & 0o077 == 0
    assert (spool.folder / "waiting.jsonl").stat().st_mode & 0o077 == 0


def test_with_a_key_lines_lie_sealed_and_older_plain_ones_are_read(spool: Spool) -> None:
    keyring = Keyring(os.urandom(32))
    sealed = Spool(spool.folder, keyring)
    spool.append([{"text": {"body": "plain"}}])
    sealed.append([{"text": {"body": "the rose"}}])
    lies = (spool.folder / "waiting.jsonl").read_bytes()
    assert b"plain" in lies
    assert b"rose" not in lies
    found: list[Entry] = []
    assert sealed.replay(found.extend) == 2
    assert [entry["text"]["body"] for entry in found] == ["plain", "the rose"]


def test_a_line_that_is_under_another_key_is_kept_aside_and_holds_up_nobody(spool: Spool) -> None:
    Spool(spool.folder, Keyring(os.urandom(32))).append([{"text": {"number": 1}}])
    sealed = Spool(spool.folder, Keyring(os.urandom(32)))
    sealed.append([{"text": {"number": 2}}])
    found: list[Entry] = []
    sealed.replay(found.extend)
    assert found == [{"text": {"number": 2}}]
    assert (spool.folder / "set_aside.jsonl").read_bytes().startswith(b"sealed:1:")
