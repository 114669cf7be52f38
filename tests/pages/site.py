"""A world with phones, and its pages: what is texted there opens here."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from types import SimpleNamespace
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from assistant.pages.page_app import make_pages
from assistant.runtime import Runtime
from assistant.settings.values import SegmentPrice
from assistant.simulation.flow_playing import FlowPlay
from assistant.simulation.transcript import play_in
from assistant.simulation.world import World

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LINK = re.compile(r"https://circle\.example(/go/\S+)")


def pages_of(world: World, price: SegmentPrice | None = None) -> Flask:
    """The pages over a world's own database, clock and flows."""
    settings = SimpleNamespace(
        public_url="http://localhost",
        service_name="Circle",
        number="+14155550100",
        support_contact="help@circle.example",
        default_country="US",
        segment_price=price,
        secret_key=SimpleNamespace(get_secret_value=lambda: "a key of the pages' tests"),
    )
    runtime = SimpleNamespace(
        services=world.services,
        database=world.database,
        clock=world.clock,
        settings=settings,
        redis=SimpleNamespace(ping=lambda: True),
        spool=SimpleNamespace(size=lambda: 0),
    )
    return make_pages(cast("Runtime", runtime), FlowPlay)


class Site:
    """A world and its pages."""

    def __init__(self, world: World, price: SegmentPrice | None = None) -> None:
        self.world = world
        self.app = pages_of(world, price)
        self._addresses = IPv4Network("198.18.0.0/15").hosts()

    def play(self, script: str) -> str:
        """What a transcript's people do happens here."""
        return play_in(self.world, script)

    def text(self, name: str, words: str) -> list[str]:
        """Text something; return what comes back to that phone."""
        before = len(self.world.heard)
        self.world.text(name, words)
        self.world.settle()
        number = self.world.number(name)
        return [each.body for each in self.world.heard[before:] if each.to == number]

    def link(self, name: str, words: str = "PAGE") -> str:
        """The path of a link that was texted to whoever asked."""
        for body in self.text(name, words):
            if found := LINK.search(body):
                return found[1]
        raise AssertionError(f"no link came to {name}")

    def elsewhere(self) -> str:
        """The address of a browser nobody had before: what may be tried in a minute is counted for each."""
        return str(next(self._addresses))

    def browser(self) -> Visit:
        """A browser that is signed in nowhere, behind the proxy."""
        client = self.app.test_client()
        client.environ_base["HTTP_X_FORWARDED_FOR"] = self.elsewhere()
        return Visit(client)

    def signed_in(self, name: str, words: str = "PAGE") -> Visit:
        """A browser in which somebody has opened their link."""
        visit, link = self.browser(), self.link(name, words)
        visit.get(link)
        assert visit.post(link).status_code == 303
        return visit


class Visit:
    """One browser: it keeps cookies, and sends with each form the token that the last page gave it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        return self._seen(self.client.get(path, **more))

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self._seen(self.client.post(path, data={"csrf_token": self.token, **(form or {})}, **more))

    def _seen(self, answer: TestResponse) -> TestResponse:
        if answer.mimetype == "text/html" and (found := TOKEN.search(answer.text)):
            self.token = found[1]
        return answer
