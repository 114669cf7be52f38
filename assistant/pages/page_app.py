"""The application of the pages: headers, forged forms refused, errors as pages, and every blueprint."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from flask import Flask, Request, Response, abort, request, send_from_directory
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from assistant import fake_twilio
from assistant.logs import get_log
from assistant.pages.flows.flow_pages import flow_pages
from assistant.pages.flows.flow_play import BeginPlay, Plays
from assistant.pages.flows.play_pages import OF_PLAYS, play_pages
from assistant.pages.front_page import front_page
from assistant.pages.host.host_pages import host_pages
from assistant.pages.media_pages import media_pages
from assistant.pages.mine.my_pages import my_pages
from assistant.pages.mine.settings_pages import settings_pages
from assistant.pages.operator.operator_pages import operator_pages
from assistant.pages.organizer.file_pages import LARGEST_FILE, file_pages
from assistant.pages.organizer.organizer_pages import organizer_pages
from assistant.pages.page_showing import show
from assistant.pages.public.join_pages import join_pages
from assistant.pages.public.legal_pages import legal_pages
from assistant.pages.request_limits import OF_LINKS, limit_requests, where_from
from assistant.pages.sign_in_pages import sign_in_pages
from assistant.pages.visitors import look_who_it_is

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = get_log("pages")

SHARED_LOOK: Final = Path(fake_twilio.__file__).parent / "static"
SHARED_FILES: Final = frozenset({"pico.min.css", "look.css", "phone.svg"})
"""What the pages share with the page of phones, of which it knows nothing."""

# Nothing but our own files, no script or style within a page, no frame around one.
CONTENT_POLICY: Final = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
OURS: Final = frozenset({None, "same-origin", "none"})
"""What a browser says about where a form of ours was sent from; old ones say nothing."""
LARGEST_FORM: Final = 64 * 1024
"""Bytes."""
LARGER: Final = {"files.bring": LARGEST_FILE + LARGEST_FORM}
"""What may be larger: a file of people."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class FormRequest(Request):
    """A request whose files are never put on a disk, where they would lie open."""

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> IO[bytes]:
        return BytesIO()


def make_pages(runtime: Runtime, begin_play: BeginPlay) -> Flask:
    """Everything that people look at, as an application of its own.

    Args:
        begin_play: Begins a flow that is played on a page; worlds are not ours to know.
    """
    app = Flask("assistant.pages", static_folder=None)
    secure = runtime.settings.public_url.startswith("https:")
    app.request_class = FormRequest
    app.config.update(
        SECRET_KEY=runtime.settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        SESSION_COOKIE_NAME="form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A page says nothing about where one came from (no-referrer), so its forms cannot be checked by it.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions["runtime"] = runtime
    Talisman(
        app,
        # A proxy with TLS stands before us and sends people there.
        force_https=False,
        strict_transport_security=secure,
        session_cookie_secure=secure,
        session_cookie_samesite="Lax",
        frame_options="DENY",
        referrer_policy="no-referrer",
        content_security_policy=CONTENT_POLICY,
    )
    app.before_request(_take_files)
    app.before_request(_refuse_from_elsewhere)
    limiter = limit_requests()
    limiter.init_app(app)
    CSRFProtect(app)
    app.before_request(look_who_it_is)
    app.after_request(_keep_nothing)
    app.register_error_handler(Exception, _explain)
    app.add_url_rule("/static/<name>", "static", _static)
    app.register_blueprint(front_page())
    links = sign_in_pages()
    limiter.limit(OF_LINKS, key_func=where_from)(links)
    app.register_blueprint(links)
    joins = join_pages()
    # Words of circles can be tried, too.
    limiter.limit(OF_LINKS, key_func=where_from)(joins)
    app.register_blueprint(joins)
    app.register_blueprint(legal_pages())
    app.register_blueprint(host_pages())
    app.register_blueprint(my_pages())
    app.register_blueprint(settings_pages())
    app.register_blueprint(media_pages())
    app.register_blueprint(operator_pages())
    app.register_blueprint(flow_pages())
    app.register_blueprint(organizer_pages())
    app.register_blueprint(file_pages())
    plays = play_pages(
        Plays(
            begin_play,
            runtime.services.book,
            secret=app.config["SECRET_KEY"],
            service=runtime.settings.service_name,
            contact=runtime.settings.support_contact,
        )
    )
    limiter.limit(OF_PLAYS)(plays)
    app.register_blueprint(plays)
    return app


def _take_files() -> None:
    """Let one form be larger than others, before anything of it is read."""
    if request.endpoint in LARGER:
        request.max_content_length = LARGER[request.endpoint]


def _refuse_from_elsewhere() -> None:
    """Refuse a form that another site sent, before its token is looked at."""
    if request.method not in SAFE and request.headers.get("Sec-Fetch-Site") not in OURS:
        abort(403)


def _keep_nothing(response: Response) -> Response:
    # A page must not be found in a browser's cache by whoever holds the phone next.
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _static(name: str) -> Response:
    """A file of our own, or one of the look that all pages share."""
    folder = SHARED_LOOK if name in SHARED_FILES else Path(__file__).parent / "static"
    return send_from_directory(folder, name, max_age=3600)


def _explain(error: Exception) -> Response:
    """A page that says what to do; for our own mistakes not a word about them."""
    if isinstance(error, CSRFError):
        return show("error.html", page="errors", status=400, what="form")
    if isinstance(error, HTTPException) and error.code is not None:
        if error.response is not None or error.code < 400:
            return error.get_response()  # type: ignore[return-value]
        what = {403: "forbidden", 404: "missing", 413: "large", 429: "often"}.get(error.code, "refused")
        return show("error.html", page="errors", status=error.code, what=what)
    # What a page was asked for with may be a key to it.
    log.error("page failed", endpoint=request.endpoint, exc_info=error)
    return show("error.html", page="errors", status=500, what="ours")
