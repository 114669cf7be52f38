"""Words the calls of two who talk, each in their own language, and tells both where nothing came of one."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.people.reachability import address_of
from assistant.circles.talks.talk_rows import between, end_talk, may_talk
from assistant.circles.talks.talking import tell_of_talk
from assistant.conversations.notices import tell
from assistant.conversations.text_rendering import language_of, speak
from assistant.services import Services
from assistant.store.tables import Circle, PageCall, Person, Talk

SPOKEN: Final = ("call_talk", "call_wait", "call_alone")
"""Notices that are spoken: to both before the key, to the first while the second rings, where nobody came."""
OVER: Final = (
    select(Talk, PageCall)
    .join(PageCall, PageCall.id == Talk.call_id)
    .where(Talk.state == "ringing", PageCall.state.in_(("ended", "dropped")))
)
"""Talks whose call is over."""


def word(session: Session, services: Services, call: PageCall, talk: Talk, now: dt.datetime) -> None:
    """Say what is spoken to both; then it may ring."""
    first, second = (_context(session, services, talk, each, now) for each in (talk.first_id, talk.second_id))
    if first is None or second is None:
        call.state, call.reason = "dropped", "out of reach"
        return
    # As on a screen, not as by SMS: a voice needs its accents.
    call.said = [speak(first, services.book.notice(each), uri="spoken:") for each in SPOKEN]
    talk.second_said = speak(second, services.book.notice(SPOKEN[0]), uri="spoken:")
    call.language, talk.second_language = (language_of(each.person, each.circle) for each in (first, second))
    call.state = "queued"


def see_to_ends(session: Session, services: Services, now: dt.datetime) -> None:
    """Put on record what came of calls that are over, and tell both where they were not connected."""
    for talk, call in session.execute(OVER.order_by(Talk.id).with_for_update(skip_locked=True)).all():
        if talk.connected_at is not None:
            talk.seconds = talk.seconds if talk.seconds is not None else call.seconds
            end_talk(talk, talk.outcome or "talked", now)
            continue
        goes_on = not may_talk(session, between(talk), services.identity.sender, now)
        end_talk(talk, talk.outcome or "unreached", now)
        for person_id in (talk.first_id, talk.second_id):
            if address_of(session, person_id) is not None:
                notice = "talk_unreached" if goes_on else "talk_came_to_nothing"
                tell(session, services, tell_of_talk(talk, person_id, notice), now)


def _context(
    session: Session, services: Services, talk: Talk, person_id: int, now: dt.datetime
) -> ActionContext | None:
    person, address = session.get_one(Person, person_id), address_of(session, person_id)
    circle = session.get(Circle, talk.circle_id) if talk.circle_id is not None else None
    if address is None:
        return None
    return ActionContext(session, now, services.identity, person, address.id, circle=circle)
