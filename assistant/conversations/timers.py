"""Fires what is due: the end of a wait, a silence, the start of a flow."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import BindParameter, bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import plan_next, still_stands
from assistant.circles.people import consent
from assistant.circles.people.inactivity import may_come, may_nudge, wants
from assistant.circles.people.reachability import address_of, uri_of
from assistant.circles.people.row_locks import lock_free_people
from assistant.circles.people.same_people import follow_merged
from assistant.conversations.channels.offered_taps import offer_taps
from assistant.conversations.helping.coming_back import come_back
from assistant.conversations.moves.spacing import (
    comes_now_or_never,
    wait_for_other_circle,
    while_it_matters,
)
from assistant.conversations.prefetch import Prefetched, prefetch_asked
from assistant.conversations.questions import close, close_all, open_of, over_at, timers_at_the_end
from assistant.conversations.turn_context import Context, Progress, seat_of
from assistant.conversations.turns import Acting, move, start, with_versions
from assistant.engine.flow_model import END, Silence
from assistant.engine.movement import advance, silence
from assistant.safety.alert_holding import talking_until as talking_with_host
from assistant.schedule.local_time import hours_for, next_allowed, zone_of
from assistant.services import Services
from assistant.store import looks
from assistant.store.read_ahead import announce, reading_ahead
from assistant.store.tables import (
    Answer,
    Approach,
    Circle,
    Conversation,
    Inbox,
    Member,
    Outbox,
    Person,
    Question,
    Timer,
)

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Timers fired in one transaction. On SQLite nobody else writes meanwhile: for a tenth of a second, which is
less than a batch of texts takes."""
TRIES = 3
TRY_AGAIN_AFTER = dt.timedelta(minutes=1)
STILL_TALKING = dt.timedelta(hours=3)
"""A question asked less than this ago is not set aside for a new one."""


def fire_due(services: Services, until: float) -> bool:
    """Fire what is due until `until` (`time.monotonic()` seconds); return whether more may be due."""
    while time.monotonic() < until:
        # Until there are none: what comes of some may be due at once as well.
        if not fire_batch(services):
            return False
        services.wake("delivery")
    return True


WORK: Final = (select(Timer.id).where(Timer.done_at.is_(None), Timer.due_at <= looks.moment()),)
"""Whether there are timers to fire."""
NEXT: Final = looks.Next(
    select(func.min(Timer.due_at)).where(Timer.done_at.is_(None), Timer.due_at > looks.moment())
)
"""When the next timer is due."""

_DUE: Final = (
    select(Timer.id, Timer.person_id)
    .where(Timer.done_at.is_(None), Timer.due_at <= bindparam("now"))
    .order_by(Timer.due_at)
    .limit(AT_ONCE)
)
_STILL_DUE: Final = (
    select(Timer)
    .where(Timer.id.in_(bindparam("timers", expanding=True)), Timer.done_at.is_(None))
    # What the season plans is worth sending only for so long; a reminder can wait for it.
    .order_by(Timer.due_at, Timer.key.is_(None), Timer.id)
    .execution_options(populate_existing=True)
)
_PEOPLE: Final[BindParameter[int]] = bindparam("people", expanding=True)
_UNHANDLED: Final = select(Inbox.person_id).where(Inbox.state == "new", Inbox.person_id.in_(_PEOPLE))
_UNSENT: Final = select(Outbox.member_id).where(
    Outbox.person_id.in_(_PEOPLE), Outbox.state == "queued", Outbox.purpose == "prompt"
)


