"""The service's clock, for the page with the phones to show and to move; only with TIME_TRAVEL=1."""

from __future__ import annotations

from ipaddress import ip_address
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, request

from webhooks.signature import Signature
from webhooks.twilio_webhooks import Refused, signed_form

if TYPE_CHECKING:
    from assistant.runtime import Runtime


def door(runtime: Runtime) -> Blueprint:
    """GET /clock shows it; POST /clock {To: "to monday 9:00"}, signed as webhooks are, moves it.

    What it takes to let time pass is imported when it is first asked for: a web process that takes texts does
    without.
    """
    pages = Blueprint("clock", __name__)
    settings = runtime.settings
    signature = Signature(settings.public_url, settings.twilio_auth_token.get_secret_value())
    moving = Lock()

    @pages.before_request
    def from_here_only() -> None:
        if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - no address, no answer
            abort(403)

    @pages.get("/clock")
    def show() -> Response:
        return jsonify(_shown(runtime))

    @pages.post("/clock")
    def move() -> tuple[Response, int]:
        try:
            form = signed_form(request.environ, signature, settings.twilio_account_sid)
        except Refused as refused:
            return jsonify(error=refused.why), refused.status
        if not moving.acquire(blocking=False):
            return jsonify(error="Time is on its way already; wait until it is there."), 409
        try:
            _move(runtime, str(form.get("To", "")))
        except ValueError as error:
            return jsonify(error=str(error)), 400
        finally:
            moving.release()
        return jsonify(_shown(runtime)), 200

    return pages


def _shown(runtime: Runtime) -> dict[str, Any]:
    """The service's time now, where "Monday morning" is, and when it was moved how far."""
    from assistant.runtime import moving_clock
    from assistant.simulation.time_travel import home_zone
    from assistant.store.clock_offset import read_moves

    with runtime.database.read() as session:
        zone = home_zone(session)
    return {
        "now": moving_clock(runtime).now().isoformat(),
        "zone": str(zone),
        "moves": read_moves(runtime.database),
    }


def _move(runtime: Runtime, said: str) -> None:
    """Let time pass until then.

    Raises:
        ValueError: that is no time to go to.
    """
    from assistant.runtime import moving_clock
    from assistant.schedule.destinations import destination
    from assistant.simulation.time_travel import home_zone, travel

    clock = moving_clock(runtime)
    with runtime.database.read() as session:
        zone = home_zone(session)
    travel(runtime.services, clock, destination(said, clock.now(), zone))
