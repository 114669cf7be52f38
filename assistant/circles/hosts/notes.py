"""Passes a host's kind note on to members: held for a minute, then under the host's name, to each alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Start, Tell
from assistant.circles.actions.pending_actions import hold, take_up
from assistant.circles.actions.placeholders import other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.buddies.relay import knows_that_words_wait
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hosts.member_menus import member_choices, numbered, people_of
from assistant.circles.people.permissions import circle_for
from assistant.circles.people.reachability import out_of_reach
from assistant.circles.sharing.appreciation import TOLD, TRIES, without_address
from assistant.circles.sharing.host_words import NOTE, host_placeholder
from assistant.circles.sharing.shares import apart_from
from assistant.language.commands.addressing import named_in
from assistant.language.phones.contacts import has_contact
from assistant.store.tables import Circle, Member, Person

DELIVERS: Final = "host_note"
"""The flow that brings it to a member."""


@action("found", "several", "unknown", "lost", "none")
def find_noted(
    ctx: ActionContext, *, text: str = "", to: str = "", to_id: str = "", tries: int = 0
) -> ActionResult:
    """Find whom NOTE is for: who is named in `text` or `to`, or was chosen in `to_id`; words: `line`.

    several: two could be meant, and `people` lists them. lost: asked often enough.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    people = _members(ctx, circle)
    names = {key: person.name or "" for key, person in people.items()}
    found = [int(to_id)] if to_id.isdigit() else named_in(to or text, names)
    found = [key for key in found if key in people]
    if not found:
        again = {"tries": tries + 1, "to": "", "to_id": ""}
        return ActionResult("unknown" if tries < TRIES else "lost", again)
    if len(found) > 1:
        listed = {key: people[key] for key in found}
        return ActionResult("several", member_choices(listed), (numbered(ctx, listed.values()),))
    # Words that began with a name that is not theirs are not for them: the host says them anew.
    words = "" if to else without_address(text, names[found[0]])
    return ActionResult("found", {"to_ids": found, "line": words, **other_name_of(people[found[0]])})


@action("yes", "no")
def has_words(ctx: ActionContext, *, line: str = "") -> ActionResult:  # noqa: ARG001
    """Say whether there are words for the note."""
    return ActionResult("yes" if line.strip() else "no")


@action("held", "away", "none")
def hold_note(ctx: ActionContext, *, to_ids: Sequence[int] = (), line: str = "") -> ActionResult:
    """Send the note in a minute to those in `to_ids`: `line`, or the usual words where that is empty.

    away: none of them gets texts now. `number`: there is a way to reach someone in it, which they will see.
    """
    circle, line = hosted(ctx), line.strip()
    if circle is None:
        return ActionResult("none")
    members = [member for member in _chosen(ctx, circle, to_ids) if member.state in TOLD]
    lost = out_of_reach(ctx.session, [member.person_id for member in members], ctx.identity.sender)
    members = [member for member in members if member.person_id not in lost]
    if not members:
        return ActionResult("away")
    pending = hold(
        ctx,
        NOTE,
        circle,
        member=members[0] if len(members) == 1 else None,
        words=line or None,
        details={"members": [member.id for member in members]},
    )
    starts = tuple(
        Start(
            member.person_id,
            DELIVERS,
            {"pending_action": pending.id},
            member.id,
            pending.held_until,
            at_once=True,
        )
        for member in members
    )
    number = bool(line) and has_contact(line, ctx.identity.country)
    return ActionResult("held", {"number": number, "line": ""}, starts)


@action("passed", "gone")
def pass_note(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Bring the note to this member; on a shared phone the host's own words wait for READ.

    gone: it was undone, either of them has left since, or they are kept apart; nobody is told.
    """
    pending, member = take_up(ctx.session, pending_action, ctx.now), ctx.member
    if pending is None or member is None or member.state not in TOLD or member.circle_id != pending.circle_id:
        return ActionResult("gone")
    if circle_for(ctx.session, pending.by_person_id, pending.circle_id) is None:
        return ActionResult("gone")
    if pending.by_person_id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("gone")
    notice = "host_note" if pending.words else "host_note_usual"
    if ctx.person.plain and pending.words and knows_that_words_wait(ctx, ctx.person, f"notices/{notice}"):
        return ActionResult("passed")
    placeholders = {
        **host_placeholder(ctx.session, pending),
        **({"words": pending.words} if pending.words else {}),
    }
    told = Tell(
        ctx.person.id,
        notice,
        placeholders,
        purpose="relay",
        circle_id=pending.circle_id,
        verbatim=("words",),
        member_id=member.id,
        carries=f"said:{pending.id}" if pending.words else OWN,
    )
    return ActionResult("passed", effects=(told,))


def _members(ctx: ActionContext, circle: Circle) -> dict[int, Person]:
    """Return the members who can be named, by seat; not the host."""
    rows = ctx.session.scalars(
        select(Member.id)
        .where(
            Member.circle_id == circle.id,
            Member.person_id != ctx.person.id,
            Member.state.in_(("active", "reading", "paused", "unreachable")),
            Member.promised_at.is_not(None),
        )
        .order_by(Member.id)
    )
    people = people_of(ctx.session, rows)
    return {key: person for key, person in people.items() if person.name}


def _chosen(ctx: ActionContext, circle: Circle, wanted: Sequence[int]) -> list[Member]:
    rows = select(Member).where(
        Member.id.in_(wanted), Member.circle_id == circle.id, Member.person_id != ctx.person.id
    )
    return list(ctx.session.scalars(rows.order_by(Member.id)))
