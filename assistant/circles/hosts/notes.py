"""Passes a host's kind note on to members: held for a minute, then under her first name, to each alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.buddies import unreachable
from assistant.circles.fills import FILLS, name2_of, shorten
from assistant.circles.hosts.deeds import hold, take_up
from assistant.circles.hosts.hosted import hosted
from assistant.circles.hosts.unheard import choices_of, numbered, people_of
from assistant.circles.kind_lines import TOLD, TRIES, without_address
from assistant.circles.relay import knows_that_words_wait
from assistant.circles.rights import circle_for
from assistant.circles.scene import Done, Scene, Start, Tell, action
from assistant.circles.sharing import apart_from
from assistant.language.addressing import named_in
from assistant.language.contacts import has_contact
from assistant.store.tables import Circle, Deed, Member, Person

KIND: Final = "note"
DELIVERS: Final = "host_note"
"""The flow that brings it to a member."""


@action("found", "several", "unknown", "lost", "none")
def find_noted(scene: Scene) -> Done:
    """Whom NOTE is for: whose name stands in `text` or `to`, or who was chosen in `to_id`; words: `line`.

    several: two could be meant, and `people` lists them. lost: asked often enough.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    people = _members(scene, circle)
    text, said, chosen = (str(scene.values.get(key) or "") for key in ("text", "to", "to_id"))
    names = {key: person.name or "" for key, person in people.items()}
    found = [int(chosen)] if chosen.isdigit() else named_in(said or text, names)
    found = [key for key in found if key in people]
    if not found:
        tries = int(scene.values.get("tries") or 0) + 1
        return Done("unknown" if tries <= TRIES else "lost", {"tries": tries, "to": "", "to_id": ""})
    if len(found) > 1:
        listed = {key: people[key] for key in found}
        return Done("several", {"people": choices_of(listed.items())}, (numbered(scene, listed.values()),))
    # Words that began with a name that is not theirs are not for them: she says them anew.
    words = "" if said else without_address(text, names[found[0]])
    return Done("found", {"to_ids": found, "line": words, **name2_of(people[found[0]])})


@action("yes", "no")
def has_words(scene: Scene) -> Done:
    """Whether she has said what the note says."""
    return Done("yes" if str(scene.values.get("line") or "").strip() else "no")


@action("held", "away", "none")
def hold_note(scene: Scene) -> Done:
    """Send her note in a minute to those in `to_ids`: `line`, or the usual words where that is empty.

    away: none of them gets texts now. `number`: there is a way to reach someone in it, which they will see.
    """
    circle = hosted(scene)
    line = str(scene.values.get("line") or "").strip()
    if circle is None:
        return Done("none")
    members = [member for member in _chosen(scene, circle) if member.state in TOLD]
    lost = unreachable(scene.session, [member.person_id for member in members])
    members = [member for member in members if member.person_id not in lost]
    if not members:
        return Done("away")
    deed = hold(
        scene,
        KIND,
        circle,
        member=members[0] if len(members) == 1 else None,
        words=line or None,
        details={"members": [member.id for member in members]},
    )
    starts = tuple(
        Start(member.person_id, DELIVERS, {"deed": deed.id}, member.id, deed.held_until, at_once=True)
        for member in members
    )
    number = bool(line) and has_contact(line, scene.house.country)
    return Done("held", {"number": number, "line": ""}, starts)


@action("passed", "gone")
def pass_note(scene: Scene) -> Done:
    """Her note reaches this member; on a shared phone words of her own wait for READ.

    gone: it was undone, either of them has left since, or they are kept apart; nobody is told.
    """
    deed, member = take_up(scene.session, scene.values.get("deed"), scene.now), scene.member
    if deed is None or member is None or member.state not in TOLD or member.circle_id != deed.circle_id:
        return Done("gone")
    if circle_for(scene.session, deed.by_person_id, deed.circle_id) is None:
        return Done("gone")
    if deed.by_person_id in apart_from(scene.session, scene.person.id):
        return Done("gone")
    notice = "host_note" if deed.words else "host_note_usual"
    if scene.person.plain and deed.words and knows_that_words_wait(scene, scene.person, f"notices/{notice}"):
        return Done("passed")
    fills = {**_host(scene.session, deed), **({"words": deed.words} if deed.words else {})}
    told = Tell(
        scene.person.id,
        notice,
        fills,
        purpose="relay",
        circle_id=deed.circle_id,
        carry=("words",),
        member_id=member.id,
    )
    return Done("passed", effects=(told,))


def notes_kept(scene: Scene, member: Member, since: dt.datetime) -> Iterator[Tell]:
    """Hosts' notes that waited for her READ, since nothing of them showed on a shared phone; newest first."""
    notes = select(Deed).where(
        Deed.circle_id == member.circle_id,
        Deed.kind == KIND,
        Deed.state == "done",
        Deed.settled_at > since,
        Deed.words.is_not(None),
        Deed.by_person_id.not_in(apart_from(scene.session, scene.person.id)),
    )
    for deed in scene.session.scalars(notes.order_by(Deed.id.desc())):
        if member.id in deed.details.get("members", ()):
            fills = {**_host(scene.session, deed), "words": deed.words or ""}
            yield Tell(
                scene.person.id,
                "host_note_kept",
                fills,
                purpose="reply",
                circle_id=deed.circle_id,
                carry=("words",),
            )


def _host(session: Session, deed: Deed) -> dict[str, str]:
    name = session.get_one(Person, deed.by_person_id).name
    return {"host": shorten(name, FILLS["host"].longest)} if name else {}


def _members(scene: Scene, circle: Circle) -> dict[int, Person]:
    """The members of her circle who can be named, by seat; not she herself."""
    rows = scene.session.scalars(
        select(Member.id)
        .where(
            Member.circle_id == circle.id,
            Member.person_id != scene.person.id,
            Member.state.in_(("active", "reading", "paused", "unreachable")),
            Member.promised_at.is_not(None),
        )
        .order_by(Member.id)
    )
    people = people_of(scene.session, rows)
    return {key: person for key, person in people.items() if person.name}


def _chosen(scene: Scene, circle: Circle) -> list[Member]:
    wanted = [int(each) for each in scene.values.get("to_ids") or ()]
    rows = select(Member).where(
        Member.id.in_(wanted), Member.circle_id == circle.id, Member.person_id != scene.person.id
    )
    return list(scene.session.scalars(rows.order_by(Member.id)))
