"""MY PAGE: what is held about a member, their own words and who read them, a copy, and forgetting it all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from flask import Blueprint, Response, abort, request

from assistant.circles.people.carried_media import Along, tied_to
from assistant.circles.people.permissions import hearing_of, hosted_by
from assistant.circles.people.receipts import Ref
from assistant.circles.trust.own_words import Own, own_words
from assistant.language.rendering import readable_time
from assistant.pages.mine.settings_view import LONGEST_GIVEN, WEEKS, setting_text, settings_of
from assistant.pages.page_showing import reader_language, runtime_here, show
from assistant.pages.page_turns import Done, NotHere, act, look
from assistant.pages.visitors import freshly, signed_in, visitor_here
from assistant.store.tables import Person

MOST_SHOWN: Final = 50
"""Words on one page; the copy has them all."""


def my_pages() -> Blueprint:
    """`/me` and what is done there."""
    pages = Blueprint("mine", __name__)

    @pages.get("/me")
    @signed_in
    def page() -> Response:
        visitor = visitor_here()
        with runtime_here().database.read() as session:
            person = session.get_one(Person, visitor.person_id)
            hears = hearing_of(session, [person.id])[person.id]
            runs, operates = "on_call" in hears, "operator" in hears
            hosted = list(hosted_by(session, person.id))
            settings = settings_of(session, person)
        language = reader_language()
        held = _look("me", "tell")
        return show(
            "mine/me.html",
            page="mine",
            held=held.said,
            runs=runs,
            operates=operates,
            hosted=hosted,
            fresh=visitor.fresh,
            settings=settings,
            set=partial(setting_text, language),
            place=person.place or person.zone,
            hour=readable_time(person.hour, 0, language) if person.hour is not None else "",
            name="" if person.plain else person.name,
            weeks=WEEKS,
            longest=LONGEST_GIVEN,
        )

    @pages.post("/me/words")
    @freshly
    def words() -> Response:
        read = _look("who_read", "tell")
        with runtime_here().database.read() as session:
            mine = [own for own in own_words(session, visitor_here().person_id) if own.words]
            shown = mine[:MOST_SHOWN]
            tied = tied_to(session, {ref for own in shown for ref in own.refs})
        return show(
            "mine/words.html",
            page="mine",
            read=read.said,
            words=[(own, _along(own, tied)) for own in shown],
            more=len(mine) - MOST_SHOWN,
        )

    @pages.post("/me/copy")
    @freshly
    def copy() -> Response:
        with runtime_here().database.read() as session:
            mine = [own for own in own_words(session, visitor_here().person_id) if own.words]
        lines = [f"{own.at:%Y-%m-%d %H:%M} UTC\n{own.words}\n" for own in reversed(mine)]
        answer = Response("\n".join(lines), content_type="text/plain; charset=utf-8")
        answer.headers["Content-Disposition"] = "attachment; filename=words.txt"
        return answer

    @pages.post("/me/erase")
    @freshly
    def erase() -> Response:
        if not request.form.get("sure"):
            before = _look("erase_me", "before")
            return show("mine/erase.html", page="mine", said=before.said)
        done = _do("erase_me", "erase")
        return show("mine/done.html", page="mine", said=done.said)

    @pages.post("/me/undo")
    @signed_in
    def undo() -> Response:
        return show("mine/done.html", page="mine", said=_do("undo", "undo").said)

    return pages


def _along(own: Own, tied: Mapping[Ref, Iterable[Along]]) -> list[Along]:
    """Return what came with words, once each: an answer and what was shared of it have the same."""
    return list(dict.fromkeys(each for ref in sorted(own.refs) for each in tied.get(ref, ())))


def _do(flow: str, step: str) -> Done:
    try:
        return act(runtime_here(), visitor_here().person_id, flow, step)
    except NotHere:
        abort(403)


def _look(flow: str, step: str) -> Done:
    try:
        return look(runtime_here(), visitor_here().person_id, flow, step)
    except NotHere:
        abort(403)
