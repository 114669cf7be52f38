"""The pages as a visitor gets them: through the whole service, over a database of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from assistant.engine.book import FlowBook
from assistant.runtime import Runtime, build_runtime, read_flows
from assistant.schedule.clock import ManualClock
from assistant.settings import load_settings
from assistant.simulation.transcript import BEGINNING
from assistant.simulation.world import World
from tests.pages.site import Site
from webhooks.app import create_app


@pytest.fixture
def runtime(database_url: str, redis_url: str, clock: ManualClock, tmp_path: Path) -> Iterator[Runtime]:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CIRCLE_DATA": str(tmp_path / "var"),
        "PUBLIC_URL": "http://localhost",
        "SECRET_KEY": "a key of the pages' tests, long enough for anything",
    }
    with build_runtime(load_settings(environment), clock=clock) as built:
        yield built


@pytest.fixture
def app(runtime: Runtime) -> Iterator[Flask]:
    made = create_app(runtime)
    yield made
    made.extensions["recorder"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def site(book: FlowBook) -> Iterator[Site]:
    """A world with nobody in it, and its pages."""
    with World(book, start=BEGINNING) as world:
        yield Site(world)
