"""Imports the files that organizers brought to their page, once the minute for an undo is over."""

from __future__ import annotations

from assistant.circles.cohorts import uploads
from assistant.circles.cohorts.import_preview import Plan, plan_import
from assistant.circles.cohorts.spreadsheets import UnreadableTable
from assistant.conversations.import_invitations import invite_all
from assistant.conversations.importing.waiting_list import hold_draw
from assistant.errors import NotPossible
from assistant.services import Services
from assistant.store.tables import Upload


def import_due(services: Services) -> int:
    """Import what is due; return how many files. Safe to run twice, at once and late.

    Who is invited where is found out anew: between the look and the import people may have joined, or texted
    STOP. One that was interrupted is taken up again, and goes on where it stopped.
    """
    with services.database.read() as session:
        due = uploads.due(session, services.clock.now())
    return sum(_import(services, upload_id) for upload_id in due)


def _import(services: Services, upload_id: int) -> bool:
    with services.database.write() as session:
        if not uploads.claim(session, upload_id, services.clock.now()):
            return False
    plan = _plan(services, upload_id)
    if plan is not None and plan.lots is not None:
        _draw(services, upload_id, plan)
        plan = _plan(services, upload_id)
    if plan is not None and plan.lots is not None:
        plan = None  # The list is not what was sealed and shown: its organizer brings it again.

    def step(rows: int) -> None:
        with services.database.write() as session:
            uploads.note_progress(session, upload_id, rows, services.clock.now())

    fates = invite_all(services, plan.seating, plan.sheet.entries, step) if plan is not None else None
    with services.database.write() as session:
        uploads.finish(session, upload_id, fates, services.clock.now())
    return True


def _draw(services: Services, upload_id: int, plan: Plan) -> None:
    """Hold the draw that was sealed as the file was brought, and shown with it."""
    with services.database.read() as session:
        upload = session.get_one(Upload, upload_id)
        draw_id, by = upload.draw_id, upload.person_id
    if draw_id is not None:
        hold_draw(services, draw_id, plan.sheet.entries, by, plan.lots)


def _plan(services: Services, upload_id: int) -> Plan | None:
    """Return what is to be done; None: it is not for whoever brought the file any more, or not possible."""
    now = services.clock.now()
    with services.database.read() as session:
        upload = session.get(Upload, upload_id)
        whose = uploads.into(session, upload) if upload is not None else None
        if upload is None or whose is None:
            return None
        data, country = uploads.content_of(upload), upload.country
        try:
            seats = uploads.seats_of(session, upload)
            return plan_import(session, data, whose, services.identity, country=country, now=now, seats=seats)
        except (NotPossible, UnreadableTable):
            return None
