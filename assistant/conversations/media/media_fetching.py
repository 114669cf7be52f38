"""Fetches pictures and voice notes from the carrier, and makes of them what may go on: beside all other work.

Between two transactions, since it takes long. Once all that a text brought is here, the text is heard again
(`media_stage.take_up`).
"""

from __future__ import annotations

import datetime as dt
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import bindparam, literal, or_, select
from sqlalchemy.orm import Session

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.circles.people.carried_media import TRANSCRIBED, VOICE
from assistant.media.cleaning import MOST_BYTES, Cleaned, UnfitError, clean_apart
from assistant.media.transcriber import TranscriptionError
from assistant.services import Services
from assistant.store import looks
from assistant.store.tables import Inbox, Media, Person

log = structlog.get_logger(__name__)

AT_ONCE: Final = 10
PAUSES: Final = (dt.timedelta(seconds=2), dt.timedelta(seconds=15), dt.timedelta(minutes=1))
"""After each try that failed; after so many and one it is given up."""
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(frozen=True, slots=True)
class _Wanted:
    id: int
    source: str
    tries: int
    language: str | None
    """Its sender's."""
    with_words: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one: cleaned, said, refused for a reason, or (all None) to be tried again."""

    cleaned: Cleaned | None = None
    said: str | None = None
    reason: str | None = None

    @property
    def settled(self) -> bool:
        return self.cleaned is not None or self.reason is not None


def _drop(services: Services, run: Run, wanted: _Wanted) -> None:
    """Let the carrier keep nothing: what it has may be open to whoever knows the address."""
    try:
        run(services.carrier.drop_media(wanted.source))
    except CarrierError as error:
        log.warning("media stays with the carrier", media=wanted.id, trouble=error.trouble.value)


def fetch_waiting(services: Services, run: Run, clean: Callable[[bytes], Cleaned] = clean_apart) -> int:
    """Fetch what is wanted, and have the texts heard again that it came with; return how many were looked at.

    Args:
        run: Runs a coroutine that asks the carrier.
        clean: Makes of the bytes what may go on.
    """
    real = services.clock.real()
    with services.database.read() as session:
        wanted = _wanted(session, real)
    if not wanted:
        return 0
    outcomes = {each.id: _fetch(services, run, clean, each) for each in wanted}
    with services.database.write() as session:
        heard = _write(session, outcomes, real)
    if heard:
        services.wake("inbox")
    for each in wanted:
        if outcomes[each.id].settled:
            _drop(services, run, each)
    return len(wanted)


_WANTED: Final = (
    # Written into the statement itself: the index that holds only these serves no other condition.
    Media.state == literal("wanted", literal_execute=True),
    or_(Media.not_before.is_(None), Media.not_before <= bindparam("real")),
)
WORK: Final = (
    select(Media.id).where(_WANTED[0], or_(Media.not_before.is_(None), Media.not_before <= looks.moment())),
)
"""Whether `fetch_waiting` would find anything, asked by the machine's time."""
_OLDEST: Final = (
    select(Media, Person.language, Inbox.body)
    .join(Person, Person.id == Media.person_id)
    .join(Inbox, Inbox.id == Media.inbox_id)
    .where(*_WANTED)
    .order_by(Media.id)
    .limit(AT_ONCE)
)


def _wanted(session: Session, real: dt.datetime) -> list[_Wanted]:
    rows = session.execute(_OLDEST, {"real": real}).all() if looks.any_due(session, real, *WORK) else []
    return [
        _Wanted(row.Media.id, row.Media.source or "", row.Media.tries, row.language, bool(row.body))
        for row in rows
    ]


def _fetch(services: Services, run: Run, clean: Callable[[bytes], Cleaned], wanted: _Wanted) -> _Outcome:
    try:
        cleaned = clean(run(services.carrier.fetch_media(wanted.source, MOST_BYTES)))
    except UnfitError as error:
        return _Outcome(reason=error.reason)
    except CarrierError as error:
        gone = error.trouble is Trouble.FIX or wanted.tries >= len(PAUSES)
        log.warning("media not fetched", media=wanted.id, trouble=error.trouble.value, given_up=gone)
        return _Outcome(reason="lost") if gone else _Outcome()
    listener = services.transcriber
    if listener is None or wanted.with_words or not cleaned.content_type.startswith(VOICE):
        return _Outcome(cleaned)
    try:
        return _Outcome(cleaned, said=listener.transcribe(cleaned.data, wanted.language))
    except TranscriptionError as error:
        log.warning("not transcribed", media=wanted.id, why=str(error))
        return _Outcome(cleaned)


def _write(session: Session, outcomes: dict[int, _Outcome], real: dt.datetime) -> int:
    """Keep what came of each, and let the texts be heard again of which nothing is wanted any more."""
    rows = session.scalars(select(Media).where(Media.id.in_(outcomes), Media.state == "wanted")).all()
    said: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        outcome = outcomes[row.id]
        if outcome.cleaned is not None:
            row.state, row.content_type, row.source = "kept", outcome.cleaned.content_type, None
            row.data = b64encode(outcome.cleaned.data).decode("ascii")
        elif outcome.reason is not None:
            row.state, row.reason, row.source = "refused", outcome.reason, None
        else:
            row.not_before = real + PAUSES[row.tries]
            row.tries += 1
        if outcome.said:
            said[row.inbox_id].append(outcome.said)
    session.flush()
    texts = {row.inbox_id for row in rows}
    waiting = select(Media.inbox_id).where(Media.inbox_id.in_(texts), Media.state == "wanted")
    return _let_hear(session, texts - set(session.scalars(waiting)), said)


def _let_hear(session: Session, texts: Sequence[int] | set[int], said: dict[int, list[str]]) -> int:
    heard = 0
    for text in session.scalars(select(Inbox).where(Inbox.id.in_(texts), Inbox.erased_at.is_(None))):
        if words := said.get(text.id):
            text.body, text.params = " ".join(words), {**text.params, TRANSCRIBED: "1"}
        text.state, text.attempts, text.not_before = "new", 0, None
        heard += 1
    return heard
