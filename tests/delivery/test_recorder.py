"""Recording: every text once, whoever else records it, and none lost while the database is away."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text

from assistant.delivery.delivery_receipts import StatusReport
from assistant.delivery.recorder import (
    LONGEST_BODY,
    IncomingText,
    NotRecorded,
    Recorder,
    insert_texts,
    replay,
)
from assistant.delivery.spool import Spool
from assistant.store.database import Database
from assistant.store.tables import Inbox, Outbox
from tests.outage import Outage

NOW = dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC)
ANA = "sms:+14155550123"
US = "sms:+14155550100"


def a_text(number: int, body: str = "hi", **params: Any) -> IncomingText:
    return IncomingText(f"SM{number:032x}", ANA, US, body, params, NOW + dt.timedelta(seconds=number))


def bodies(database: Database) -> list[str | None]:
    with database.read() as session:
        return list(session.scalars(select(Inbox.body).order_by(Inbox.id)))


def the_row(database: Database) -> Inbox:
    with database.read() as session:
        row = session.scalars(select(Inbox)).one()
        session.expunge(row)
        return row


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def outage(database: Database) -> Outage:
    return Outage(database)


@pytest.fixture
def woken() -> list[float]:
    return []


@pytest.fixture
def recorder(database: Database, spool: Spool, woken: list[float]) -> Iterator[Recorder]:
    made = Recorder(database, spool, lambda: woken.append(time.monotonic()))
    yield made
    made.close()


def test_a_text_is_in_the_database_when_record_returns(recorder: Recorder, database: Database) -> None:
    recorder.record(a_text(1, "JOIN MAPLE", NumMedia="0", Twice=["a", "b"]))
    row = the_row(database)
    assert (row.carrier_id, row.from_uri, row.to_uri, row.body) == (f"SM{1:032x}", ANA, US, "JOIN MAPLE")
    assert row.params == {"NumMedia": "0", "Twice": ["a", "b"]}
    assert row.received_at == NOW + dt.timedelta(seconds=1)
    assert (row.state, row.attempts) == ("new", 0)


def test_the_same_text_forty_times_at_once_is_one_row(recorder: Recorder, database: Database) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _n: recorder.record(a_text(1)), range(40)))
    assert bodies(database) == ["hi"]


def test_two_processes_recorders_make_one_row_of_one_text(database: Database, tmp_path: Path) -> None:
    recorders = [Recorder(database, Spool(tmp_path / str(number)), lambda: None) for number in range(4)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: recorders[number % 4].record(a_text(number // 16)), range(64)))
    for each in recorders:
        each.close()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Inbox)) == 4


def test_many_texts_share_commits(recorder: Recorder, database: Database) -> None:
    commits = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: recorder.record(a_text(number)), range(320)))
    assert len(bodies(database)) == 320
    assert len(commits) < 200


def test_the_inbox_is_woken_after_the_row_is_there(recorder: Recorder, woken: list[float]) -> None:
    recorder.record(a_text(1))
    until(lambda: len(woken) >= 1)


def test_a_queue_that_hangs_or_fails_does_not_hold_up_recording(database: Database, spool: Spool) -> None:
    hang = threading.Event()
    calls: list[int] = []

    def wake() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError("no queue")
        hang.wait(20)

    recorder = Recorder(database, spool, wake, patience=1)
    for number in range(5):
        recorder.record(a_text(number))
        until(lambda: len(calls) >= min(2, number + 1))  # noqa: B023 - called at once
    assert len(bodies(database)) == 5
    hang.set()
    recorder.close()


def test_with_the_database_away_texts_are_spooled_and_later_put_in_in_order(
    recorder: Recorder, database: Database, spool: Spool, outage: Outage, woken: list[float]
) -> None:
    recorder.record(a_text(1, "before"))
    until(lambda: len(woken) == 1)
    outage.on = True
    for number in range(2, 6):
        recorder.record(a_text(number, f"away {number}"))
    assert spool.waiting()
    outage.on = False
    # This one waits no second for the next try of the database, and yet overtakes nobody.
    recorder.record(a_text(6, "after"))
    until(lambda: not spool.waiting())
    assert bodies(database) == ["before", "away 2", "away 3", "away 4", "away 5", "after"]
    until(lambda: len(woken) == 2)


def test_what_was_spooled_is_put_in_without_another_text_coming(
    recorder: Recorder, database: Database, spool: Spool, outage: Outage
) -> None:
    outage.on = True
    recorder.record(a_text(1))
    outage.on = False
    until(lambda: not spool.waiting())
    assert bodies(database) == ["hi"]


def test_an_earlier_process_s_spool_is_put_in_at_start(
    database: Database, spool: Spool, outage: Outage
) -> None:
    outage.on = True
    killed = Recorder(database, spool, lambda: None)
    killed.record(a_text(1))
    killed.close()
    outage.on = False
    recorder = Recorder(database, Spool(spool.folder), lambda: None)
    recorder.start()
    until(lambda: bodies(database) == ["hi"])
    recorder.close()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////nowhere/at/all.db"])
def test_a_server_that_refuses_and_a_file_that_cannot_be_opened_are_outages(url: str, spool: Spool) -> None:
    recorder = Recorder(Database(url), spool, lambda: None)
    recorder.record(a_text(1))
    recorder.close()
    assert spool.waiting()


def test_tables_that_are_not_there_yet_are_an_outage_too(empty_database: Database, spool: Spool) -> None:
    recorder = Recorder(empty_database, spool, lambda: None)
    recorder.record(a_text(1))
    assert spool.waiting()
    empty_database.create_all()
    until(lambda: not spool.waiting())
    recorder.close()
    assert bodies(empty_database) == ["hi"]


def test_with_neither_database_nor_spool_the_carrier_is_told_to_try_again(
    database: Database, outage: Outage, tmp_path: Path
) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    recorder = Recorder(database, Spool(tmp_path / "spool"), lambda: None)
    outage.on = True
    with pytest.raises(NotRecorded):
        recorder.record(a_text(1))
    outage.on = False
    time.sleep(1.1)
    recorder.record(a_text(2, "and then it works again"))
    recorder.close()
    assert bodies(database) == ["and then it works again"]


def test_the_carrier_s_log_is_asked_for_at_the_start_and_once_texts_are_taken_again(
    database: Database, outage: Outage, tmp_path: Path
) -> None:
    """What was refused, or came while nobody was there, the carrier brings no more after a few seconds."""
    missed: list[float] = []
    woken: list[float] = []
    (tmp_path / "spool").write_text("a file where the folder should be")
    recorder = Recorder(
        database,
        Spool(tmp_path / "spool"),
        lambda: woken.append(time.monotonic()),
        missed=lambda: missed.append(time.monotonic()),
    )
    recorder.start()
    until(lambda: len(missed) == 1)
    recorder.record(a_text(1))
    until(lambda: len(woken) == 2)
    outage.on = True
    with pytest.raises(NotRecorded):
        recorder.record(a_text(2))
    assert len(missed) == 1
    outage.on = False
    time.sleep(1.1)
    recorder.record(a_text(3))
    until(lambda: len(missed) == 2)
    recorder.close()
    assert len(missed) == 2


def test_a_writer_that_hangs_on_the_database_keeps_nobody_waiting(database: Database, spool: Spool) -> None:
    hanging = threading.Event()
    event.listen(database.engine, "before_cursor_execute", lambda *_args: hanging.wait(20))
    recorder = Recorder(database, spool, lambda: None, patience=0.2)
    recorder.record(a_text(1))
    assert spool.waiting()
    hanging.set()
    until(lambda: not spool.waiting())
    recorder.close()
    assert bodies(database) == ["hi"]


def test_a_text_the_database_refuses_is_set_aside_and_spoils_no_other(
    database: Database, spool: Spool, recorder: Recorder
) -> None:
    with database.write() as session:
        if database.is_sqlite:
            session.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON inbox WHEN NEW.body = 'poison' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )
        else:
            session.execute(text("ALTER TABLE inbox ADD CONSTRAINT refuse CHECK (body <> 'poison')"))
    with ThreadPoolExecutor(9) as pool:
        words = ["poison" if number == 4 else "fine" for number in range(9)]
        list(pool.map(recorder.record, [a_text(number, body) for number, body in enumerate(words)]))
    assert bodies(database) == ["fine"] * 8
    assert b"poison" in (spool.folder / "set_aside.jsonl").read_bytes()
    assert not spool.waiting()


def test_what_no_database_can_store_is_replaced(recorder: Recorder, database: Database) -> None:
    recorder.record(a_text(1, "a\x00b\ud83dc 👍🏽", **{"Odd\x00": "\x00", "List": ["\udc00"]}))
    row = the_row(database)
    assert row.body == "a\ufffdb\ufffdc 👍🏽"
    assert row.params == {"Odd\ufffd": "\ufffd", "List": ["\ufffd"]}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.text(alphabet=st.characters(), max_size=30), value=st.text(alphabet=st.characters(), max_size=10)
)
def test_any_characters_are_taken_and_only_the_unstorable_changed(
    database: Database, body: str, value: str
) -> None:
    with database.write() as session:
        session.execute(text("DELETE FROM inbox"))
        insert_texts(session, [a_text(1, body, value=value)])
    row = the_row(database)
    as_stored = "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in body)
    assert row.body == as_stored


def test_a_huge_body_is_cut_and_says_so(recorder: Recorder, database: Database) -> None:
    recorder.record(a_text(1, "x" * 50_000))
    row = the_row(database)
    assert row.body == "x" * LONGEST_BODY
    assert row.params == {"body_cut_from": 50_000}


def test_insert_texts_says_how_many_were_new(database: Database) -> None:
    with database.write() as session:
        assert insert_texts(session, [a_text(1), a_text(2), a_text(1)]) == 2
        assert insert_texts(session, [a_text(2), a_text(3)]) == 1
        assert insert_texts(session, []) == 0


def test_replaying_twice_puts_in_once(database: Database, spool: Spool, outage: Outage) -> None:
    recorder = Recorder(database, spool, lambda: None)
    outage.on = True
    for number in range(3):
        recorder.record(a_text(number, str(number)))
    recorder.close()
    outage.on = False
    written = (spool.folder / "waiting.jsonl").read_bytes()
    assert replay(spool, database) == 3
    (spool.folder / "waiting.jsonl").write_bytes(written)
    assert replay(spool, database) == 3
    assert bodies(database) == ["0", "1", "2"]


def test_an_entry_of_another_version_is_set_aside(database: Database, spool: Spool) -> None:
    spool.append([{"text": {"unheard_of": 1}}, {"letter": {}}])
    replay(spool, database)
    assert (spool.folder / "set_aside.jsonl").read_bytes().count(b"\n") == 2


def test_statuses_go_the_same_way_and_are_spooled_too(
    recorder: Recorder, database: Database, spool: Spool, outage: Outage
) -> None:
    with database.write() as session:
        session.add(a_sent_row(7))
    outage.on = True
    recorder.note(StatusReport("7x1", "SM7", "delivered", None, NOW))
    assert spool.waiting()
    outage.on = False
    until(lambda: not spool.waiting())
    with database.read() as session:
        assert session.get_one(Outbox, 7).state == "done"


def test_texts_and_callbacks_share_a_commit(
    recorder: Recorder, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        session.add_all([a_sent_row(number) for number in range(1, 9)])
    # Callbacks alone would wait for ever; a text takes along what has gathered.
    monkeypatch.setattr("assistant.delivery.recorder.GATHER_SECONDS", 60)
    commits: list[int] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    reports = [StatusReport(f"{number}x1", f"SM{number}", "delivered", None, NOW) for number in range(1, 9)]
    with ThreadPoolExecutor(16) as pool:
        noted = [pool.submit(recorder.note, report) for report in reports]
        until(lambda: len(recorder._gathering.entries) == len(reports))
        recorder.record(a_text(1))
        for each in noted:
            each.result(5)
    assert bodies(database) == ["hi"]
    with database.read() as session:
        assert set(session.scalars(select(Outbox.state))) == {"done"}
    assert len(commits) == 1


def test_enough_callbacks_wait_for_no_text(
    recorder: Recorder, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        session.add(a_sent_row(7))
    monkeypatch.setattr("assistant.delivery.recorder.GATHER_SECONDS", 60)
    monkeypatch.setattr("assistant.delivery.recorder.GATHER_MOST", 4)
    report = StatusReport("7x1", "SM7", "delivered", None, NOW)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _n: recorder.note(report), range(4)))
    with database.read() as session:
        assert session.get_one(Outbox, 7).state == "done"


def test_a_callback_that_the_database_refuses_spoils_no_text_of_its_group(
    recorder: Recorder, database: Database, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [a_sent_row(1), a_sent_row(2)]
    for row in rows:
        row.carrier_id = None
    with database.write() as session:
        session.add_all(rows)
    monkeypatch.setattr("assistant.delivery.recorder.GATHER_SECONDS", 60)
    with ThreadPoolExecutor(4) as pool:
        # Two rows cannot hold one id.
        noted = [
            pool.submit(recorder.note, StatusReport(f"{number}x1", "SM9", "sent", None, NOW))
            for number in (1, 2)
        ]
        until(lambda: len(recorder._gathering.entries) == 2)
        recorder.record(a_text(1))
        for each in noted:
            each.result(5)
    assert bodies(database) == ["hi"]
    assert (spool.folder / "set_aside.jsonl").exists()
    with database.read() as session:
        assert list(session.scalars(select(Outbox.carrier_id).where(Outbox.carrier_id == "SM9"))) == ["SM9"]


def test_a_closed_recorder_takes_nothing_more(recorder: Recorder) -> None:
    recorder.record(a_text(1))
    recorder.close()
    with pytest.raises(NotRecorded):
        recorder.record(a_text(2))


def test_closing_puts_in_what_has_gathered(database: Database, spool: Spool) -> None:
    recorder = Recorder(database, spool, lambda: None)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(recorder.record, a_text(number)) for number in range(8)]
        until(lambda: len(bodies(database)) > 0)
        recorder.close()
        kept = sum(each.exception() is None for each in waiting)
    assert kept == len(bodies(database))


def a_sent_row(number: int) -> Outbox:
    return Outbox(
        id=number,
        person_id=1,
        address_id=1,
        to_uri=ANA,
        sender=US,
        body="hello",
        segments=1,
        purpose="reply",
        priority=1,
        created_at=NOW,
        not_before=NOW,
        state="sent",
        attempt=1,
        carrier_id=f"SM{number}",
        status="queued",
    )
