"""Handles the texts that came in: each person's in order, one person at a time, each text once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import Final, cast

import structlog
from sqlalchemy import BindParameter, Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Tell
from assistant.circles.people import consent
from assistant.circles.people.addresses import claim_senders
from assistant.circles.people.memberships import codes_in
from assistant.circles.people.row_locks import lock_free_people
from assistant.circles.people.same_people import follow_merged
from assistant.conversations.dispatch import handle
from assistant.conversations.keywords import overtakes
from assistant.conversations.notices import tell
from assistant.conversations.prefetch import Before, prefetch
from assistant.conversations.questions import timers_at_the_end
from assistant.conversations.turn_context import Context, Progress
from assistant.delivery import strangers
from assistant.delivery.outbox import put
from assistant.language.signals.forwards import own_words
from assistant.safety.alerts import open_alert
from assistant.services import Services
from assistant.store.read_ahead import announce, reading_ahead
from assistant.store.tables import Address, Inbox, Member, Person

log = structlog.get_logger(__name__)

PEOPLE_AT_ONCE = 100
"""How many people's texts share a transaction: commits are the dear part, and locks should be short."""
LONGEST_BATCH = 0.5
"""Seconds after which a batch takes nobody more: on SQLite its lock is everybody's, and on a machine with
other work a hundred people's first texts take half a minute."""
SEVERAL = 5
FOR_COMPANY = 0.05
"""Seconds that texts wait for others to be handled along with, once a batch was one of several: what is asked
once for a batch costs as much as five texts. On SQLite whoever waits for its lock is let in meanwhile. A
tenth of a second makes replies to 800 phones twice as late and no text cheaper; a fiftieth makes them
dearer."""
TRIES = 3
WAITING: Final = (
    select(Inbox.id, Inbox.person_id, Inbox.from_uri, Inbox.received_at)
    .where(Inbox.state == "new", or_(Inbox.not_before.is_(None), Inbox.not_before <= bindparam("real")))
    .order_by(Inbox.id)
    .limit(bindparam("limit"))
)
"""What waits, the oldest first. Statements of the way of a text are built once: for one text alone that takes
as long as all else together."""
OF_PEOPLE: Final = (
    select(Inbox)
    .where(Inbox.state == "new", Inbox.person_id.in_(bindparam("people", expanding=True)))
    .order_by(Inbox.person_id, Inbox.id)
    .execution_options(populate_existing=True)
)
_IDS: Final[BindParameter[int]] = bindparam("ids", expanding=True)
NOTE_HANDLED: Final = (
    update(cast("Table", Inbox.__table__)).where(Inbox.id.in_(_IDS)).values(state=bindparam("now_state"))
)
NOTE_HEARD: Final = tuple(
    update(cast("Table", table.__table__)).where(table.id.in_(_IDS)).values(heard_at=bindparam("now"))
    for table in (Person, Address)
)
TRY_AGAIN_AFTER = (dt.timedelta(seconds=1), dt.timedelta(seconds=5))


def drain(services: Services, until: float) -> bool:
    """Handle what waits, for as long as the time allows.

    Args:
        until: `time.monotonic()` seconds after which no new batch is begun.

    Returns:
        Whether there may be more to do at once.
    """
    while time.monotonic() < until:
        if not (touched := handle_batch(services)):
            return False
        if touched >= SEVERAL:
            time.sleep(FOR_COMPANY)
    return True


def handle_batch(services: Services) -> int:
    """Handle the oldest waiting texts of a few people, in one transaction; return how many were touched."""
    with services.database.read() as session:
        # An idle look takes no lock.
        look = {"real": services.clock.real(), "limit": 1}
        if session.connection().execute(WAITING, look).first() is None:
            return 0
    try:
        touched = _handle_some(services, _all_or_none)
    except Exception as error:
        # Someone's text failed, and took the others' down with it: now each for itself.
        log.warning("handling one by one", error=type(error).__name__)
        touched = _handle_some(services, _each_for_itself)
    if touched:
        services.wake("delivery")
    return touched


def _handle_some(services: Services, attempt: Attempt) -> int:
    now = services.clock.now()
    with services.database.write() as session:
        began = time.monotonic()
        look = {"real": services.clock.real(), "limit": PEOPLE_AT_ONCE * 4}
        waiting = session.connection().execute(WAITING, look).all()
        people = list(dict.fromkeys(claim_senders(session, waiting)))[:PEOPLE_AT_ONCE]
        # Another worker may have some of them in hand; those are skipped, not waited for.
        locked = follow_merged(session, lock_free_people(session, people))
        batched = attempt is _all_or_none
        contexts: list[Context] = []
        with reading_ahead(session), timers_at_the_end(session, now) if batched else nullcontext():
            for of_one in _contexts(session, services, locked, now):
                contexts += _in_turn(of_one, attempt)
                if time.monotonic() - began > LONGEST_BATCH:
                    break  # The others are still new, and the next batch's.
        _hold_back(session, contexts, now)
        drafts = [draft for context in contexts for draft in context.progress.drafts]
        if drafts:
            put(session, drafts, services.identity.sender, now)
        _note_handled(session, contexts, now)
    return len(contexts)


def _hold_back(session: Session, contexts: Sequence[Context], now: dt.datetime) -> None:
    """Take back what would be said to strangers beyond the bounds, and say so on their texts."""
    some = [
        context
        for context in contexts
        if context.progress.drafts and not _is_known(context) and not _was_asked(context)
    ]
    for context in some:
        held = strangers.bounded(session, {context.person.id: context.progress.drafts}, now)
        if context.inbox is not None and context.person.id in held:
            context.progress.drafts = held[context.person.id]
            context.inbox.reason = context.inbox.reason or "stranger, not answered"


