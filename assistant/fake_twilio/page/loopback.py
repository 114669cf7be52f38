"""Keeps the carrier to this machine: by address, by name, and by the page that asks."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


def open_to_this_machine() -> Middleware:
    """Make a middleware that answers this machine only, by a name of its own, and no foreign page.

    A page elsewhere whose name was pointed at this machine (DNS rebinding) is its own origin, not our host.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_loopback(request.remote) or not _is_loopback(_name_of(request.host)):
            raise web.HTTPForbidden(text="The local carrier is open to this machine only.\n")
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="The local carrier is open to its own page only.\n")
        return await handler(request)

    return guard


def _name_of(host: str) -> str:
    name = urlsplit(f"//{host}").hostname or ""
    return "127.0.0.1" if name == "localhost" else name


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
