"""Sees to what time alone moves: seasons over, words to erase, briefs, invitations, silent numbers, pages."""

from __future__ import annotations

from assistant.circles.actions.effects import Start, Tell
from assistant.circles.calendar import brief_schedule
from assistant.circles.hours import hour_upkeep
from assistant.circles.membership import invitation_reminders, silent_numbers
from assistant.circles.people import page_sessions
from assistant.circles.seasons import season_end
from assistant.circles.trust import traces
from assistant.conversations import import_invitations
from assistant.conversations.effect_handlers import start_later
from assistant.conversations.notices import tell
from assistant.safety import alert_escalation
from assistant.services import Services

LOOKS = (
    season_end.has_work,
    brief_schedule.has_work,
    hour_upkeep.has_work,
    invitation_reminders.has_work,
    traces.has_work,
    page_sessions.has_work,
    silent_numbers.has_work,
)


def maintain(services: Services) -> int:
    """Close, erase, forget, brief, invite, doubt and remind as is due; return how many there were, in all."""
    now = services.clock.now()
    with services.database.read() as session:
        # An idle look takes no lock.
        if not any(has_work(session, now) for has_work in LOOKS):
            return 0
    with services.database.write() as session:
        forgotten = traces.forget_due(session, now)
        circles = season_end.close_and_erase(session, now)
        briefs = brief_schedule.start_briefs(session, services.identity.sender, now)
        checks = silent_numbers.doubt_silent(session, now)
        for start in (*briefs, *checks):
            start_later(session, start, now)
        hours = hour_upkeep.look_after_hours(session, services.identity.sender, now)
        for effect in hours:
            if isinstance(effect, Start):
                start_later(session, effect, now)
            elif isinstance(effect, Tell):
                tell(session, services, effect, now)
        page_sessions.drop_old_sessions(session, now)
        reminded = import_invitations.remind(session, services, now)
    if forgotten and services.database.scrub():
        with services.database.write() as session:
            traces.settle(session, forgotten, now)
    return circles + len(briefs) + len(checks) + len(hours) + reminded + len(forgotten)


def page_due(services: Services) -> int:
    """Take the step that is due of every alert; return how many. Safe to run many times at once."""
    now = services.clock.now()
    with services.database.read() as session:
        # An idle look takes no lock.
        if not alert_escalation.has_work(session, now):
            return 0
    with services.database.write() as session:
        alerts, pages = alert_escalation.take_due_steps(session, services.identity.sender, now)
        for page in pages:
            tell(session, services, page, now)
    services.wake("delivery")
    return alerts
