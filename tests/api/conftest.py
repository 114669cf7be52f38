"""Two cohorts with a circle each, a service over them, and tools that come with tokens of every kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from assistant.api.api_app import make_api
from assistant.circles.tools.api_tokens import make_token, revoke_token
from assistant.runtime import Runtime, build_runtime
from assistant.schedule.clock import ManualClock
from assistant.settings import load_settings
from assistant.store.tables import Address, Circle, Cohort, Member, Person

SIX: Final = range(6)


@pytest.fixture
def runtime(_sqlite_copy: str, clock: ManualClock, tmp_path: Path) -> Iterator[Runtime]:
    environment = {
        "DATABASE_URL": _sqlite_copy,
        "REDIS_URL": "redis://127.0.0.1:9",
        "CIRCLE_DATA": str(tmp_path / "var"),
        "PUBLIC_URL": "http://localhost",
        "SECRET_KEY": "a key of the tests of the API, long enough for anything",
    }
    with build_runtime(load_settings(environment), clock=clock) as built:
        yield built


class Tools:
    """Tools of two cohorts: "spring" with the circle OAK of six, "autumn" with ELM of six."""

    def __init__(self, runtime: Runtime, clock: ManualClock) -> None:
        self.runtime, self.clock = runtime, clock
        self.client: FlaskClient = make_api(runtime).test_client()
        self.keys: dict[str, str] = {"none": "", "unknown": "circle_nobody"}
        now = runtime.clock.now()
        with runtime.database.write() as session:
            for place, (name, code) in enumerate((("spring", "OAK"), ("autumn", "ELM"))):
                cohort = Cohort(name=name, created_at=now)
                session.add(cohort)
                session.flush()
                circle = Circle(
                    cohort_id=cohort.id,
                    code=code,
                    name=f"Circle {code}",
                    language="en",
                    zone="America/Chicago",
                    size=8,
                    program="eight_weeks",
                    state="gathering",
                    created_at=now,
                )
                session.add(circle)
                session.flush()
                for number in SIX:
                    self._seat(session, circle, f"sms:+1415555{place}{number:03d}", now)
                if name == "spring":
                    for rights in ("read", "act"):
                        self.keys[rights] = make_token(session, cohort, rights, "CRM", now, None)[1]
                    self.keys["expired"] = make_token(session, cohort, "act", "old", now, 1)[1]
                    gone, self.keys["revoked"] = make_token(session, cohort, "act", "gone", now, None)
                    revoke_token(session, gone.id, now)
                else:
                    self.keys["elsewhere"] = make_token(session, cohort, "act", "CRM", now, None)[1]

    def _seat(self, session: Any, circle: Circle, uri: str, now: dt.datetime) -> None:
        person = Person(name="Zoraida", created_at=now)
        session.add(person)
        session.flush()
        session.add(Address(person_id=person.id, uri=uri, created_at=now))
        session.add(
            Member(
                circle_id=circle.id,
                person_id=person.id,
                state="active",
                state_at=now,
                joined_at=now,
                promised_at=now,
            )
        )

    def ask(self, who: str, method: str, path: str, body: Any = None, key: str = "key-00001") -> TestResponse:
        """Ask as the tool that has the token `who`."""
        headers = {"Authorization": f"Bearer {self.keys[who]}"} if self.keys[who] else {}
        if method == "POST":
            headers["Idempotency-Key"] = key
        more: dict[str, Any] = {"json": body} if body is not None else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)


@pytest.fixture
def tools(runtime: Runtime, clock: ManualClock) -> Tools:
    made = Tools(runtime, clock)
    clock.forward(dt.timedelta(days=2))
    return made
