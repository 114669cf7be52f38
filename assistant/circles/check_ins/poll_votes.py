"""Takes what members choose in a poll, and tells everyone who was asked the counts, never who chose what."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Tell
from assistant.circles.actions.pending_actions import happened, take_up
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.polls import KIND, VOTE, Poll, is_open, may_ask, open_polls, poll_of
from assistant.circles.check_ins.recipients import still_gets
from assistant.circles.people.audit import record
from assistant.circles.people.carried_words import CARRIED
from assistant.circles.people.memberships import seats_of
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.store.tables import Answer, Circle, Conversation, Member, PendingAction, Person, Question
from assistant.store.tables.circle_tables import SEATED

KEY: Final = "vote"
CHOICES: Final = "listed_choices"


@action("ask", "sign", "gone")
def open_poll_vote(
    ctx: ActionContext, *, pending_action: int | None = None, asked_for: bool = False
) -> ActionResult:
    """Open the question of a poll to a member; sign: on a shared phone only that there is one is said.

    gone: it was undone or is closed, or is not for this member any more. `asked_for`: by POLL, on the phone
    that is in hand.
    """
    poll = poll_of(take_up(ctx.session, pending_action, ctx.now))
    member = ctx.member
    if poll is None or member is None or not is_open(poll, ctx.now) or poll.row.circle_id != member.circle_id:
        return ActionResult("gone")
    if poll.row.by_person_id in apart_from(ctx.session, ctx.person.id):
        return ActionResult("gone")
    if not still_gets(ctx.session, member, ctx.identity.sender, readers=False):
        return ActionResult("gone")
    if ctx.person.plain and not asked_for:
        return ActionResult("sign")
    return ActionResult("ask", _values(ctx, poll))


@action("one", "plain", "none")
def find_open_poll(ctx: ActionContext) -> ActionResult:
    """Find the newest poll that is open to the member, to choose, or to choose anew."""
    seats = {member.circle_id: member for member, _ in seats_of(ctx.session, ctx.person.id) if is_in(member)}
    apart = apart_from(ctx.session, ctx.person.id)
    for poll in open_polls(ctx.session, list(seats), ctx.now):
        if is_open(poll, ctx.now) and poll.row.by_person_id not in apart:
            values = {
                "pending_action": poll.row.id,
                CARRIED: {"poll": f"said:{poll.row.id}"},
                "asked_for": True,
            }
            outcome = "plain" if ctx.person.plain else "one"
            return ActionResult(outcome, values, member=seats[poll.row.circle_id])
    return ActionResult("none")


@action("counted", "closed")
def count_vote(ctx: ActionContext, *, pending_action: int | None = None, vote: str = "") -> ActionResult:
    """Count the choice that was just kept, in place of an earlier one; closed: it came too late."""
    poll = poll_of(ctx.session.get(PendingAction, pending_action or 0))
    if poll is None or not is_open(poll, ctx.now) or not vote.isdigit():
        return ActionResult("closed")
    return ActionResult("counted", {"said": poll.choices[int(vote) - 1]})


@action("closed", "nothing")
def close_own_poll(ctx: ActionContext) -> ActionResult:
    """Close the newest open poll that the person has asked; everyone who was asked hears what it came to."""
    mine = ctx.session.scalars(
        select(PendingAction)
        .where(
            PendingAction.by_person_id == ctx.person.id,
            PendingAction.kind == KIND,
            PendingAction.state.in_(("held", "done")),
            PendingAction.digest_at.is_(None),
        )
        .order_by(PendingAction.id.desc())
        .limit(1)
        .with_for_update()
    ).first()
    poll = poll_of(mine)
    if poll is None or not happened(poll.row, ctx.now):
        return ActionResult("nothing")
    return _close(ctx, poll)


@action("closed", "nothing")
def close_poll(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Close a poll whose two days are over; nothing: it was undone, or closed before."""
    poll = poll_of(take_up(ctx.session, pending_action, ctx.now))
    if poll is None or poll.row.digest_at is not None or poll.row.by_person_id != ctx.person.id:
        return ActionResult("nothing")
    return _close(ctx, poll)


def tally(session: Session, poll: Poll) -> Counter[str]:
    """Return how many chose what, each member counted once, by the newest choice."""
    rows = session.execute(
        select(Answer, Conversation.values, Conversation.member_id)
        .join(Question, Question.id == Answer.question_id)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .join(Member, Member.id == Conversation.member_id)
        .where(
            Question.flow == VOTE,
            Answer.key == KEY,
            Answer.at >= poll.row.created_at,
            Member.circle_id == poll.row.circle_id,
            Member.state.in_(SEATED),
        )
        .order_by(Answer.id)
    )
    newest: dict[int | None, str] = {}
    for answer, values, member_id in rows:
        chosen = str((answer.value or {}).get("value") or "")
        if values.get("pending_action") == poll.row.id and answer.outcome != "skip" and chosen.isdigit():
            newest[member_id] = chosen
    return Counter(newest.values())


def _values(ctx: ActionContext, poll: Poll) -> dict[str, Any]:
    asker = ctx.session.get_one(Person, poll.row.by_person_id)
    listed = list_choices(CHOICES, enumerate(poll.choices, 1))
    return {**listed, "poll": poll.asked, "writer": name_of(asker, language_of(ctx))}


def _close(ctx: ActionContext, poll: Poll) -> ActionResult:
    """Close a poll and tell its counts to everyone who was asked, and to whoever asked."""
    poll.row.digest_at = ctx.now
    circle = ctx.session.get_one(Circle, poll.row.circle_id)
    record(
        ctx.session, "close poll", ctx.now, by=ctx.person.id, circle_id=circle.id, pending_action=poll.row.id
    )
    counts = tally(ctx.session, poll)
    result = ", ".join(f"{choice} {counts[str(number)]}" for number, choice in enumerate(poll.choices, 1))
    said = {
        "poll": shorten(f"{poll.question} {result}", PLACEHOLDERS["poll"].longest),
        "count": str(counts.total()),
    }
    members = ctx.session.scalars(
        select(Member).where(Member.id.in_(poll.row.details.get("members") or ())).order_by(Member.id)
    )
    apart = apart_from(ctx.session, poll.row.by_person_id)
    effects: list[Effect] = [
        _told(member.person_id, said, poll, member.id)
        for member in members
        if still_gets(ctx.session, member, ctx.identity.sender, readers=True)
        and member.person_id not in apart
    ]
    # Whoever closes it by text reads it in reply.
    if ctx.inbox_id is None and may_ask(ctx, circle):
        effects.append(_told(ctx.person.id, said, poll, None))
    return ActionResult("closed", said, tuple(effects), circle=circle)


def _told(person_id: int, said: dict[str, str], poll: Poll, member_id: int | None) -> Tell:
    return Tell(
        person_id,
        "poll_result",
        said,
        circle_id=poll.row.circle_id,
        verbatim=("poll",),
        member_id=member_id,
        carries=f"said:{poll.row.id}",
    )
