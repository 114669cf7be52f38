"""Holds the order in which texts reach one phone: which queued text is the next, whoever asks.

The order is that of the rows. It is decided by what is committed, so that it holds for any number of workers:
a text that another worker is just taking is still seen as queued, and stands before the next all the same.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, bindparam, literal, or_, select
from sqlalchemy import text as text_sql
from sqlalchemy.orm import aliased

from assistant.store.tables import Outbox

ORDER_PATIENCE = dt.timedelta(seconds=150)
"""So long after the last try of a text (real time) those behind it wait: half a minute longer than it takes
to be sure that a text never reached the carrier (`reconciliation.ABSENT_AFTER`), and longer than any pause
between two tries of a reply (`outbox.PURPOSE_RULES`). With the log out of reach nobody waits for ever."""

# Spelled as in the index that holds only these.
OPEN = text_sql("earlier.state IN ('queued', 'claimed', 'unsure')")
_EARLIER = aliased(Outbox, name="earlier")
_QUEUED = _EARLIER.state == literal("queued", literal_execute=True)
_CLAIMED = _EARLIER.state == literal("claimed", literal_execute=True)


def is_next(priority: int) -> ColumnElement[bool]:
    """Return the condition that nothing stands before a queued text of this priority; "now" and "since" (real
    time less `ORDER_PATIENCE`) are bound when it is asked.

    - Before it stand older texts to the same address that are due, that follow one another in one turn, or
      that were tried a moment ago and not taken. What waits for its hour stands before nothing.
    - Also what is on its way to the carrier, or may be. Once the carrier has taken a text the next may go: it
      sends what it has of one sender in the order in which it came, at the sender's own rate, so that a pause
      of ours (there was one, of two seconds) would add nothing to that queue but the wait.
    - Nothing waits for what is less urgent, but for the confirmation of an opt-out: it waits until whatever
      was claimed before it has left or was dropped, so that nothing comes after it.
    - What failed, was dropped or taken back is over and stands before nothing.
    """
    waits = and_(
        _QUEUED,
        _EARLIER.id < Outbox.id,
        or_(
            _EARLIER.not_before <= bindparam("now"),
            _EARLIER.id == Outbox.after_id,
            and_(_EARLIER.claimed_at > bindparam("since"), _EARLIER.carrier_id.is_(None)),
        ),
    )
    under_way = and_(~_QUEUED, _EARLIER.claimed_at > bindparam("since"))
    before = or_(
        and_(_EARLIER.priority <= priority, or_(waits, under_way)),
        and_(
            Outbox.purpose == literal("legal", literal_execute=True),
            _CLAIMED,
            _EARLIER.claimed_at > bindparam("since"),
        ),
    )
    # A look into the index for each row that is due; NOT EXISTS might become a join with all that waits.
    return (
        select(literal(1))
        .where(_EARLIER.address_id == Outbox.address_id, OPEN, _EARLIER.id != Outbox.id, before)
        .limit(1)
        .scalar_subquery()
        .is_(None)
    )
