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

from assistant.circles.buddies import Bond, are_apart, bonds_of, buddies_of, buddy_names, is_away
from assistant.circles.profile import number_options
from assistant.circles.rounds import theme_of
from assistant.circles.scene import Done, Effect, Scene, Start, Tell, action
from assistant.circles.seats import seats_of
from assistant.language.contacts import has_contact, without_contacts
from assistant.language.folding import fold
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.store.circles import SEATED
from assistant.store.tables import Circle, Member, Note, Outbox, PairMember, Person, Round, Timer

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
NEWS_OF_BUDDIES: Final = ("notices/buddy_", "buddy_meet/")
"""Wordings by which she hears whom she is with."""
_NAMED = re.compile(r"(?P<name>[^\W\d_]+)(?P<between>[\s,.:;!-]*)")


@action("one", "several", "nobody", "other", "empty")
def find_buddy(scene: Scene) -> Done:
    """For whom the words after @ are: her buddies, or those of one of her circles.

    several: `seats` and `options` list them. other: "@name" names someone who is not her buddy, and nobody
    gets it. The words to carry are in `line` from here on.
    """
    text = str(scene.values.get("text") or "")
    named = _NAMED.match(text)
    seats = [
        member for member, circle in seats_of(scene.session, scene.person.id) if circle.state == "running"
    ]
    reachable = [member for member in seats if buddies_of(scene.session, member)]
    line = text.strip()
    if named is not None and reachable:
        hers = [
            member
            for member in reachable
            if _is_among(scene, named["name"], buddies_of(scene.session, member))
        ]
        if hers:
            reachable, line = hers, text[named.end() :].strip()
        elif _is_among(scene, named["name"], _circle_mates(scene, reachable)):
            return Done("other", _names(scene, reachable[0]))
    if not reachable:
        return Done("nobody", {"text": ""})
    if not line:
        return Done("empty")
    values: dict[str, Any] = {"text": "", "line": line}
    if len(reachable) == 1:
        return Done("one", values, member=reachable[0])
    labels = [_names(scene, member).get("buddies") or str(at) for at, member in enumerate(reachable, 1)]
    listed = [{"key": str(m.id), "label": label} for m, label in zip(reachable, labels, strict=True)]
    return Done("several", {**values, "seats": listed, "options": number_options(labels)})


@action("known", "changed", "away", "nobody")
def check_buddy(scene: Scene) -> Done:
    """Whether it is clear to her who will read it.

    changed: news about her buddy is still on its way to her, or the last words she got were someone else's.
    """
    if scene.member is None:
        return Done("nobody", {"line": ""})
    bonds = bonds_of(scene.session, scene.member)
    if not any(bond.others for bond in bonds):
        return Done("nobody", {"line": ""})
    reached = list(_reached(scene, bonds))
    if not reached:
        return Done("away", {**_names(scene, scene.member), "line": ""})
    values = buddy_names(scene.session, [member for _, _, member, _ in reached])
    return Done("changed" if _may_mean_another(scene, bonds) else "known", values)


@action("clean", "number")
def check_words(scene: Scene) -> Done:
    """Whether a phone number, mail address or messenger stands in the words."""
    return Done("number" if has_contact(_line(scene), scene.house.country) else "clean")


@action("first", "sent", "away")
def relay(scene: Scene) -> Done:
    """Carry her words to everyone she is with; first: she hears that they are on their way, once a round."""
    return _relay(scene, _line(scene))


@action("first", "sent", "away", "empty")
def relay_without(scene: Scene) -> Done:
    """Carry her words without what could reach anyone."""
    line = without_contacts(_line(scene), scene.house.country)
    if not any(sign.isalnum() for sign in line):
        return Done("empty", {"line": ""})
    return _relay(scene, line)


@action("kept_back")
def keep_line_back(scene: Scene) -> Done:  # noqa: ARG001
    """Carry nothing, and forget what it was."""
    return Done("kept_back", {"line": ""})


def held_lines(scene: Scene, member: Member, bonds: Sequence[Bond]) -> list[Effect]:
    """Words that waited until she knew whom she is with, now that she does."""
    effects: list[Effect] = []
    for bond in bonds:
        for _, other, person in bond.others:
            notes = select(Note).where(
                Note.kind == KIND,
                Note.from_member_id == other.id,
                Note.to_member_id == member.id,
                Note.at >= bond.pair.made_at,
                Note.words.is_not(None),
            )
            for note in scene.session.scalars(notes.order_by(Note.id)):
                effects.append(_tell(scene, member, person, note.words or ""))
    return effects


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


def _line(scene: Scene) -> str:
    return str(scene.values.get("line") or "")


def _relay(scene: Scene, line: str) -> Done:
    member = scene.member
    if member is None or not line:
        return Done("away", {"line": ""})
    bonds = bonds_of(scene.session, member)
    reached = list(_reached(scene, bonds))
    if not reached:
        return Done("away", {"line": ""})
    first = all(bond.mine.wrote_at is None for bond in bonds)
    effects: list[Effect] = []
    for bond, seat, other, _ in reached:
        scene.session.add(
            Note(
                circle_id=other.circle_id,
                from_member_id=member.id,
                to_member_id=other.id,
                kind=KIND,
                words=line,
                at=scene.now,
            )
        )
        effects += _carry(scene, bond, seat, other, line)
    for bond in bonds:
        bond.mine.wrote_at = scene.now
    scene.session.flush()
    for bond, _, other, person in reached:
        effects += _what_follows(scene, bond, other, person)
    for bond in bonds:
        effects += _middle(scene, bond)
    values = {**buddy_names(scene.session, [other for _, _, other, _ in reached]), "line": ""}
    return Done("first" if first else "sent", values, tuple(effects))


