"""Who is looking: the session that a browser's cookie stands for, asked anew at every request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Final, ParamSpec

from flask import Response, current_app, g, request

from assistant.circles.people.page_sessions import FRESH_FOR, SIGNED_IN_FOR, session_of
from assistant.pages.page_showing import runtime_here, show

P = ParamSpec("P")

PLAIN_NAME: Final = "circle"
SECURE_NAME: Final = "__Host-circle"
"""By which a browser keeps it to this very host, and to TLS."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who is signed in. What they may see is for each page to ask."""

    person_id: int
    name: str | None
    language: str | None
    plain: bool
    """Others see the phone, and may see this screen."""
    fresh: bool
    """The phone has proved minutes ago who it is: words may be shown, and what cannot be mended be done."""


def look_who_it_is() -> None:
    """Find the visitor of this request, before every page."""
    g.visitor = None
    cookie = request.cookies.get(cookie_name())
    if not cookie:
        return
    runtime = runtime_here()
    now = runtime.clock.now()
    with runtime.database.read() as session:
        found = session_of(session, cookie, now)
    if found is not None:
        row, person = found
        fresh = row.began_at > now - FRESH_FOR
        g.visitor = Visitor(person.id, person.name, person.language, person.plain, fresh)


def visitor_here() -> Visitor:
    """The visitor of a page that is for those who are signed in (`signed_in`)."""
    visitor: Visitor = g.visitor
    return visitor


def signed_in(view: Callable[P, Response]) -> Callable[P, Response]:
    """Show a page to whoever is signed in; to all others how that is done."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        if g.visitor is None:
            return show("sign_in/how.html", page="sign_in", status=401)
        return view(*args, **kwargs)

    return guarded


def freshly(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let in only whose phone has proved minutes ago who it is; all others are asked for a new link first."""

    @signed_in
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        if not visitor_here().fresh:
            return show("sign_in/again.html", page="sign_in", status=403)
        return view(*args, **kwargs)

    return guarded


def cookie_name() -> str:
    """What the cookie is called that holds a session's key."""
    return SECURE_NAME if current_app.config["SESSION_COOKIE_SECURE"] else PLAIN_NAME


def keep(answer: Response, cookie: str) -> Response:
    """Have the browser keep a session's key until the session ends."""
    answer.set_cookie(
        cookie_name(),
        cookie,
        max_age=int(SIGNED_IN_FOR / dt.timedelta(seconds=1)),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return answer


def forget(answer: Response) -> Response:
    """Have the browser forget the session's key."""
    answer.delete_cookie(cookie_name(), path="/", secure=current_app.config["SESSION_COOKIE_SECURE"])
    return answer
