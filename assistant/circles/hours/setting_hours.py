"""Reads what a host writes after HOUR: a time, several to choose from, or how to come; and shows it first."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Line, Lines, Preview, Start
from assistant.circles.actions.pending_actions import hold
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of
from assistant.circles.actions.registry import action
from assistant.circles.calendar.breaks import clock_of
from assistant.circles.check_ins.broadcasts import BROADCASTS, Broadcast
from assistant.circles.check_ins.recipients import Recipient, named
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hours.hour_rows import has_hour_that_week, hour_to_come, local_when, seats_in
from assistant.circles.hours.hour_times import (
    halves_of,
    moment_of,
    short_when,
    when_values,
    why_not,
)
from assistant.circles.people.permissions import hosted_by
from assistant.language.languages import spoken
from assistant.language.phones.contacts import contact_spans
from assistant.language.rendering import readable_date, readable_day, readable_time
from assistant.language.times.meeting_times import Meeting, MeetingReading, read_meetings
from assistant.store.tables import Circle, CircleHour, PendingAction, Person

SET: Final = "hour"
POLL: Final = "hour_poll"
OFF: Final = "hour_off"
WAY: Final = "hour_way"
"""Kinds of pending actions: a time is set or moved, times are asked about, it is called off, how to come."""
GOES_OUT: Final = "hour_out"
"""The flow by which any of them happens, its minute being over."""
MOST_TIMES: Final = 3
_LOOKS_LIKE_LINK: Final = re.compile(r"\S*(?:://|\bwww\.)\S*", re.IGNORECASE)
_WHOLE_LINK: Final = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,24}(?::\d{2,5})?(?:[/?#]\S*)?", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\+?\d[\d ().-]{5,}\d")

Half = Literal["am", "pm"]


@action("host", "member")
def whose_hour(ctx: ActionContext) -> ActionResult:
    """Whether HOUR is a host's or a member's."""
    return ActionResult("host" if hosted_by(ctx.session, ctx.person.id) else "member")


@action("ready", "half", "when", "way", "show", "none")
def read_hour(ctx: ActionContext, *, text: str = "", half: Half | None = None) -> ActionResult:
    """Read when the circle is to meet (`text`), by the host's clock, and where or how it says after that.

    ready: `times` (ISO, UTC) holds one time, or two or three. half: `first` and `second` are what it can
    mean. when: `wrong` says what is missing or cannot be. way: only how to come is said. show: nothing is.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    said = " ".join(text.split())
    if not said:
        return ActionResult("show")
    zone = clock_of(ctx.session, ctx.person, circle).zone.key
    reading = read_meetings(said, now=ctx.now, zone=zone, country=ctx.identity.country)
    if not reading.meetings:
        way = reading.understood and contact_spans(reading.rest, ctx.identity.country)
        return ActionResult("way" if way else "when", {"said": said, "wrong": "unclear"})
    wrong = _unfinished(ctx, reading) or _wrong_way(reading.rest, ctx.identity.country)
    if wrong is not None:
        return ActionResult("when", {"said": said, **wrong})
    both = _both_halves(reading.meetings) if half is None else None
    if both is not None:
        language = language_of(ctx)
        am, pm = (
            readable_time(each, both.minute, language) for each in halves_of(both.hour or 0, both.minute)
        )
        return ActionResult("half", {"said": said, "first": am, "second": pm})
    times = sorted({_moment(each, reading.zone or zone, half) for each in reading.meetings})
    for time in times:
        if reason := why_not(time, zone, ctx.now) or _is_no_time(ctx, circle, time):
            return ActionResult("when", {"said": said, "wrong": reason, "half": ""})
    values = {
        "times": [time.isoformat() for time in times],
        "text": reading.rest,
        "broadcast": SET if len(times) == 1 else POLL,
        "half": "",
    }
    return ActionResult("ready", values)


@action("heard")
def hear_when(ctx: ActionContext, *, said: str = "", more: str = "") -> ActionResult:
    """Put what the host adds (`more`) to what was said, unless it says all of it anew."""
    now, country = ctx.now, ctx.identity.country
    reading = read_meetings(more, now=now, zone="UTC", country=country)
    whole = bool(reading.meetings) and all(
        each.day is not None and each.hour is not None for each in reading.meetings
    )
    before = read_meetings(said, now=now, zone="UTC", country=country)
    unfinished = any(each.day is None or each.hour is None for each in before.meetings)
    together = more if whole or not unfinished else f"{_time_in(said, before)} {more} {before.rest}"
    return ActionResult("heard", {"text": together.strip(), "half": ""})


