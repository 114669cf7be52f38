"""The operator's page and its few buttons; anyone else finds nothing there."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec

from flask import Blueprint, Response, abort, redirect, request, url_for

from assistant.circles.people.audit import record
from assistant.circles.people.permissions import is_operator
from assistant.conversations.inbox import try_set_aside_again
from assistant.pages.operator.service_view import read_service, registration_of
from assistant.pages.page_showing import runtime_here, show
from assistant.pages.visitors import freshly, signed_in, visitor_here
from assistant.safety.danger_labels import label, read_words
from assistant.store.tables.operation_tables import LABELS

P = ParamSpec("P")


def operating(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let in operators; for everyone else who is signed in there is no such page."""

    @signed_in
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        with runtime_here().database.read() as session:
            if not is_operator(session, visitor_here().person_id):
                abort(404)
        return view(*args, **kwargs)

    return guarded


def operator_pages() -> Blueprint:
    """`/service` and what is done there."""
    pages = Blueprint("operator", __name__)
    registration = cache(lambda: registration_of(runtime_here()))

    @pages.get("/service")
    @operating
    def service() -> Response:
        runtime = runtime_here()
        with runtime.database.read() as session:
            view = read_service(runtime, session, registration())
        return show("operator/service.html", page="operator", view=view, kinds=LABELS)

    @pages.post("/service/retry")
    @operating
    def retry() -> Response:
        runtime = runtime_here()
        with runtime.database.write() as session:
            count = try_set_aside_again(session)
            by = visitor_here().person_id
            record(session, "try set-aside texts again", runtime.clock.now(), by=by, texts=count)
        if count:
            runtime.services.wake("inbox")
        return redirect(url_for("operator.service", _anchor="aside"), 303)  # type: ignore[return-value]

    # Words: whoever is no operator finds nothing, before anybody is asked for a fresh link.
    @pages.post("/service/danger/<int:inbox_id>")
    @operating
    @freshly
    def words(inbox_id: int) -> Response:
        runtime = runtime_here()
        with runtime.database.write() as session:
            found = read_words(session, inbox_id, visitor_here().person_id, runtime.clock.now())
        if found is None:
            abort(404)
        return show("operator/words.html", page="operator", words=found, inbox_id=inbox_id, kinds=LABELS)

    @pages.post("/service/danger/<int:inbox_id>/label")
    @operating
    def say_what(inbox_id: int) -> Response:
        runtime, kind = runtime_here(), request.form.get("kind", "")
        with runtime.database.write() as session:
            if not label(session, inbox_id, kind, visitor_here().person_id, runtime.clock.now()):
                abort(400)
        return redirect(url_for("operator.service", _anchor="danger"), 303)  # type: ignore[return-value]

    return pages
