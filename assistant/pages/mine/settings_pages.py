"""What the buttons of a member's settings do: each gives a command, and what it asks is answered here."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, abort, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from assistant.language.languages import spoken
from assistant.pages.mine.settings_view import BUTTONS, LONGEST_GIVEN, WEEKS, setting_text
from assistant.pages.page_commands import Came, answer, give
from assistant.pages.page_showing import reader_language, runtime_here, show
from assistant.pages.page_turns import NotHere
from assistant.pages.visitors import signed_in, visitor_here
from assistant.store.tables import Person

GOOD_FOR: Final = 30 * 60
"""Seconds that a question on a page can be answered."""


def settings_pages() -> Blueprint:
    """`/me/settings`: what is pressed on `/me`, and what that asked."""
    pages = Blueprint("settings", __name__)

    @pages.post("/me/settings")
    @signed_in
    def press() -> Response:
        button = BUTTONS.get(request.form.get("what", ""))
        if button is None:
            abort(400)
        given = " ".join(request.form.get("given", "").split())[:LONGEST_GIVEN]
        if button.takes == "weeks" and given not in map(str, WEEKS):
            abort(400)
        if button.takes and not given:
            abort(400)
        words = setting_text(reader_language(), f"{button.key}_words", given=given)
        try:
            came = give(runtime_here(), visitor_here().person_id, words)
        except NotHere:
            abort(403)
        return _shown(came, "not_read")

    @pages.post("/me/settings/answer")
    @signed_in
    def answered() -> Response:
        try:
            whose, state = _forms().loads(request.form.get("state", ""), max_age=GOOD_FOR)
        except BadSignature:
            return _shown(None, "stale")
        person_id = visitor_here().person_id
        if whose != person_id:
            abort(400)
        option, words = request.form.get("option", ""), request.form.get("words", "").strip()[:LONGEST_GIVEN]
        try:
            came = answer(runtime_here(), person_id, state, option=option, words=words)
        except NotHere:
            abort(403)
        return _shown(came, "stale")

    return pages


def _shown(came: Came | None, otherwise: str) -> Response:
    """Show what came of it; without anything, why."""
    state: dict[str, Any] | None = came.asked.state if came is not None and came.asked is not None else None
    language = _language_now()
    return show(
        "mine/set.html",
        page="mine",
        language=language,
        set=partial(setting_text, language),
        came=came,
        otherwise=otherwise,
        state=_forms().dumps([visitor_here().person_id, state]) if state is not None else "",
        longest=LONGEST_GIVEN,
    )


def _language_now() -> str:
    """The language that was perhaps just chosen."""
    runtime = runtime_here()
    with runtime.database.read() as session:
        return spoken(session.get_one(Person, visitor_here().person_id).language)


def _forms() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="a question on a page")
