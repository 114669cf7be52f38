"""The carrier counts 24 hours in the service's time: where that was let pass, a window has closed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from assistant.fake_twilio.carrier_clock import CarrierClock
from assistant.fake_twilio.fake_carrier import LOCAL_SERVICE_SID
from assistant.fake_twilio.server import running
from tests.fake_twilio.our_side import wait_until
from tests.fake_twilio.twilio_clients import client_of

ANA = "whatsapp:+14155550102"


class Service:
    """A service that only tells the time, and takes every webhook."""

    def __init__(self) -> None:
        self.moves: list[tuple[str, float]] = []
        self.url = ""


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({"now": "2026-11-23T09:00:00+00:00", "zone": "UTC", "moves": told.moves})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer({})

        def _answer(self, body: object) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}/webhooks/twilio/message"
    yield told
    server.shutdown()
    server.server_close()


def test_a_journey_of_the_service_closes_the_window(service: Service) -> None:
    with running(webhook_url=service.url) as carrier:
        requests.post(f"{carrier.url}/_phones/text", json={"from": ANA, "body": "hola"}, timeout=5)
        ends = []
        for hours in (0, 23, 25):
            service.moves = [(datetime.now(UTC).isoformat(), hours * 3600.0)]
            message = client_of(carrier).messages.create(
                to=ANA, messaging_service_sid=LOCAL_SERVICE_SID, body="Hello."
            )
            ours = carrier.carrier.fetch(message.sid)
            wait_until(lambda ours=ours: ours.final)  # type: ignore[misc]
            ends.append(ours.error_code)
    assert ends == [None, None, 63016]


def test_time_passes_here_and_there() -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    now = noon
    clock = CarrierClock(lambda: now)
    assert clock.of(noon) == noon
    clock.learn(
        [((noon + timedelta(hours=1)).isoformat(), 7200.0), ((noon + timedelta(hours=2)).isoformat(), 3600.0)]
    )
    for hours, passed in ((0.5, 0.5), (1.5, 3.5), (2.5, 3.5)):
        now = noon + timedelta(hours=hours)
        assert clock.since(noon) == timedelta(hours=passed)
