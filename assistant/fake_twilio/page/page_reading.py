"""Reads what the page asks for, and answers what cannot be in a sentence that the page shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web


async def read_asked(request: web.Request) -> Mapping[str, Any]:
    """Read a JSON object.

    Raises:
        HTTPBadRequest: It is none.
    """
    try:
        given = json.loads(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise cannot("Send a JSON object.")
    return given


def read_fields(given: Mapping[str, Any], name: str) -> dict[str, str]:
    """Read an object of texts that may be missing.

    Raises:
        HTTPBadRequest: It is something else.
    """
    fields = given.get(name) or {}
    if not isinstance(fields, dict):
        raise cannot(f"{name} must be a JSON object.")
    return {str(key): str(value) for key, value in fields.items()}


def cannot(sentence: str) -> web.HTTPBadRequest:
    """Say why something cannot be done."""
    return web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")
