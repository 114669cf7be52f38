"""Twilio's side of a webhook: captured payloads, real signatures, and a client that posts them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PAYLOADS = Path(__file__).parent.parent / "payloads" / "twilio"
PUBLIC_URL = "https://circle.example.org"
TOKEN = "12345"
ACCOUNT = "AC" + "0" * 31 + "1"

Form = Mapping[str, str] | Sequence[tuple[str, str]]


def payload(name: str) -> dict[str, str]:
    """A captured webhook: its parameters by name."""
    params: dict[str, str] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return params


def pairs_of(form: Form) -> list[tuple[str, str]]:
    return list(form.items()) if isinstance(form, Mapping) else list(form)


def sign(url: str, form: Form = (), token: str = TOKEN) -> str:
    """Twilio's signature, straight from its documentation rather than from the code under test."""
    text = url + "".join(name + value for name, value in sorted(set(pairs_of(form))))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass
class Bell:
    """Stands in for the queues and counts who was woken."""

    level: list[str] = field(default_factory=list)

    def wake(self, queue: str) -> None:
        self.level.append(queue)


@dataclass
class Twilio:
    """Twilio's side: posts forms with real signatures."""

    client: FlaskClient

    def post(
        self, path: str, form: Form, *, signature: str | None = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Post as Twilio does; `path` may carry a query. A `signature` of "" sends none."""
        signed = sign(PUBLIC_URL + path, form) if signature is None else signature
        return self.client.post(
            path,
            data=urlencode(pairs_of(form)),
            content_type="application/x-www-form-urlencoded",
            headers={**({"X-Twilio-Signature": signed} if signed else {}), **(headers or {})},
        )

    def text(self, name: str = "message_sms", **changes: str) -> TestResponse:
        return self.post("/webhooks/twilio/message", {**payload(name), **changes})

    def status(self, name: str, attempt: str, **changes: str) -> TestResponse:
        return self.post(f"/webhooks/twilio/status?attempt={attempt}", {**payload(name), **changes})
