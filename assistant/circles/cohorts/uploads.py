"""Files of people that organizers brought to a page: kept sealed for an hour, for whoever brought them alone.

A file is shown first, as a dry run; when its organizer says so it is imported after a minute, in which that
can be undone. What was imported or waited for too long is deleted.
"""

from __future__ import annotations

import datetime as dt
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.circles.people.permissions import organized
from assistant.store.tables import Circle, Cohort, SeatDraw, Upload

HELD_FOR: Final = dt.timedelta(hours=1)
"""So long a file waits for its organizer's word."""
TOLD_FOR: Final = dt.timedelta(days=1)
"""So long the page says what became of an import; the file itself is gone by then."""
UNDO_FOR: Final = dt.timedelta(minutes=1)
LEFT_ALONE_FOR: Final = dt.timedelta(minutes=5)
"""So long nobody else takes up an import that somebody works on; each chunk of rows begins it anew."""


def bring(
    session: Session,
    person_id: int,
    whose: Circle | Cohort,
    data: bytes,
    country: str,
    now: dt.datetime,
    draw_id: int | None = None,
) -> Upload:
    """Keep a file for an hour; one that its organizer brought before and did not import gives way to it.

    Args:
        draw_id: The draw that was sealed of its people; None: nothing is drawn.
    """
    waiting = (Upload.person_id == person_id, Upload.starts_at.is_(None))
    session.execute(delete(Upload).where(*waiting))
    made = Upload(
        person_id=person_id,
        circle_id=whose.id if isinstance(whose, Circle) else None,
        cohort_id=whose.id if isinstance(whose, Cohort) else None,
        country=country,
        data=b64encode(data).decode("ascii"),
        made_at=now,
        expires_at=now + HELD_FOR,
        draw_id=draw_id,
    )
    session.add(made)
    session.flush()
    return made


def brought(session: Session, upload_id: int, person_id: int, now: dt.datetime) -> Upload | None:
    """Return a file, to whoever brought it, as long as it is held or told of."""
    found = session.get(Upload, upload_id)
    mine = found is not None and found.person_id == person_id and found.expires_at > now
    return found if mine else None


def brought_into(
    session: Session, whose: Circle | Cohort, person_id: int, now: dt.datetime
) -> Sequence[Upload]:
    """Return a person's files for this circle or cohort, the newest first."""
    into = Upload.circle_id == whose.id if isinstance(whose, Circle) else Upload.cohort_id == whose.id
    mine = (Upload.person_id == person_id, Upload.expires_at > now)
    return session.scalars(select(Upload).where(into, *mine).order_by(Upload.id.desc())).all()


def content_of(upload: Upload) -> bytes:
    """Return the file as it was brought; empty when it is gone."""
    return b64decode(upload.data or "")


def seats_of(session: Session, upload: Upload) -> int | None:
    """Return how many seats are drawn among the people of a file; None: nothing is drawn."""
    return session.get_one(SeatDraw, upload.draw_id).seats if upload.draw_id is not None else None


def begin(session: Session, upload: Upload, rows: int, invitations: int, now: dt.datetime) -> bool:
    """Have a file imported in a minute; False: that was said before, or the file is gone."""
    if upload.starts_at is not None or upload.data is None:
        return False
    upload.starts_at, upload.expires_at, upload.rows_all = now + UNDO_FOR, now + TOLD_FOR, rows
    _note(session, upload, "import", now, rows=rows, invitations=invitations)
    return True


def undo(session: Session, upload: Upload, now: dt.datetime) -> bool:
    """Take an import back that has not begun; the file waits on. False: it is too late."""
    taken_back = session.execute(
        update(Upload)
        .where(
            Upload.id == upload.id,
            Upload.starts_at > now,
            Upload.begun_at.is_(None),
            Upload.ended_at.is_(None),
        )
        .values(starts_at=None, expires_at=upload.made_at + HELD_FOR),
        execution_options={"synchronize_session": False},
    )
    session.expire(upload)
    if taken_back.rowcount != 1:  # type: ignore[attr-defined]
        return False
    _note(session, upload, "undo import", now)
    return True


def drop(session: Session, upload: Upload) -> None:
    """Delete a file that is not imported."""
    if upload.starts_at is None:
        session.delete(upload)


def due(session: Session, now: dt.datetime) -> Sequence[int]:
    """Return the files whose minute is over, or whose import stopped half way."""
    waiting = (Upload.starts_at.is_not(None), Upload.starts_at <= now, Upload.ended_at.is_(None))
    return session.scalars(select(Upload.id).where(*waiting).order_by(Upload.id)).all()


def claim(session: Session, upload_id: int, now: dt.datetime) -> bool:
    """Take up a file that is due, unless somebody else has or its organizer took it back."""
    waiting = (Upload.starts_at.is_not(None), Upload.starts_at <= now, Upload.ended_at.is_(None))
    claimed = session.execute(
        update(Upload)
        .where(Upload.id == upload_id, *waiting)
        .values(starts_at=now + LEFT_ALONE_FOR, begun_at=now, rows_done=0),
        execution_options={"synchronize_session": False},
    )
    return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


def note_progress(session: Session, upload_id: int, rows: int, now: dt.datetime) -> None:
    """Say that so many more rows were done."""
    session.execute(
        update(Upload)
        .where(Upload.id == upload_id)
        .values(rows_done=Upload.rows_done + rows, starts_at=now + LEFT_ALONE_FOR),
        execution_options={"synchronize_session": False},
    )


def finish(session: Session, upload_id: int, fates: Mapping[str, int] | None, now: dt.datetime) -> None:
    """Say what became of an import, and delete the file; None: it could not be done any more."""
    upload = session.get(Upload, upload_id)
    if upload is None:
        return
    upload.data, upload.ended_at = None, now
    upload.fates = dict(fates) if fates is not None else None
    _note(session, upload, "imported", now, invited=(fates or {}).get("invite", 0))


def into(session: Session, upload: Upload) -> Circle | Cohort | None:
    """Return where a file's people are invited, if that is still for whoever brought it to say."""
    if upload.cohort_id is not None:
        return organized(session, upload.person_id, "cohort", str(upload.cohort_id))
    circle = session.get(Circle, upload.circle_id)
    return organized(session, upload.person_id, "circle", circle.code) if circle is not None else None


def _note(session: Session, upload: Upload, what: str, now: dt.datetime, **details: int) -> None:
    of_cohort = {"cohort_id": upload.cohort_id} if upload.cohort_id is not None else {}
    by, circle_id = upload.person_id, upload.circle_id
    record(session, what, now, by=by, circle_id=circle_id, **of_cohort, **details)
