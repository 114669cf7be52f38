"""Lets members share words with their circle, by name or without, and read what the others shared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.fills import FILLS, shorten
from assistant.circles.scene import Done, Effect, Scene, Tell, action
from assistant.circles.seasons import current_week
from assistant.language.folding import plain_words
from assistant.language.phones import find_phones
from assistant.store.circles import SEATED
from assistant.store.tables import Answer, Apart, Conversation, Goal, GoalStep, Member, Note, Person, Share

MOST_AT_ONCE: Final = 3
"""Texts that one READ brings; more come when she asks."""
READABLE: Final = dt.timedelta(days=8)
"""On Monday morning last Monday's words can still be read."""
SAME_READING: Final = dt.timedelta(days=1)
"""So long READ MORE goes on where the last READ ended."""
WITHOUT_NAME: Final = frozenset({"no", "without", "sin"})
FOLLOW_UPS: Final = {
    1: "private",
    2: "help",
    3: "plan",
    4: "ask",
    5: "question",
    6: "private",
    7: "private",
    8: "thanks",
}
"""Week's theme -> what is asked after her answer."""
CLOSES: Final = {1: "kind", 3: "step", 7: "kind_again"}
"""Week's theme -> what its close asks for, where that is not just words for the circle."""
SPEAKS_OF_OTHERS: Final = frozenset({1, 2})
"""Themes whose close makes sense only when someone else has shared."""
MORE: Final = frozenset({"more", "mas"})


@action("yes", "no")
def may_share(scene: Scene) -> Done:
    """Whether anything of hers may go to this circle: only after her promise."""
    return Done("yes" if _may_share(scene.member) else "no")


@action("shared", "private", "name", "number")
def share_with_circle(scene: Scene) -> Done:
    """Share the answer she just gave, or what `sharing` names (an answer, a step or a goal she reached).

    private: the question said that nobody else sees it, or she has not promised yet. name: she was never
    asked whether her name goes along. number: there is a phone number in it, which needs her yes.
    """
    member, sharing = scene.member, _what_to_share(scene)
    words = _words_of(scene.session, member, sharing) if member else None
    if member is None or not words or not _may_share(member):
        return Done("private", {"sharing": {}})
    values: dict[str, Any] = {"sharing": sharing}
    if sharing != scene.values.get("sharing"):
        values["number_ok"] = ""
    if find_phones(words, scene.house.country) and {**scene.values, **values}.get("number_ok") != "yes":
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
    if member is None or not words or not _may_share(member):
        return Done("private", {"sharing": {}})
    _share(scene, member, sharing, words, named=False)
    return Done("shared", {"sharing": {}, "number_ok": ""})


@action("kept_back")
def keep_back(scene: Scene) -> Done:  # noqa: ARG001
    """Share nothing of it."""
    return Done("kept_back", {"sharing": {}, "number_ok": ""})


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
    return Done("plain" if scene.person.plain else "read")


@action("some", "more", "nothing")
def read_circle(scene: Scene) -> Done:
    """Show her what others of this circle shared, the newest first; on a shared phone notes to her, too.

    more: there is more than these few; READ MORE goes on from here.
    """
    member = scene.member
    if member is None or scene.circle is None:
        return Done("nothing")
    wants_more = bool(scene.values.get("more_please"))
    before = _read_so_far(scene, member) if wants_more else None
    effects: list[Effect] = []
    if scene.person.plain and not wants_more:
        effects += [_show_note(scene, note, writer) for note, writer in _notes_to(scene, member)]
    shares = readable(scene.session, member, scene.now, before=before)
    for share, writer in shares[:MOST_AT_ONCE]:
        effects.append(_show(scene, share, writer))
        before = share.id
    if not effects:
        return Done("nothing")
    outcome = "more" if len(shares) > MOST_AT_ONCE else "some"
    return Done(outcome, {"read_to": before or 0}, tuple(effects))


