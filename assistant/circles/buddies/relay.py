"""Carries words between buddies: under first names, to the letter, and never with a number in sight.

A text that begins with @ goes to her buddy (to both, where they are three), and nothing else does. A way to
reach someone that stands in it is held back until she says yes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import Bond, are_apart, bonds_of, buddies_of, buddy_names
from assistant.circles.buddies.rounds import theme_of
from assistant.circles.people.memberships import hosts_of, seats_of
from assistant.circles.people.reachability import is_away
from assistant.language.addressing import reads_as_name
from assistant.language.contacts import has_contact, without_contacts
from assistant.language.folding import fold
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.store.tables import Circle, Member, Note, Outbox, Pair, PairMember, Person, Round, Timer
from assistant.store.tables.circle_tables import SEATED

KIND: Final = "buddy"
NUDGE_AFTER: Final = dt.timedelta(hours=24)
"""So long after words that were not answered, the quiet one gets one kind nudge."""
QUIET_AFTER: Final = dt.timedelta(days=3)
"""So long after, the one who waits gets a choice."""
MIDDLE_AFTER: Final = dt.timedelta(days=1)
"""So long after both have written comes the middle of the round's talk."""
HALF_WAY: Final = frozenset({1, 2, 3, 4})
"""Weekdays on which there is a middle: Tuesday to Friday."""
HELD_FOR: Final = dt.timedelta(days=2)
"""So long words wait for a buddy who has not been told whom she is with; by then everyone's day has come."""
LATELY: Final = dt.timedelta(days=1)
IN_HAND: Final = dt.timedelta(minutes=30)
"""So long after a text of hers nobody else is taken to hold a shared phone."""
WORDS_WAIT: Final = "notices/relay_waits"
NEWS_OF_BUDDIES: Final = ("notices/buddy_", "buddy_meet/")
"""Wordings by which she hears whom she is with."""
_NAMED = re.compile(r"(?P<name>[^\W\d_]+)(?P<between>[\s,.:;!-]*)")


@action("one", "several", "nobody", "other", "empty")
def find_buddy(ctx: ActionContext) -> ActionResult:
    """For whom the words after @ are: her buddies, or those of one of her circles.

    several: `seats` and `options` list them, even a single one where "@name" may be a name nobody has here.
    other: it names someone around her who is not her buddy, and nobody gets it. The words to carry are in
    `line` from here on.
    """
    text = str(ctx.values.get("text") or "")
    named, by_name, strange = _NAMED.match(text), False, False
    seats = [member for member, circle in seats_of(ctx.session, ctx.person.id) if circle.state == "running"]
    reachable = [member for member in seats if buddies_of(ctx.session, member)]
    line = text.strip()
    if named is not None and reachable:
        hers = [
            member for member in reachable if _is_among(ctx, named["name"], buddies_of(ctx.session, member))
        ]
        if hers:
            reachable, line, by_name = hers, text[named.end() :].strip(), True
        elif _called(named["name"], _others_around(ctx, reachable)):
            return ActionResult("other", _names(ctx, reachable[0]))
        else:
            strange = reads_as_name(named["name"])
    if not reachable:
        return ActionResult("nobody", {"text": ""})
    if not line:
        return ActionResult("empty")
    values: dict[str, Any] = {"text": "", "line": line, "by_name": by_name}
    if len(reachable) == 1 and not strange:
        return ActionResult("one", values, member=reachable[0])
    labels = [_names(ctx, member).get("buddies") or str(at) for at, member in enumerate(reachable, 1)]
    listed = [{"key": str(m.id), "label": label} for m, label in zip(reachable, labels, strict=True)]
    said = shorten(line, PLACEHOLDERS["said"].longest)
    return ActionResult(
        "several", {**values, "said": said, "seats": listed, "options": number_options(labels)}
    )


