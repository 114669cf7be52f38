"""Lets members share words with their circle, under their name or without; nothing goes there by itself."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.circles.goals import bare_step
from assistant.circles.scene import Done, Scene, action
from assistant.circles.seasons import current_week
from assistant.language.contacts import has_contact
from assistant.language.folding import plain_words
from assistant.store.circles import SEATED
from assistant.store.tables import Answer, Apart, Goal, GoalStep, Member, Share

WITHOUT_NAME: Final = frozenset({"no", "without", "sin"})


@action("yes", "no")
def may_share(scene: Scene) -> Done:
    """Whether anything of hers may go to this circle: only after her promise."""
    return Done("yes" if is_in(scene.member) else "no")


@action("shared", "private", "name", "number")
def share_with_circle(scene: Scene) -> Done:
    """Share the answer she just gave, or what `sharing` names (an answer, a step or a goal she reached).

    private: the question said that nobody else sees it, or she has not promised yet. name: she was never
    asked whether her name goes along. number: there is a way to reach someone in it, which needs her yes.
    """
    member, sharing = scene.member, _what_to_share(scene)
    words = _words_of(scene.session, member, sharing) if member else None
    if member is None or not words or not is_in(member):
        return Done("private", {"sharing": {}})
    values: dict[str, Any] = {"sharing": sharing}
    if sharing != scene.values.get("sharing"):
        values["number_ok"] = ""
    if has_contact(words, scene.house.country) and {**scene.values, **values}.get("number_ok") != "yes":
        return Done("number", values)
    if not _was_asked_for_name(scene.session, member):
        return Done("name", values)
    _share(scene, member, sharing, words, named=member.named)
    return Done("shared", {"sharing": {}, "number_ok": ""})


@action("shared", "private")
def share_without_name(scene: Scene) -> Done:
    """Share it with no name on it, whatever she chose for the rest."""
    member, sharing = scene.member, _what_to_share(scene)
    words = _words_of(scene.session, member, sharing) if member else None
    if member is None or not words or not is_in(member):
        return Done("private", {"sharing": {}})
    _share(scene, member, sharing, words, named=False)
    return Done("shared", {"sharing": {}, "number_ok": ""})


@action("kept_back")
def keep_back(scene: Scene) -> Done:  # noqa: ARG001
    """Share nothing of it."""
    return Done("kept_back", {"sharing": {}, "number_ok": ""})


@action("quiet")
def go_quiet(scene: Scene) -> Done:  # noqa: ARG001
    """She did not answer: nothing more is asked of her in this conversation."""
    return Done("quiet", {"went_quiet": True})


@action("yes", "no")
def still_here(scene: Scene) -> Done:
    """Whether she has answered all along."""
    return Done("no" if scene.values.get("went_quiet") else "yes")


@action("heard")
def hear_sharing_name(scene: Scene) -> Done:
    """What MY NAME or NO NAME asks for, before anything else is asked."""
    without = WITHOUT_NAME & set(plain_words(scene.words))
    return Done("heard", {"named_by": "without" if without else "name"})


@action("named", "unnamed", "no_seat")
def set_sharing_name(scene: Scene) -> Done:
    """Share under her name from now on, or without, as `named_by` says.

    Going without a name takes it off what she has shared before, too.
    """
    if scene.member is None:
        return Done("no_seat")
    named = scene.values.get("named_by") == "name"
    scene.member.named = named
    if not named:
        for share in scene.session.scalars(select(Share).where(Share.member_id == scene.member.id)):
            share.named = False
    return Done("named" if named else "unnamed")


def is_in(member: Member | None) -> bool:
    """Whether she may share with her circle and be told of it: seated, and after her promise."""
    return member is not None and member.promised_at is not None and member.state in SEATED


def sharers(session: Session, circle_id: int, *, week: int) -> set[int]:
    """The members who shared something with this circle in a week of its season, and are still in it."""
    found = session.scalars(
        select(Share.member_id)
        .join(Member, Member.id == Share.member_id)
        .where(
            Share.circle_id == circle_id,
            Share.week == week,
            Share.words.is_not(None),
            Member.state.in_(SEATED),
        )
    )
    return set(found)


def apart_from(session: Session, person_id: int) -> set[int]:
    """The people who do not reach her and whom she does not reach, whoever asked for it."""
    rows = session.execute(
        select(Apart.one_id, Apart.other_id).where(
            or_(Apart.one_id == person_id, Apart.other_id == person_id)
        )
    )
    return {other for pair in rows for other in pair} - {person_id}


def _what_to_share(scene: Scene) -> dict[str, Any]:
    """The answer that this very text gave, if its question said the circle sees it; else what was held."""
    held = scene.values.get("sharing")
    if scene.inbox_id is not None and scene.member is not None:
        answered = scene.session.scalars(
            select(Answer)
            .where(Answer.inbox_id == scene.inbox_id, Answer.member_id == scene.member.id)
            .order_by(Answer.id.desc())
            .limit(1)
        ).first()
        if answered is not None and answered.outcome == "text":
            return {"answer": answered.id}
    return dict(held) if isinstance(held, dict) else {}


def _words_of(session: Session, member: Member, sharing: dict[str, Any]) -> str | None:
    """The words to be shared: hers, and meant for the circle. Nothing else ever becomes a share."""
    if "answer" in sharing:
        answer = session.get(Answer, sharing["answer"])
        mine = answer is not None and answer.member_id == member.id and answer.sees == "circle"
        return answer.words if answer is not None and mine else None
    if "step" in sharing:
        step = session.get(GoalStep, sharing["step"])
        mine = step is not None and session.get_one(Goal, step.goal_id).member_id == member.id
        return bare_step(step.words) if step is not None and step.words and mine else None
    if "goal" in sharing:
        goal = session.get(Goal, sharing["goal"])
        return goal.words if goal is not None and goal.member_id == member.id else None
    return None


def _was_asked_for_name(session: Session, member: Member) -> bool:
    asked = select(Answer.id).where(
        Answer.member_id == member.id, Answer.key == "named_by", Answer.outcome != "skip"
    )
    return not member.named or session.scalar(asked.limit(1)) is not None


def _share(scene: Scene, member: Member, sharing: dict[str, Any], words: str, *, named: bool) -> None:
    answer_id = sharing.get("answer")
    if answer_id is not None and scene.session.scalar(select(Share.id).where(Share.answer_id == answer_id)):
        return  # A late answer may come by here twice.
    assert scene.circle is not None
    week = scene.values.get("week")
    scene.session.add(
        Share(
            circle_id=member.circle_id,
            member_id=member.id,
            answer_id=answer_id,
            week=week if isinstance(week, int) else current_week(scene.circle, scene.now),
            words=words,
            named=named,
            at=scene.now,
        )
    )
    if "step" in sharing:
        scene.session.get_one(GoalStep, sharing["step"]).told_circle = True
    scene.session.flush()
