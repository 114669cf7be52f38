"""Lets members share words with their circle, under their name or without; nothing goes there by itself."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.actions.going_along import go_along
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.people.known_rows import SEATS_OF_CIRCLE
from assistant.circles.sharing.goals import bare_step
from assistant.language.folding import plain_words
from assistant.language.phones.contacts import has_contact
from assistant.store.read_ahead import RowsBy
from assistant.store.tables import Answer, Apart, Goal, GoalStep, Member, Question, Share
from assistant.store.tables.circle_tables import SEATED

PROFILE: Final = ("teach", "learn")
"""What a member tells of themselves: what they can share, and what they would like to learn."""
WITHOUT_NAME: Final = frozenset({"no", "without", "sin"})
_SHARES: Final = RowsBy(Share, "circle_id")


@action("yes", "no")
def may_share(ctx: ActionContext) -> ActionResult:
    """Whether anything of the member's may go to this circle: only after the promise."""
    return ActionResult("yes" if is_in(ctx.member) else "no")


@action("yes", "no")
def may_share_goal(ctx: ActionContext) -> ActionResult:
    """Whether there is a goal that the circle may hear of; it is what `share` shares then."""
    goal = None
    if is_in(ctx.member) and ctx.member is not None:
        open_goals = select(Goal).where(
            Goal.member_id == ctx.member.id, Goal.state == "open", Goal.words.is_not(None)
        )
        goal = ctx.session.scalars(open_goals.order_by(Goal.id.desc()).limit(1)).first()
    return ActionResult("yes", {"sharing": {"goal": goal.id}}) if goal is not None else ActionResult("no")


@action("shared", "private", "name", "number")
def share_with_circle(
    ctx: ActionContext,
    *,
    sharing: dict[str, int] | None = None,
    number_ok: str = "",
    week: int | None = None,
) -> ActionResult:
    """Share the answer just given, or what `sharing` names (an answer, a step or a goal that was reached).

    private: the question said that nobody else sees it, or the promise is still to come. name: the member was
    never asked whether the name goes along. number: it holds a way to reach someone, which needs a yes.
    """
    member, shared = ctx.member, _what_to_share(ctx, sharing)
    words = _words_of(ctx.session, member, shared) if member else None
    if member is None or not words or not is_in(member):
        return ActionResult("private", {"sharing": {}})
    values: dict[str, Any] = {"sharing": shared}
    if shared != sharing:
        values["number_ok"] = number_ok = ""
    if has_contact(words, ctx.identity.country) and number_ok != "yes":
        return ActionResult("number", values)
    if not _was_asked_for_name(ctx.session, member):
        return ActionResult("name", values)
    not_shown = _share(ctx, member, shared, words, week, named=member.named)
    return ActionResult("shared", _shared(words), not_shown)


@action("shared", "private")
def share_without_name(
    ctx: ActionContext,
    *,
    sharing: dict[str, int] | None = None,
    week: int | None = None,
) -> ActionResult:
    """Share it with no name on it, whatever the member chose for the rest."""
    member, shared = ctx.member, _what_to_share(ctx, sharing)
    words = _words_of(ctx.session, member, shared) if member else None
    if member is None or not words or not is_in(member):
        return ActionResult("private", {"sharing": {}})
    not_shown = _share(ctx, member, shared, words, week, named=False)
    return ActionResult("shared", _shared(words), not_shown)


@action("shared", "number", "private")
def share_profile(ctx: ActionContext) -> ActionResult:
    """Share what the member just said of themselves: the question said that the circle sees it.

    The circle knows the first name already, so that none is asked for; who goes without one, goes without one
    here too. number: it holds a way to reach someone, which needs a yes.
    """
    member, shared = ctx.member, _what_to_share(ctx, None)
    words = _words_of(ctx.session, member, shared) if member else None
    if member is None or not words or not is_in(member):
        return ActionResult("private")
    if has_contact(words, ctx.identity.country):
        return ActionResult("number")
    _share(ctx, member, shared, words, None, named=member.named)
    return ActionResult("shared")


