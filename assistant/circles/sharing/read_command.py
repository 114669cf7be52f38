"""Lets members read what the others of their circle shared, a few texts at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Lines, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.sharing.host_words import SAY, notes_kept
from assistant.circles.sharing.news_lines import share_line
from assistant.circles.sharing.news_reading import mark_read, seen_by, take_waiting
from assistant.circles.sharing.second_halves import HALF
from assistant.circles.sharing.shares import apart_from
from assistant.language.folding import plain_words
from assistant.store.tables import Conversation, Member, Note, PendingAction, Person, Share
from assistant.store.tables.circle_tables import SEATED

MOST_AT_ONCE: Final = 3
"""Texts that one READ brings; more come when they are asked for."""
READABLE: Final = dt.timedelta(days=8)
"""On Monday morning last Monday's words can still be read."""
SAME_READING: Final = dt.timedelta(days=1)
"""So long READ MORE goes on where the last READ ended."""
STILL_A_GOOD_MOMENT: Final = dt.timedelta(minutes=20)
"""So long a yes to reading on a shared phone holds for READ MORE."""
MORE: Final = frozenset({"more", "mas"})


@action("heard")
def hear_reading(ctx: ActionContext) -> ActionResult:
    """Whether the first of it is asked for, or more, before anything else is asked."""
    return ActionResult("heard", {"more_please": bool(MORE & set(plain_words(ctx.words)))})


@action("read", "plain", "not_yet", "no_seat")
def can_read(ctx: ActionContext, *, more_please: bool = False) -> ActionResult:
    """Whether what the circle shared may be shown: after the promise; on a shared phone with a yes."""
    if ctx.member is None or ctx.member.state not in SEATED:
        return ActionResult("no_seat")
    if ctx.member.promised_at is None:
        return ActionResult("not_yet")
    if not ctx.person.plain:
        return ActionResult("read")
    going_on = more_please and _last_reading(ctx, ctx.member, STILL_A_GOOD_MOMENT)
    return ActionResult("read" if going_on else "plain")


@action("some", "more", "nothing")
def read_circle(ctx: ActionContext, *, more_please: bool = False) -> ActionResult:
    """Show the reader what others of this circle shared, newest first; on a shared phone what waited, too.

    What the reader has not seen comes first; once all of it was seen, the newest comes again. more: there is
    more than these few; READ MORE goes on from here.
    """
    member = ctx.member
    if member is None or ctx.circle is None:
        return ActionResult("nothing")
    last = _last_reading(ctx, member, SAME_READING) if more_please else None
    before = (last.values["read_to"] or None) if last is not None else None
    effects: list[Effect] = []
    if ctx.person.plain and not more_please:
        effects += [_show_said(ctx, said, host) for said, host in _said_to(ctx, member)]
        effects += [_show_note(ctx, note, writer) for note, writer in _notes_to(ctx, member)]
        effects += notes_kept(ctx, member, ctx.now - READABLE)
    effects += [Lines(lines) for lines in take_waiting(ctx.session, member, language_of(ctx), ctx.now)]
    unseen = last is None or bool(last.values.get("read_unseen"))
    shares = readable(ctx.session, member, ctx.now, before=before, unseen=unseen)
    if unseen and not shares and last is None and not effects:
        unseen, shares = False, readable(ctx.session, member, ctx.now)
    for share, writer in shares[:MOST_AT_ONCE]:
        effects.append(_show(ctx, share, writer))
        before = share.id
    mark_read(ctx.session, member, [share for share, _ in shares[:MOST_AT_ONCE]], ctx.now)
    if not effects:
        return ActionResult("nothing")
    outcome = "more" if len(shares) > MOST_AT_ONCE else "some"
    return ActionResult(outcome, {"read_to": before or 0, "read_unseen": unseen}, tuple(effects))


