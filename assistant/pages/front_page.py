"""GET /: what this is, and how to sign in: by text, since no form of ours takes a number."""

from __future__ import annotations

from flask import Blueprint, Response

from assistant.pages.page_showing import show


def front_page() -> Blueprint:
    """`/`."""
    pages = Blueprint("front", __name__)

    @pages.get("/")
    def front() -> Response:
        return show("front.html", page="front")

    return pages
