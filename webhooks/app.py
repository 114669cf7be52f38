"""Wires every page of the service into one Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from assistant.delivery.recorder import Recorder
from assistant.logs import get_log
from webhooks import health, media_door, metrics, service_clock, twilio_webhooks, voice_door
from webhooks.late_pages import LatePages

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = get_log("webhooks")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(runtime: Runtime) -> Flask:
    """The application of one process. Its recorder starts at once, and puts in what was left on the spool."""
    app = Flask("webhooks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = twilio_webhooks.LARGEST_BODY
    spool = runtime.spool
    recorder = Recorder(
        runtime.database,
        spool,
        lambda: runtime.wakeups.wake("inbox"),
        missed=lambda: runtime.wakeups.wake("log"),
    )
    recorder.start()
    app.extensions["recorder"] = recorder
    counted = metrics.Metrics(metrics.Waiting(runtime, spool))
    app.register_blueprint(health.pages(runtime, spool))
    app.register_blueprint(media_door.door(runtime))
    app.register_blueprint(voice_door.door(runtime))
    token = runtime.settings.metrics_token
    app.register_blueprint(metrics.page(counted, token.get_secret_value() if token else None))
    if runtime.settings.time_travel and runtime.settings.local_carrier:
        app.register_blueprint(service_clock.door(runtime))
    app.wsgi_app = twilio_webhooks.Doors(  # type: ignore[method-assign]
        runtime, recorder, counted, LatePages(app, app.wsgi_app, runtime), HEADERS
    )
    app.after_request(_protect)
    app.register_error_handler(Exception, _explain)
    return app


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _explain(error: Exception) -> Response | HTTPException:
    """One line of plain text, and for our own mistakes not a word about them."""
    if isinstance(error, HTTPException) and error.code is not None:
        headers = {name: value for name, value in error.get_headers() if name == "Allow"}
        return Response(f"{error.name}\n", error.code, headers, content_type="text/plain; charset=utf-8")
    log.error("request failed", exc_info=error)
    return Response("Internal Server Error\n", 500, content_type="text/plain; charset=utf-8")