def readable(
    session: Session,
    reader: Member,
    now: dt.datetime,
    *,
    before: int | None = None,
    unseen: bool = False,
) -> Sequence[tuple[Share, Person]]:
    """Return what a member may read of the circle now, newest first, with writers; one more than is shown.

    Nothing of the last seconds, to which more may belong; nothing of the reader's own, of people who left, or
    of anyone the reader is kept apart from.

    Args:
        before: Only what is older than this share.
        unseen: Only what the reader has neither been told nor read.
    """
    shares = (
        select(Share, Person)
        .join(Member, Member.id == Share.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Share.circle_id == reader.circle_id,
            Share.member_id != reader.id,
            Share.words.is_not(None),
            Share.at > now - READABLE,
            Share.at <= now - HALF,
            Share.id < before if before is not None else Share.id > 0,
            Member.state.in_(SEATED),
            Person.id.not_in(apart_from(session, reader.person_id)),
        )
    )
    if unseen:
        shares = shares.where(~seen_by(reader.id))
    rows = session.execute(shares.order_by(Share.id.desc()).limit(MOST_AT_ONCE + 1))
    return [(share, writer) for share, writer in rows]


def _last_reading(ctx: ActionContext, member: Member, within: dt.timedelta) -> Conversation | None:
    """Return the last READ that showed something; its value `read_to` is the last share that was seen."""
    recent: Iterable[Conversation] = ctx.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == ctx.person.id,
            Conversation.member_id == member.id,
            Conversation.flow == "read",
            Conversation.began_at > ctx.now - within,
        )
        .order_by(Conversation.id.desc())
    )
    return next((each for each in recent if "read_to" in each.values), None)


def _show(ctx: ActionContext, share: Share, writer: Person) -> Tell:
    line = share_line(share, writer)
    return _tell(ctx, line.notice, dict(line.placeholders), f"share:{share.id}")


def _notes_to(ctx: ActionContext, member: Member) -> Sequence[tuple[Note, Person]]:
    """Return kind lines that waited for the reader, since nothing of them showed on a shared phone."""
    rows = ctx.session.execute(
        select(Note, Person)
        .join(Member, Member.id == Note.from_member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Note.to_member_id == member.id,
            Note.kind.in_(("kind", "thanks", "buddy", "answer", "link", "rally")),
            Note.words.is_not(None),
            Note.at > ctx.now - READABLE,
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Note.id.desc())
        .limit(MOST_AT_ONCE)
    )
    return [(note, writer) for note, writer in rows]


def _said_to(ctx: ActionContext, member: Member) -> Sequence[tuple[PendingAction, Person]]:
    """Return what a host told the circle, the reader too, and what did not show on a shared phone."""
    rows = ctx.session.execute(
        select(PendingAction, Person)
        .join(Person, Person.id == PendingAction.by_person_id)
        .where(
            PendingAction.circle_id == member.circle_id,
            PendingAction.kind == SAY,
            PendingAction.state == "done",
            PendingAction.words.is_not(None),
            PendingAction.settled_at > ctx.now - READABLE,
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(PendingAction.id.desc())
    )
    theirs = [
        (pending, host) for pending, host in rows if member.id in (pending.details.get("members") or ())
    ]
    return theirs[:MOST_AT_ONCE]


def _show_said(ctx: ActionContext, said: PendingAction, host: Person) -> Tell:
    placeholders = {"writer": name_of(host, language_of(ctx)), "words": said.words or ""}
    return _tell(ctx, "host_said", placeholders, f"said:{said.id}")


def _show_note(ctx: ActionContext, note: Note, writer: Person) -> Tell:
    known = writer.name if note.named else None
    name = known or PLACEHOLDERS["other_name"].plain[language_of(ctx)].capitalize()
    return _tell(
        ctx,
        "note_to_you",
        {"writer": shorten(name, PLACEHOLDERS["writer"].longest), "words": note.words or ""},
        f"note:{note.id}",
    )


def _tell(ctx: ActionContext, notice: str, placeholders: dict[str, str], carries: str) -> Tell:
    return Tell(
        ctx.person.id,
        notice,
        placeholders,
        purpose="reply",
        circle_id=ctx.circle.id if ctx.circle else None,
        verbatim=("words",),
        carries=carries,
    )
