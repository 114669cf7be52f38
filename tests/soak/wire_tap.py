"""A local carrier of the soak's own, and a list of every text that went over it, as the phones saw it."""

from __future__ import annotations

import datetime as dt
import json
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.records import Event, Message
from assistant.fake_twilio.server import running
from tests.soak.verdicts import Received, Sent

STEP_MS = 250
KEPT = 5_000_000


@dataclass
class WireTap:
    """What phones sent and received; a text is on its phone from the moment that the carrier takes it."""

    url: str
    carrier: LocalCarrier
    sent: list[Sent] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """The carrier's ids of texts to us whose webhook was not answered 2xx."""
    _news: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def text(self, phone: str, body: str) -> Sent:
        """Text our number from a phone."""
        message = self._post("/_phones/text", {"from": phone, "body": body})
        sent = Sent(message["sid"], phone, body, dt.datetime.fromisoformat(message["at"]))
        self.sent.append(sent)
        return sent

    def turn(self, faults: Mapping[str, Any]) -> None:
        """Have the carrier misbehave, or behave again."""
        self._post("/_knobs", dict(faults))

    def news(self) -> dict[str, list[Received]]:
        """Return what phones received since this was last asked, by phone."""
        with self._lock:
            news, self._news = self._news, defaultdict(list)
            return news

    def note(self, event: Event) -> None:
        """Write down what the carrier tells: once for each text, however often its status changes."""
        if not isinstance(event, Message):
            return
        if event.inbound:
            if event.webhook_error:
                self.refused.add(event.sid)
            return
        with self._lock:
            if event.sid in self._known:
                return
            self._known.add(event.sid)
            ours = event.direction == "outbound-api"
            received = Received(event.sid, event.to, event.body, event.created, ours=ours)
            self.received.append(received)
            self._news[event.to].append(received)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


@contextmanager
def tapped_carrier(webhook_url: str, seed: int) -> Iterator[WireTap]:
    """Run a carrier that calls `webhook_url`, in a thread, until the block ends."""
    rules = LocalCarrier(
        now=lambda: dt.datetime.now(dt.UTC), seed=seed, faults=Faults(step_ms=STEP_MS), keep=KEPT
    )
    with running(rules, webhook_url=webhook_url) as server:
        tap = WireTap(server.url, rules)
        rules.watchers.append(tap.note)
        yield tap
