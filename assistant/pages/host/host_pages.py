"""The host's page and what its buttons do; whoever answers for circles lands on a list of them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, request, url_for

from assistant.circles.people.permissions import all_organized, hosted_by, is_operator
from assistant.pages.host.circle_view import CircleView, Held, held_now, read_circle
from assistant.pages.host.doings import DOINGS, Asked, Doing, Values
from assistant.pages.page_showing import runtime_here, show
from assistant.pages.page_turns import Done, NotHere, act
from assistant.pages.visitors import signed_in, visitor_here
from assistant.safety.danger_reader import read_danger
from assistant.store.tables import Circle, Cohort, Person

PREVIEWED = ("check_in", "say")
"""What is shown as others will read it, before a second press sends it."""


def host_pages() -> Blueprint:
    """`/circles`, `/circle/CODE` and what is done there."""
    pages = Blueprint("host", __name__)

    @pages.get("/circles")
    @signed_in
    def circles() -> Response:
        runtime, visitor = runtime_here(), visitor_here()
        with runtime.database.read() as session:
            person = session.get_one(Person, visitor.person_id)
            hosted = hosted_by(session, person.id)
            # Whoever founded the circle that they host has no other page of it to choose.
            ids = {circle.id for circle in hosted}
            organizes = any(
                isinstance(each, Cohort) or each.id not in ids for each in all_organized(session, person.id)
            )
            operates = is_operator(session, person.id)
        if operates and not hosted and not organizes:
            return _to("operator.service")
        if organizes and not hosted and not operates:
            return _to("organizer.home")
        if len(hosted) == 1 and not organizes and not operates:
            return _to("host.circle", code=hosted[0].code)
        if not hosted and not organizes:
            return _to("mine.page")
        return show("host/circles.html", page="host", hosted=hosted, organizes=organizes, operates=operates)

    @pages.get("/circle/<code>")
    @signed_in
    def circle(code: str) -> Response:
        view, hosted = _read(code)
        return show(
            "host/circle.html",
            page="host",
            language=view.language,
            view=view,
            hosted=hosted,
            fresh=visitor_here().fresh,
        )

    @pages.post("/circle/<code>/<what>")
    @signed_in
    def do(code: str, what: str) -> Response:
        doing = DOINGS.get(what)
        if doing is None:
            abort(404)
        view, _ = _read(code)
        if doing.fresh and not visitor_here().fresh:
            return show("sign_in/again.html", page="sign_in", status=403, language=view.language)
        asked = Asked(request.form, view.now.date(), {seat.id: seat for seat in view.others})
        values = doing.values(asked)
        if values is None:
            abort(400)
        if doing.writes and doing.flow != "alert_reply" and not request.form.get("meant"):
            danger = read_danger(asked.written, view.language)
            if danger.level == "sure" and "?" not in asked.written:
                return _ask_first(view, what, "danger")
        return _done(view, what, _act(view.circle, what, doing, values))

    return pages


def _read(code: str) -> tuple[CircleView, list[Circle]]:
    """Return a circle that is the visitor's to host, and all of those; for anyone else there is none."""
    runtime, visitor = runtime_here(), visitor_here()
    with runtime.database.read() as session:
        person = session.get_one(Person, visitor.person_id)
        try:
            view = read_circle(runtime, session, person, code)
        except NotHere:
            view = None
        hosted = list(hosted_by(session, person.id)) if view is not None else []
    if view is None:
        abort(404)
    return view, hosted


def _act(circle: Circle, what: str, doing: Doing, values: Values) -> Done:
    """Do it, and what a text would have led to right after it without another question."""
    done = _step(circle, doing.flow, doing.step, values)
    if what == "show" and done.outcome == "several":
        return _step(circle, "show", "take", values)
    if what in PREVIEWED and done.outcome == "ready":
        return _step(circle, "preview", "show", dict(done.values))
    if what == "send" and done.outcome == "fresh":
        return _step(circle, "send", "send", {})
    if what == "answers" and done.outcome == "readable":
        return _join(done, _step(circle, "status", "read", dict(done.values)))
    return done


def _step(circle: Circle, flow: str, step: str, values: Values) -> Done:
    try:
        return act(runtime_here(), visitor_here().person_id, flow, step, circle_id=circle.id, values=values)
    except NotHere:
        abort(403)


def _join(first: Done, then: Done) -> Done:
    return Done(then.outcome, then.values, [*first.said, *then.said], [*first.along, *then.along])


def _done(view: CircleView, what: str, done: Done) -> Response:
    """Show what came of it, with what can be done next."""
    if DOINGS[what].flow == "alert_reply" and done.outcome in ("number", "danger"):
        return _ask_first(view, what, done.outcome, passed=str(done.values.get("passed", "")))
    return show(
        "host/done.html",
        page="host",
        language=view.language,
        view=view,
        what=what,
        done=done,
        held=_held(view),
    )


def _ask_first(view: CircleView, what: str, why: str, passed: str = "") -> Response:
    """Ask before words go that hold a number, or that may be about the host."""
    fields = {name: request.form[name] for name in ("alert", "seat", "words") if name in request.form}
    return show(
        "host/ask_first.html",
        page="host",
        language=view.language,
        view=view,
        what=what,
        why=why,
        fields=fields,
        passed=passed,
    )


def _held(view: CircleView) -> Held | None:
    runtime = runtime_here()
    with runtime.database.read() as session:
        return held_now(session, visitor_here().person_id, runtime.clock.now(), ZoneInfo(view.circle.zone))


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[return-value]
