"""A season on a disk: no word, no name and no number that anybody wrote can be read from any of its files."""

from __future__ import annotations

import dataclasses
import io
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import redis
import structlog
from sqlalchemy import inspect, text

from assistant.delivery.rate import Rate
from assistant.delivery.recorder import IncomingText, Recorder
from assistant.delivery.spool import Spool
from assistant.engine.book import FlowBook
from assistant.logs import set_up_logs
from assistant.queues import Queues
from assistant.simulation.transcript import BEGINNING, play_in
from assistant.simulation.world import World
from assistant.store.database import Database
from assistant.store.sealing import Keyring

KEY: Final = os.urandom(32)
SEASON: Final = """\
circle MAPLE "Quiet Lanterns" host luz
cohort "Harvest Table" organizer mia
invite wanda to MAPLE
... Monday 9:00
ana: JOIN maple
ana: call me Guadalupe
ana: 1
ana: Albuquerque, mornings
ana: 1
ana: ok
ana: beekeeping lessons
ana: trombone repairs
season MAPLE
... Monday 9:00
start weekly_reflection for ana in MAPLE with week=2 theme=2
... 2 minutes pass
ana: my orchard interview went swimmingly
ana: 1
ana: GOAL
ana: open a pottery studio
ana: If I dither, then I phone Consuelo
ana: STEP
ana: By Friday I will photograph teapots
luz: CHECKIN how was the lighthouse visit?
luz: SEND
... 5 minutes pass
ana: frightfully windy up there
luz: SAY the potluck moves to Thursday
luz: SEND
... 5 minutes pass
ana: @luz could you ring 212-555-0147 tonight
ana: call me at +1 646 555 0199
ana: sealed:1:abc is my nickname
... 2 days pass
"""
SECRETS: Final = (
    *("Quiet Lanterns", "Harvest Table", "Guadalupe", "Albuquerque", "beekeeping", "trombone", "orchard"),
    *("pottery", "Consuelo", "teapots", "lighthouse", "frightfully", "potluck", "is my nickname"),
    *("555-0147", "555 0199", "6465550199", "2125550147"),
)
SPOOLED: Final = "the swing is creaking"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged, at the most talkative level."""
    hooks = sys.excepthook, threading.excepthook
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logs("season", stream=stream, level=logging.DEBUG)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], sys.excepthook, threading.excepthook = handlers, *hooks
    root.setLevel(level)


def left_behind(
    book: FlowBook, keyring: Keyring | None, folder: Path, redis_url: str, logged: io.StringIO
) -> dict[str, set[str]]:
    """Play the season, and return what of it can be read where: database, spool, Redis, logs."""
    with World(book, start=BEGINNING, keyring=keyring) as world, redis.Redis.from_url(redis_url) as client:
        client.config_set("rdbcompression", "no")
        rate = Rate(client, world.services.identity.sender, 1000.0)
        world.services = dataclasses.replace(
            world.services, wake=Queues(redis_url).wake, reserve=rate.reserve
        )
        played = play_in(world, SEASON)
        # The season is one in which these words were heard, carried and shown.
        assert len(re.findall(r"^bot", played, re.MULTILINE)) > 20
        world.services.wake("inbox")
        world.services.reserve(1)
        _spool(keyring, folder, world)
        phones = [number.lstrip("+") for number in world.numbers.values()]
        file = Path(str(world.database.url.database))
        written = {
            "database": b"".join(
                path.read_bytes() for path in file.parent.iterdir() if file.stem in path.name
            ),
            "rows": _rows(world.database).encode(),
            "spool": b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()),
            "redis": b"".join(key + (client.dump(key) or b"") for key in client.scan_iter()),
            "logs": logged.getvalue().encode(),
        }
    assert all(written.values())
    secrets = [*SECRETS, SPOOLED, *phones]
    return {
        where: {secret for secret in secrets if secret.lower() in lies.decode("utf-8", "replace").lower()}
        for where, lies in written.items()
    }


def _spool(keyring: Keyring | None, folder: Path, world: World) -> None:
    """A text comes while the database is away."""
    away = Database(f"sqlite:///{folder}/no/such/folder.db", keyring=keyring)
    recorder = Recorder(away, Spool(folder / "spool", keyring), lambda: None)
    sender = f"sms:{world.number('ana')}"
    recorder.record(IncomingText("SM1", sender, "sms:+18005550100", SPOOLED, {}, world.clock.now()))
    recorder.close()


def _rows(database: Database) -> str:
    with database.engine.connect() as connection:
        tables = set(inspect(database.engine).get_table_names()) - {"flow_version"}
        return repr([connection.execute(text(f"SELECT * FROM {table}")).all() for table in sorted(tables)])


def test_nothing_that_anybody_wrote_can_be_read_from_a_disk(
    book: FlowBook, tmp_path: Path, redis_url: str, logged: io.StringIO
) -> None:
    found = left_behind(book, Keyring(KEY), tmp_path, redis_url, logged)
    assert not any(found.values()), found


def test_without_a_key_all_of_it_can_so_that_the_look_above_is_one(
    book: FlowBook, tmp_path: Path, redis_url: str, logged: io.StringIO
) -> None:
    found = left_behind(book, None, tmp_path, redis_url, logged)
    assert {
        "Guadalupe",
        "Quiet Lanterns",
        "orchard",
        "teapots",
        "lighthouse",
        "potluck",
        "555-0147",
    } <= found["rows"]
    assert found["rows"] <= found["database"]
    assert any(secret.isdigit() for secret in found["rows"])
    assert SPOOLED in found["spool"]
    # Neither Redis nor the logs ever hold any.
    assert found["redis"] == found["logs"] == set()