def _carry(scene: Scene, bond: Bond, seat: PairMember, other: Member, line: str) -> list[Effect]:
    """Her words, now or once the other knows whom she is with; told here if her day is past."""
    if seat.told_at is not None:
        return [_tell(scene, other, scene.person, line)]
    if bond.pair.made_at > scene.now - HELD_FOR:
        return []
    seat.told_at = scene.now
    scene.session.flush()
    buddies = buddies_of(scene.session, other)
    notice = "buddy_now_one" if len(buddies) == 1 else "buddy_now_more"
    names = buddy_names(scene.session, buddies)
    news = Tell(other.person_id, notice, names, circle_id=other.circle_id, member_id=other.id)
    return [news, _tell(scene, other, scene.person, line)]


def _tell(scene: Scene, reader: Member, writer: Person, line: str) -> Tell:
    """Her buddy's words; on a shared phone only while she has it in hand, else they wait for READ."""
    reading = scene.session.get_one(Person, reader.person_id)
    in_hand = reading.heard_at is not None and reading.heard_at > scene.now - IN_HAND
    fills = {"words": line, **({"buddy": writer.name} if writer.name else {})}
    return Tell(
        reader.person_id,
        "relay_waits" if reading.plain and not in_hand else "relay",
        fills,
        purpose="relay",
        circle_id=reader.circle_id,
        carry=("words",),
        member_id=reader.id,
    )


def _reached(scene: Scene, bonds: Sequence[Bond]) -> Iterator[tuple[Bond, PairMember, Member, Person]]:
    """Whom her words reach now, each once; not who is away, nor who is kept apart from her."""
    seen = set()
    for bond in bonds:
        for seat, member, person in bond.others:
            if (
                member.id in seen
                or is_away(scene.session, member)
                or are_apart(scene.session, scene.person, person)
            ):
                continue
            seen.add(member.id)
            yield bond, seat, member, person


def _what_follows(scene: Scene, bond: Bond, other: Member, person: Person) -> Iterator[Effect]:
    """If nobody answers: one kind nudge to the quiet one, and later a choice for the one who waits."""
    assert scene.member is not None
    plan = (
        (other, person, "buddy_nudge", NUDGE_AFTER),
        (scene.member, scene.person, "buddy_quiet", QUIET_AFTER),
    )
    for member, whose, flow, after in plan:
        if not _is_planned(scene.session, member, flow, bond):
            due = _by_day(scene.session, whose, member, scene.now + after)
            yield Start(whose.id, flow, {"pair": bond.pair.id}, member.id, due)


def _middle(scene: Scene, bond: Bond) -> Iterator[Effect]:
    """The middle of the round's talk, once all of them have written; not when the week is nearly over."""
    assert scene.member is not None
    everyone = [(bond.mine, scene.member, scene.person), *bond.others]
    if any(seat.wrote_at is None for seat, _, _ in everyone):
        return
    round_ = scene.session.get_one(Round, bond.pair.round_id)
    circle = scene.session.get_one(Circle, round_.circle_id)
    values = {"pair": bond.pair.id, "week": round_.week, "theme": theme_of(circle, round_.week)}
    for _, member, person in everyone:
        due = _by_day(scene.session, person, member, scene.now + MIDDLE_AFTER)
        local = due.astimezone(home(zone_of(person.zone, circle.zone)))
        if local.weekday() in HALF_WAY and not _is_planned(scene.session, member, "buddy_middle", bond):
            yield Start(person.id, "buddy_middle", values, member.id, due)


def _is_planned(session: Session, member: Member, flow: str, bond: Bond) -> bool:
    """Whether it came already or will come: each comes once to each of a pair."""
    timers = session.scalars(select(Timer).where(Timer.member_id == member.id, Timer.flow == flow))
    return any(timer.values.get("pair") == bond.pair.id for timer in timers)


def _by_day(session: Session, person: Person, member: Member, moment: dt.datetime) -> dt.datetime:
    circle = session.get_one(Circle, member.circle_id)
    return next_allowed(moment, zone_of(person.zone, circle.zone), hours_for(None))


def _may_mean_another(scene: Scene, bonds: Sequence[Bond]) -> bool:
    assert scene.member is not None
    unread = select(Outbox.wording).where(
        Outbox.person_id == scene.person.id,
        Outbox.state.in_(("queued", "claimed")),
        Outbox.circle_id == scene.member.circle_id,
    )
    if any((wording or "").startswith(NEWS_OF_BUDDIES) for wording in scene.session.scalars(unread)):
        return True
    last = scene.session.scalars(
        select(Note.from_member_id)
        .where(Note.kind == KIND, Note.to_member_id == scene.member.id, Note.at > scene.now - LATELY)
        .order_by(Note.id.desc())
        .limit(1)
    ).first()
    # Words of a buddy she has not been told of wait until she is.
    to_come = bonds_of(scene.session, scene.member, told=False)
    return last is not None and last not in {
        member.id for bond in (*bonds, *to_come) for member in bond.members
    }


def _names(scene: Scene, member: Member) -> dict[str, str]:
    return buddy_names(scene.session, buddies_of(scene.session, member))


def _circle_mates(scene: Scene, seats: Sequence[Member]) -> list[Member]:
    return list(
        scene.session.scalars(
            select(Member).where(
                Member.circle_id.in_([member.circle_id for member in seats]),
                Member.person_id != scene.person.id,
                Member.state.in_(SEATED),
            )
        )
    )


def _is_among(scene: Scene, name: str, members: Sequence[Member]) -> bool:
    names = {scene.session.get_one(Person, member.person_id).name for member in members}
    return fold(name) in {fold(each).split()[0] for each in names if each and each.strip()}
