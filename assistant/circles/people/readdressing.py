"""Lets what waits for a person go where they are texted now: to another of their addresses."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.language.sms.segments import measure
from assistant.store.tables import Address, Outbox

UNPROMPTED: Final = ("notice", "relay", "prompt", "invitation")
"""Purposes of texts that answer nothing: an answer goes to where its question came from."""
LONGEST: Final = 2
"""Segments of one text by SMS; what was written for a chat and is longer stays there."""


def readdress(session: Session, person_id: int, address: Address, now: dt.datetime) -> None:
    """Send what waits for a person, and answers nothing, to this address of theirs.

    Whether it may go there, and when, is decided when it is due, as of every text.
    """
    waiting = select(Outbox).where(
        Outbox.person_id == person_id,
        Outbox.state == "queued",
        Outbox.purpose.in_(UNPROMPTED),
        Outbox.address_id != address.id,
        Outbox.media.is_(None),  # A picture was made ready for the channel that it waits for.
    )
    by_sms = address.uri.startswith("sms:")
    for text in session.scalars(waiting.order_by(Outbox.id)):
        segments = measure(text.body or "").segments if by_sms else 1
        if segments > LONGEST:
            continue
        if text.not_before > now and text.reason is not None:
            text.not_before, text.reason = now, None  # What held it there need not hold it here.
        text.address_id, text.to_uri, text.segments = address.id, address.uri, segments
