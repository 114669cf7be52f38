"""Lets members pause, only read along, rest and come back; the seat stays theirs, and nobody is told why."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.circles.fills import language_of
from assistant.circles.mending import let_go, welcome_back
from assistant.circles.quiet import LEFT_ALONE_AFTER, OPENING, quiet_weeks
from assistant.circles.scene import Done, Effect, Finish, Scene, Start, action
from assistant.circles.seasons import current_week, replan
from assistant.circles.seats import seats_of
from assistant.language.dates import read_date
from assistant.language.folding import plain_words
from assistant.language.numbers import find_number_words, find_numbers
from assistant.language.rendering import readable_date
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.schedule.programs import Entry, programs
from assistant.schedule.waits import USUAL_HOUR
from assistant.schedule.wall import at_wall
from assistant.store.tables import Answer, Circle, Conversation, Member, Question, Timer

USUAL_PAUSE: Final = dt.timedelta(weeks=2)
LONGEST_PAUSE: Final = dt.timedelta(weeks=12)
"""A longer one outlasts every season."""
PAUSE_OVER: Final = "pause_over"
"""The flow with which a pause ends by itself."""
_UNTIL: Final = re.compile(r"\b(until|till?|hasta)\b")
_DAYS: Final = frozenset({"day", "days", "dia", "dias"})


@action("usual", "quiet_two", "quiet_three", "reading", "away")
def how_are_things(scene: Scene) -> Done:
    """How it stands with her before a planned question: is she here, only reading, quiet for long, or away?

    quiet_three: from now on she is not paired, so that nobody waits for her. away: she is not to be asked.
    """
    member = scene.member
    if member is None or member.state not in ("active", "reading"):
        return Done("away")
    if member.state == "reading":
        return Done("reading")
    weeks = quiet_weeks(scene.session, member, scene.now)
    if weeks >= LEFT_ALONE_AFTER:
        if member.unpaired_at is not None:
            return Done("away")
        member.unpaired_at = scene.now
        scene.session.flush()
        return Done("quiet_three", effects=let_go(scene.session, member, scene.now))
    return Done("quiet_two" if weeks == LEFT_ALONE_AFTER - 1 else "usual")


@action("yes", "no")
def stays_in(scene: Scene) -> Done:
    """Whether she has just chosen to stay in."""
    here = scene.member is not None and scene.member.state == "active"
    return Done("yes" if here and scene.values.get("stay") == "in" else "no")


@action("heard", "unclear")
def hear_pause(scene: Scene) -> Done:
    """Until when she wants to pause: so many weeks (or days), a day she names, or the usual two weeks."""
    zone = _zone(scene)
    today = scene.now.astimezone(zone).date()
    until = _named_end(scene, zone.key, today)
    if until is None or not today < until <= today + LONGEST_PAUSE:
        return Done("unclear")
    return Done("heard", {"pause_until": until.isoformat()})


@action("paused", "early", "none")
def pause(scene: Scene) -> Done:
    """Pause her seat until the day in `pause_until` (else for the usual time); it ends by itself at her hour.

    early: she has yet to come in, so that there is nothing to pause.
    """
    member = scene.member
    if member is None or member.state not in ("joining", "active", "reading", "paused"):
        return Done("none")
    if member.promised_at is None:
        return Done("early")
    zone = _zone(scene)
    said = scene.values.get("pause_until")
    day = (
        dt.date.fromisoformat(said)
        if isinstance(said, str)
        else scene.now.astimezone(zone).date() + USUAL_PAUSE
    )
    return Done("paused", {"date": readable_date(day, language_of(scene))}, rest(scene, member, day))


def rest(scene: Scene, member: Member, day: dt.date) -> tuple[Effect, ...]:
    """Put the seat of the person in `scene` on pause until that day; it ends by itself at her hour."""
    member.state, member.state_at, member.paused_until = "paused", scene.now, _her_hour(scene, day)
    scene.session.flush()
    over = Start(scene.person.id, PAUSE_OVER, {}, member.id, due_at=member.paused_until)
    return (Finish(scene.person.id, member.id), *let_go(scene.session, member, scene.now), over)


@action("over", "stands")
def end_pause(scene: Scene) -> Done:
    """A pause ends by itself; stands: she came back before, left, or has paused anew."""
    member = scene.member
    if member is None or member.state != "paused" or member.paused_until is None:
        return Done("stands")
    return Done("over" if member.paused_until <= scene.now else "stands")


@action("reading", "early", "none")
def only_read(scene: Scene) -> Done:
    """From now on she reads along and is asked nothing; her buddy finds another."""
    member = scene.member
    if member is None or member.state not in ("joining", "active", "paused", "reading"):
        return Done("none")
    if member.promised_at is None:
        return Done("early")
    member.state, member.state_at, member.paused_until = "reading", scene.now, None
    scene.session.flush()
    replan(scene.session, member, scene.now)
    asked_no_more = Finish(scene.person.id, member.id, keep_plans=True)
    return Done("reading", effects=(asked_no_more, *let_go(scene.session, member, scene.now)))


@action("one", "several", "none")
def find_away(scene: Scene) -> Done:
    """Which seat BACK is about: the only one that rests, or her only one; several: she has to say."""
    seats = [member for member, _ in seats_of(scene.session, scene.person.id)]
    resting = [member for member in seats if _rests(member)] or seats
    if not resting:
        return Done("none")
    return Done("one", member=resting[0]) if len(resting) == 1 else Done("several")


@action("question", "back", "here", "none")
def come_back(scene: Scene) -> Done:
    """She is back, whatever she was away for; what she missed is not counted and not shown.

    question: this week's question waits for her (`week`, `theme` and what else its flow needs are set). back:
    there is none to ask now. here: she was not away.
    """
    member = scene.member
    if member is None or member.state not in ("joining", "active", "paused", "reading", "unreachable"):
        return Done("none")
    if not _rests(member):
        return Done("here")
    if member.state != "joining":
        member.state = "active" if member.promised_at else "joining"
    member.state_at = scene.now
    member.paused_until = member.unpaired_at = None
    member.misses = 0
    scene.session.flush()
    entry = _question_of_the_week(scene, member)
    if entry is not None:
        _mark_as_come(scene, member, entry)
    replan(scene.session, member, scene.now)
    effects = welcome_back(scene.session, member, scene.now)
    return Done("question", dict(entry.values), effects) if entry else Done("back", effects=effects)


def _rests(member: Member) -> bool:
    return member.state in ("paused", "reading", "unreachable") or member.unpaired_at is not None


def _question_of_the_week(scene: Scene, member: Member) -> Entry | None:
    """This week's opening question, if its day has come and she has not answered it."""
    circle = scene.session.get_one(Circle, member.circle_id)
    program = programs().get(circle.program)
    if circle.state != "running" or circle.starts_on is None or program is None:
        return None
    week = current_week(circle, scene.now)
    today = scene.now.astimezone(_zone(scene)).date()
    entry = next((each for each in program.entries if each.week == week and each.flow == OPENING), None)
    if entry is None or entry.day(circle.starts_on) > today:
        return None
    answered = scene.session.scalars(
        select(Conversation.values)
        .join(Question, Question.conversation_id == Conversation.id)
        .join(Answer, Answer.question_id == Question.id)
        .where(Answer.member_id == member.id, Question.flow == OPENING, Answer.outcome != "skip")
    )
    return None if any(values.get("week") == week for values in answered) else entry


