"""What the carrier's tests ask for: our side as a small web server, and a browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.fake_twilio.our_side import Call, Webhook


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Our side of the wire, listening."""
    ours = Webhook()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            status, text = ours.take(Call(self.path, form, dict(self.headers)))
            answer = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ours.url = f"http://127.0.0.1:{server.server_port}/webhooks/twilio/message"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield ours
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Real Chromium, the system's own.

    For one module only: while Playwright is open, nothing else can run an event loop in this thread.
    """
    path = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not path.exists():
        pytest.skip(
            "Chromium is not installed (Debian: apt install chromium; elsewhere set CHROMIUM to its path)"
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()
