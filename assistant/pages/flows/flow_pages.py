"""The pages of flows, for organizers and operators; who stands where is counted for operators alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Blueprint, Response, abort, g, request

from assistant.circles.people.permissions import hearing_of
from assistant.circles.reports.flow_counts import ALL, standing_in
from assistant.circles.reports.status_counts import SAFETY_FLOWS
from assistant.circles.reports.suppression import FEWEST
from assistant.engine.flow_model import Flow
from assistant.pages.flows.flow_diagram import lay_out
from assistant.pages.flows.flow_view import difference, steps_of, versions_of
from assistant.pages.page_showing import runtime_here, show
from assistant.pages.visitors import signed_in, visitor_here

P = ParamSpec("P")


def looking(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let in organizers and operators; for everyone else who is signed in there is no such page."""

    @signed_in
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        person_id = visitor_here().person_id
        with runtime_here().database.read() as session:
            hears = hearing_of(session, [person_id])[person_id]
        if not hears & {"organizer", "operator"}:
            abort(404)
        g.operates = "operator" in hears
        return view(*args, **kwargs)

    return guarded


def flow_pages() -> Blueprint:
    """`/flows` and `/flows/NAME`."""
    pages = Blueprint("flows", __name__)

    @pages.get("/flows")
    @looking
    def every() -> Response:
        flows = sorted(runtime_here().services.book.flows.values(), key=lambda flow: flow.name)
        return show("flows/flows.html", page="flows", flows=flows, operates=g.operates)

    @pages.get("/flows/<name>")
    @looking
    def one(name: str) -> Response:
        flow = flow_of(name)
        with runtime_here().database.read() as session:
            standing = standing_in(session, name) if g.operates else {}
            fewest = FEWEST if g.operates and name not in SAFETY_FLOWS else None
            versions = versions_of(session, flow, fewest)
            since = request.args.get("since", "")
            changed = difference(session, flow, since) if since else None
        if since and changed is None:
            abort(404)
        return show(
            "flows/flow.html",
            page="flows",
            flow=flow,
            diagram=lay_out(flow),
            steps=steps_of(flow),
            standing=standing,
            everyone=standing.get(ALL),
            versions=versions,
            since=since,
            changed=changed,
            operates=g.operates,
            price=runtime_here().settings.segment_price,
        )

    return pages


def flow_of(name: str) -> Flow:
    """Return today's flow of this name; without one there is no such page."""
    found = runtime_here().services.book.flows.get(name)
    if found is None:
        abort(404)
    return found