@action("held", "nothing", "none")
def hold_hour_off(ctx: ActionContext) -> ActionResult:
    """Call off the circle hour that is set, in a minute; `count` hear of it. nothing: none is set."""
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    hour = hour_to_come(ctx.session, circle.id, ctx.now)
    if hour is None:
        return ActionResult("nothing")
    pending = hold(ctx, OFF, circle, details={"hour": hour.id})
    heard = sum(
        seat.heard_at is not None
        for seat, _, person in seats_in(ctx.session, hour)
        if person.id != ctx.person.id
    )
    values = {**local_when(ctx.session, hour, ctx.person, circle), "count": str(heard)}
    return ActionResult("held", values, (_goes_out(ctx, pending),))


@action("held", "wrong", "nothing", "none")
def hold_way(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Tell those who come, in a minute, how to come (`text`): a number, a link, a place."""
    circle, words = hosted(ctx), " ".join(text.split())
    if circle is None:
        return ActionResult("none")
    hour = hour_to_come(ctx.session, circle.id, ctx.now)
    if hour is None:
        return ActionResult("nothing", {"said": "", "wrong": "empty"})
    if (wrong := _wrong_way(words, ctx.identity.country)) or not words:
        return ActionResult("wrong", wrong or {"wrong": "empty"})
    pending = hold(ctx, WAY, circle, words=words, details={"hour": hour.id})
    return ActionResult("held", {"way": words}, (_goes_out(ctx, pending),))


def hold_set(ctx: ActionContext, circle: Circle, hour: CircleHour) -> PendingAction:
    """Set one of the times that were asked about, in a minute."""
    details = {"times": [hour.starts_at.isoformat()], "picked": hour.id}
    return hold(ctx, SET, circle, details=details)


def start_hour_out(ctx: ActionContext, pending: PendingAction) -> Start:
    """Return what carries out a pending action about an hour, when its minute is over."""
    return _goes_out(ctx, pending)


def _goes_out(ctx: ActionContext, pending: PendingAction) -> Start:
    values = {"pending_action": pending.id}
    return Start(ctx.person.id, GOES_OUT, values, due_at=pending.held_until, at_once=True)


def _unfinished(ctx: ActionContext, reading: MeetingReading) -> dict[str, Any] | None:
    """Return what a reading lacks: too many times, a day, or a time of day."""
    if len(reading.meetings) > MOST_TIMES:
        return {"wrong": "many"}
    lacking = [each for each in reading.meetings if each.day is None or each.hour is None]
    if not lacking:
        return None
    if len(reading.meetings) > 1:
        return {"wrong": "unclear"}
    one, language = lacking[0], language_of(ctx)
    if one.day is not None:
        day = {"day": readable_day(one.day, language), "date": readable_date(one.day, language)}
        return {"wrong": "time", **day}
    return {"wrong": "day"} if one.hour is not None else {"wrong": "unclear"}


def _wrong_way(way: str, country: str) -> dict[str, Any] | None:
    """Return what is wrong with how to come: too long, or a link or number that is not whole."""
    longest = PLACEHOLDERS["way"].longest
    if len(way) > longest:
        return {"wrong": "long", "longest": str(longest)}
    links = [match[0].strip(".,;()") for match in _LOOKS_LIKE_LINK.finditer(way)]
    if any(not _WHOLE_LINK.fullmatch(link) for link in links):
        return {"wrong": "link"}
    if not links and _DIGITS.search(way) and not contact_spans(way, country):
        return {"wrong": "number"}
    return None


def _both_halves(meetings: Sequence[Meeting]) -> Meeting | None:
    """Return a meeting that can be in the morning or the evening, where nobody said which."""
    return next(
        (
            each
            for each in meetings
            if not each.half_said and each.hour is not None and len(halves_of(each.hour, each.minute)) > 1
        ),
        None,
    )


def _moment(meeting: Meeting, zone: str, half: Half | None) -> dt.datetime:
    assert meeting.day is not None
    assert meeting.hour is not None
    hour = meeting.hour
    if not meeting.half_said:
        can_be = halves_of(hour, meeting.minute) or [hour % 12 + 12]
        hour = can_be[0] if len(can_be) == 1 or half == "am" else can_be[-1]
    return moment_of(meeting.day, hour, meeting.minute, zone)


def _is_no_time(ctx: ActionContext, circle: Circle, starts_at: dt.datetime) -> str | None:
    """Return what is wrong with a time for this circle; None: nothing.

    ended: the season is over by then. weekly: there is another hour that week; joining promises room for one.
    """
    day = starts_at.astimezone(ZoneInfo(circle.zone)).date()
    if circle.ends_on is not None and day > circle.ends_on:
        return "ended"
    ahead = hour_to_come(ctx.session, circle.id, ctx.now)  # It would be moved.
    return "weekly" if has_hour_that_week(ctx.session, circle, starts_at, but=ahead) else None


def _time_in(said: str, reading: MeetingReading) -> str:
    return said.removesuffix(reading.rest).rstrip(" ,;:.-") if reading.rest else said


def _show_hour(
    ctx: ActionContext, circle: Circle, words: str, there: Sequence[Recipient]
) -> Sequence[Effect]:
    """Show the invitation in each language, by the clock of most who read it, and other clocks beside it."""
    starts_at = _times(ctx)[0]
    moved = hour_to_come(ctx.session, circle.id, ctx.now) is not None
    told = "moved" if moved else "first"
    shown: list[Effect] = []
    for language, group in _by_language(circle, there).items():
        zone = _most_common([each.zone for each in group])
        values = {
            "host": name_of(ctx.person, language),
            "told": told,
            **when_values(starts_at, zone, language),
        }
        shown.append(Preview(tuple(each.person.id for each in group), "hour_invite/ask", values))
    lines = [*_elsewhere(ctx, starts_at, there)]
    if way := words or _way_so_far(ctx, circle):
        lines.append(Line("hour_way_shown", {"way": way}))
    return (*shown, Lines(tuple(lines))) if lines else shown


def _way_so_far(ctx: ActionContext, circle: Circle) -> str | None:
    """Return how to come, as this host wrote it before: an hour that is moved keeps it."""
    hour = hour_to_come(ctx.session, circle.id, ctx.now)
    written = ctx.session.get(PendingAction, hour.way_id) if hour is not None and hour.way_id else None
    return written.words if written is not None and written.by_person_id == ctx.person.id else None


def _show_poll(
    ctx: ActionContext, circle: Circle, words: str, there: Sequence[Recipient]
) -> Sequence[Effect]:
    times = _times(ctx)
    shown: list[Effect] = []
    for language, group in _by_language(circle, there).items():
        zone = _most_common([each.zone for each in group])
        options = numbered_times(times, zone, language)
        values = {"host": name_of(ctx.person, language), "options": options}
        shown.append(Preview(tuple(each.person.id for each in group), "hour_suits/ask", values))
    if words:
        shown.append(Lines((Line("hour_way_shown", {"way": words}),)))
    return shown


def numbered_times(times: Sequence[dt.datetime], zone: ZoneInfo, language: str) -> str:
    """Return times as they are asked about: "1 Tue Dec 1 7pm, 2 Thu Dec 3 8pm"."""
    return ", ".join(f"{at} {short_when(time, zone, language)}" for at, time in enumerate(times, 1))


def _by_language(circle: Circle, there: Sequence[Recipient]) -> Mapping[str, list[Recipient]]:
    groups: defaultdict[str, list[Recipient]] = defaultdict(list)
    for each in there:
        groups[spoken(each.person.language or circle.language)].append(each)
    return groups


def _most_common(zones: Sequence[ZoneInfo]) -> ZoneInfo:
    return Counter(zones).most_common(1)[0][0]


def _elsewhere(ctx: ActionContext, starts_at: dt.datetime, there: Sequence[Recipient]) -> list[Line]:
    """A line for each other time of day that it is where somebody is: the host may not have thought of it."""
    usual, language = _most_common([each.zone for each in there]), language_of(ctx)
    by_time: defaultdict[str, list[Person]] = defaultdict(list)
    here = starts_at.astimezone(usual)
    for each in there:
        local = starts_at.astimezone(each.zone)
        if (local.hour, local.minute) != (here.hour, here.minute):
            by_time[readable_time(local.hour, local.minute, language)].append(each.person)
    return [Line("hour_elsewhere", {"time": time, **named(ctx, people)}) for time, people in by_time.items()]


def _times(ctx: ActionContext) -> list[dt.datetime]:
    return [dt.datetime.fromisoformat(each) for each in ctx.values.get("times") or ()]


def _details(ctx: ActionContext) -> Mapping[str, Any]:
    return {"times": [time.isoformat() for time in _times(ctx)]}


def _starts(ctx: ActionContext, pending: PendingAction, _there: Sequence[Recipient]) -> Sequence[Start]:
    return (_goes_out(ctx, pending),)


BROADCASTS[SET] = Broadcast(readers=True, shown=_show_hour, starts=_starts, details=_details)
BROADCASTS[POLL] = Broadcast(readers=False, shown=_show_poll, starts=_starts, details=_details)
