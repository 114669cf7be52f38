"""Writes what is due of the circle's news: one text a reader, two segments at most; READ has the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Line
from assistant.circles.sharing import news_due, news_planning
from assistant.circles.sharing.news_due import Digest, Piece, settle, take_due
from assistant.circles.sharing.news_planning import TOLD_BY, spread
from assistant.conversations.text_rendering import speak
from assistant.delivery.outbox import LONGEST_TEXT, Draft, put
from assistant.language.sms.segments import measure
from assistant.services import Services
from assistant.store import looks

BATCHES: Final = 20
"""Of one sweep, so that it does not stand before other work for long."""
CUT: Final = "..."
LEAST_SHOWN: Final = 20
"""Fewer characters of somebody's words say nothing."""


WORK: Final = (*news_planning.WORK, *news_due.WORK)
"""Whether `tell_news` would find anything."""


def tell_news(services: Services) -> int:
    """Make news of what was shared and tell what is due; return how many readers were looked at."""
    now = services.clock.now()
    looked_at = 0
    for _ in range(BATCHES):
        with services.database.read() as session:
            # An idle look takes no lock.
            if not looks.any_due(session, now, *WORK):
                break
        with services.database.write() as session:
            made = spread(session, now)
            readers = tell_some(session, services, now)
        looked_at += readers
        if not made and not readers:
            break
    if looked_at:
        services.wake("delivery")
    return looked_at


def tell_some(session: Session, services: Services, now: dt.datetime) -> int:
    """Tell a batch of readers what is due, in a handful of statements; return how many were looked at."""
    looked_at, digests = take_due(session, services.identity.sender, now)
    drafts: list[Draft] = []
    became: list[tuple[list[int], list[int]]] = []
    unsaid: list[int] = []
    for digest in digests:
        if digest.person.plain and not digest.sign:
            unsaid += [piece.id for piece in digest.pieces]
            continue
        draft, told = _compose(session, services, digest, now)
        drafts.append(draft)
        became.append((told, [piece.id for piece in digest.pieces if piece.id not in told]))
    rows: list[dict[str, Any]] = [_row(each, "signed", now, None) for each in unsaid]
    # A digest is never cut into parts, so that each draft is one row.
    for outbox_id, (told, signed) in zip(
        put(session, drafts, services.identity.sender, now), became, strict=True
    ):
        rows += [_row(each, "told", now, outbox_id) for each in told]
        rows += [_row(each, "signed", now, outbox_id) for each in signed]
    settle(session, rows)
    return looked_at


def _row(news_id: int, state: str, now: dt.datetime, outbox_id: int | None) -> dict[str, Any]:
    return {"id": news_id, "state": state, "at": now, "outbox_id": outbox_id}


def _compose(
    session: Session, services: Services, digest: Digest, now: dt.datetime
) -> tuple[Draft, list[int]]:
    """Return the text for one reader, and which pieces of news stand in it."""
    ctx = ActionContext(
        session, now, services.identity, digest.person, digest.address.id, digest.member, digest.circle
    )
    uri = digest.address.uri

    def said(line: Line) -> str:
        given = {name: value for name, value in line.placeholders.items() if isinstance(value, str)}
        text = services.book.notice(line.notice)
        return speak(replace(ctx, values=given), text, uri=uri, given=given, verbatim=line.verbatim)

    pieces = digest.pieces
    if digest.person.plain:
        return _draft(digest, said(Line("news_waits")), "notices/news_waits", None), []
    heading = said(Line("news_heading"))
    told: list[Piece] = []
    body = ""
    for count in range(len(pieces), -1, -1):
        told = list(pieces[:count])
        texts = [said(line) for piece in told for line in piece.lines]
        left = len(pieces) - count
        more = [said(Line("news_more", {"count": str(left)}))] if left else []
        body = "\n".join([heading, *texts, *more])
        if count and _fits(body):
            break
    if not told:
        # Not even the first has room: its beginning, and READ for the rest.
        body = _beginning(heading, pieces, said)
        told = list(pieces[:1])
    carries = " ".join(dict.fromkeys(line.carries for piece in told for line in piece.lines if line.carries))
    return _draft(digest, body, TOLD_BY, carries), [piece.id for piece in told]


def _beginning(heading: str, pieces: Sequence[Piece], said: Any) -> str:
    first = pieces[0].lines[0]
    words = " ".join(str(first.placeholders["words"]).split())
    more = said(Line("news_more", {"count": str(len(pieces))}))
    for longest in range(min(len(words), 300), LEAST_SHOWN, -1):
        cut = words[:longest].rpartition(" ")[0] or words[:longest]
        line = replace(first, placeholders={**first.placeholders, "words": cut + CUT})
        body = "\n".join([heading, said(line), more])
        if _fits(body):
            return body
    return "\n".join([heading, more])


def _fits(body: str) -> bool:
    return measure(body).segments <= LONGEST_TEXT


def _draft(digest: Digest, body: str, wording: str, carries: str | None) -> Draft:
    return Draft(
        person_id=digest.person.id,
        address_id=digest.address.id,
        uri=digest.address.uri,
        body=body,
        purpose="relay",
        circle_id=digest.circle.id,
        member_id=digest.member.id,
        wording=wording,
        carries=carries,
    )
