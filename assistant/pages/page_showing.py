"""Shows a page: its template, its sentences and the reader's language."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, g, make_response, render_template, request

from assistant.language.languages import FALLBACK, LANGUAGES, spoken
from assistant.language.rendering import readable_date, readable_day, readable_time
from assistant.pages import page_texts

if TYPE_CHECKING:
    from assistant.runtime import Runtime


def runtime_here() -> Runtime:
    """What this process works with."""
    found: Runtime = current_app.extensions["runtime"]
    return found


def reader_language() -> str:
    """The language of whoever is signed in; else as asked for (`?lang=es`), else as the browser says."""
    visitor = g.get("visitor")
    if visitor is not None:
        return spoken(visitor.language)
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(list(LANGUAGES)) or FALLBACK


def show(
    template: str, *, page: str, status: int = 200, language: str | None = None, **values: Any
) -> Response:
    """Answer with a page.

    Args:
        template: A file of `templates/`.
        page: Whose sentences `say` looks up: a file of `flows/pages/`.
        status: HTTP's.
        language: Instead of `reader_language()`.
        values: What the template shows.
    """
    language = language or reader_language()
    settings = runtime_here().settings
    body = render_template(
        template,
        language=language,
        languages={code: LANGUAGES[code].name for code in LANGUAGES},
        say=partial(_say, page, language),
        text_or=partial(_text_or, page, language),
        day=lambda day: readable_date(day, language),
        weekday=lambda day: readable_day(day, language),
        clock=lambda at: readable_time(at.hour, at.minute, language),
        clock_seconds=lambda at: f"{at:%H:%M:%S}",
        service=settings.service_name,
        number=settings.number,
        contact=settings.support_contact,
        **values,
    )
    return make_response(body, status)


def _say(page: str, language: str, key: str, /, **values: object) -> str:
    settings = runtime_here().settings
    known = {"service": settings.service_name, "number": settings.number, "contact": settings.support_contact}
    return page_texts.say(page, key, language, **(known | values))


def _text_or(page: str, language: str, key: str, otherwise: str) -> str:
    """A sentence that may not be there: a flow somebody added has a title at least."""
    return _say(page, language, key) if key in page_texts.texts_of(page) else otherwise
