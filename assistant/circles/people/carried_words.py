"""Finds the texts in which a person's words travel to others, and calls back those that have not left yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.store.tables import Conversation, Outbox, Timer

ONLY_A_SIGN: Final = "?"
"""After a row in `Outbox.carries`: the text says only that words wait, and shows none of them."""
CARRIED: Final = "carried"
"""A conversation's value that says whose words stand in its others, as {"question": "said:7"}."""
LEAVING: Final = ("claimed", "unsure")
ARRIVED: Final = ("sent", "done")
"""States of a text that the carrier took; `LEAVING` may have been taken."""


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
        if text.state == "queued":
            text.state, text.reason = "cancelled", reason
        elif text.state in (*LEAVING, *ARRIVED) and any(not each.endswith(ONLY_A_SIGN) for each in these):
            reached.add(text.person_id)
        if text.state not in LEAVING:  # Whoever sends it still needs it to find it in the carrier's log.
            text.body, text.taps, text.erased_at = None, None, text.erased_at or now
    session.flush()
    return reached
