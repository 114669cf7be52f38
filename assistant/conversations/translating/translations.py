"""Follows a text whose words its reader cannot read with a translation, made beside all other work.

Translating takes long, so that it is done between two transactions; the text itself waits for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.people.foreign_words import Foreign, foreign_words
from assistant.conversations.text_rendering import speak
from assistant.delivery.outbox import TRANSLATED, Draft, put
from assistant.services import Services
from assistant.store import looks
from assistant.store.tables import Circle, Outbox, Person
from assistant.translation.translator import TranslationError, Translator

log = structlog.get_logger(__name__)

AT_ONCE: Final = 20
WORTH_IT: Final = dt.timedelta(hours=1)
"""What was said longer ago is not explained any more."""
GIVEN_UP: Final = ("cancelled", "dropped", "failed")
"""States of a text that has shown its reader nothing, and will not."""
BETWEEN: Final = "\n"


@dataclass(frozen=True, slots=True)
class _Text:
    id: int
    language: str
    """The reader's."""
    foreign: list[Foreign]


WORK: Final = (select(Outbox.id).where(Outbox.to_translate),)
"""Whether `translate_waiting` would find anything: one look into a short index."""


def translate_waiting(services: Services) -> int:
    """Translate what some texts carry, and queue it behind them; return how many texts were looked at."""
    with services.database.read() as session:
        texts = _waiting(session) if looks.any_due(session, services.clock.now(), *WORK) else []
    if not texts:
        return 0
    said = {text.id: _translate(services.translator, text) for text in texts}
    with services.database.write() as session:
        drafts = [draft for text in texts if (draft := _draft(session, services, text.id, said[text.id]))]
        put(session, drafts, services.identity.sender, services.clock.now())
        session.execute(update(Outbox).where(Outbox.id.in_(said)).values(to_translate=False))
    if drafts:
        services.wake("delivery")
    return len(texts)


def _waiting(session: Session) -> list[_Text]:
    rows = session.execute(
        select(Outbox.id, Outbox.carries, Person)
        .join(Person, Person.id == Outbox.person_id)
        .where(Outbox.to_translate)
        .order_by(Outbox.id)
        .limit(AT_ONCE)
    ).all()
    return [
        _Text(row.id, row.Person.language or "", foreign_words(session, row.Person, row.carries or ""))
        for row in rows
    ]


def _translate(translator: Translator | None, text: _Text) -> list[str]:
    """Return what could be said in the reader's language."""
    said = []
    for each in text.foreign:
        if translator is None or (each.language, text.language) not in translator.pairs:
            continue
        try:
            said.append(translator.translate(each.words, each.language, text.language))
        except TranslationError as error:
            log.warning("not translated", outbox=text.id, why=str(error))
    return said


def _draft(session: Session, services: Services, outbox_id: int, said: Sequence[str]) -> Draft | None:
    """Return what follows a text; None: nothing can be said, or its words were taken back meanwhile."""
    text, now = session.get_one(Outbox, outbox_id), services.clock.now()
    if not said or text.state in GIVEN_UP or text.body is None or text.created_at < now - WORTH_IT:
        return None
    reader = session.get_one(Person, text.person_id)
    if not reader.translated:
        return None
    circle = session.get(Circle, text.circle_id) if text.circle_id else None
    given = {"words": BETWEEN.join(said)}
    ctx = ActionContext(
        session, now, services.identity, reader, text.address_id, circle=circle, values=dict(given)
    )
    notice = services.book.notice(TRANSLATED.partition("/")[2])
    return Draft(
        person_id=text.person_id,
        address_id=text.address_id,
        uri=text.to_uri,
        body=speak(ctx, notice, uri=text.to_uri, given=given, verbatim=("words",)),
        purpose=text.purpose,
        circle_id=text.circle_id,
        member_id=text.member_id,
        inbox_id=text.inbox_id,
        conversation_id=text.conversation_id,
        wording=TRANSLATED,
        not_before=text.not_before,
        expires_at=text.expires_at,
        carries=text.carries,
    )
