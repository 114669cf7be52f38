"""Pictures and voice notes go with words: to whoever may read those, when they do, as long as they are kept.

So nothing here says who may see what. A row of `media_ref` ties a picture to an answer, a note or a share,
and `delivery.outbox` lets it go along with each text that carries one of them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from assistant.channels.showing import SMS, WHATSAPP
from assistant.circles.people.emptying import empty_rows
from assistant.circles.people.receipts import Ref, shown_in
from assistant.store import looks
from assistant.store.tables import Inbox, Media, MediaRef

MEDIA: Final = "media"
"""The value of a conversation that holds the ids of pictures which go with its words; and, in what a text
carries, the kind that names one by itself ("media:3": a copy for its own sender)."""
NOBODY_CHOSE: Final = dt.timedelta(days=3)
"""So long a picture waits for its sender to say whom it is for; then it is forgotten."""
TRANSCRIBED: Final = "Transcribed"
"""The parameter that says of a text that its words are what a machine heard in a voice."""
VOICE: Final = "audio/"
PICTURE: Final = "image/jpeg"
OPUS: Final = "audio/ogg"
ENDINGS: Final = {PICTURE: "jpg", OPUS: "ogg", "audio/amr": "amr", "audio/aac": "aac"}
BY_MMS: Final = (PICTURE, "audio/amr")
"""What phones show that comes by MMS, and Twilio takes for it (2026); WhatsApp takes each of `ENDINGS`."""
WITH_MMS: Final = ("US", "CA")
"""Whose numbers take MMS from numbers of the same two countries (Twilio, 2026); elsewhere there is none."""


@dataclass(frozen=True, slots=True)
class Along:
    """A picture or voice note that is here."""

    id: int
    content_type: str

    @property
    def ending(self) -> str:
        return ENDINGS[self.content_type]

    @property
    def is_picture(self) -> bool:
        return self.content_type == PICTURE


def can_be_shown(uri: str, content_type: str) -> bool:
    """Return whether an address shows what is of this kind."""
    if content_type not in ENDINGS:
        return False
    if uri.startswith(WHATSAPP):
        return True
    if not uri.startswith(SMS) or content_type not in BY_MMS:
        return False
    # Late: the web process comes here for pictures only.
    import phonenumbers

    try:
        number = phonenumbers.parse(uri.removeprefix(SMS), None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.region_code_for_number(number) in WITH_MMS


def tie(session: Session, media: Iterable[int], refs: Iterable[Ref]) -> None:
    """Let pictures go with these words from now on."""
    wanted = list(refs)
    session.add_all(MediaRef(media_id=each, kind=kind, ref_id=ref) for each in media for kind, ref in wanted)


def tied_to(session: Session, refs: Collection[Ref]) -> Mapping[Ref, Sequence[Along]]:
    """Return the pictures that go with each of these words, as far as they are still here, in their order."""
    found: dict[Ref, list[Along]] = defaultdict(list)
    alone = {number for kind, number in refs if kind == MEDIA}
    if alone:
        rows = select(Media.id, Media.content_type).where(Media.id.in_(alone), Media.state == "kept")
        for row in session.execute(rows):
            found[MEDIA, row.id].append(Along(row.id, row.content_type or ""))
    which = _which(refs)
    if which is not None:
        tied = (
            select(MediaRef.kind, MediaRef.ref_id, Media.id, Media.content_type)
            .join(Media, Media.id == MediaRef.media_id)
            .where(which, Media.state == "kept")
            .order_by(Media.id)
        )
        for kind, ref, number, content_type in session.execute(tied):
            found[kind, ref].append(Along(number, content_type or ""))
    return found


def along_with(session: Session, texts: Sequence[tuple[str, str]]) -> list[list[list[Any]]]:
    """Return of each text, as address and what it carries, which pictures go along: [id, ending] each.

    Not with a text that says only that words wait, and none that its phone cannot show.
    """
    shown = [shown_in(carries) for _, carries in texts]
    tied = tied_to(session, {ref for refs in shown for ref in refs if ref[0] in TIED})
    return [
        [
            [each.id, each.ending]
            for each in dict.fromkeys(each for ref in refs for each in tied.get(ref, ()))
            if can_be_shown(uri, each.content_type)
        ]
        for (uri, _), refs in zip(texts, shown, strict=True)
    ]


def by_themselves(uri: str, media: Sequence[list[Any]]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return what goes in one message with the words, and what goes after them in messages of its own.

    An MMS takes several; WhatsApp one picture, and a voice without any words.
    """
    if uri.startswith(SMS):
        return list(media), []
    together = [each for each in media if each[1] == ENDINGS[PICTURE]][:1]
    return together, [each for each in media if each not in together]


TIED: Final = ("answer", "note", "share", MEDIA)
"""Kinds of words that pictures go with."""


def forget_with(session: Session, refs: Collection[Ref], now: dt.datetime) -> None:
    """Forget the pictures that go with these words."""
    which = _which(refs)
    if which is not None:
        tied = session.scalars(select(MediaRef.media_id).where(which)).all()
        if tied:
            forget(session, Media.id.in_(tied), now)


def forget(session: Session, which: ColumnElement[bool], now: dt.datetime) -> None:
    """Forget the pictures that `which` names: that there were some stays."""
    session.flush()
    empty_rows(session, Media, which, now, data=None, source=None, state="gone")
    for row in session:
        if isinstance(row, Media):
            session.expire(row)


_TIED_TO_WORDS: Final = exists().where(MediaRef.media_id == Media.id)
_LOOSE: Final = and_(
    Media.state.in_(("kept", "wanted", "refused")), Media.at <= looks.moment(-NOBODY_CHOSE), ~_TIED_TO_WORDS
)
WORK: Final = (select(Media.id).where(_LOOSE),)
"""Whether `forget_loose` would find anything."""


def forget_loose(session: Session, now: dt.datetime) -> None:
    """Forget what nobody said whom it is for."""
    loose = and_(Media.state != "gone", Media.at <= now - NOBODY_CHOSE, ~_TIED_TO_WORDS)
    forget(session, loose, now)


def is_transcribed(text: Inbox) -> bool:
    """Return whether the words of this text are what a machine heard in a voice."""
    return TRANSCRIBED in text.params


def brought_by(session: Session, text: Inbox) -> Sequence[Media]:
    """Return what was taken in of a text, in its order."""
    if str(text.params.get("NumMedia") or "0") == "0":
        return ()
    return session.scalars(select(Media).where(Media.inbox_id == text.id).order_by(Media.id)).all()


def _which(refs: Collection[Ref]) -> ColumnElement[bool] | None:
    ids: dict[str, list[int]] = defaultdict(list)
    for kind, number in refs:
        if kind != MEDIA:
            ids[kind].append(number)
    parts = [and_(MediaRef.kind == kind, MediaRef.ref_id.in_(some)) for kind, some in sorted(ids.items())]
    return or_(*parts) if parts else None
