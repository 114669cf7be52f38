"""Says what waited for its reader's word: what is still true of it, in its order, in as few texts as fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from assistant.channels.showing import MOST_CHARACTERS
from assistant.circles.people.carried_words import BETWEEN, say_together
from assistant.circles.people.receipts import Reading, note_reads
from assistant.delivery.claims import load_due
from assistant.delivery.outbox import TRANSLATED
from assistant.delivery.verdicts import OPENER, Drop, decide
from assistant.delivery.ways import WAITS
from assistant.store.tables import Outbox, Question

TOGETHER: Final = ("notice", "relay", "prompt")
"""Purposes of what may be said in one text: unprompted, and nobody's life hangs on it."""
SETTLED: Final = "its question is closed"


def let_go(session: Session, address_id: int, now: dt.datetime) -> None:
    """Let what waited for a word from this address go, but for what is no longer true of it.

    Args:
        session: A session inside `Database.write()`, under the reader's lock.
        now: Aware UTC, the service's time: when the word came.
    """
    waited = select(Outbox.id).where(
        Outbox.address_id == address_id, Outbox.state == "queued", Outbox.reason == WAITS
    )
    ids = list(session.scalars(waited.order_by(Outbox.id)))
    if not ids:
        return
    session.execute(
        update(Outbox).where(Outbox.id.in_(ids)).values(not_before=now, reason=None),
        execution_options={"synchronize_session": "fetch"},
    )
    for text in load_due(session, ids):
        # They have just written, and that text is being handled.
        verdict = decide(replace(text, unhandled=False, heard_at=now), now)
        if isinstance(verdict, Drop):
            _drop(session, [text.id], verdict.reason)
    _drop_settled(session, _let_go(session, address_id, now))


def gather(session: Session, address_id: int, now: dt.datetime) -> Collection[tuple[int | None, str]]:
    """Put what was let go a moment ago into as few texts as fit, once their reader's own text was handled.

    A question stands alone, with what can be tapped; so does what is translated.

    Returns:
        What is asked in them: (conversation, "flow/step") each.
    """
    texts = _drop_settled(session, _let_go(session, address_id, now))
    asked = _asked(session, texts)
    group: list[Outbox] = []
    for text in texts:
        alone = _place(text) in asked or text.taps or text.to_translate or text.wording == TRANSLATED
        alone = alone or text.media is not None  # A message takes one picture.
        if group and (alone or not _goes_with(text, group)):
            _say_together(session, group, now)
            group = []
        if not alone and text.purpose in TOGETHER and text.wording != OPENER:
            group.append(text)
    _say_together(session, group, now)
    session.flush()
    return asked


def _let_go(session: Session, address_id: int, now: dt.datetime) -> Sequence[Outbox]:
    return session.scalars(
        select(Outbox)
        .where(
            Outbox.address_id == address_id,
            Outbox.state == "queued",
            Outbox.not_before == now,
            Outbox.created_at < now,
            Outbox.inbox_id.is_(None),
            or_(Outbox.expires_at.is_(None), Outbox.expires_at > now),
        )
        .order_by(Outbox.id)
    ).all()


def _drop_settled(session: Session, texts: Sequence[Outbox]) -> Sequence[Outbox]:
    """Drop what asks something that is closed by now; return the rest."""
    asked = _asked(session, texts, closed=True)
    settled = [text for text in texts if _place(text) in asked]
    _drop(session, [text.id for text in settled], SETTLED)
    return [text for text in texts if text not in settled]


def _asked(
    session: Session, texts: Iterable[Outbox], *, closed: bool = False
) -> Collection[tuple[int | None, str]]:
    """Return where these texts ask something that is open, or (if `closed`) is not any more."""
    places = {place for text in texts if (place := _place(text))[0] is not None}
    newest: dict[tuple[int | None, str], str] = {}
    talks = {talk for talk, _ in places}
    questions = select(Question.conversation_id, Question.flow, Question.step, Question.state)
    for talk, flow, step, state in session.execute(
        questions.where(Question.conversation_id.in_(talks)).order_by(Question.id)
    ):
        newest[talk, f"{flow}/{step}"] = state
    return {place for place in places if place in newest and (newest[place] == "closed") is closed}


def _place(text: Outbox) -> tuple[int | None, str]:
    """Return which conversation a text belongs to, and what step of it: flow/step."""
    return text.conversation_id, "/".join((text.wording or "").split("/")[:2])


def _goes_with(text: Outbox, group: Sequence[Outbox]) -> bool:
    first = group[0]
    words = BETWEEN.join(each.body or "" for each in (*group, text))
    about = (text.circle_id, text.member_id) == (first.circle_id, first.member_id)
    return about and text.purpose in TOGETHER and len(words) <= MOST_CHARACTERS


def _say_together(session: Session, group: Sequence[Outbox], now: dt.datetime) -> None:
    """Let the first of these say all; whose words the others carry is known of it from now on."""
    if len(group) < 2:
        return
    first, *others = group
    say_together(session, group)
    carrying = [each for each in others if each.carries]
    note_reads(
        session, [Reading(each.carries or "", first.person_id, first.id) for each in carrying], "text", now
    )


def _drop(session: Session, ids: Collection[int], reason: str) -> None:
    if ids:
        session.execute(
            update(Outbox)
            .where(Outbox.id.in_(ids), Outbox.state == "queued")
            .values(state="dropped", reason=reason),
            execution_options={"synchronize_session": "fetch"},
        )
