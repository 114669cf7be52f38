"""The organizer's pages: what there is to organize, how it stands, and its report."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, request, url_for

from assistant.circles.cohorts.waitlist import drawn_of, standing_of
from assistant.circles.people.permissions import all_organized, hosted_by, organized
from assistant.circles.reports.comparing import compared_on
from assistant.circles.reports.report import report_on
from assistant.circles.reports.report_files import note_look, report_csv
from assistant.circles.reports.report_sections import NOTHING, cell_of, count_of
from assistant.circles.reports.standing_counts import (
    CLOSED_STAGES,
    OPEN_STAGES,
    circles_of,
    joined_by_week,
    stages_of,
)
from assistant.conversations.importing.waiting_list import seat_next
from assistant.errors import NotPossible
from assistant.language.rendering import readable_date
from assistant.pages import page_texts
from assistant.pages.organizer.arms_view import arms_in
from assistant.pages.organizer.compared_view import answers_of, changes_of
from assistant.pages.organizer.plots import Plotted, draw
from assistant.pages.organizer.report_view import (
    OF_CIRCLES,
    PER_PAGE,
    circles_of_report,
    plots_of,
    sections_of,
)
from assistant.pages.page_showing import reader_language, runtime_here, show
from assistant.pages.visitors import freshly, signed_in, visitor_here
from assistant.store.tables import Circle, Cohort

PAGE: Final = "organizer"
OF: Final = "/organizer/<any(cohort, circle):kind>/<key>"


def organizer_pages() -> Blueprint:
    """`/organizer`, `/organizer/cohort/ID` and `/organizer/circle/CODE`, each with its report."""
    pages = Blueprint("organizer", __name__)

    @pages.get("/organizer")
    @signed_in
    def home() -> Response:
        with runtime_here().database.read() as session:
            mine = all_organized(session, visitor_here().person_id)
            hosts = bool(hosted_by(session, visitor_here().person_id))
        if not mine:
            abort(404)
        if len(mine) == 1:
            return redirect(url_for("organizer.overview", **named(mine[0])), 303)  # type: ignore[return-value]
        return show("organizer/home.html", page=PAGE, mine=mine, named=named, hosts=hosts)

    @pages.get(OF)
    @signed_in
    def overview(kind: str, key: str) -> Response:
        runtime, by, page = runtime_here(), visitor_here().person_id, page_asked()
        now = runtime.clock.now()
        with runtime.database.read() as session:
            whose = found(session, kind, key)
            circles = circles_of(session, whose, by)
            stages = stages_of(session, whose, now)
            joined = joined_by_week(session, whose, now)
            held = drawn_of(session, whose.id) if isinstance(whose, Cohort) else None
            listed = standing_of(session, held) if held is not None else None
        language = reader_language()
        labels = [readable_date(monday, language) for monday, _ in joined]
        values = [each.value for _, each in joined]
        written = [cell_of(each, count_of) for _, each in joined]
        plot = Plotted("joined", labels, [(_name("joined", language), values, written)], share=False)
        return show(
            "organizer/overview.html",
            page=PAGE,
            whose=whose,
            at=named(whose),
            of_circle=isinstance(whose, Circle),
            circles=circles[(page - 1) * PER_PAGE : page * PER_PAGE],
            seats=sum(each.seats for each in circles),
            size=sum(each.size for each in circles),
            count=len(circles),
            no_host=sum(not each.hosts for each in circles),
            no_backup=sum(not each.backups for each in circles),
            open_stages=[(name, cell_of(stages[name], count_of)) for name in OPEN_STAGES],
            closed_stages=[(name, cell_of(stages[name], count_of)) for name in CLOSED_STAGES],
            plot=plot,
            drawing=_drawn(plot, language),
            held=held,
            listed=listed,
            invited=_number_in("invited"),
            fresh=visitor_here().fresh,
            number_of=page,
            pages=pages_for(len(circles)),
        )

    @pages.post(f"{OF}/waiting")
    @freshly
    def seat_waiting(kind: str, key: str) -> Response:
        runtime = runtime_here()
        with runtime.database.read() as session:
            whose = found(session, kind, key)
            at, cohort_id = named(whose), whose.id
            if not isinstance(whose, Cohort) or drawn_of(session, cohort_id) is None:
                abort(404)
        try:
            invited = seat_next(runtime.services, cohort_id, visitor_here().person_id).invited
        except NotPossible:
            invited = 0
        return redirect(url_for("organizer.overview", **at, invited=invited), 303)  # type: ignore[return-value]

    @pages.get(f"{OF}/report")
    @signed_in
    def report(kind: str, key: str) -> Response:
        runtime, language, page = runtime_here(), reader_language(), page_asked()
        now = runtime.clock.now()
        with runtime.database.read() as session:
            whose = found(session, kind, key)
            made, compared = report_on(session, whose, now), compared_on(session, whose, now)
        with runtime.database.write() as session:
            note_look(session, whose, now, visitor_here().person_id)
        trend = made.get("response_trend")
        plots = plots_of(
            made,
            lambda figure: _name(figure, language),
            lambda week: page_texts.say(PAGE, "week", language, week=week),
        )
        return show(
            "organizer/report.html",
            page=PAGE,
            whose=whose,
            at=named(whose),
            made=made,
            plots=[(each, _drawn(each, language)) for each in plots if each.labels],
            answers=answers_of(compared.before_after),
            changes=changes_of(compared.before_after),
            arms=arms_in(compared.arms),
            sections=list(sections_of(made)),
            trend=None if trend is None or trend.value is None else int(trend.value),
            columns=[figure for figure, _ in OF_CIRCLES],
            circles=circles_of_report(made, page),
            number_of=page,
            pages=pages_for(len(made.circles)),
            nothing=NOTHING,
            fresh=visitor_here().fresh,
        )

    @pages.post(f"{OF}/report.csv")
    @freshly
    def take_away(kind: str, key: str) -> Response:
        runtime = runtime_here()
        now = runtime.clock.now()
        with runtime.database.read() as session:
            whose = found(session, kind, key)
            made, compared = report_on(session, whose, now), compared_on(session, whose, now)
        with runtime.database.write() as session:
            note_look(session, whose, now, visitor_here().person_id, "report as a file")
        counted = dataclasses.replace(made, figures=(*made.figures, *compared.as_figures()))
        return as_file(report_csv(counted), "report.csv")

    return pages


def found(session: Any, kind: str, key: str) -> Circle | Cohort:
    """Return what the address names; for whoever does not organize it there is no such page."""
    whose = organized(session, visitor_here().person_id, kind, key)
    if whose is None:
        abort(404)
    return whose


def named(whose: Circle | Cohort) -> dict[str, Any]:
    """Return what stands in the address of a page about it."""
    if isinstance(whose, Circle):
        return {"kind": "circle", "key": whose.code}
    return {"kind": "cohort", "key": str(whose.id)}


def page_asked() -> int:
    """Which piece of a long list is asked for, from 1 on."""
    return max(1, _number_in("page") or 1)


def _number_in(name: str) -> int | None:
    """Return a number that stands in the address; None: there is none."""
    asked = request.args.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None


def pages_for(rows: int) -> int:
    """Return how many pieces a list of so many rows has."""
    return max(1, math.ceil(rows / PER_PAGE))


def as_file(content: str, name: str) -> Response:
    """Answer with a CSV file to be kept."""
    answer = Response(content, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def _name(figure: str, language: str) -> str:
    return page_texts.say(PAGE, f"short_{figure}", language)


def _drawn(plot: Plotted, language: str) -> str | None:
    spoken = page_texts.say(PAGE, "plot_spoken", language, title=_title(plot, language))
    return draw(plot, spoken) if plot.shows else None


def _title(plot: Plotted, language: str) -> str:
    return page_texts.say(PAGE, f"plot_{plot.name}", language)