@action("news", "nothing")
def recap_week(scene: Scene) -> Done:
    """How many shared last week, and how many steps were done: counts only, as `n` and `m`."""
    if scene.circle is None:
        return Done("nothing")
    week = scene.values.get("week")
    last_week = (week if isinstance(week, int) else current_week(scene.circle, scene.now)) - 1
    since = scene.now - dt.timedelta(days=7)
    shared = sharers(scene.session, scene.circle.id, week=last_week)
    done = scene.session.scalar(
        select(func.count())
        .select_from(GoalStep)
        .join(Goal, Goal.id == GoalStep.goal_id)
        .join(Member, Member.id == Goal.member_id)
        .where(Member.circle_id == scene.circle.id, GoalStep.outcome == "did", GoalStep.settled_at >= since)
    )
    if not shared - {scene.member.id if scene.member else 0}:
        return Done("nothing")
    return Done("news", {"n": str(len(shared)), "m": str(done or 0), "steps": bool(done)})


@action("private", "plan", "help", "ask", "question", "thanks", "nothing")
def choose_follow_up(scene: Scene) -> Done:
    """What comes straight after her answer to the week's question, by its `theme`."""
    theme = scene.values.get("theme")
    return Done(FOLLOW_UPS.get(theme if isinstance(theme, int) else 0, "nothing"))


@action("kind", "kind_again", "step", "share", "nothing")
def choose_close(scene: Scene) -> Done:
    """How this week's circle closes, by its `theme`; nothing: there are no words of others to speak of.

    kind, kind_again: a kind line to someone. step: a next step, told to the circle. share: words for all.
    """
    if scene.circle is None or not _may_share(scene.member):
        return Done("nothing")
    theme = scene.values.get("theme")
    close = CLOSES.get(theme if isinstance(theme, int) else 0, "share")
    assert scene.member is not None
    week = scene.values.get("week")
    this_week = week if isinstance(week, int) else current_week(scene.circle, scene.now)
    shared = sharers(scene.session, scene.circle.id, week=this_week)
    if theme in SPEAKS_OF_OTHERS and not shared - {scene.member.id}:
        return Done("nothing")
    return Done(close, {"n": str(len(shared))})


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


def apart_from(session: Session, person_id: int) -> set[int]:
    """The people who do not reach her and whom she does not reach, whoever asked for it."""
    rows = session.execute(
        select(Apart.one_id, Apart.other_id).where(
            or_(Apart.one_id == person_id, Apart.other_id == person_id)
        )
    )
    return {other for pair in rows for other in pair} - {person_id}


def _may_share(member: Member | None) -> bool:
    return member is not None and member.promised_at is not None and member.state in SEATED


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
        return step.words if step is not None and mine else None
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


def _read_so_far(scene: Scene, member: Member) -> int | None:
    """The last share that her last READ showed her."""
    recent: Iterable[Conversation] = scene.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == scene.person.id,
            Conversation.member_id == member.id,
            Conversation.flow == "read",
            Conversation.began_at > scene.now - SAME_READING,
        )
        .order_by(Conversation.id.desc())
    )
    return next((each.values["read_to"] or None for each in recent if "read_to" in each.values), None)


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
            Note.kind.in_(("kind", "thanks")),
            Note.words.is_not(None),
            Note.at > scene.now - READABLE,
            Person.id.not_in(apart_from(scene.session, scene.person.id)),
        )
        .order_by(Note.id.desc())
        .limit(MOST_AT_ONCE)
    )
    return [(note, writer) for note, writer in rows]


def _show_note(scene: Scene, note: Note, writer: Person) -> Tell:
    name = shorten(writer.name or FILLS["name2"].plain["en"], FILLS["writer"].longest)
    return _tell(scene, "note_to_you", {"writer": name, "words": note.words or ""})


def _tell(scene: Scene, notice: str, fills: dict[str, str]) -> Tell:
    return Tell(
        scene.person.id,
        notice,
        fills,
        purpose="reply",
        circle_id=scene.circle.id if scene.circle else None,
        carry=("words",),
    )
