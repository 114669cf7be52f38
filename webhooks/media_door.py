"""The door at which the carrier fetches pictures and voice notes that go along with a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort

from assistant.delivery.media_links import fetch

if TYPE_CHECKING:
    from assistant.runtime import Runtime


def door(runtime: Runtime) -> Blueprint:
    """Make the door; whatever is wrong with a link, it is not found."""
    pages = Blueprint("media", __name__)

    @pages.get("/webhooks/media/<name>")
    def show(name: str) -> Response:
        key = runtime.settings.secret_key.get_secret_value().encode()
        with runtime.database.read() as session:
            found = fetch(session, key, name, runtime.clock.real())
        if found is None:
            abort(404)
        return Response(found.data, content_type=found.content_type)

    return pages
