"""Lets members read what the others of their circle shared, a few texts at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.hosts.broadcasts import SAY, name_of
from assistant.circles.hosts.notes import notes_kept
from assistant.circles.scene import Done, Effect, Scene, Tell, action
from assistant.circles.sharing import apart_from
from assistant.language.folding import plain_words
from assistant.store.circles import SEATED
from assistant.store.tables import Conversation, Deed, Member, Note, Person, Share

MOST_AT_ONCE: Final = 3
"""Texts that one READ brings; more come when she asks."""
READABLE: Final = dt.timedelta(days=8)
"""On Monday morning last Monday's words can still be read."""
SAME_READING: Final = dt.timedelta(days=1)
"""So long READ MORE goes on where the last READ ended."""
STILL_A_GOOD_MOMENT: Final = dt.timedelta(minutes=20)
"""So long her yes to reading on a shared phone holds for READ MORE."""
MORE: Final = frozenset({"more", "mas"})


@action("heard")
def hear_reading(scene: Scene) -> Done:
    """Whether she asks for the first of it or for more, before anything else is asked."""
    return Done("heard", {"more_please": bool(MORE & set(plain_words(scene.words)))})


@action("read", "plain", "not_yet", "no_seat")
def can_read(scene: Scene) -> Done:
    """Whether what the circle shared may be shown here: after her promise; on a shared phone she is asked."""
    if scene.member is None or scene.member.state not in SEATED:
        return Done("no_seat")
    if scene.member.promised_at is None:
        return Done("not_yet")
    if not scene.person.plain:
        return Done("read")
    going_on = scene.values.get("more_please") and _last_reading(scene, scene.member, STILL_A_GOOD_MOMENT)
    return Done("read" if going_on else "plain")


@action("some", "more", "nothing")
def read_circle(scene: Scene) -> Done:
    """Show her what others of this circle shared, the newest first; on a shared phone what waited, too.

    more: there is more than these few; READ MORE goes on from here.
    """
    member = scene.member
    if member is None or scene.circle is None:
        return Done("nothing")
    wants_more = bool(scene.values.get("more_please"))
    last = _last_reading(scene, member, SAME_READING) if wants_more else None
    before = (last.values["read_to"] or None) if last is not None else None
    effects: list[Effect] = []
    if scene.person.plain and not wants_more:
        effects += [_show_said(scene, said, host) for said, host in _said_to(scene, member)]
        effects += [_show_note(scene, note, writer) for note, writer in _notes_to(scene, member)]
        effects += notes_kept(scene, member, scene.now - READABLE)
    shares = readable(scene.session, member, scene.now, before=before)
    for share, writer in shares[:MOST_AT_ONCE]:
        effects.append(_show(scene, share, writer))
        before = share.id
    if not effects:
        return Done("nothing")
    outcome = "more" if len(shares) > MOST_AT_ONCE else "some"
    return Done(outcome, {"read_to": before or 0}, tuple(effects))


def readable(
    session: Session, reader: Member, now: dt.datetime, *, before: int | None = None
) -> Sequence[tuple[Share, Person]]:
    """What a member may read of her circle now, newest first, each with who wrote it; one more than is shown.

    Nothing of her own, of people who left, or of anyone she is kept apart from.
    """
    rows = session.execute(
        select(Share, Person)
        .join(Member, Member.id == Share.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Share.circle_id == reader.circle_id,
            Share.member_id != reader.id,
            Share.words.is_not(None),
            Share.at > now - READABLE,
            Share.id < before if before is not None else Share.id > 0,
            Member.state.in_(SEATED),
            Person.id.not_in(apart_from(session, reader.person_id)),
        )
        .order_by(Share.id.desc())
        .limit(MOST_AT_ONCE + 1)
    )
    return [(share, writer) for share, writer in rows]


def _last_reading(scene: Scene, member: Member, within: dt.timedelta) -> Conversation | None:
    """Her last READ that showed her something; its value `read_to` is the last share she saw."""
    recent: Iterable[Conversation] = scene.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == scene.person.id,
            Conversation.member_id == member.id,
            Conversation.flow == "read",
            Conversation.began_at > scene.now - within,
        )
        .order_by(Conversation.id.desc())
    )
    return next((each for each in recent if "read_to" in each.values), None)


def _show(scene: Scene, share: Share, writer: Person) -> Tell:
    """One share as she reads it; what hangs on no answer is something that was done."""
    kind = "shared" if share.answer_id is not None else "shared_win"
    if share.named and writer.name:
        name = shorten(writer.name, FILLS["writer"].longest)
        return _tell(scene, f"{kind}_by", {"writer": name, "words": share.words or ""})
    return _tell(scene, f"{kind}_unnamed", {"words": share.words or ""})


def _notes_to(scene: Scene, member: Member) -> Sequence[tuple[Note, Person]]:
    """Kind lines that waited for her, since nothing of them showed on a shared phone."""
    rows = scene.session.execute(
        select(Note, Person)
        .join(Member, Member.id == Note.from_member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Note.to_member_id == member.id,
            Note.kind.in_(("kind", "thanks", "buddy")),
            Note.words.is_not(None),
            Note.at > scene.now - READABLE,
            Person.id.not_in(apart_from(scene.session, scene.person.id)),
        )
        .order_by(Note.id.desc())
        .limit(MOST_AT_ONCE)
    )
    return [(note, writer) for note, writer in rows]


def _said_to(scene: Scene, member: Member) -> Sequence[tuple[Deed, Person]]:
    """What a host told the circle, her among them, and did not show on a shared phone."""
    rows = scene.session.execute(
        select(Deed, Person)
        .join(Person, Person.id == Deed.by_person_id)
        .where(
            Deed.circle_id == member.circle_id,
            Deed.kind == SAY,
            Deed.state == "done",
            Deed.words.is_not(None),
            Deed.settled_at > scene.now - READABLE,
            Person.id.not_in(apart_from(scene.session, scene.person.id)),
        )
        .order_by(Deed.id.desc())
    )
    hers = [(deed, host) for deed, host in rows if member.id in (deed.details.get("members") or ())]
    return hers[:MOST_AT_ONCE]


def _show_said(scene: Scene, said: Deed, host: Person) -> Tell:
    fills = {"writer": name_of(host, language_of(scene)), "words": said.words or ""}
    return _tell(scene, "host_said", fills)


def _show_note(scene: Scene, note: Note, writer: Person) -> Tell:
    name = writer.name or FILLS["name2"].plain[language_of(scene)].capitalize()
    return _tell(
        scene, "note_to_you", {"writer": shorten(name, FILLS["writer"].longest), "words": note.words or ""}
    )


def _tell(scene: Scene, notice: str, fills: dict[str, str]) -> Tell:
    return Tell(
        scene.person.id,
        notice,
        fills,
        purpose="reply",
        circle_id=scene.circle.id if scene.circle else None,
        carry=("words",),
    )
