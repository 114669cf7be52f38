"""The link that was texted, shown to whoever looks and used up by whoever presses Continue; signing out."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, request, url_for

from assistant.circles.people.page_sessions import end_session, link_of, open_link
from assistant.pages.page_showing import runtime_here, show
from assistant.pages.visitors import cookie_name, forget, keep
from assistant.store.tables import Person

LANDS: Final = {"host": "host.circles", "mine": "mine.page"}


def sign_in_pages() -> Blueprint:
    """`/go/KEY` and `/sign-out`."""
    pages = Blueprint("sign_in", __name__)

    @pages.get("/go/<key>")
    def look(key: str) -> Response:
        # What fetches links to show what is behind them gets this far, and has used nothing up.
        runtime = runtime_here()
        with runtime.database.read() as session:
            link = link_of(session, key, runtime.clock.now())
            person = session.get_one(Person, link.person_id) if link is not None else None
        if person is None:
            return show("sign_in/over.html", page="sign_in", status=410)
        return show("sign_in/continue.html", page="sign_in", language=person.language, plain=person.plain)

    @pages.post("/go/<key>")
    def enter(key: str) -> Response:
        runtime = runtime_here()
        with runtime.database.write() as session:
            opened = open_link(session, key, runtime.clock.now())
        if opened is None:
            return show("sign_in/over.html", page="sign_in", status=410)
        link, cookie = opened
        # See other: the key is in no address that this browser goes back to.
        return keep(_to(LANDS[link.landing]), cookie)

    @pages.post("/sign-out")
    def leave() -> Response:
        runtime = runtime_here()
        if cookie := request.cookies.get(cookie_name()):
            with runtime.database.write() as session:
                end_session(session, cookie, runtime.clock.now())
        return forget(_to("front.front"))

    return pages


def _to(endpoint: str) -> Response:
    return redirect(url_for(endpoint), 303)  # type: ignore[return-value]
