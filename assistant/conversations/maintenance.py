"""Sees to what time alone moves: seasons over, words to erase, briefs, invitations, silent numbers, pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assistant.circles.actions.effects import Start, Tell
from assistant.circles.calendar import brief_schedule
from assistant.circles.hours import hour_upkeep
from assistant.circles.membership import invitation_reminders, silent_numbers
from assistant.circles.people import carried_media, page_sessions
from assistant.circles.seasons import season_end, stray_words
from assistant.circles.surveys import survey_plan, waiting_plan
from assistant.circles.tools import tool_upkeep
from assistant.circles.trust import traces, two_phones
from assistant.conversations import import_invitations, timers
from assistant.conversations.calling import called_pages
from assistant.conversations.effect_handlers import start_later
from assistant.conversations.news import news_texts
from assistant.conversations.notices import tell
from assistant.safety import alert_escalation
from assistant.services import Services
from assistant.store import looks

WORK: Final = (
    *season_end.WORK,
    *stray_words.WORK,
    *brief_schedule.WORK,
    *hour_upkeep.WORK,
    *invitation_reminders.WORK,
    *traces.WORK,
    *page_sessions.WORK,
    *silent_numbers.WORK,
    *carried_media.WORK,
    *tool_upkeep.WORK,
    *survey_plan.WORK,
    *waiting_plan.WORK,
    *two_phones.WORK,
)
"""Whether `maintain` would find anything."""
OF_EACH_PART: Final = (called_pages.WORK, WORK, news_texts.WORK, timers.WORK, alert_escalation.WORK)


def keep_up(services: Services, until: float) -> None:
    """Do what time alone moves: maintain, tell news, fire timers until `until` (`time.monotonic()`), page.

    One look says which parts have anything to do; what one of them has done may be work for those after it.
    """
    parts: tuple[Callable[[], object], ...] = (
        # A key that was pressed counts before the next is paged.
        lambda: called_pages.see_to_calls(services),
        # Maintenance may start conversations, which timers then begin.
        lambda: maintain(services),
        # Before what asks something: the last text that came is then the one that an answer is to.
        lambda: news_texts.tell_news(services),
        lambda: timers.fire_due(services, until),
        lambda: page_due(services),
    )
    due = _due(services)
    for place, do in enumerate(parts):
        if due[place]:
            do()
            due = _due(services)


def _due(services: Services) -> tuple[bool, ...]:
    """Return of each part whether it has anything to do."""
    with services.database.read() as session:
        due = looks.which(session, services.clock.now(), *OF_EACH_PART)
    return (due[0] and (services.identity.rings or services.identity.talks), *due[1:])


def maintain(services: Services) -> int:
    """Close, erase, forget, brief, invite, doubt and remind as is due; return how many there were, in all."""
    now = services.clock.now()
    with services.database.read() as session:
        # An idle look takes no lock.
        if not looks.any_due(session, now, *WORK):
            return 0
        strays = stray_words.strays(session, now)
    with services.database.write() as session:
        forgotten = traces.forget_due(session, now)
        circles = season_end.close_and_erase(session, now)
        if strays is not None:
            stray_words.erase_strays(session, strays, now)
        briefs = brief_schedule.start_briefs(session, services.identity.sender, now)
        checks = silent_numbers.doubt_silent(session, services.identity.sender, now)
        surveys = survey_plan.start_surveys(session, services.identity.sender, now)
        surveys += waiting_plan.start_waiting_surveys(session, services.identity.sender, now)
        for start in (*briefs, *checks, *surveys):
            start_later(session, start, now)
        hours = hour_upkeep.look_after_hours(session, services.identity.sender, now)
        for effect in hours:
            if isinstance(effect, Start):
                start_later(session, effect, now)
            elif isinstance(effect, Tell):
                tell(session, services, effect, now)
        page_sessions.drop_old_sessions(session, now)
        carried_media.forget_loose(session, now)
        tool_upkeep.drop_old(session, now)
        two_phones.move_late_rows(session, now)
        reminded = import_invitations.remind(session, services, now)
    if forgotten and services.database.scrub():
        with services.database.write() as session:
            traces.settle(session, forgotten, now)
    return circles + len(briefs) + len(checks) + len(surveys) + len(hours) + reminded + len(forgotten)


def page_due(services: Services) -> int:
    """Take the step that is due of every alert; return how many. Safe to run many times at once."""
    now = services.clock.now()
    with services.database.read() as session:
        # An idle look takes no lock.
        if not looks.any_due(session, now, *alert_escalation.WORK):
            return 0
    with services.database.write() as session:
        alerts, pages = alert_escalation.take_due_steps(session, services.identity.sender, now)
        for page in pages:
            tell(session, services, page, now)
    services.wake("delivery")
    return alerts
