"""Reads requests and writes answers as all parts of Twilio's REST API do: forms, JSON, pages, refusals."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.wire import as_refusal

DEFAULT_PAGE = 50
LARGEST_PAGE = 1000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Form = Mapping[str, list[str]]


class Login:
    """The account's login and the limit of requests a second, before everything else."""

    def __init__(self, carrier: LocalCarrier) -> None:
        self._carrier = carrier
        login = f"{carrier.account_sid}:{carrier.auth_token}".encode()
        self._authorization = b"Basic " + base64.b64encode(login)

    def guard(self, handler: Handler) -> Handler:
        """Return a handler that asks for the login first, and writes refusals as Twilio does."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                given = request.headers.get("Authorization", "").encode()
                if not hmac.compare_digest(given, self._authorization):
                    raise Refusal(20003)
                if request.match_info.get("account", self._carrier.account_sid) != self._carrier.account_sid:
                    raise Refusal(20404, what=request.path)
                self._carrier.admit()
                return await handler(request)
            except Refusal as refusal:
                return json_answer(as_refusal(refusal), refusal.status)

        return answer


def json_answer(body: Mapping[str, Any], status: int = 200) -> web.Response:
    """Write an answer."""
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")


async def take_or_refuse(carrier: LocalCarrier) -> None:
    """Take as long as the faults say, and answer 503 without doing anything where they say that.

    Raises:
        Refusal: 20503, nothing was done.
    """
    if carrier.faults.latency_ms:
        await asyncio.sleep(carrier.faults.latency_ms / 1000)
    if carrier.strikes("refuse"):
        raise Refusal(20503)


def give_or_lose(carrier: LocalCarrier, request: web.Request, answer: web.Response) -> web.Response:
    """Return an answer to what was done, or lose it where the faults say so.

    Raises:
        Refusal: 20500, which is one way of losing it.
    """
    if not carrier.strikes("lose"):
        return answer
    if carrier.faults.lose_how == "500":
        raise Refusal(20500)
    if request.transport is not None:
        request.transport.abort()
    return answer


async def read_form(request: web.Request) -> Form:
    """Read a form, empty values too."""
    return parse_qs((await request.read()).decode(errors="replace"), keep_blank_values=True)


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        Refusal: 20001, it is none.
    """
    try:
        given = json.loads(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal(20001, what="The body must be a JSON object")
    return given


def first(form: Form, name: str) -> str:
    """Return a field's first value; "" where there is none."""
    return form.get(name, [""])[0]


def number(text: str | None, default: int) -> int:
    """Read a whole number, or give the default."""
    return int(text) if text and text.isdecimal() else default


def page_size(query: Mapping[str, str]) -> int:
    """Return how many rows a page was asked to have."""
    return min(max(number(query.get("PageSize"), DEFAULT_PAGE), 1), LARGEST_PAGE)


def only_page(request: web.Request, key: str, rows: Sequence[Mapping[str, Any]]) -> web.StreamResponse:
    """Write the one page of a list that is always short."""
    return json_answer(
        {
            key: rows,
            "page": 0,
            "page_size": DEFAULT_PAGE,
            "start": 0,
            "end": max(len(rows) - 1, 0),
            "uri": request.path_qs,
            "first_page_uri": request.path_qs,
            "next_page_uri": None,
            "previous_page_uri": None,
        }
    )


def meta_page(
    request: web.Request, host: str, key: str, rows: Iterable[Mapping[str, Any]]
) -> web.StreamResponse:
    """Write a page of the newer parts of the API (/v1/…), whose pages are told of under "meta"."""
    size, page = page_size(request.query), number(request.query.get("Page"), 0)
    shown = list(islice(rows, page * size, (page + 1) * size + 1))

    def address(place: int) -> str:
        return f"https://{host}{request.path}?{urlencode({'PageSize': size, 'Page': place})}"

    return json_answer(
        {
            key: shown[:size],
            "meta": {
                "key": key,
                "page": page,
                "page_size": size,
                "url": address(page),
                "first_page_url": address(0),
                "next_page_url": address(page + 1) if len(shown) > size else None,
                "previous_page_url": address(page - 1) if page else None,
            },
        }
    )
