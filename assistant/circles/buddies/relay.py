"""Carries words between buddies: under first names, to the letter, and never with a number in sight.

A text that begins with @ goes to the sender's buddy (to both, where they are three, and with a name to
that one alone); nothing else does. What could reach someone directly is held back until the sender says yes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import circle_choices, list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Tell
from assistant.circles.actions.going_along import go_along
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.buddy_news import tell_buddies_now
from assistant.circles.buddies.follow_ups import KIND, middle_of_talk, what_follows
from assistant.circles.buddies.groups import Bond, are_apart, bonds_of, buddies_of, buddy_names
from assistant.circles.people.carried_words import ONLY_A_SIGN
from assistant.circles.people.memberships import hosts_of, seats_of
from assistant.circles.people.reachability import is_away
from assistant.language.commands.addressing import reads_as_name
from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES
from assistant.language.phones.contacts import has_contact, without_contacts
from assistant.store.tables import Circle, Member, Note, Outbox, Pair, PairMember, Person, Round
from assistant.store.tables.circle_tables import SEATED

HELD_FOR: Final = dt.timedelta(days=2)
"""So long words wait for a buddy who has not heard of the pair yet; by then everyone's day has come."""
LATELY: Final = dt.timedelta(days=1)
IN_HAND: Final = dt.timedelta(minutes=30)
"""So long after a member's text nobody else is taken to hold a shared phone."""
WORDS_WAIT: Final = "notices/relay_waits"
NEWS_OF_BUDDIES: Final = ("notices/buddy_", "buddy_meet/")
"""Wordings by which members hear whom they are with."""
_NAMED = re.compile(r"(?P<name>[^\W\d_]+)(?P<between>[\s,.:;!-]*)")


@action("one", "several", "nobody", "other", "empty")
def find_buddy(ctx: ActionContext, *, text: str = "", for_buddy: bool = False) -> ActionResult:
    """Find for whom the words after @ are: the sender's buddies, or those of one of the sender's circles.

    several: `seats` and `options` list them, even a single one where "@name" may be a name nobody has here,
    unless the sender has chosen the buddy (`for_buddy`): then words begin as they like.
    other: it names someone around the sender who is no buddy of theirs, and nobody gets it. The words to
    carry are in `line` from here on, and in `to` the name of the one of three whom alone they are for.
    """
    named, to, strange = _NAMED.match(text), "", False
    seats = [member for member, circle in seats_of(ctx.session, ctx.person.id) if circle.state == "running"]
    reachable = [member for member in seats if buddies_of(ctx.session, member)]
    line = text.strip()
    if named is not None and reachable:
        theirs = [
            member for member in reachable if _are_called(ctx, named["name"], buddies_of(ctx.session, member))
        ]
        if theirs:
            reachable, line, to = theirs, text[named.end() :].strip(), named["name"]
        elif _called(named["name"], _others_around(ctx, reachable)):
            return ActionResult("other", _names(ctx, reachable[0]))
        else:
            strange = not for_buddy and reads_as_name(named["name"])
    if not reachable:
        return ActionResult("nobody", {"text": ""})
    if not line:
        return ActionResult("empty")
    values: dict[str, Any] = {"text": "", "line": line, "to": to}
    if len(reachable) == 1 and not strange:
        return ActionResult("one", values, member=reachable[0])
    said = shorten(line, PLACEHOLDERS["said"].longest)
    return ActionResult("several", {**values, "said": said, **_listed(ctx, reachable)})


def _listed(ctx: ActionContext, seats: Sequence[Member]) -> dict[str, Any]:
    """Return the values by which it is asked whom words are for: by names, unless others see the phone."""
    if not ctx.person.plain:
        named = ((each.id, _names(ctx, each).get("buddies") or str(at)) for at, each in enumerate(seats, 1))
        return list_choices("seats", named)
    if len(seats) == 1:
        return list_choices("seats", [(seats[0].id, LANGUAGES[language_of(ctx)].labels["buddy"])])
    circles = ((each.id, ctx.session.get_one(Circle, each.circle_id)) for each in seats)
    return circle_choices("seats", circles, plain=True)


