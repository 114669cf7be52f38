"""A flow played in the browser, as it goes on a phone; for whoever may look at flows."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, request

from assistant.engine.flow_model import END
from assistant.language.languages import LANGUAGES, spoken
from assistant.language.sms.segments import measure
from assistant.pages.flows.flow_diagram import lay_out
from assistant.pages.flows.flow_pages import flow_of, looking
from assistant.pages.flows.flow_play import LONGEST_LINE, SPANS, BusyError, Played, Plays, Said, line_of
from assistant.pages.page_showing import show
from assistant.pages.visitors import visitor_here

OF_PLAYS = "40 per minute"
"""A play is a small service of its own."""


def play_pages(plays: Plays) -> Blueprint:
    """`/flows/NAME/play`."""
    pages = Blueprint("play", __name__)

    @pages.get("/flows/<name>/play")
    @looking
    def choose(name: str) -> Response:
        flow_of(name)
        return _shown(plays, plays.new(name, spoken(visitor_here().language), plain=False), None)

    @pages.post("/flows/<name>/play")
    @looking
    def go_on(name: str) -> Response:
        flow_of(name)
        if "said" in request.form:
            said = plays.read_form(request.form["said"], visitor_here().person_id, name)
            if said is None:
                abort(400)
        else:
            language = request.form.get("language", "")
            if language not in LANGUAGES:
                abort(400)
            said = plays.new(name, language, plain=bool(request.form.get("plain")))
        try:
            said, played = plays.go_on(said, "" if said.full else line_of(request.form))
        except BusyError:
            return _shown(plays, said, None, status=503)
        return _shown(plays, said, played)

    return pages


def _shown(plays: Plays, said: Said, played: Played | None, status: int = 200) -> Response:
    flow = drawn = flow_of(said.flow)
    here = None
    if played is not None:
        # Where the conversation is now, in a flow that this one called or went on into.
        its, here = played.stand.steps[-1] if played.stand.steps else (flow.name, END)
        drawn = flow_of(its)
    return show(
        "flows/play.html",
        page="flows",
        status=status,
        flow=flow,
        drawn=drawn,
        diagram=lay_out(drawn),
        here=here,
        said=said,
        form=plays.form_of(said, visitor_here().person_id),
        played=played,
        busy=status == 503,
        spans=SPANS,
        longest=LONGEST_LINE,
        segments=lambda words: measure(words).segments,
        operates=g.operates,
    )
