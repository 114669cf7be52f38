"""Hooks are told: signed, until they take it, outside only; a dead or slow one holds up nobody else."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hmac
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from sqlalchemy import select

from assistant.circles.tools.hook_targets import add_target, add_test
from assistant.delivery.hooks import hook_calls
from assistant.delivery.hooks.hook_calls import GIVEN_UP_AFTER, LEASE, call_now, signature, tell_hooks
from assistant.delivery.hooks.hook_network import INSIDE, HookNetwork
from assistant.schedule.clock import ManualClock
from assistant.services import Transport
from assistant.store.database import Database
from assistant.store.tables import Circle, Cohort, Member, Person, WebhookSend, WebhookTarget


@dataclass
class Tool:
    """What listens at a hook's address on this machine."""

    status: int = 200
    refuses: set[str] = field(default_factory=set)
    """Kinds of event that it will not take."""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    slow: Event | None = None
    url: str = ""

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.heard]


@pytest.fixture
def tool() -> Iterator[Tool]:
    with listening() as made:
        yield made


class listening:  # noqa: N801 - used as a word
    """A tool that listens, for as long as the block lasts."""

    def __enter__(self) -> Tool:
        tool = Tool()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                tool.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if tool.slow is not None:
                    tool.slow.wait(5)
                self.send_response(422 if json.loads(body)["type"] in tool.refuses else tool.status)
                for name, value in tool.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        tool.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        return tool

    def __exit__(self, *_trouble: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Service:
    """A circle in which people join, and hooks that hear of it."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.transport = cast("Transport", SimpleNamespace(database=database, clock=clock))
        with database.write() as session:
            session.add(Cohort(id=1, name="spring", created_at=clock.now()))
            session.flush()
            session.add(Circle(id=1, cohort_id=1, code="OAK", name="O", zone="UTC", created_at=clock.now()))

    def hook(self, url: str) -> WebhookTarget:
        with self.database.write() as session:
            cohort = session.get_one(Cohort, 1)
            return add_target(session, cohort, url, ["joined", "alert_opened"], self.clock.now(), local=True)

    def join(self) -> None:
        """Somebody joins, and a while goes by."""
        self.clock.forward(dt.timedelta(seconds=11))
        now = self.clock.now()
        with self.database.write() as session:
            person = Person(created_at=now)
            session.add(person)
            session.flush()
            session.add(
                Member(circle_id=1, person_id=person.id, state="active", state_at=now, promised_at=now)
            )
        self.clock.forward(dt.timedelta(seconds=11))

    def tell(self) -> int:
        return tell_hooks(self.transport, local=True)

    def sends(self) -> list[WebhookSend]:
        with self.database.read() as session:
            return list(session.scalars(select(WebhookSend).order_by(WebhookSend.id)))

    def target(self, target_id: int) -> WebhookTarget:
        with self.database.read() as session:
            return session.get_one(WebhookTarget, target_id)


@pytest.fixture
def service(_sqlite_copy: str, clock: ManualClock) -> Iterator[Service]:
    database = Database(_sqlite_copy)
    yield Service(database, clock)
    database.close()


def test_a_hook_is_told_once_and_can_check_who_says_it(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    service.join()
    assert [service.tell(), service.tell()] == [1, 0]
    ((headers, body),) = tool.heard
    said = json.loads(body)
    assert (said["type"], said["data"]) == ("joined", {"circle": "OAK"})
    # Checked as Standard Webhooks says, by hand.
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - service.clock.real().timestamp()) < 1
    (send,) = service.sends()
    assert (send.state, send.name) == ("sent", headers["webhook-id"])


def test_a_known_signature_is_what_the_standard_gives_for_it() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    name, timestamp, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    assert signature(secret, name, timestamp, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_not_taken_is_told_again_later_under_the_same_id(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    tool.status = 503
    service.join()
    waits = []
    for _ in range(3):
        assert service.tell() == 1
        waits.append(service.target(hook.id).next_at - service.clock.real())
        service.clock.forward(waits[-1])
    assert waits == sorted(waits)
    assert len(set(waits)) == 3
    tool.status = 204
    service.tell()
    assert len({headers["webhook-id"] for headers, _ in tool.heard}) == 1
    after = service.target(hook.id)
    assert (after.failures, after.failing_since, after.trouble) == (0, None, None)
    assert [each.state for each in service.sends()] == ["sent"]


def test_a_hook_that_asks_for_time_is_given_it(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    tool.status, tool.headers = 429, {"Retry-After": "900"}
    service.join()
    service.tell()
    assert service.target(hook.id).next_at - service.clock.real() == dt.timedelta(seconds=900)


def test_one_event_that_is_refused_does_not_stand_before_the_others(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    with service.database.write() as session:
        refused = add_test(
            session, session.get_one(WebhookTarget, hook.id), service.clock.now(), service.clock.real()
        )
        refused.next_at = service.clock.real()
    tool.refuses = {"test"}
    for _ in range(6):
        service.join()
        service.tell()
    assert tool.kinds.count("joined") == 6
    assert tool.kinds.count("test") >= 3
    assert service.target(hook.id).next_at - service.clock.real() < dt.timedelta(minutes=1)


def test_what_nobody_took_for_three_days_is_given_up(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    tool.status = 500
    service.join()
    service.tell()
    service.clock.forward(GIVEN_UP_AFTER)
    service.tell()
    assert [each.state for each in service.sends()] == ["given_up"]
    assert service.target(hook.id).trouble == "it answers 500"
    assert service.target(hook.id).ended_at is None


def test_a_hook_that_says_it_is_gone_is_told_nothing_more(service: Service, tool: Tool) -> None:
    service.hook(tool.url)
    tool.status = 410
    service.join()
    service.tell()
    service.join()
    assert service.tell() == 0
    assert len(tool.heard) == 1
    assert {each.state for each in service.sends()} == {"given_up"}


def test_a_redirect_is_not_followed(service: Service, tool: Tool) -> None:
    with listening() as elsewhere:
        hook = service.hook(tool.url)
        tool.status, tool.headers = 302, {"Location": elsewhere.url}
        service.join()
        service.tell()
        assert elsewhere.heard == []
    assert service.target(hook.id).trouble == "it answers 302"


def test_a_slow_hook_does_not_hold_up_another(
    service: Service, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as slow:
        slow.slow = Event()
        waiting, quick = service.hook(slow.url), service.hook(tool.url)
        service.join()
        monkeypatch.setattr(hook_calls, "HookNetwork", lambda *, local: HookNetwork(local=local, seconds=0.5))
        service.tell()
        slow.slow.set()
    assert len(tool.heard) == 1
    assert service.target(quick.id).failures == 0
    assert service.target(waiting.id).trouble == "no answer in time"


def test_whoever_dies_while_calling_leaves_it_to_the_next(service: Service, tool: Tool) -> None:
    service.hook(tool.url)
    service.join()

    def dies(coroutine: Any) -> None:
        coroutine.close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell_hooks(service.transport, local=True, run=dies)
    # Another worker does not take what is being told already.
    assert service.tell() == 0
    service.clock.forward(LEASE)
    assert service.tell() == 1
    assert len(tool.heard) == 1


def test_a_hook_is_tried_out_at_once(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    with service.database.write() as session:
        send = add_test(
            session, session.get_one(WebhookTarget, hook.id), service.clock.now(), service.clock.real()
        )
    heard = asyncio.run(call_now(service.database, service.clock, hook, send.id, local=True))
    assert (heard.taken, tool.kinds) == (True, ["test"])
    assert service.tell() == 0


class Names(AbstractResolver):
    """Says of every name that it is at these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.addresses
        ]

    async def close(self) -> None:
        return


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("169.254.169.254",), ("8.8.8.8", "10.0.0.1"), ("::1",)]
)
def test_a_name_that_leads_inside_is_not_called(addresses: tuple[str, ...], tool: Tool) -> None:
    port = tool.url.split(":")[2].split("/")[0]

    async def call() -> str | None:
        async with HookNetwork(local=False, resolver=Names(*addresses), seconds=2) as network:
            return (await network.post(f"https://tools.example.org:{port}/", b"{}", {})).trouble

    assert asyncio.run(call()) == INSIDE
    assert tool.heard == []


def test_an_address_inside_that_was_allowed_once_is_not_called(service: Service, tool: Tool) -> None:
    hook = service.hook(tool.url)
    service.join()
    tell_hooks(service.transport, local=False)
    assert tool.heard == []
    assert service.target(hook.id).trouble == INSIDE