@action("kept_back")
def keep_back(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """Share nothing of it."""
    return ActionResult("kept_back", {"sharing": {}, "number_ok": "", "was_shared": False})


@action("share", "keep")
def weigh_silence(ctx: ActionContext) -> ActionResult:
    """Whether silence about the name lets the words go without it: they were meant for the circle.

    keep: the member wrote something else first, so that it is not clear that they still are.
    """
    asked = ctx.session.scalars(
        select(Question)
        .where(Question.person_id == ctx.person.id, Question.flow == "share", Question.step == "name")
        .order_by(Question.id.desc())
        .limit(1)
    ).first()
    return ActionResult("share" if asked is not None and not asked.unclear else "keep")


@action("yes", "no")
def was_shared(ctx: ActionContext, *, was_shared: bool = False) -> ActionResult:  # noqa: ARG001
    """Whether the words went to the circle in the end."""
    return ActionResult("yes" if was_shared else "no")


@action("quiet")
def go_quiet(ctx: ActionContext) -> ActionResult:  # noqa: ARG001
    """The member did not answer: nothing more is asked in this conversation."""
    return ActionResult("quiet", {"went_quiet": True})


@action("yes", "no")
def still_here(ctx: ActionContext, *, went_quiet: bool = False) -> ActionResult:  # noqa: ARG001
    """Whether the member has answered all along."""
    return ActionResult("no" if went_quiet else "yes")


@action("heard")
def hear_sharing_name(ctx: ActionContext) -> ActionResult:
    """What MY NAME or NO NAME asks for, before anything else is asked."""
    without = WITHOUT_NAME & set(plain_words(ctx.words))
    return ActionResult("heard", {"named_by": "without" if without else "name"})


@action("named", "unnamed", "no_seat")
def set_sharing_name(ctx: ActionContext, *, named_by: str = "") -> ActionResult:
    """Share under the member's name from now on, or without, as `named_by` says.

    Going without a name takes it off what was shared before, too.
    """
    if ctx.member is None:
        return ActionResult("no_seat")
    named = named_by == "name"
    ctx.member.named = named
    if not named:
        for share in ctx.session.scalars(select(Share).where(Share.member_id == ctx.member.id)):
            share.named = False
    return ActionResult("named" if named else "unnamed")


def is_in(member: Member | None) -> bool:
    """Whether a member may share with the circle and be told of it: seated, and after the promise."""
    return member is not None and member.promised_at is not None and member.state in SEATED


def sharers(session: Session, circle_id: int, *, week: int) -> set[int]:
    """Return the members who shared something with this circle in a week, and are still in it."""
    seated = {member.id for member in SEATS_OF_CIRCLE.of(session, circle_id) if member.state in SEATED}
    shared = {
        share.member_id
        for share in _SHARES.of(session, circle_id)
        if share.week == week and share.words is not None
    }
    return seated & shared


def apart_from(session: Session, person_id: int) -> set[int]:
    """Return the people kept apart from a person: neither reaches the other, whoever asked for it."""
    rows = session.execute(
        select(Apart.one_id, Apart.other_id).where(
            or_(Apart.one_id == person_id, Apart.other_id == person_id)
        )
    )
    return {other for pair in rows for other in pair} - {person_id}


def _what_to_share(ctx: ActionContext, held: dict[str, int] | None) -> dict[str, int]:
    """Return the answer this very text gave, if its question said the circle sees it; else what was held."""
    if ctx.inbox_id is not None and ctx.member is not None:
        answered = ctx.session.scalars(
            select(Answer)
            .where(Answer.inbox_id == ctx.inbox_id, Answer.member_id == ctx.member.id)
            .order_by(Answer.id.desc())
            .limit(1)
        ).first()
        if answered is not None and answered.outcome == "text":
            return {"answer": answered.id}
    return held or {}


def _words_of(session: Session, member: Member, sharing: dict[str, int]) -> str | None:
    """Return the words to be shared: the member's own, meant for the circle. Nothing else becomes one."""
    if "answer" in sharing:
        answer = session.get(Answer, sharing["answer"])
        mine = answer is not None and answer.member_id == member.id and answer.visible_to == "circle"
        return answer.words if answer is not None and mine else None
    if "step" in sharing:
        step = session.get(GoalStep, sharing["step"])
        mine = step is not None and session.get_one(Goal, step.goal_id).member_id == member.id
        return bare_step(step.words) if step is not None and step.words and mine else None
    if "goal" in sharing:
        goal = session.get(Goal, sharing["goal"])
        return goal.words if goal is not None and goal.member_id == member.id else None
    return None


def _kind_of(session: Session, sharing: dict[str, int]) -> str:
    """Return what is shared, one of `SHARE_KINDS`: it is told in other words."""
    if "answer" in sharing:
        key = session.get_one(Answer, sharing["answer"]).key
        return key if key in PROFILE else "words"
    if "goal" in sharing:
        return "win" if session.get_one(Goal, sharing["goal"]).state == "reached" else "goal"
    return "win"


def _was_asked_for_name(session: Session, member: Member) -> bool:
    asked = select(Answer.id).where(
        Answer.member_id == member.id, Answer.key == "named_by", Answer.outcome != "skip"
    )
    return not member.named or session.scalar(asked.limit(1)) is not None


def _shared(words: str) -> dict[str, Any]:
    said = shorten(words, PLACEHOLDERS["said"].longest)
    return {"sharing": {}, "number_ok": "", "said": said, "was_shared": True}


def _share(
    ctx: ActionContext,
    member: Member,
    sharing: dict[str, int],
    words: str,
    week: int | None,
    *,
    named: bool,
) -> tuple[Tell, ...]:
    answer_id = sharing.get("answer")
    if answer_id is not None and ctx.session.scalar(select(Share.id).where(Share.answer_id == answer_id)):
        return ()  # A late answer may come by here twice.
    assert ctx.circle is not None
    share = Share(
        circle_id=member.circle_id,
        member_id=member.id,
        answer_id=answer_id,
        week=current_week(ctx.circle, ctx.now) if week is None else week,
        kind=_kind_of(ctx.session, sharing),
        words=words,
        named=named,
        at=ctx.now,
        inbox_id=ctx.inbox_id,
    )
    ctx.session.add(share)
    ctx.session.flush()
    if answer_id is None:
        return ()
    readers = [
        each.person_id
        for each in SEATS_OF_CIRCLE.of(ctx.session, member.circle_id)
        if each.state == "active" and each.id != member.id
    ]
    return go_along(ctx, [("share", share.id)], readers, with_ref=("answer", answer_id))
