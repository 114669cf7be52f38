"""Makes the first reply after a start as fast as any other, by a rehearsal before the worker is ready.

A few texts of people who do not exist are handled by the real code, in a database of their own that is
thrown away: so whatever a text may need is read, built and imported, whoever adds the next of it. The
statements that came up are then prepared for the real database.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import update

from assistant.carriers.late_carrier import LateCarrier
from assistant.circles.calendar.season_plan import begin_season
from assistant.conversations import inbox, maintenance, timers
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.language.places.cities import load_atlas
from assistant.language.places.towns import load_towns
from assistant.safety import danger_reader
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store.database import Database
from assistant.store.statements import prepare_statements
from assistant.store.tables import Circle, Outbox

log = structlog.get_logger(__name__)

CODE: Final = "REHEARSE"
AFTERNOON: Final = dt.datetime(2026, 6, 1, 19, 0, tzinfo=dt.UTC)
"""A Monday: everyone here may be texted."""
TYPING: Final = dt.timedelta(minutes=2)
TEXTS: Final = Path(__file__).with_name("rehearsal.toml")
"""Who texts what."""


def read_ahead(
    services: Services,
    is_stopping: Callable[[], bool] = lambda: False,
    see_to_texts: Callable[[], None] = lambda: None,
) -> None:
    """Read, build and import whatever the first text would have to wait for.

    Never raises: a worker that is slow once is better than none.

    Args:
        services: What texts are handled with.
        is_stopping: Whether to leave it there.
        see_to_texts: Handles what came meanwhile, again and again: nobody waits for a rehearsal, which lasts
            half a minute where the machine is busy.
    """
    began = time.monotonic()
    for read in (danger_reader.read_ahead, load_atlas, load_towns):
        read()
        see_to_texts()
    try:
        with tempfile.TemporaryDirectory(prefix="circle-rehearsal-") as folder:
            path = Path(folder) / "rehearsal.db"
            keyring = services.database.keyring
            scratch = Database(f"sqlite:///{path}", durable=False, keyring=keyring)
            try:
                scratch.create_all()
                apart = replace(services, database=scratch, clock=ManualClock(AFTERNOON))
                _rehearse(apart, is_stopping, see_to_texts)
                prepare_statements(services.database, scratch)
            finally:
                scratch.close()
    except Exception as error:
        log.warning("rehearsal ended early", error=type(error).__name__)
    log.info("read ahead", seconds=round(time.monotonic() - began, 2))


def _rehearse(services: Services, is_stopping: Callable[[], bool], see_to_texts: Callable[[], None]) -> None:
    """Have those who do not exist text one by one; nothing leaves, and nobody is woken."""
    clock = services.clock
    assert isinstance(clock, ManualClock)
    services = replace(services, carrier=LateCarrier(_no_carrier), wake=lambda _queue: None)
    with services.database.write() as session:
        circle = Circle(code=CODE, name="Rehearsal", zone="America/Chicago", created_at=clock.now())
        session.add(circle)
        session.flush()
        begin_season(session, circle, clock.now().date(), clock.now())
    for person in tomllib.loads(TEXTS.read_text("utf-8"))["people"]:
        uri = person["address"]
        for number, body in enumerate(text.format(code=CODE) for text in person["texts"]):
            if is_stopping():
                return
            clock.forward(TYPING)
            text = IncomingText(
                f"{uri} {number}", uri, services.identity.number or uri, body, {"NumMedia": "0"}, clock.now()
            )
            with services.database.write() as session:
                insert_texts(session, [text])
            inbox.drain(services, float("inf"))
            _let_leave(services)
            see_to_texts()
    maintenance.maintain(services)
    timers.fire_due(services, float("inf"))
    maintenance.page_due(services)


def _let_leave(services: Services) -> None:
    """Have all that was said reach them, so that what they write next answers it."""
    at = services.clock.now()
    with services.database.write() as session:
        session.execute(
            update(Outbox).where(Outbox.state == "queued").values(state="sent", sent_at=at, attempt=1)
        )


def _no_carrier() -> LateCarrier:
    raise RuntimeError("nothing leaves a rehearsal")