def fire_batch(services: Services) -> int:
    """Fire some of what is due in one transaction; return how many timers were touched."""
    now = services.clock.now()
    with services.database.read() as session:
        # An idle look takes no lock.
        if not looks.any_due(session, now, *WORK):
            return 0
    try:
        return _fire_some(services, now, _fire)
    except Exception as error:
        # One failed, and took the others down with it: now each for itself.
        log.warning("firing one by one", error=type(error).__name__)
        return _fire_some(services, now, _each_for_itself)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known beforehand of all who are due something."""

    known: dict[int, Prefetched]
    """By the ids of people; where something failed, what is true is read anew."""
    unhandled: frozenset[int | None]
    """Ids of people who have texts that nobody has handled."""
    unsent: set[int | None]
    """Ids of members to whom a prompt waits to be sent."""


@dataclass(frozen=True, slots=True)
class _Firing:
    session: Session
    services: Services
    person: Person
    now: dt.datetime
    batch: _Batch


def _fire_some(services: Services, now: dt.datetime, attempt: Attempt) -> int:
    with services.database.write() as session:
        due = session.execute(_DUE, {"now": now}).all()
        people = follow_merged(session, lock_free_people(session, {row.person_id for row in due}))
        mine = [row.id for row in due if row.person_id in people]
        # Read again now that they are locked: another worker may have fired one in between.
        timers = session.scalars(_STILL_DUE, {"timers": mine}).all()
        # What fails alone must leave nothing behind that is done at the end.
        together = attempt is _fire
        with reading_ahead(session), timers_at_the_end(session, now) if together else nullcontext():
            batch = _look(session, people, timers)
            for timer in timers:
                # An earlier one may have made it void, or taken it back.
                if timer.done_at is None and timer in session:
                    attempt(_Firing(session, services, people[timer.person_id], now, batch), timer)
    return len(timers)


def _look(session: Session, people: Collection[int], timers: Sequence[Timer]) -> _Batch:
    announce(session, member_id=[timer.member_id for timer in timers])
    known = prefetch_asked(session, people)
    of_these = {"people": list(people)}
    unhandled, unsent = session.scalars(_UNHANDLED, of_these), session.scalars(_UNSENT, of_these)
    return _Batch(known, frozenset(unhandled), set(unsent))


def _each_for_itself(firing: _Firing, timer: Timer) -> None:
    session, now = firing.session, firing.now
    try:
        with session.begin_nested():
            _fire(firing, timer)
            session.flush()
    except Exception as error:
        log.exception("timer not fired", timer=timer.id, error=type(error).__name__)
        firing.batch.known.update(prefetch_asked(session, [firing.person.id]))
        timer.attempts += 1
        timer.due_at = now + TRY_AGAIN_AFTER
        if timer.attempts >= TRIES:
            timer.failed_at = timer.done_at = now
            _go_on(firing, timer)
        session.flush()


Attempt = Callable[[_Firing, Timer], None]


def _fire(firing: _Firing, timer: Timer) -> None:
    session, now = firing.session, firing.now
    if timer.key is not None and not still_stands(session, timer, now):
        return
    later = None if timer.at_once else _wait_for_person(firing, timer)
    if later is not None:
        timer.due_at = while_it_matters(session, timer, firing.person, later, now)
        return
    timer.done_at = now
    address = address_of(session, firing.person.id, firing.services.identity.sender)
    if address is not None:
        progress = Progress(prefetched=firing.batch.known[firing.person.id])
        context = Context(session, firing.services, firing.person, address, now, progress=progress)
        _begin_or_resume(context, timer, firing.batch)
    _go_on(firing, timer)


def _begin_or_resume(context: Context, timer: Timer, batch: _Batch) -> None:
    if timer.kind != "prompt":
        _resume(context, timer)
        if timer.kind == "wait":
            _resume_after_safety_talk(context, timer)
    elif not wants(context.session, timer.member_id, timer.flow) and timer.key is None:
        pass
    elif timer.key is None or (not _opted_out(context) and may_come(context.session, timer, context.now)):
        if timer.member_id in batch.unsent:
            _merge(context, timer)
        start(context, timer.flow or "", timer.values, timer.member_id)
    if context.progress.drafts:
        batch.unsent.add(timer.member_id)
    offer_taps(context)
    context.hand_over()


def _resume_after_safety_talk(context: Context, timer: Timer) -> None:
    """Once a safety talk was left to rest, ask the person again what it interrupted."""
    talk = context.session.get_one(Conversation, timer.conversation_id)
    if talk.ended_at is not None and context.services.book.is_safety(talk.flow):
        come_back(context)


def _merge(context: Context, timer: Timer) -> None:
    """Let what was not sent yet give way: of several questions of one seat the member gets the newest.

    What was read before stays open, without the nudge about it; what was begun is asked again later.
    """
    if timer.key is None:
        return
    session = context.session
    unsent = session.execute(
        select(Outbox.id, Outbox.conversation_id, Outbox.wording).where(
            Outbox.person_id == timer.person_id,
            Outbox.member_id == timer.member_id,
            Outbox.state == "queued",
            Outbox.purpose == "prompt",
        )
    ).all()
    if not unsent:
        return
    nudges = {row.id for row in unsent if "/silence." in (row.wording or "")}
    begun = exists().where(Question.conversation_id == Conversation.id, Answer.question_id == Question.id)
    unread = select(Conversation).where(
        Conversation.id.in_({row.conversation_id for row in unsent if row.id not in nudges}),
        Conversation.ended_at.is_(None),
        ~begun,
    )
    older = {conversation.id: conversation for conversation in session.scalars(unread)}
    for conversation in older.values():
        close_all(session, conversation, context.now)
        conversation.ended_at = context.now
    ids = nudges | {row.id for row in unsent if row.conversation_id in older}
    session.execute(
        update(Outbox)
        .where(Outbox.id.in_(ids), Outbox.state == "queued")
        .values(state="cancelled", reason="a newer one took its place"),
        execution_options={"synchronize_session": False},
    )


def _opted_out(context: Context) -> bool:
    """Return whether an opt-out is in force: a question that nobody hears must not stand open."""
    stance = consent.in_force(context.session, context.address.id, context.services.identity.sender)
    return stance is not None and stance.kind == "out"


def _go_on(firing: _Firing, timer: Timer) -> None:
    """Say what comes after a timer that is done or was given up, in the same breath.

    After a planned prompt the seat's next one; after a silence that left the question open, the next silence.
    """
    session = firing.session
    if timer.key is not None and timer.member_id is not None:
        plan_next(session, session.get_one(Member, timer.member_id), firing.now)
    question = session.get_one(Question, timer.question_id) if timer.kind == "silence" else None
    if question is None or question.state == "closed":
        return
    conversation = session.get_one(Conversation, question.conversation_id)
    silences = _silences(firing, conversation)
    index = int(timer.outcome or 0) + 1
    if index < len(silences):
        timer.outcome, timer.attempts, timer.done_at = str(index), 0, None
        timer.due_at = over_at(
            firing.services.book,
            conversation.flow,
            "silence",
            silences[index].after,
            question.opened_at,
            firing.person,
            seat_of(session, conversation)[1],
            uri_of(session, firing.person.id),
        )


def _silences(acting: Acting, conversation: Conversation) -> Sequence[Silence]:
    """Return what happens when nobody answers where a conversation stands."""
    flow, version, book = conversation.flow, conversation.version, acting.services.book
    return with_versions(acting, lambda: book.pinned(flow, version).steps[conversation.step].silence)


def _wait_for_person(firing: _Firing, timer: Timer) -> dt.datetime | None:
    """Return until when to wait: an unhandled text goes first, and what was just asked is not talked over."""
    session, now = firing.session, firing.now
    if timer.person_id in firing.batch.unhandled:
        return now + dt.timedelta(seconds=5)
    # Someone looks after the person: nothing of the season comes between the two.
    kept = talking_with_host(session, timer.person_id) if timer.key is not None else None
    if kept is not None and kept > now:
        return kept
    # Nor does anything between two in an hour that one of them called for.
    together = _together_until(firing) if timer.kind == "prompt" else None
    if together is not None and together > now:
        return together
    spaced = wait_for_other_circle(session, timer, firing.person, now)
    if spaced is not None:
        return spaced
    question = open_of(session, timer.person_id)
    if (
        question is None
        or question.id == timer.question_id
        or question.conversation_id == timer.conversation_id
    ):
        return None
    talking_until = question.opened_at + STILL_TALKING
    if talking_until <= now:
        return None
    if timer.kind != "prompt":
        return talking_until
    later = _by_day(firing, timer, talking_until)
    # Who the buddy is, is not lost over a question that nobody answers; but danger is not talked over.
    lost = comes_now_or_never(session, timer, firing.person, later, now)
    return None if lost and not firing.services.book.is_safety(question.flow) else later


def _by_day(firing: _Firing, timer: Timer, moment: dt.datetime) -> dt.datetime:
    """Return when the person's day begins again, where a moment is at night.

    What is asked at night is not sent before the morning, and gives way there to what the season asks.
    """
    if timer.flow is not None and firing.services.book.is_safety(timer.flow):
        return moment
    session, person = firing.session, firing.person
    member = session.get(Member, timer.member_id) if timer.member_id is not None else None
    circle = session.get_one(Circle, member.circle_id) if member is not None else None
    uri = uri_of(session, firing.person.id)
    zones = zone_of(person.zone, circle.zone if circle is not None else None, uri)
    return next_allowed(moment, zones, hours_for(uri))


def _together_until(firing: _Firing) -> dt.datetime | None:
    known = firing.batch.known.get(firing.person.id)
    hour = firing.session.get(Approach, known.hour) if known is not None and known.hour else None
    return hour.link_ends_at if hour is not None else None


def _resume(context: Context, timer: Timer) -> None:
    conversation = context.session.get_one(Conversation, timer.conversation_id)
    if conversation.ended_at is not None:
        return
    if timer.kind == "wait":
        move(context, conversation, lambda book, place: advance(book, place, timer.outcome or ""))
        return
    question = context.session.get_one(Question, timer.question_id)
    index = int(timer.outcome or 0)
    silences = _silences(context, conversation)
    if index >= len(silences):
        return
    goes_on = silences[index].go is not None
    if question.state == "waiting":
        # Left for a newer one. Words since then were no silence: it is asked again, or rests.
        written = context.person.heard_at is not None and context.person.heard_at > question.opened_at
        if not goes_on or (written and silences[index].go != END):
            return
    elif question.state != "open":
        return
    nudges = may_nudge(context.session, timer.person_id, context.now)
    if not goes_on and not (nudges and wants(context.session, question.member_id, None)):
        return
    if goes_on:
        close(context.session, question, "silence", context.now)
    move(context, conversation, lambda book, place: silence(book, place, index))