def _was_asked(context: Context) -> bool:
    """Whether the person is being asked something, or has just answered the last of it."""
    last = context.last_question
    return last is not None and (last.state == "open" or last.closed_at == context.now)


def _is_known(context: Context) -> bool:
    known = context.progress.prefetched
    return known is not None and not known.stale and bool(known.hears & strangers.KNOWN)


def _contexts(
    session: Session, services: Services, people: Mapping[int, Person], now: dt.datetime
) -> Iterator[list[Context]]:
    """Return each person's texts, oldest first, but stop, start and help before all others.

    Read now that the people are locked: another worker may have handled some in between.
    """
    texts = session.scalars(OF_PEOPLE, {"people": list(people)}).all()
    uris = {text.from_uri for text in texts}
    addresses = {row.uri: row for row in session.scalars(select(Address).where(Address.uri.in_(uris)))}
    announce(session, address_id=[row.id for row in addresses.values()])
    known = prefetch(session, people, now)
    # Whoever is asked nothing and has no seat may be about to JOIN.
    newcomers = [text for text in texts if not known[text.person_id or 0].seats]
    announce(session, code=[code for text in newcomers for code in codes_in(text.body or "")])
    kinds = consent.kinds_in_force(session, [row.id for row in addresses.values()], services.identity.sender)
    for person_id, of_one in groupby(texts, key=lambda text: text.person_id or 0):
        yield [
            Context(
                session=session,
                services=services,
                person=people[person_id],
                address=addresses[text.from_uri],
                now=now,
                inbox=text,
                words=own_words((text.body or "").strip()),
                progress=Progress(
                    opted_out=kinds.get(addresses[text.from_uri].id) == "out", prefetched=known[person_id]
                ),
            )
            for text in sorted(of_one, key=lambda text: not overtakes(text))
        ]


def _in_turn(contexts: Sequence[Context], attempt: Attempt) -> Iterator[Context]:
    """Handle one person's texts in their order; return those that were."""
    before: Context | None = None
    for context in contexts:
        text = context.inbox
        assert text is not None
        if text.not_before is not None and text.not_before > context.services.clock.real():
            return  # Its next try is not due, and what was written after it waits its turn.
        if before is not None:
            context.progress.prefetched = known = before.progress.prefetched
            if known is not None and (earlier := before.inbox) is not None:
                known.before = Before(earlier.id, earlier.body, earlier.received_at, earlier.reason)
            if context.address is before.address:
                context.progress.opted_out = before.progress.opted_out
        if not attempt(context, text):
            return
        before = context
        yield context


def _all_or_none(context: Context, text: Inbox) -> bool:
    text.reason = handle(context)
    return True


def _each_for_itself(context: Context, text: Inbox) -> bool:
    """Handle one text; when that fails, nothing of it stays but the count. True: the next may follow."""
    try:
        with context.session.begin_nested():
            text.reason = handle(context)
            context.session.flush()
    except Exception as error:
        # This person's next text and everyone else's must go on, whatever went wrong with this one.
        log.exception("text not handled", inbox=text.id, error=type(error).__name__)
        context.progress.prefetched, context.progress.drafts = None, []
        text.attempts += 1
        if text.attempts < TRIES:
            text.not_before = context.services.clock.real() + TRY_AGAIN_AFTER[text.attempts - 1]
            context.session.flush()
            return False
        _set_aside(context, text, type(error).__name__)
    return True


Attempt = Callable[[Context, Inbox], bool]


def _note_handled(session: Session, contexts: Sequence[Context], now: dt.datetime) -> None:
    """Close the books on these texts, many rows a statement."""
    handled = [context.inbox for context in contexts if context.inbox and context.inbox.state == "new"]
    for state, some in (
        ("done", [text.id for text in handled if not text.reason]),
        ("ignored", [text.id for text in handled if text.reason]),
    ):
        if some:
            session.connection().execute(NOTE_HANDLED, {"ids": some, "now_state": state})
    heard = {context.person.id for context in contexts}, {context.address.id for context in contexts}
    for statement, ids in zip(NOTE_HEARD, heard, strict=True):
        session.connection().execute(statement, {"ids": list(ids), "now": now})


def _set_aside(context: Context, text: Inbox, error: str) -> None:
    """Set aside what failed three times, for a person to look: `circle inbox retry`. Hosts hear of it."""
    session, person, now = context.session, context.person, context.now
    text.state, text.reason = "set_aside", error
    circles: Sequence[int | None] = session.scalars(
        select(Member.circle_id).where(
            Member.person_id == person.id, Member.state.not_in(("left", "declined"))
        )
    ).all()
    for circle_id in circles or [None]:
        open_alert(session, "set_aside", now, circle_id=circle_id, person_id=person.id, inbox_id=text.id)
    trouble = Tell(person.id, "trouble", purpose="reply")
    tell(session, context.services, trouble, now, inbox_id=text.id)


def try_set_aside_again(session: Session) -> int:
    """Give every text that was set aside three new tries; return how many there were."""
    texts = session.scalars(select(Inbox).where(Inbox.state == "set_aside")).all()
    for text in texts:
        text.state, text.attempts, text.not_before, text.reason = "new", 0, None, None
    return len(texts)
