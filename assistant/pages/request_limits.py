"""How many requests one browser may make: enough for anyone who reads, too few to try keys or tire us out."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import ip_address
from typing import Final

from flask import request
from flask_limiter import Limiter

from assistant.pages.visitors import cookie_name

USUAL: Final = "240 per minute"
OF_LINKS: Final = "30 per minute"
"""Of what may be tried without being signed in: keys are far too long to be found so."""


def limit_requests() -> Limiter:
    """Count in this process's memory: what is lost with it is a minute's counts."""
    return Limiter(_who, default_limits=[USUAL], storage_uri="memory://", headers_enabled=False)


def where_from() -> str:
    """Where a request comes from: the proxy on this machine says for whom it asks, and nobody else may."""
    here = request.remote_addr or ""
    try:
        trusted = ip_address(here).is_loopback
    except ValueError:
        trusted = False
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if trusted and forwarded else here


def _who() -> str:
    cookie = request.cookies.get(cookie_name())
    return sha256(cookie.encode()).hexdigest() if cookie else where_from()
