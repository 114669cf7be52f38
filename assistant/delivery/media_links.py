"""The links by which a carrier fetches what goes along with a text: signed, for one text, and dead soon.

A link says which text and which picture, and until when. It opens only while the carrier has the text in
hand: not before it left, nor once it arrived, was called back or given up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from assistant.channels.showing import SMS
from assistant.circles.people.carried_media import WITH_MMS
from assistant.circles.people.carried_words import LEAVING
from assistant.delivery.verdicts import Due
from assistant.services import Transport
from assistant.store.tables import Media, Outbox

LIVES: Final = dt.timedelta(hours=12)
"""Real time. Twilio may keep a text for ten hours before it leaves, and looks at its pictures only then."""
IN_HAND: Final = (*LEAVING, "sent")
"""States of a text that the carrier may still need the pictures of."""
_NAME: Final = re.compile(
    r"(?P<text>\d{1,18})-(?P<media>\d{1,18})-(?P<until>\d{1,12})-(?P<mark>[0-9a-f]{32})\.[a-z]{3}"
)
_FOR: Final = b"a link to media\n"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a link leads to."""

    content_type: str
    data: bytes


def links_of(services: Transport, text: Due) -> tuple[str, ...]:
    """Return where the carrier finds what goes along with a text; nothing where we can send no MMS."""
    if not text.media or (text.uri.startswith(SMS) and services.identity.country not in WITH_MMS):
        return ()
    until = int((services.clock.real() + LIVES).timestamp())
    address, key = f"{services.identity.url}/webhooks/media", services.identity.key
    return tuple(f"{address}/{_name(key, text.id, media, ending, until)}" for media, ending in text.media)


def fetch(session: Session, key: bytes, name: str, real: dt.datetime) -> Fetched | None:
    """Return what a link leads to; None: it is not ours, too old, or the carrier has no need of it any more.

    Args:
        key: The service's secret.
        name: The last part of the link.
        real: Aware UTC, the machine's time.
    """
    found = _NAME.fullmatch(name)
    if found is None or not hmac.compare_digest(found["mark"], _mark(key, name.partition(".")[0])):
        return None
    if int(found["until"]) <= real.timestamp():
        return None
    sent = session.get(Outbox, int(found["text"]))
    if sent is None or sent.state not in IN_HAND or not _has(sent.media, int(found["media"])):
        return None
    kept = select(Media).where(Media.id == int(found["media"]), Media.state == "kept")
    media = session.scalars(kept.options(undefer(Media.data))).first()
    if media is None or media.data is None or media.content_type is None:
        return None
    return Fetched(media.content_type, b64decode(media.data))


def _has(media: list[Any] | None, number: int) -> bool:
    return any(each[0] == number for each in media or ())


def _name(key: bytes, text: int, media: object, ending: object, until: int) -> str:
    said = f"{text}-{media}-{until}"
    return f"{said}-{_mark(key, said)}.{ending}"


def _mark(key: bytes, said: str) -> str:
    signed = "-".join(said.split("-")[:3]).encode()
    return hmac.new(key, _FOR + signed, hashlib.sha256).hexdigest()[:32]
