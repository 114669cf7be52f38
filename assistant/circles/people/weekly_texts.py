"""Knows how many texts a week may come unasked: the number that the confirmation of joining says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import func, not_, or_, select
from sqlalchemy.orm import Session

from assistant.circles.people.inactivity import NUDGES_A_WEEK
from assistant.store.tables import Member, Outbox

PLANNED_A_WEEK: Final = 8
"""Four that the season plans, and what someone who has just come is asked, a question a day, in that week.

A week with a circle hour has room for what that takes, too: the invitation, one reminder, and to whoever
comes the opening and the closing round. There is one such hour a week at most, and one of the plan takes the
place of another text.
"""
CHANGES_A_WEEK: Final = 1
"""A change of buddies, which cannot wait for the next news."""
NEWS_A_WEEK: Final = 3
"""Of those who hear once a day (the default). One every day would be more than all else together; what waits
stands in the next one, and READ shows it at once."""
TEXTS_A_WEEK: Final = PLANNED_A_WEEK + NUDGES_A_WEEK + NEWS_A_WEEK + CHANGES_A_WEEK
"""What every confirmation promises; whoever chooses EACH is told that more may come."""
ROOM: Final = 2
"""So many of them are kept for what the season plans, and not given to what others ask for."""
OF_OWN_ASKS: Final = (
    *("ask_match/", "ask_across/", "ask_end/", "ask_outcome/", "introduction_end/", "introduction_outcome/"),
    *("notices/ask_", "notices/offer_", "notices/introduced", "notices/two_introduced"),
    *("rally_care/", "joy_gathered/", "notices/rally_"),
)
"""Wordings of what follows from what a member asked, offered or said yes to; not counted."""
UNASKED: Final = ("prompt", "notice", "invitation")
"""Purposes of the texts that count; what others write to a member is not among them. What asks
a reader to open the chat counts, whatever waits: it is a text of ours more."""
_WEEK: Final = dt.timedelta(days=7)
_NOT_SENT: Final = ("cancelled", "dropped", "failed")


def is_full(session: Session, member: Member, now: dt.datetime) -> bool:
    """Whether a seat has had so many texts in seven days that it is asked for nothing more by others."""
    return texts_in_a_week(session, [member], now)[member.id] >= TEXTS_A_WEEK - ROOM


def texts_in_a_week(session: Session, members: Collection[Member], now: dt.datetime) -> dict[int, int]:
    """Return how many texts of those that count each of these seats has had in seven days."""
    answers = or_(*(Outbox.wording.startswith(each) for each in OF_OWN_ASKS))
    seats = [member.id for member in members]
    had = session.execute(
        select(Outbox.member_id, func.count(Outbox.id))
        .where(
            Outbox.person_id.in_({member.person_id for member in members}),
            Outbox.member_id.in_(seats),
            Outbox.purpose.in_(UNASKED),
            Outbox.created_at > now - _WEEK,
            Outbox.state.not_in(_NOT_SENT),
            or_(Outbox.wording.is_(None), not_(answers)),
        )
        .group_by(Outbox.member_id)
    )
    return dict.fromkeys(seats, 0) | {seat: count for seat, count in had if seat is not None}
