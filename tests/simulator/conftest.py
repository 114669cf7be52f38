"""What the carrier's tests ask for: our side as a small web server, and a browser."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, sync_playwright

EMPTY = "<Response/>"


@dataclass
class Call:
    """One call of our webhook, as it came."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def status(self) -> str:
        return self.form["MessageStatus"]


@dataclass
class Webhook:
    """Our side: answers what it is told to, else an empty TwiML."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, str, float]] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)

    def answer_next(self, status: int, body: str = EMPTY, *, after: float = 0.0) -> None:
        """Give the next call this answer, after so many seconds."""
        self.answers.append((status, body, after))

    def wait_for(self, count: int) -> list[Call]:
        """Wait until so many calls came, and a moment more in which too many would show."""
        wait_until(lambda: len(self.calls) >= count)
        time.sleep(0.05)
        return self.calls

    def take(self, call: Call) -> tuple[int, str]:
        """Write a call down and decide its answer."""
        self.calls.append(call)
        status, body, after = self.answers.pop(0) if self.answers else (200, EMPTY, 0.0)
        time.sleep(after)
        if reply := self.replies.get(call.form.get("Body", "").lower()):
            body = f"<Response><Message>{reply}</Message></Response>"
        return status, body


def wait_until(holds: Callable[[], Any], *, seconds: float = 5.0) -> None:
    """Wait until something holds; fails with its last value when it never does."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.005)


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
