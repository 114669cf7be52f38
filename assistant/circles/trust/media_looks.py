"""Who may look at a picture, or hear a voice, on a page: its sender, and whoever was just shown its words.

There is no right to see one but that of reading the words it goes with. Those were shown with a receipt, so
the receipt is what opens it, for as long as words may stand on a page.
"""

from __future__ import annotations

import datetime as dt
from base64 import b64decode
from dataclasses import dataclass

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, undefer

from assistant.circles.people.carried_media import MEDIA
from assistant.store.tables import Media, MediaRef, Receipt

PAGE = "page"
"""The way of a receipt for words on a page."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown."""

    content_type: str
    data: bytes


def look_at(session: Session, reader_id: int, media_id: int, since: dt.datetime) -> Look | None:
    """Return a picture or voice; None: there is none (any more) that this person may see now.

    Args:
        session: Any session.
        reader_id: Whoever is signed in.
        media_id: Which.
        since: Aware UTC. Words that were shown earlier do not count.
    """
    tied = exists().where(
        MediaRef.media_id == Media.id, MediaRef.kind == Receipt.kind, MediaRef.ref_id == Receipt.ref_id
    )
    by_itself = and_(Receipt.kind == MEDIA, Receipt.ref_id == Media.id)
    shown = exists().where(
        Receipt.person_id == Media.person_id,
        Receipt.reader_id == reader_id,
        Receipt.way == PAGE,
        Receipt.at > since,
        tied | by_itself,
    )
    row = session.scalars(
        select(Media)
        .where(Media.id == media_id, Media.state == "kept", (Media.person_id == reader_id) | shown)
        .options(undefer(Media.data))
    ).first()
    if row is None or row.data is None or row.content_type is None:
        return None
    return Look(row.content_type, b64decode(row.data))
