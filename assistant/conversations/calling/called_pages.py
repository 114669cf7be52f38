"""Asks people on call about calls, words the calls that pages become, and acts on pressed keys."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Start
from assistant.circles.people.reachability import address_of
from assistant.circles.talks.talk_rows import talk_of_call
from assistant.conversations.calling import talk_calls
from assistant.conversations.effect_handlers import start_later
from assistant.conversations.text_rendering import language_of, speak
from assistant.delivery.called_phones import note_tried
from assistant.safety import call_wishes
from assistant.services import Services
from assistant.store import looks
from assistant.store.tables import Alert, Circle, PageCall, Person, Talk

WORK: Final = (
    *call_wishes.WORK,
    select(PageCall.id).where(PageCall.state == "new"),
    talk_calls.OVER.with_only_columns(Talk.id),
    select(PageCall.id).where(PageCall.pressed.is_not(None), PageCall.heard_at.is_(None)),
)
"""Whether `see_to_calls` would find anything, where phones are rung."""
PAGE: Final = ("call_page", "call_on_it", "call_passed")
TEST: Final = ("call_test", "call_tried", "call_tried")
"""Notices that are spoken: the question, after 1, after 2."""


def see_to_calls(services: Services) -> None:
    """Ask who was never asked, make and word the calls that are wanted, and act on keys."""
    if not services.identity.rings and not services.identity.talks:
        return
    now = services.clock.now()
    with services.database.read() as session:
        # An idle look takes no lock.
        if not looks.any_due(session, now, *WORK):
            return
    with services.database.write() as session:
        _act_on_keys(session, now)
        if services.identity.rings:  # Whom nothing rings is never asked about it.
            for start in call_wishes.start_asking(session, now):
                start_later(session, start, now)
            call_wishes.make_calls(session, now)
        talk_calls.see_to_ends(session, services, now)
        session.flush()
        for call in session.scalars(select(PageCall).where(PageCall.state == "new")).all():
            _word(session, services, call, now)


def _act_on_keys(session: Session, now: dt.datetime) -> None:
    pressed = select(PageCall).where(PageCall.pressed.is_not(None), PageCall.heard_at.is_(None))
    for call in session.scalars(pressed.order_by(PageCall.id).with_for_update(skip_locked=True)).all():
        call.heard_at = now
        if call.alert_id is None:
            if talk_of_call(session, call) is None:
                note_tried(session, call, now)
            continue
        flow = "call_taken" if call.pressed == "1" else "call_passed"
        start_later(session, Start(call.person_id, flow, {"alert": call.alert_id}, at_once=True), now)


def _word(session: Session, services: Services, call: PageCall, now: dt.datetime) -> None:
    person, address = session.get_one(Person, call.person_id), address_of(session, call.person_id)
    if address is None:
        call.state, call.reason = "dropped", "out of reach"
        return
    talk = talk_of_call(session, call)
    if talk is not None:
        talk_calls.word(session, services, call, talk, now)
        return
    alert = session.get(Alert, call.alert_id) if call.alert_id is not None else None
    circle = session.get(Circle, alert.circle_id) if alert is not None and alert.circle_id else None
    ctx = ActionContext(session, now, services.identity, person, address.id, circle=circle)
    notices = TEST if call.alert_id is None else PAGE
    # As on a screen, not as by SMS: a voice needs its accents.
    call.said = [speak(ctx, services.book.notice(each), uri="spoken:") for each in notices]
    call.language, call.state = language_of(person, circle), "queued"
