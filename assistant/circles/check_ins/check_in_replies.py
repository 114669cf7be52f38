"""Shows a host what came of a check-in: who has answered, and to whoever was promised them, the answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines, Start, Tell
from assistant.circles.actions.pending_actions import happened, take_up
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.check_ins.broadcasts import CHECK_IN
from assistant.circles.check_ins.check_in_results import FLOW, Tally, tally
from assistant.circles.check_ins.recipients import named
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.audit import record
from assistant.circles.people.permissions import circle_for
from assistant.circles.sharing.shares import apart_from
from assistant.language.folding import plain_words
from assistant.language.phones.contacts import without_contacts
from assistant.store.tables import Answer, Circle, Conversation, Member, PendingAction, Person, Question
from assistant.store.tables.circle_tables import SEATED

MOST_AT_ONCE: Final = 3
"""Answers that are shown at a time."""
NOT_SHOWN: Final = "skip"
BARE_ANSWER: Final = 3
"""Words of an answer such as "not ok"; what is longer says more, and its promised reader reads it."""


@action("readable", "counts", "none_yet", "none")
def read_status(ctx: ActionContext) -> ActionResult:
    """Who has answered the newest check-in, by name, and who has not; never what.

    readable: there are answers that this host, and nobody else, was said to read; `asked_in` is the check-in.
    """
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    pending = newest_check_in(ctx, circle)
    if pending is None:
        record(ctx.session, "status", ctx.now, by=ctx.person.id, circle_id=circle.id)
        return ActionResult("none_yet")
    record(ctx.session, "status", ctx.now, by=ctx.person.id, circle_id=circle.id, pending_action=pending.id)
    count = tally(ctx.session, pending)
    lines = [Line("check_in_status", _counts(count))]
    if count.answers:
        lines.append(Line("check_in_answered", _named(ctx, count.answered)))
    if waiting := count.waiting | count.coming:
        lines.append(Line("check_in_waiting", _named(ctx, waiting)))
    outcome = "readable" if _answers_for(ctx, pending, after=0) else "counts"
    return ActionResult(outcome, {"asked_in": pending.id, "read_to": 0}, (Lines(tuple(lines)),))


@action("some", "more", "nothing", "none")
def read_answers(ctx: ActionContext, *, asked_in: int | None = None, read_to: int = 0) -> ActionResult:
    """Show the host the answers promised to this host, a few at a time; `read_to` is the last that was seen.

    A number or address in them stays hidden: its owner has not said that it may be passed on.
    """
    circle = hosted(ctx)
    pending = ctx.session.get(PendingAction, asked_in) if asked_in is not None else None
    if circle is None or pending is None or pending.circle_id != circle.id:
        return ActionResult("none")
    answers = _answers_for(ctx, pending, after=read_to)
    if not answers:
        return ActionResult("nothing")
    shown = answers[:MOST_AT_ONCE]
    record(
        ctx.session, "read answers", ctx.now, by=ctx.person.id, circle_id=circle.id, pending_action=pending.id
    )
    more = len(answers) > MOST_AT_ONCE
    left = str(len(answers) - MOST_AT_ONCE) if more else "0"
    effects = tuple(_show(ctx, answer, person) for answer, person in shown)
    values = {"read_to": shown[-1][0].id, "count": left, **other_name_of(shown[-1][1])}
    return ActionResult("more" if more else "some", values, effects)


@action("counted")
def count_in(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Tell the host who asked, once the answer just kept was the last that the check-in waited for."""
    if pending_action is None:
        return ActionResult("counted")
    # Locked before counting: of two who answer last in the same moment, the second sees the first.
    pending = ctx.session.scalars(
        select(PendingAction)
        .where(PendingAction.id == pending_action)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if pending is None or pending.digest_at is not None or not tally(ctx.session, pending).complete:
        return ActionResult("counted")
    digest = Start(pending.by_person_id, "check_in_digest", {"pending_action": pending.id}, at_once=True)
    return ActionResult("counted", effects=(digest,))


@action("told", "none")
def digest_check_in(ctx: ActionContext, *, pending_action: int | None = None) -> ActionResult:
    """Tell its host once what a check-in came to: when everyone has answered, or two days after it went out.

    none: the host has heard already, it was undone, or the person is not its host any more.
    """
    pending = take_up(ctx.session, pending_action, ctx.now)
    if pending is None or pending.digest_at is not None or pending.by_person_id != ctx.person.id:
        return ActionResult("none")
    circle = circle_for(ctx.session, ctx.person.id, pending.circle_id)
    if circle is None:
        return ActionResult("none")
    count = tally(ctx.session, pending)
    if not count.asked:
        return ActionResult("none")
    pending.digest_at = ctx.now
    lines = [Line("check_in_digest", {**_counts(count), "all": "yes" if count.complete else "no"})]
    outcomes = count.outcomes
    if pending.words is None and (outcomes["ok"] or outcomes["not_ok"]):
        said = {"ok": str(outcomes["ok"]), "not_ok": str(outcomes["not_ok"])}
        lines.append(Line("check_in_outcomes", said))
    if _answers_for(ctx, pending, after=0):
        lines.append(Line("check_in_read_them"))
    elif count.waiting:
        lines.append(Line("check_in_nudge_them"))
    return ActionResult("told", effects=(Lines(tuple(lines)),), circle=circle)


def newest_check_in(ctx: ActionContext, circle: Circle) -> PendingAction | None:
    """The last check-in that went out to this circle, whoever of its hosts asked."""
    recent = ctx.session.scalars(
        select(PendingAction)
        .where(
            PendingAction.circle_id == circle.id,
            PendingAction.kind == CHECK_IN,
            PendingAction.state.in_(("held", "done")),
        )
        .order_by(PendingAction.id.desc())
    )
    return next((pending for pending in recent if happened(pending, ctx.now)), None)


def people_of(ctx: ActionContext, members: Collection[int]) -> Sequence[Person]:
    """Whose seats these are, the oldest seat first."""
    return ctx.session.scalars(
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .where(Member.id.in_(members))
        .order_by(Member.id)
    ).all()


def _named(ctx: ActionContext, members: Collection[int]) -> dict[str, str]:
    return named(ctx, people_of(ctx, members))


def _counts(count: Tally) -> dict[str, str]:
    return {"count": str(len(count.answers)), "total": str(len(count.asked))}


def _answers_for(
    ctx: ActionContext, pending: PendingAction, *, after: int
) -> Sequence[tuple[Answer, Person]]:
    """Return the answers whose promised reader this host is, without SKIPs, the oldest first.

    None of anyone who has left since, or whom the host is kept apart from.
    """
    ids = [answer.id for answer in tally(ctx.session, pending).answers.values()]
    rows = ctx.session.execute(
        select(Answer, Person, Conversation)
        .join(Question, Question.id == Answer.question_id)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .join(Member, Member.id == Answer.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Answer.id.in_(ids),
            Answer.id > after,
            Answer.outcome != NOT_SHOWN,
            Answer.words.is_not(None),
            Conversation.flow == FLOW,
            Member.state.in_(SEATED),
            Person.id.not_in(apart_from(ctx.session, ctx.person.id)),
        )
        .order_by(Answer.id)
    )
    mine = [row for row in rows if row.Conversation.values.get("host_id") == ctx.person.id]
    return [(row.Answer, row.Person) for row in mine]


def _show(ctx: ActionContext, answer: Answer, person: Person) -> Tell:
    name = person.name or PLACEHOLDERS["other_name"].plain[language_of(ctx)].capitalize()
    placeholders = {"writer": shorten(name, PLACEHOLDERS["writer"].longest)}
    words = answer.words or ""
    says_more = answer.outcome == "text" or len(plain_words(words)) > BARE_ANSWER
    if says_more:
        placeholders["words"] = without_contacts(words, ctx.identity.country)
    notice = "answer_words" if says_more else f"answer_{answer.outcome}"
    circle_id = ctx.circle.id if ctx.circle else None
    return Tell(
        ctx.person.id,
        notice,
        placeholders,
        purpose="reply",
        circle_id=circle_id,
        verbatim=("words",),
        carries=f"answer:{answer.id}",
    )
