"""Finds the texts in which a person's words travel to others, and calls back those that have not left yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.store.numbering import new_ids
from assistant.store.tables import Conversation, News, Outbox, Receipt, Timer

ONLY_A_SIGN: Final = "?"
"""After a row in `Outbox.carries`: the text says only that words wait, and shows none of them."""
CARRIED: Final = "carried"
"""A conversation's value that says whose words stand in its others, as {"question": "said:7"}."""
LEAVING: Final = ("claimed", "unsure")
ARRIVED: Final = ("sent", "done")
"""States of a text that the carrier took; `LEAVING` may have been taken."""
SAID_WITH: Final = "said together with another"
"""Why a text is dropped that another says in its place (`Outbox.said_in`)."""
BETWEEN: Final = "\n\n"
"""Between two texts that one says."""
_OWN: Final = ("id", "carrier_id", "said_in", "state", "reason")
"""What a row does not share with a copy of it."""


def forget_values(session: Session, people: Collection[int], carried: Collection[str]) -> None:
    """Take these words out of what others' conversations were given: a buddy's skill, a host's question."""
    tables: tuple[Any, ...] = (Conversation, Timer)
    for table in tables:
        for row in session.scalars(select(table).where(table.person_id.in_(people))):
            whose = row.values.get(CARRIED)
            gone = (
                {name for name, each in whose.items() if each in carried}
                if isinstance(whose, dict)
                else set()
            )
            if gone:
                row.values = {**row.values, **dict.fromkeys(gone, "")}
    session.flush()


def call_back(
    session: Session, circle_id: int, carried: Collection[str], reason: str, now: dt.datetime
) -> set[int]:
    """Cancel every text of a circle that carries these words and has not left; erase them from the others.

    Args:
        session: A session inside `Database.write()`.
        circle_id: Where the words were given.
        carried: Rows whose words they are, as texts name them: "share:12", "note:5", "answer:9".
        reason: Why, in a few words; kept on the rows that are cancelled.

    Returns:
        Ids of the people whom the words have reached, or may have.
    """
    reached: set[int] = set()
    if not carried:
        return reached
    texts = select(Outbox).where(Outbox.circle_id == circle_id, Outbox.carries.is_not(None)).with_for_update()
    for text in session.scalars(texts):
        these = [each for each in (text.carries or "").split() if each.removesuffix(ONLY_A_SIGN) in carried]
        if not these:
            continue
        if text.state == "queued" and _say_what_stays(session, text, set(these), reason):
            continue
        if text.state == "queued":
            text.state, text.reason = "cancelled", reason
        elif text.state in (*LEAVING, *ARRIVED) and any(not each.endswith(ONLY_A_SIGN) for each in these):
            reached.add(text.person_id)
        if text.state not in LEAVING:  # Whoever sends it still needs it to find it in the carrier's log.
            text.body, text.taps, text.erased_at = None, None, text.erased_at or now
    session.flush()
    return reached


def say_together(session: Session, texts: Sequence[Outbox]) -> None:
    """Let the first of these queued texts say them all; each is kept, so that it can be taken out again."""
    first, *others = texts
    mapper = Outbox.__mapper__
    shared = {each.key: getattr(first, each.key) for each in mapper.column_attrs if each.key not in _OWN}
    (number,) = new_ids(session, Outbox, 1)
    own = Outbox(id=number, **shared)
    session.add(own)
    _say(first, texts)
    for part in (own, *others):
        part.state, part.reason, part.said_in = "dropped", SAID_WITH, first.id
    session.flush()


def _say_what_stays(session: Session, text: Outbox, gone: set[str], reason: str) -> bool:
    """Let a text that says several say those that carry nothing of `gone`; return whether any is left.

    What is taken out has its own row again, which never leaves: with the receipts of its words, so that they
    count for nothing, and with the news that stood in it, so that the rest of those can be told anew.
    """
    parts = list(session.scalars(select(Outbox).where(Outbox.said_in == text.id).order_by(Outbox.id)))
    # The first's own row is a copy, made when the others were there already.
    parts = [*parts[-1:], *parts[:-1]]
    out = [part for part in parts if part.body is None or gone & set((part.carries or "").split())]
    stay = [part for part in parts if part not in out]
    if not stay:
        return False
    _say(text, stay)
    still = set((text.carries or "").split())
    for part in out:
        part.state, part.reason, part.said_in = "cancelled", reason, None
        for each in set((part.carries or "").split()) - still:
            kind, _, number = each.removesuffix(ONLY_A_SIGN).partition(":")
            session.execute(
                update(Receipt)
                .where(Receipt.outbox_id == text.id, Receipt.kind == kind, Receipt.ref_id == int(number or 0))
                .values(outbox_id=part.id)
                .execution_options(synchronize_session=False)
            )
    if parts[0] in out:
        news = update(News).where(News.outbox_id == text.id).values(outbox_id=parts[0].id)
        session.execute(news.execution_options(synchronize_session=False))
    return True


def _say(text: Outbox, parts: Iterable[Outbox]) -> None:
    """Write into a text what these say, in their order."""
    said = list(parts)
    refs = " ".join(part.carries for part in said if part.carries)
    ends = [part.expires_at for part in said if part.expires_at is not None]
    text.body = BETWEEN.join(part.body or "" for part in said)
    text.carries = " ".join(dict.fromkeys(refs.split())) or None
    text.expires_at = min(ends) if ends else None