@action("known", "changed", "away", "nobody")
def check_buddy(ctx: ActionContext, *, to: str = "") -> ActionResult:
    """Say whether it is clear to the sender who will read it.

    changed: news of a buddy is still on its way, the last words that came were someone else's, or the name in
    `to` is that of both.
    """
    if ctx.member is None:
        return ActionResult("nobody", {"line": ""})
    bonds = bonds_of(ctx.session, ctx.member)
    if not any(bond.others for bond in bonds):
        return ActionResult("nobody", {"line": ""})
    reached = list(_reached(ctx, bonds, to))
    if not reached:
        meant = _are_called(ctx, to, buddies_of(ctx.session, ctx.member)) if to else []
        names = buddy_names(ctx.session, meant, language_of(ctx)) or _names(ctx, ctx.member)
        return ActionResult("away", {**names, "line": ""})
    values = buddy_names(ctx.session, [member for _, _, member, _ in reached], language_of(ctx))
    clear = len(reached) == 1 if to else not _may_mean_another(ctx, bonds)
    return ActionResult("known" if clear else "changed", values)


@action("clean", "number")
def check_words(ctx: ActionContext, *, line: str = "") -> ActionResult:
    """Whether a phone number, mail address or messenger stands in the words."""
    return ActionResult("number" if has_contact(line, ctx.identity.country) else "clean")


@action("first", "sent", "away", "forgotten")
def relay(ctx: ActionContext, *, line: str = "", to: str = "") -> ActionResult:
    """Carry the words to all buddies, or to whom `to` names.

    first: the sender hears who can see them; said once a round, and when they are others than the last time.
    """
    return _relay(ctx, line, to)


@action("first", "sent", "away", "forgotten", "empty")
def relay_without(ctx: ActionContext, *, line: str = "", to: str = "") -> ActionResult:
    """Carry the words without what could reach anyone."""
    rest = without_contacts(line, ctx.identity.country)
    if line and not any(sign.isalnum() for sign in rest):
        return ActionResult("empty", {"line": ""})
    return _relay(ctx, rest, to)


