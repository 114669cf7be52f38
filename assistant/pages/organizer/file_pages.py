"""Files of people: brought to a page, shown as a dry run, imported after a minute, and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, request, url_for
from sqlalchemy.orm import Session

from assistant.circles.cohorts import uploads
from assistant.circles.cohorts.assignment import usual_zone
from assistant.circles.cohorts.import_plan import FATES
from assistant.circles.cohorts.import_preview import Plan, plan_import, rows_to_mend
from assistant.circles.cohorts.spreadsheets import UnreadableTable
from assistant.circles.cohorts.waitlist import seal_draw
from assistant.circles.people.phone_entry import masked
from assistant.conversations.import_invitations import INVITES_A_MINUTE, last_leaves
from assistant.errors import NotPossible
from assistant.pages.organizer.organizer_pages import (
    OF,
    PAGE,
    as_file,
    found,
    named,
    page_asked,
    pages_for,
)
from assistant.pages.organizer.report_view import PER_PAGE
from assistant.pages.page_showing import runtime_here, show
from assistant.pages.visitors import freshly, signed_in, visitor_here
from assistant.store.tables import Circle, Cohort, SeatDraw, Upload

MOST_SEATS: Final = 100_000
LARGEST_FILE: Final = 2 * 1024 * 1024
"""Bytes: some 20,000 rows."""
SHOWN_TROUBLES: Final = 50
SHOWN_CIRCLES: Final = 60


def file_pages() -> Blueprint:
    """`.../import`, where a file is brought, and `/organizer/file/ID`, where it is seen through."""
    pages = Blueprint("files", __name__)

    @pages.get(f"{OF}/import")
    @signed_in
    def ask(kind: str, key: str) -> Response:
        return _ask(kind, key)

    @pages.post(f"{OF}/import")
    @freshly
    def bring(kind: str, key: str) -> Response:
        runtime, visitor = runtime_here(), visitor_here()
        given = request.files.get("people")
        data = given.read() if given is not None else b""
        if not data:
            return _ask(kind, key, wrong="no_file")
        if len(data) > LARGEST_FILE:
            abort(413)
        written = request.form.get("seats", "").strip()
        if written and not (written.isdecimal() and 0 < int(written) <= MOST_SEATS):
            return _ask(kind, key, wrong="seats")
        seats = int(written) if written else None
        now, country = runtime.clock.now(), runtime.settings.default_country
        with runtime.database.read() as session:
            whose = found(session, kind, key)
            try:
                plan = plan_import(
                    session, data, whose, runtime.services.identity, country=country, now=now, seats=seats
                )
            except (UnreadableTable, NotPossible) as error:
                return _ask(kind, key, wrong="unreadable", why=str(error))
        with runtime.database.write() as session:
            draw_id = None
            if plan.lots is not None and isinstance(whose, Cohort):
                draw_id = seal_draw(session, whose, plan.lots, now, visitor.person_id).id
            made = uploads.bring(session, visitor.person_id, whose, data, country, now, draw_id)
            upload_id = made.id
        return _to(upload_id)

    @pages.get("/organizer/file/<int:upload_id>")
    @signed_in
    def look(upload_id: int) -> Response:
        return _look(upload_id)

    @pages.post("/organizer/file/<int:upload_id>/begin")
    @freshly
    def begin(upload_id: int) -> Response:
        if not request.form.get("consent"):
            return _look(upload_id, status=400, wrong="no_consent_said")
        _, _, plan = _planned(upload_id)
        if plan is None:
            return _to(upload_id)
        runtime = runtime_here()
        with runtime.database.write() as session:
            upload = _mine(session, upload_id)
            texts = plan.lots.people if plan.lots is not None else plan.invitations
            uploads.begin(session, upload, len(plan.sheet.entries), texts, runtime.clock.now())
        return _to(upload_id)

    @pages.post("/organizer/file/<int:upload_id>/undo")
    @signed_in
    def undo(upload_id: int) -> Response:
        return _do(
            upload_id, lambda session, upload: uploads.undo(session, upload, runtime_here().clock.now())
        )

    @pages.post("/organizer/file/<int:upload_id>/drop")
    @signed_in
    def drop(upload_id: int) -> Response:
        runtime = runtime_here()
        with runtime.database.write() as session:
            upload = _mine(session, upload_id)
            at = named(_whose(session, upload))
            uploads.drop(session, upload)
        return redirect(url_for("files.ask", **at), 303)  # type: ignore[return-value]

    @pages.post("/organizer/file/<int:upload_id>/rows.csv")
    @freshly
    def rows(upload_id: int) -> Response:
        _, data, plan = _planned(upload_id)
        if plan is None:
            abort(404)
        # A mark at its beginning tells Excel that names with accents are in UTF-8.
        return as_file("\ufeff" + rows_to_mend(data, plan), "rows-to-mend.csv")

    return pages


def _ask(kind: str, key: str, wrong: str = "", why: str = "") -> Response:
    """Show where a file is chosen, with what was wrong with the last one."""
    runtime, visitor = runtime_here(), visitor_here()
    with runtime.database.read() as session:
        whose = found(session, kind, key)
        mine = list(uploads.brought_into(session, whose, visitor.person_id, runtime.clock.now()))
    return show(
        "organizer/import.html",
        page=PAGE,
        status=400 if wrong else 200,
        whose=whose,
        at=named(whose),
        of_circle=isinstance(whose, Circle),
        mine=mine,
        wrong=wrong,
        why=why,
        fresh=visitor.fresh,
    )


def _look(upload_id: int, status: int = 200, wrong: str = "") -> Response:
    """Show a file where it stands: what it would do, the minute for an undo, how far it has come, its end."""
    whose, _, plan = _planned(upload_id)
    runtime, page = runtime_here(), page_asked()
    now = runtime.clock.now()
    with runtime.database.read() as session:
        upload = _mine(session, upload_id)
        sealed = session.get(SeatDraw, upload.draw_id) if upload.draw_id is not None else None
        zone = ZoneInfo(whose.zone if isinstance(whose, Circle) else usual_zone(session, whose))
    shown: dict[str, Any] = {
        "page": PAGE,
        "status": status,
        "whose": whose,
        "at": named(whose),
        "upload": upload,
        "zone": zone,
        "fates": [(name, (upload.fates or {}).get(name, 0)) for name in FATES],
        "undo_until": _undo_until(upload, zone) if upload.starts_at and upload.starts_at > now else None,
    }
    if plan is None:
        return show("organizer/file_later.html", **shown)
    last = last_leaves(runtime.services, plan.seating, plan.sheet.entries)
    first = (page - 1) * PER_PAGE
    rows = [
        (each.line, masked(each.uri), plan.seating.fates[each.line], plan.codes.get(each.line))
        for each in plan.sheet.entries[first : first + PER_PAGE]
    ]
    shown["fates"] = [(name, plan.fates[name]) for name in FATES]
    return show(
        "organizer/file.html",
        **shown,
        plan=plan,
        sealed=sealed if plan.lots is not None else None,
        rows=rows,
        troubles=plan.to_mend[:SHOWN_TROUBLES],
        more_troubles=max(0, len(plan.to_mend) - SHOWN_TROUBLES),
        filling=plan.by_circle[:SHOWN_CIRCLES],
        more_circles=max(0, len(plan.by_circle) - SHOWN_CIRCLES),
        last=last.astimezone(zone) if last is not None else None,
        a_minute=INVITES_A_MINUTE,
        number_of=page,
        pages=pages_for(len(plan.sheet.entries)),
        wrong=wrong,
        fresh=visitor_here().fresh,
    )


def _planned(upload_id: int) -> tuple[Circle | Cohort, bytes, Plan | None]:
    """Return where a file leads, the file, and what it would do; None: it is under way, or over."""
    runtime = runtime_here()
    with runtime.database.read() as session:
        upload = _mine(session, upload_id)
        whose = _whose(session, upload)
        if upload.starts_at is not None or upload.data is None:
            return whose, b"", None
        data, country, now = uploads.content_of(upload), upload.country, runtime.clock.now()
        try:
            seats = uploads.seats_of(session, upload)
            plan = plan_import(
                session, data, whose, runtime.services.identity, country=country, now=now, seats=seats
            )
        except (UnreadableTable, NotPossible):
            abort(404)
    return whose, data, plan


def _mine(session: Session, upload_id: int) -> Upload:
    upload = uploads.brought(session, upload_id, visitor_here().person_id, runtime_here().clock.now())
    if upload is None:
        abort(404)
    return upload


def _whose(session: Session, upload: Upload) -> Circle | Cohort:
    whose = uploads.into(session, upload)
    if whose is None:
        abort(404)
    return whose


def _undo_until(upload: Upload, zone: ZoneInfo) -> Any:
    begins = upload.starts_at if upload.begun_at is None else None
    return begins.astimezone(zone) if begins is not None else None


def _do(upload_id: int, do: Callable[[Session, Upload], object]) -> Response:
    with runtime_here().database.write() as session:
        do(session, _mine(session, upload_id))
    return _to(upload_id)


def _to(upload_id: int) -> Response:
    return redirect(url_for("files.look", upload_id=upload_id), 303)  # type: ignore[return-value]