@action("known", "changed", "away", "nobody")
def check_buddy(ctx: ActionContext) -> ActionResult:
    """Whether it is clear to her who will read it.

    changed: news about her buddy is still on its way to her, or the last words she got were someone else's.
    """
    if ctx.member is None:
        return ActionResult("nobody", {"line": ""})
    bonds = bonds_of(ctx.session, ctx.member)
    if not any(bond.others for bond in bonds):
        return ActionResult("nobody", {"line": ""})
    reached = list(_reached(ctx, bonds))
    if not reached:
        return ActionResult("away", {**_names(ctx, ctx.member), "line": ""})
    values = buddy_names(ctx.session, [member for _, _, member, _ in reached], language_of(ctx))
    clear = ctx.values.get("by_name") or not _may_mean_another(ctx, bonds)
    return ActionResult("known" if clear else "changed", values)


@action("clean", "number")
def check_words(ctx: ActionContext) -> ActionResult:
    """Whether a phone number, mail address or messenger stands in the words."""
    return ActionResult("number" if has_contact(_line(ctx), ctx.identity.country) else "clean")


@action("first", "sent", "away", "forgotten")
def relay(ctx: ActionContext) -> ActionResult:
    """Carry her words to everyone she is with; first: she hears that they are on their way, once a round."""
    return _relay(ctx, _line(ctx))


@action("first", "sent", "away", "forgotten", "empty")
def relay_without(ctx: ActionContext) -> ActionResult:
    """Carry her words without what could reach anyone."""
    line = without_contacts(_line(ctx), ctx.identity.country)
    if _line(ctx) and not any(sign.isalnum() for sign in line):
        return ActionResult("empty", {"line": ""})
    return _relay(ctx, line)