@action("kept_back")
def keep_line_back(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """Carry nothing, and forget what it was."""
    return ActionResult("kept_back", {"line": ""})


@action("passed")
def pass_held_lines(ctx: ActionContext) -> ActionResult:
    """Hand a member the words that waited for the news of whom the member is with."""
    effects: list[Effect] = []
    if ctx.member is None:
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
                effects += _tell(ctx, bond, ctx.member, person, note)
    return ActionResult("passed", effects=tuple(effects))


def _relay(ctx: ActionContext, line: str, to: str) -> ActionResult:
    member = ctx.member
    if member is None or not line:
        return ActionResult("forgotten")  # The yes came too late: what nobody answered for is not kept.
    bonds = bonds_of(ctx.session, member)
    reached = list(_reached(ctx, bonds, to))
    if not reached:
        return ActionResult("away", {"line": ""})
    first = all(bond.mine.wrote_at is None for bond in bonds)
    before = _who_read_last(ctx, bonds)
    notes = [
        Note(
            circle_id=other.circle_id,
            from_member_id=member.id,
            to_member_id=other.id,
            kind=KIND,
            words=line,
            at=ctx.now,
            inbox_id=ctx.inbox_id,
        )
        for _, _, other, _ in reached
    ]
    ctx.session.add_all(notes)
    ctx.session.flush()
    read_by = [person.id for _, _, _, person in reached]
    effects: list[Effect] = [*go_along(ctx, [("note", note.id) for note in notes], read_by)]
    for (bond, seat, other, _), note in zip(reached, notes, strict=True):
        effects += _carry(ctx, bond, seat, other, note)
    for bond in bonds:
        bond.mine.wrote_at = ctx.now
    ctx.session.flush()
    for bond, _, other, person in reached:
        # In a group of three the sender's choice would come twice: it is not planned until this turn is done.
        effects += (each for each in what_follows(ctx, bond, other, person) if each not in effects)
    for bond in bonds:
        effects += middle_of_talk(ctx, bond)
    values = {
        **buddy_names(ctx.session, [other for _, _, other, _ in reached], language_of(ctx)),
        "line": "",
        "reach": "group" if first and len(reached) > 1 else "",
    }
    others = before is not None and before != {other.id for _, _, other, _ in reached}
    return ActionResult("first" if first or others else "sent", values, tuple(effects))


def _who_read_last(ctx: ActionContext, bonds: Sequence[Bond]) -> set[int] | None:
    """Return whom the sender's last words to these buddies went to; None: to nobody, or there is but one."""
    theirs = {member.id for bond in bonds for member in bond.members}
    if len(theirs) < 2 or ctx.member is None:
        return None
    since = min(bond.pair.made_at for bond in bonds)
    mine = select(Note).where(
        Note.kind == KIND,
        Note.from_member_id == ctx.member.id,
        Note.to_member_id.in_(theirs),
        Note.at >= since,
    )
    last = ctx.session.scalars(mine.order_by(Note.id.desc()).limit(1)).first()
    if last is None:
        return None
    same = select(Note.to_member_id).where(*_same_words(last), Note.to_member_id.in_(theirs))
    return {seat for seat in ctx.session.scalars(same) if seat is not None}


def _same_words(note: Note) -> tuple[ColumnElement[bool], ...]:
    """Return what the notes have in common that came of the same text."""
    return (
        Note.kind == KIND,
        Note.from_member_id == note.from_member_id,
        Note.at == note.at,
        Note.inbox_id.is_(None) if note.inbox_id is None else Note.inbox_id == note.inbox_id,
    )


def _carry(ctx: ActionContext, bond: Bond, seat: PairMember, other: Member, note: Note) -> list[Effect]:
    """Carry words now, or once the other knows of the pair; that is told here if the other's day is past."""
    if seat.told_at is not None or _knows_better(ctx.session, other, bond.pair):
        return _tell(ctx, bond, other, ctx.person, note)
    if bond.pair.made_at > ctx.now - HELD_FOR:
        return []
    seat.told_at = ctx.now
    ctx.session.flush()
    news = tell_buddies_now(ctx.session, other, ctx.session.get_one(Circle, other.circle_id))
    return [news, *_tell(ctx, bond, other, ctx.person, note)]


def _knows_better(session: Session, reader: Member, pair: Pair) -> bool:
    """Say whether the reader was told about a later round, so that nothing about this one is to come."""
    told = select(func.max(Round.week)).join(Pair, Pair.round_id == Round.id)
    told = told.join(PairMember, PairMember.pair_id == Pair.id)
    week = session.scalar(told.where(PairMember.member_id == reader.id, PairMember.told_at.is_not(None)))
    return week is not None and week > session.get_one(Round, pair.round_id).week


def _tell(ctx: ActionContext, bond: Bond, reader: Member, writer: Person, note: Note) -> list[Effect]:
    """Tell a buddy's words; on a shared phone only while the reader holds it, else they wait for READ.

    Of three it is said that they are for the reader alone: what is answered with @ would go to both.
    """
    reading = ctx.session.get_one(Person, reader.person_id)
    in_hand = reading.heard_at is not None and reading.heard_at > ctx.now - IN_HAND
    waits = reading.plain and not in_hand
    if waits and knows_that_words_wait(ctx, reading, WORDS_WAIT):
        return []
    placeholders = {"words": note.words or "", **({"buddy": writer.name} if writer.name else {})}
    return [
        Tell(
            reader.person_id,
            "relay_waits" if waits else "relay_to_one" if _is_for_one(ctx, bond, note) else "relay",
            placeholders,
            purpose="relay",
            circle_id=reader.circle_id,
            verbatim=("words",),
            member_id=reader.id,
            carries=f"note:{note.id}{ONLY_A_SIGN if waits else ''}",
        )
    ]


def _is_for_one(ctx: ActionContext, bond: Bond, note: Note) -> bool:
    """Say whether only one of a group of three gets these words."""
    if len(bond.others) < 2:
        return False
    return len(ctx.session.scalars(select(Note.id).where(*_same_words(note)).limit(2)).all()) == 1


def knows_that_words_wait(ctx: ActionContext, reader: Person, wording: str) -> bool:
    """Say whether the reader was told so already today, and has not been here since."""
    since = max(ctx.now - LATELY, reader.heard_at or ctx.now - LATELY)
    told = select(Outbox.id).where(
        Outbox.person_id == reader.id, Outbox.wording == wording, Outbox.created_at > since
    )
    return ctx.session.scalar(told.limit(1)) is not None


def _reached(
    ctx: ActionContext, bonds: Sequence[Bond], to: str
) -> Iterator[tuple[Bond, PairMember, Member, Person]]:
    """Yield whom the sender's words reach now, each once; not who is away or kept apart from the sender.

    Args:
        to: The name of whoever they are for; "": all.
    """
    seen = set()
    for bond in bonds:
        for seat, member, person in bond.others:
            if (
                member.id in seen
                or (to and not _called(to, [person]))
                or is_away(ctx.session, member, ctx.identity.sender)
                or are_apart(ctx.session, ctx.person, person)
            ):
                continue
            seen.add(member.id)
            yield bond, seat, member, person


def _may_mean_another(ctx: ActionContext, bonds: Sequence[Bond]) -> bool:
    assert ctx.member is not None
    unread = select(Outbox.wording).where(
        Outbox.person_id == ctx.person.id,
        Outbox.state.in_(("queued", "claimed")),
        Outbox.circle_id == ctx.member.circle_id,
    )
    if any((wording or "").startswith(NEWS_OF_BUDDIES) for wording in ctx.session.scalars(unread)):
        return True
    # Words of a buddy who is news yet wait until they may come, so that these do not count.
    to_come = bonds_of(ctx.session, ctx.member, told=False)
    theirs = {member.id for bond in (*bonds, *to_come) for member in bond.members}
    lines = select(func.max(Note.id)).where(Note.kind == KIND, Note.at > ctx.now - LATELY)
    got = ctx.session.scalar(
        lines.where(Note.to_member_id == ctx.member.id, Note.from_member_id.not_in(theirs))
    )
    wrote = ctx.session.scalar(
        lines.where(Note.from_member_id == ctx.member.id, Note.to_member_id.in_(theirs))
    )
    # Who has written to the buddies of now knows who reads it.
    return got is not None and got > (wrote or 0)


def _names(ctx: ActionContext, member: Member) -> dict[str, str]:
    return buddy_names(ctx.session, buddies_of(ctx.session, member), language_of(ctx))


def _others_around(ctx: ActionContext, seats: Sequence[Member]) -> list[Person]:
    """Return everyone the sender may know by name in these circles: members, who has left, and hosts."""
    circles = [member.circle_id for member in seats]
    mates = select(Person).join(Member, Member.person_id == Person.id)
    mates = mates.where(
        Member.circle_id.in_(circles), Person.id != ctx.person.id, Member.state.in_((*SEATED, "left"))
    )
    hosts = [host for circle_id in circles for host in hosts_of(ctx.session, circle_id, ctx.now)]
    return [*ctx.session.scalars(mates).unique(), *(host for host in hosts if host.id != ctx.person.id)]


def _are_called(ctx: ActionContext, name: str, members: Sequence[Member]) -> list[Member]:
    """Return those of this first name."""
    return [each for each in members if _called(name, [ctx.session.get_one(Person, each.person_id)])]


def _called(name: str, people: Sequence[Person]) -> bool:
    names = [person.name for person in people if person.name and person.name.strip()]
    return fold(name) in {fold(each).split()[0] for each in names}
