"""A runtime, and Twilio on the other side of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from assistant.runtime import Runtime, build_runtime
from assistant.schedule.clock import ManualClock
from assistant.settings import load_settings
from tests.webhooks.twilio_side import ACCOUNT, PUBLIC_URL, TOKEN, Bell, Twilio
from webhooks.app import create_app


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """What a production environment sets."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CIRCLE_DATA": str(tmp_path / "var"),
        "PUBLIC_URL": PUBLIC_URL,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+14155550100",
        "TWILIO_API_URL": "http://127.0.0.1:9",
        "SUPPORT_CONTACT": "help@circle.example",
    }


@pytest.fixture
def runtime(environment: dict[str, str], clock: ManualClock, bell: Bell) -> Iterator[Runtime]:
    with build_runtime(load_settings(environment), clock=clock, queues=bell) as built:
        yield built


@pytest.fixture
def client(runtime: Runtime) -> Iterator[FlaskClient]:
    app = create_app(runtime)
    yield app.test_client()
    app.extensions["recorder"].close()


@pytest.fixture
def twilio(client: FlaskClient) -> Twilio:
    return Twilio(client)
