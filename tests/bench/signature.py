"""What a webhook costs with our signature check, by what it costs with twilio's own RequestValidator.

Processor time of the whole request, its share of the recorder's commit included, with as many at once as a
process serves: other work on the machine does not count. It says whether our check earns its place.
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from flask import Flask
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from assistant.runtime import build_runtime
from assistant.settings import load_settings
from assistant.store import migrate
from tests.bench.inbound import FORM, PATH, TOKEN
from tests.bench.row import Row
from webhooks.app import create_app
from webhooks.serve import THREADS
from webhooks.signature import Signature

NAME = "signature"
ROUNDS = 5
REQUESTS = 2000
PUBLIC_URL = "https://circle.example.org"


class TwiliosOwn:
    """The library's check behind the interface of ours."""

    def __init__(self, public_url: str, token: str) -> None:
        self._url = public_url
        self._validator = RequestValidator(token)

    def is_good(
        self, path: str, query: str, params: Iterable[tuple[str, str]], signature: str | None
    ) -> bool:
        url = f"{self._url}{path}?{query}" if query else self._url + path
        return bool(self._validator.validate(url, MultiDict(params), signature or ""))


class NobodyWoken:
    """Queues without Redis, so that only the request is measured."""

    def wake(self, queue: str) -> None:
        return


def run(*, quick: bool = False) -> list[Row]:
    """Both, in turns; quick: once."""
    found: dict[type[Any], list[float]] = {Signature: [], TwiliosOwn: []}
    for _ in range(1 if quick else ROUNDS):
        for check, costs in found.items():
            costs.append(microseconds(check))
    ours, theirs = (statistics.median(costs) for costs in found.values())
    return [
        Row("processor time of a webhook: ours", ours, "µs"),
        Row("processor time with RequestValidator", theirs, "µs", theirs / ours),
    ]


def microseconds(check: type[Any]) -> float:
    """Processor time of one request, in the mean of many different ones."""
    with tempfile.TemporaryDirectory() as name:
        settings = load_settings(
            {
                "DATABASE_URL": f"sqlite:///{Path(name) / 'circle.db'}",
                "REDIS_URL": "redis://127.0.0.1:9",
                "CIRCLE_DATA": name,
                "PUBLIC_URL": PUBLIC_URL,
                "TWILIO_ACCOUNT_SID": FORM["AccountSid"],
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_FROM": "+14155550100",
                "TWILIO_API_URL": "http://127.0.0.1:9",
                "SUPPORT_CONTACT": "help@circle.example",
            }
        )
        with build_runtime(settings, queues=NobodyWoken()) as runtime:
            migrate.upgrade(runtime.database)
            with mock.patch("webhooks.twilio_webhooks.Signature", check):
                app = create_app(runtime)
            requests = [signed_request(number) for number in range(REQUESTS)]
            ask(app, signed_request(REQUESTS))
            began = time.process_time()
            with ThreadPoolExecutor(THREADS) as threads:
                list(threads.map(partial(ask, app), requests))
            took = time.process_time() - began
            app.extensions["recorder"].close()
    return took / REQUESTS * 1e6


def signed_request(number: int) -> dict[str, Any]:
    """A text as WSGI hands it over."""
    form = {**FORM, "MessageSid": f"SM{number:032d}"}
    body = urlencode(form).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_TWILIO_SIGNATURE": RequestValidator(TOKEN).compute_signature(
            PUBLIC_URL + PATH, MultiDict(form)
        ),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }


def ask(app: Flask, request: dict[str, Any]) -> None:
    """Hand one request to the application; it must be taken."""
    answered: list[str] = []
    list(app.wsgi_app(request, lambda status, *_: answered.append(status)))  # type: ignore[arg-type]
    if not answered[0].startswith("200"):
        raise RuntimeError(f"a webhook was answered {answered[0]}")
