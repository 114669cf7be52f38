"""LINK: two people in our rows, with a seat each, who are one human being, become one at their own word.

The one phone is given a code, the other says it, and an OK there makes them one in a minute, which either can
undo. See `phone_codes`, `kept_two` for what is left to a person, and `one_person` for what moves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.pending_actions import hold, take_up
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import bonds_of
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import hosts_of, seats_of
from assistant.circles.people.row_locks import lock_free_people
from assistant.circles.trust.kept_two import KIND, has_unhandled, who_is_asked, why_two
from assistant.circles.trust.one_person import make_one_person, move_rows, stays_of
from assistant.circles.trust.phone_codes import ANSWERED_WITHIN, locked, make_code, tried_enough, use_code
from assistant.circles.trust.shown_addresses import shown
from assistant.store import looks
from assistant.store.tables import Address, Circle, Member, PendingAction, Person, PhoneLink, Role
from assistant.store.tables.circle_tables import SEATED

CARRIES_OUT: Final = "link_now"
"""The flow with which two become one, once the minute is over."""
SAYS_SO: Final = "phones_are_one"
LOOKS: Final = (dt.timedelta(minutes=1), dt.timedelta(hours=1))
"""So long afterwards it is looked for rows that somebody wrote at that very moment."""
AGAIN_AFTER: Final = dt.timedelta(seconds=30)
GIVES_UP: Final = dt.timedelta(hours=1)
"""So long it is tried again while one of the two is busy."""
ASKED_ONCE_IN: Final = dt.timedelta(days=7)
"""So often hosts are asked about the same two at most."""


@action("given", "asks", "own", "wrong", "enough", "stranger")
def link_phones(ctx: ActionContext, *, number: int = 0) -> ActionResult:
    """Give this phone a code, or hear one that was given to another phone, as `number`.

    asks: it is right, and an OK is asked for. own: it was given to this very person. stranger: this phone
    has no seat that another could be put together with.
    """
    session, now = ctx.session, ctx.now
    values = {"number": 0}
    if not _holds_something(session, ctx.person.id):
        return ActionResult("stranger", values)
    if not number:
        code = make_code(session, ctx.identity.key, ctx.person.id, ctx.address_id, now)
        return ActionResult("given" if code else "enough", {**values, "phone_code": code or ""})
    if tried_enough(session, ctx.person.id, now):
        return ActionResult("enough", values)
    link = use_code(session, ctx.identity.key, str(number), ctx.person.id, now)
    if link is None:
        return ActionResult("wrong", values)
    if link.person_id == ctx.person.id:
        return ActionResult("own", values)
    uri = session.get_one(Address, link.address_id).uri
    return ActionResult("asks", {**values, "phone_link": link.id, "phone": shown(uri, language_of(ctx))})


@action("held", "human", "support", "later", "gone")
def agree_to_link(ctx: ActionContext, *, phone_link: int = 0) -> ActionResult:
    """Make one of the two phones' people in a minute, unless either undoes it.

    human: hosts are asked to look at it; support: nobody hosts who could. later: something else has to be
    over first. gone: the code was said too long ago.
    """
    session, now = ctx.session, ctx.now
    link = _said_here(ctx, phone_link)
    if link is None:
        return ActionResult("gone")
    other = session.get_one(Person, link.person_id)
    link.settled_at = now
    if not _holds_something(session, other.id) or not _holds_something(session, ctx.person.id):
        link.state = "refused"
        return ActionResult("gone")
    reason = why_two(session, ctx.person, other, now)
    if reason == "human":
        return _leave_to_a_person(ctx, link, other)
    circles = [_some_circle(session, each.id) for each in (ctx.person, other)]
    if reason == "later" or circles[0] is None or circles[1] is None:
        link.state = "refused" if reason == "later" else "human"
        return ActionResult("later" if reason == "later" else "support")
    link.state = "held"
    mine = hold(ctx, KIND, circles[0])
    theirs = PendingAction(
        kind=KIND,
        circle_id=circles[1].id,
        by_person_id=other.id,
        details={},
        state="held",
        created_at=now,
        held_until=mine.held_until,
    )
    session.add(theirs)
    session.flush()
    stays, _ = stays_of(ctx.person, other, session)
    values = {"phone_link": link.id, "actions": [mine.id, theirs.id]}
    here = shown(session.get_one(Address, ctx.address_id).uri, language_of(ctx))
    told = Tell(other.id, "link_begins", {"phone": here}, purpose="reply")
    return ActionResult(
        "held",
        effects=(told, Start(stays.id, CARRIES_OUT, values, due_at=mine.held_until, at_once=True)),
    )


@action("dropped")
def drop_link(ctx: ActionContext, *, phone_link: int = 0) -> ActionResult:
    """Let nothing come of a code that was said: the answer was no, or none."""
    link = _said_here(ctx, phone_link)
    if link is not None:
        link.state, link.settled_at = "refused", ctx.now
    return ActionResult("dropped")


@action("one", "busy", "gone")
def make_two_one(ctx: ActionContext, *, phone_link: int = 0, actions: tuple[int, ...] = ()) -> ActionResult:
    """Make one person of two, the minute being over; busy: one of them is being seen to, so a little later.

    gone: it was undone, or something speaks against it by now. The person in `ctx` stays.
    """
    session, now = ctx.session, ctx.now
    link = session.get(PhoneLink, phone_link)
    if link is None or link.said_by is None or link.state != "held":
        return ActionResult("gone")
    goes_id = link.said_by if link.person_id == ctx.person.id else link.person_id
    # None is waited for: whoever holds one lock waits for nobody in turn.
    goes = lock_free_people(session, [goes_id]).get(goes_id)
    busy = goes is None or has_unhandled(session, ctx.person.id, goes_id)
    if busy and link.settled_at is not None and link.settled_at > now - GIVES_UP:
        values = {"phone_link": phone_link, "actions": list(actions)}
        again = Start(ctx.person.id, CARRIES_OUT, values, due_at=now + AGAIN_AFTER, at_once=True)
        return ActionResult("busy", effects=(again,))
    link = locked(session, link.id)
    if link is None or link.state != "held":
        return ActionResult("gone")
    link.settled_at = now
    held = [take_up(session, each, now) for each in sorted(actions)]
    both = (ctx.person.id, goes_id)
    if (
        goes is None
        or None in held
        or not all(_holds_something(session, each) for each in both)
        or why_two(session, ctx.person, goes, now) is not None
    ):
        link.state = "refused"
        undone = {pending.by_person_id for pending in _undone(session, actions)}
        told = tuple(Tell(each, "link_is_off", purpose="reply") for each in both if each not in undone)
        return ActionResult("gone", effects=told)
    was_called = goes.name
    theirs = [circle.id for _, circle in seats_of(session, goes_id)]
    knew = list(_who_knew(session, goes_id))
    joined = make_one_person(session, ctx.person, goes, ctx.identity.sender, now)
    link.state, link.gone_id, link.look_at = "merged", goes_id, now + LOOKS[0]
    record(session, "two phones one person", now, by=ctx.person.id, gone=goes_id, link=link.id)
    session.flush()
    renamed = dict.fromkeys(theirs, was_called) if was_called and was_called != ctx.person.name else {}
    told = (
        *_tell_hosts(ctx, joined, renamed),
        *(
            Tell(
                buddy.person_id,
                "goes_by_now",
                _both_names(ctx.person, was_called),
                circle_id=buddy.circle_id,
                member_id=buddy.id,
            )
            for buddy in (knew if renamed else ())
        ),
    )
    return ActionResult("one", effects=(*told, _say_so(session, ctx.person.id, joined)))


WORK: Final = (select(PhoneLink.id).where(PhoneLink.look_at <= looks.moment()),)
"""Whether `move_late_rows` would look at anything."""
NEXT: Final = looks.Next(select(func.min(PhoneLink.look_at)).where(PhoneLink.look_at > looks.moment()))
"""When it is looked next."""


def move_late_rows(session: Session, now: dt.datetime) -> int:
    """Move what was written for somebody who went, by whoever was at work at that moment; return how many."""
    due = select(PhoneLink).where(PhoneLink.look_at <= now).order_by(PhoneLink.id)
    looked = 0
    for link in session.scalars(due.with_for_update(skip_locked=True)).all():
        gone = session.get(Person, link.gone_id or 0)
        stays = _who_is(session, gone)
        if gone is None or stays is None or len(lock_free_people(session, [gone.id, stays])) != 2:
            continue
        move_rows(session, stays, gone.id, now)
        later = [each for each in LOOKS if link.settled_at is not None and link.settled_at + each > now]
        link.look_at = link.settled_at + later[0] if later and link.settled_at is not None else None
        looked += 1
    session.flush()
    return looked


def _who_is(session: Session, gone: Person | None) -> int | None:
    """Return whose rows a person's are now, who may be another's since."""
    while gone is not None and gone.merged_into_id is not None:
        into = session.get_one(Person, gone.merged_into_id)
        if into.merged_into_id is None:
            return into.id
        gone = into
    return None


def _said_here(ctx: ActionContext, link_id: int) -> PhoneLink | None:
    """Return a link whose code this person has said a while ago, and that waits for an answer; locked."""
    link = locked(ctx.session, link_id)
    if link is None or link.state != "said" or link.said_by != ctx.person.id:
        return None
    return link if link.settled_at is not None and link.settled_at > ctx.now - ANSWERED_WITHIN else None


def _undone(session: Session, actions: tuple[int, ...]) -> list[PendingAction]:
    rows = select(PendingAction).where(PendingAction.id.in_(actions), PendingAction.state == "undone")
    return list(session.scalars(rows))


def _leave_to_a_person(ctx: ActionContext, link: PhoneLink, other: Person) -> ActionResult:
    asked = who_is_asked(ctx.session, ctx.person, other, ctx.now)
    both = (ctx.person.id, other.id)
    before = select(PhoneLink.id).where(
        PhoneLink.person_id.in_(both),
        PhoneLink.said_by.in_(both),
        PhoneLink.state == "human",
        PhoneLink.settled_at > ctx.now - ASKED_ONCE_IN,
    )
    again = ctx.session.scalar(before.limit(1)) is not None
    link.state = "human"
    record(ctx.session, "two phones left to a person", ctx.now, by=ctx.person.id, link=link.id)
    ctx.session.flush()
    effects = (
        ()
        if again
        else tuple(
            Tell(host.id, "link_needs_you", other_name_of(ctx.person), circle_id=member.circle_id)
            for host, member in asked
        )
    )
    return ActionResult("human" if asked else "support", effects=effects)


def _who_knew(session: Session, person_id: int) -> Iterator[Member]:
    """The buddies of one person, as far as they know of each other."""
    for member, _ in seats_of(session, person_id):
        for bond in bonds_of(session, member):
            yield from (buddy for seat, buddy, _ in bond.others if seat.told_at is not None)


def _tell_hosts(ctx: ActionContext, joined: list[int], renamed: Mapping[int, str]) -> Iterator[Tell]:
    """Hosts hear that somebody writes from two phones, by both names, and where two seats became one."""
    for member, circle in seats_of(ctx.session, ctx.person.id):
        notice = "two_seats_one" if circle.id in joined else "writes_from_both"
        for host in hosts_of(ctx.session, circle.id, ctx.now):
            if host.id != ctx.person.id and member.promised_at is not None:
                yield Tell(
                    host.id, notice, _both_names(ctx.person, renamed.get(circle.id)), circle_id=circle.id
                )


def _both_names(person: Person, before: str | None) -> dict[str, str]:
    """The name by which somebody was known as `other_name`, and as `writer` the one from now on."""
    if before is None:
        return other_name_of(person)
    now = shorten(person.name or "", PLACEHOLDERS["writer"].longest)
    was = shorten(before, PLACEHOLDERS["other_name"].longest)
    return {"other_name": was, "names": "two", **({"writer": now} if now else {})}


def _say_so(session: Session, person_id: int, joined: list[int]) -> Start:
    """Say it where the person is texted from now on, which is known only after this."""
    seats = select(Member.id).where(Member.person_id == person_id, Member.circle_id.in_(joined))
    member_id = session.scalar(seats.order_by(Member.id).limit(1)) if joined else None
    values = {"became": "one"} if len(joined) == 1 else {}
    return Start(person_id, SAYS_SO, values, member_id, at_once=True)


def _holds_something(session: Session, person_id: int) -> bool:
    """Whether somebody has a seat whose promise was kept, or hosts a circle."""
    return _some_circle(session, person_id) is not None


def _some_circle(session: Session, person_id: int) -> Circle | None:
    seats = select(Member.circle_id).where(
        Member.person_id == person_id, Member.state.in_(SEATED), Member.promised_at.is_not(None)
    )
    roles = select(Role.circle_id).where(
        Role.person_id == person_id,
        Role.circle_id.is_not(None),
        Role.accepted_at.is_not(None),
        Role.ended_at.is_(None),
    )
    rows = select(Circle).where(or_(Circle.id.in_(seats), Circle.id.in_(roles))).order_by(Circle.id)
    return session.scalars(rows.limit(1)).first()