@action("kept_back")
def keep_line_back(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """Carry nothing, and forget what it was."""
    return ActionResult("kept_back", {"line": ""})


@action("passed")
def pass_held_lines(ctx: ActionContext) -> ActionResult:
    """Hand her the words that waited until she was told whom she is with."""
    effects: list[Effect] = []
    if ctx.member is None or not ctx.values.get("just_told"):
        return ActionResult("passed")
    for bond in bonds_of(ctx.session, ctx.member):
        for _, other, person in bond.others:
            notes = select(Note).where(
                Note.kind == KIND,
                Note.from_member_id == other.id,
                Note.to_member_id == bond.mine.member_id,
                Note.at >= bond.pair.made_at,
                Note.words.is_not(None),
            )
            for note in ctx.session.scalars(notes.order_by(Note.id)):
                effects += _tell(ctx, ctx.member, person, note.words or "")
    return ActionResult("passed", effects=tuple(effects))


def unanswered_since(session: Session, writer: PairMember, reader: PairMember) -> dt.datetime | None:
    """Since when a buddy's words wait for an answer; None: they do not."""
    notes = select(func.min(Note.at)).where(
        Note.kind == KIND,
        Note.from_member_id == writer.member_id,
        Note.to_member_id == reader.member_id,
    )
    if reader.wrote_at is not None:
        notes = notes.where(Note.at > reader.wrote_at)
    return session.scalar(notes)


def _line(ctx: ActionContext) -> str:
    return str(ctx.values.get("line") or "")


def _relay(ctx: ActionContext, line: str) -> ActionResult:
    member = ctx.member
    if member is None or not line:
        return ActionResult("forgotten")  # Her yes came too late: what nobody answered for is not kept.
    bonds = bonds_of(ctx.session, member)
    reached = list(_reached(ctx, bonds))
    if not reached:
        return ActionResult("away", {"line": ""})
    first = all(bond.mine.wrote_at is None for bond in bonds)
    effects: list[Effect] = []
    for bond, seat, other, _ in reached:
        ctx.session.add(
            Note(
                circle_id=other.circle_id,
                from_member_id=member.id,
                to_member_id=other.id,
                kind=KIND,
                words=line,
                at=ctx.now,
            )
        )
        effects += _carry(ctx, bond, seat, other, line)
    for bond in bonds:
        bond.mine.wrote_at = ctx.now
    ctx.session.flush()
    for bond, _, other, person in reached:
        # In a group of three her own choice would come twice: it is not planned until this turn is done.
        effects += (each for each in _what_follows(ctx, bond, other, person) if each not in effects)
    for bond in bonds:
        effects += _middle(ctx, bond)
    values = {
        **buddy_names(ctx.session, [other for _, _, other, _ in reached], language_of(ctx)),
        "line": "",
    }
    return ActionResult("first" if first else "sent", values, tuple(effects))


def _carry(ctx: ActionContext, bond: Bond, seat: PairMember, other: Member, line: str) -> list[Effect]:
    """Her words, now or once the other knows whom she is with; told here if her day is past."""
    if seat.told_at is not None or _knows_better(ctx.session, other, bond.pair):
        return _tell(ctx, other, ctx.person, line)
    if bond.pair.made_at > ctx.now - HELD_FOR:
        return []
    seat.told_at = ctx.now
    ctx.session.flush()
    buddies = buddies_of(ctx.session, other)
    notice = "buddy_now_one" if len(buddies) == 1 else "buddy_now_more"
    circle = ctx.session.get_one(Circle, other.circle_id)
    language = ctx.session.get_one(Person, other.person_id).language or circle.language
    names = buddy_names(ctx.session, buddies, language)
    news = Tell(other.person_id, notice, names, circle_id=other.circle_id, member_id=other.id)
    return [news, *_tell(ctx, other, ctx.person, line)]


def _knows_better(session: Session, reader: Member, pair: Pair) -> bool:
    """Whether she was told about a later round, so that nothing about this one is to come."""
    told = select(func.max(Round.week)).join(Pair, Pair.round_id == Round.id)
    told = told.join(PairMember, PairMember.pair_id == Pair.id)
    week = session.scalar(told.where(PairMember.member_id == reader.id, PairMember.told_at.is_not(None)))
    return week is not None and week > session.get_one(Round, pair.round_id).week


def _tell(ctx: ActionContext, reader: Member, writer: Person, line: str) -> list[Effect]:
    """Her buddy's words; on a shared phone only while she has it in hand, else they wait for READ."""
    reading = ctx.session.get_one(Person, reader.person_id)
    in_hand = reading.heard_at is not None and reading.heard_at > ctx.now - IN_HAND
    waits = reading.plain and not in_hand
    if waits and knows_that_words_wait(ctx, reading, WORDS_WAIT):
        return []
    placeholders = {"words": line, **({"buddy": writer.name} if writer.name else {})}
    return [
        Tell(
            reader.person_id,
            "relay_waits" if waits else "relay",
            placeholders,
            purpose="relay",
            circle_id=reader.circle_id,
            verbatim=("words",),
            member_id=reader.id,
        )
    ]


def knows_that_words_wait(ctx: ActionContext, reader: Person, wording: str) -> bool:
    """Whether she was told so already today, and has not been here since."""
    since = max(ctx.now - LATELY, reader.heard_at or ctx.now - LATELY)
    told = select(Outbox.id).where(
        Outbox.person_id == reader.id, Outbox.wording == wording, Outbox.created_at > since
    )
    return ctx.session.scalar(told.limit(1)) is not None


def _reached(ctx: ActionContext, bonds: Sequence[Bond]) -> Iterator[tuple[Bond, PairMember, Member, Person]]:
    """Whom her words reach now, each once; not who is away, nor who is kept apart from her."""
    seen = set()
    for bond in bonds:
        for seat, member, person in bond.others:
            if (
                member.id in seen
                or is_away(ctx.session, member)
                or are_apart(ctx.session, ctx.person, person)
            ):
                continue
            seen.add(member.id)
            yield bond, seat, member, person


def _what_follows(ctx: ActionContext, bond: Bond, other: Member, person: Person) -> Iterator[Effect]:
    """If nobody answers: one kind nudge to the quiet one, and later a choice for the one who waits."""
    assert ctx.member is not None
    plan = (
        (other, person, "buddy_nudge", NUDGE_AFTER),
        (ctx.member, ctx.person, "buddy_quiet", QUIET_AFTER),
    )
    for member, whose, flow, after in plan:
        if not _is_planned(ctx.session, member, flow, bond):
            due = _by_day(ctx.session, whose, member, ctx.now + after)
            yield Start(whose.id, flow, {"pair": bond.pair.id}, member.id, due)


def _middle(ctx: ActionContext, bond: Bond) -> Iterator[Effect]:
    """The middle of the round's talk, once all of them have written; not when the week is nearly over."""
    assert ctx.member is not None
    everyone = [(bond.mine, ctx.member, ctx.person), *bond.others]
    if any(seat.wrote_at is None for seat, _, _ in everyone):
        return
    round_ = ctx.session.get_one(Round, bond.pair.round_id)
    circle = ctx.session.get_one(Circle, round_.circle_id)
    values = {"pair": bond.pair.id, "week": round_.week, "theme": theme_of(circle, round_.week)}
    for _, member, person in everyone:
        due = _by_day(ctx.session, person, member, ctx.now + MIDDLE_AFTER)
        local = due.astimezone(home(zone_of(person.zone, circle.zone)))
        if local.weekday() in HALF_WAY and not _is_planned(ctx.session, member, "buddy_middle", bond):
            yield Start(person.id, "buddy_middle", values, member.id, due)


def _is_planned(session: Session, member: Member, flow: str, bond: Bond) -> bool:
    """Whether it came already or will come: each comes once to each of a pair."""
    timers = session.scalars(select(Timer).where(Timer.member_id == member.id, Timer.flow == flow))
    return any(timer.values.get("pair") == bond.pair.id for timer in timers)


def _by_day(session: Session, person: Person, member: Member, moment: dt.datetime) -> dt.datetime:
    circle = session.get_one(Circle, member.circle_id)
    return next_allowed(moment, zone_of(person.zone, circle.zone), hours_for(None))


def _may_mean_another(ctx: ActionContext, bonds: Sequence[Bond]) -> bool:
    assert ctx.member is not None
    unread = select(Outbox.wording).where(
        Outbox.person_id == ctx.person.id,
        Outbox.state.in_(("queued", "claimed")),
        Outbox.circle_id == ctx.member.circle_id,
    )
    if any((wording or "").startswith(NEWS_OF_BUDDIES) for wording in ctx.session.scalars(unread)):
        return True
    # Words of a buddy she has not been told of wait until she is, so that these do not count.
    to_come = bonds_of(ctx.session, ctx.member, told=False)
    hers = {member.id for bond in (*bonds, *to_come) for member in bond.members}
    lines = select(func.max(Note.id)).where(Note.kind == KIND, Note.at > ctx.now - LATELY)
    got = ctx.session.scalar(
        lines.where(Note.to_member_id == ctx.member.id, Note.from_member_id.not_in(hers))
    )
    wrote = ctx.session.scalar(lines.where(Note.from_member_id == ctx.member.id, Note.to_member_id.in_(hers)))
    # Once she has written to those she is with now, she knows who reads her.
    return got is not None and got > (wrote or 0)


def _names(ctx: ActionContext, member: Member) -> dict[str, str]:
    return buddy_names(ctx.session, buddies_of(ctx.session, member), language_of(ctx))


def _others_around(ctx: ActionContext, seats: Sequence[Member]) -> list[Person]:
    """Everyone she may know by name in these circles: members and hosts."""
    circles = [member.circle_id for member in seats]
    mates = select(Person).join(Member, Member.person_id == Person.id)
    mates = mates.where(Member.circle_id.in_(circles), Person.id != ctx.person.id, Member.state.in_(SEATED))
    hosts = [host for circle_id in circles for host in hosts_of(ctx.session, circle_id, ctx.now)]
    return [*ctx.session.scalars(mates).unique(), *(host for host in hosts if host.id != ctx.person.id)]


def _is_among(ctx: ActionContext, name: str, members: Sequence[Member]) -> bool:
    return _called(name, [ctx.session.get_one(Person, member.person_id) for member in members])


def _called(name: str, people: Sequence[Person]) -> bool:
    names = [person.name for person in people if person.name and person.name.strip()]
    return fold(name) in {fold(each).split()[0] for each in names}