def _mark_as_come(scene: Scene, member: Member, entry: Entry) -> None:
    """It comes now, as an answer to BACK, so its own hour must not bring it once more."""
    timer = scene.session.scalars(
        select(Timer).where(Timer.member_id == member.id, Timer.key == entry.key)
    ).first()
    if timer is None:
        timer = Timer(
            kind="prompt",
            person_id=member.person_id,
            member_id=member.id,
            flow=entry.flow,
            key=entry.key,
            values=dict(entry.values),
            due_at=scene.now,
        )
        scene.session.add(timer)
    timer.done_at = scene.now
    scene.session.flush()


def _named_end(scene: Scene, zone: str, today: dt.date) -> dt.date | None:
    words = plain_words(scene.words)
    if _UNTIL.search(" ".join(words)):
        named = _UNTIL.split(scene.words.lower(), maxsplit=1)[-1]
        return read_date(named, now=scene.now, zone=zone, country=scene.house.country)
    numbers = find_numbers(scene.words) or find_number_words(words)
    if not numbers:
        return today + USUAL_PAUSE
    unit = "days" if _DAYS & set(words) else "weeks"
    # Bounded before it is a date: "pause 99999999" is unclear, not an error.
    return today + dt.timedelta(**{unit: numbers[0]}) if len(numbers) == 1 and 0 < numbers[0] < 1000 else None


def _zone(scene: Scene) -> ZoneInfo:
    return home(zone_of(scene.person.zone, scene.circle.zone if scene.circle else None))


def _her_hour(scene: Scene, day: dt.date) -> dt.datetime:
    zones = zone_of(scene.person.zone, scene.circle.zone if scene.circle else None)
    hour = USUAL_HOUR if scene.person.hour is None else scene.person.hour
    return next_allowed(at_wall(day, dt.time(hour), home(zones)), zones, hours_for(None))
