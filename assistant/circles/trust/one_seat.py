"""Makes one seat of two that one person has in one circle: what the younger one holds is the older one's.

Where both may not hold the same (a planned prompt, a share that was told, an hour, a survey, an ask), one row
stays: the one by which the person has heard or answered. So nothing comes twice, and no answer is lost.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.store.sessions import take_back
from assistant.store.tables import (
    Answer,
    Approach,
    Conversation,
    Goal,
    HourSeat,
    Introduced,
    Listing,
    Member,
    News,
    Note,
    Outbox,
    Pair,
    PairMember,
    PendingAction,
    Question,
    Share,
    Survey,
    SurveyAnswer,
    Talk,
    Timer,
)
from assistant.store.tables.circle_tables import SEATED

SEAT_COLUMNS: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    *(Conversation.member_id, Question.member_id, Answer.member_id, Timer.member_id, Outbox.member_id),
    *(Goal.member_id, Share.member_id, News.member_id, News.from_member_id),
    *(Note.from_member_id, Note.to_member_id, Listing.member_id, Approach.member_id, Introduced.member_id),
    *(Survey.member_id, HourSeat.member_id, PairMember.member_id, PendingAction.member_id),
)
"""Where a seat's id stands, in every table."""
_RANKS: Final[Mapping[str, int]] = {"active": 3, "paused": 3, "reading": 3, "unreachable": 2, "joining": 1}
_NEWS_HEARD: Final = ("told", "read", "dropped")
_UNCHANGED: Final = {"synchronize_session": False}


def make_one_seat(session: Session, kept: Member, gone: Member, now: dt.datetime) -> None:
    """Give all that `gone` holds to `kept`, and delete `gone`: two seats of one circle, whose owner is one.

    Args:
        session: A session inside `Database.write()`, which holds both people, the circle and both rows.
        now: Aware UTC.
    """
    _keep_choices(kept, gone)
    session.flush()
    _let_plans_go(session, kept, gone, now)
    _keep_news(session, kept, gone, now)
    _keep_surveys(session, kept, gone)
    _keep_hours(session, kept, gone)
    _keep_approaches(session, kept, gone)
    _keep_goals(session, kept, gone, now)
    _keep_in_lists(session, kept, gone)
    session.flush()
    both = select(PairMember.pair_id).where(PairMember.member_id == kept.id)
    session.execute(
        delete(PairMember).where(PairMember.member_id == gone.id, PairMember.pair_id.in_(both)),
        execution_options=_UNCHANGED,
    )
    for column in SEAT_COLUMNS:
        move(session, column, gone.id, kept.id)
    _one_pair_a_group(session, kept, now)
    session.expire_all()
    take_back(session, gone)
    session.flush()


def move(session: Session, column: InstrumentedAttribute[Any], gone: int, kept: int) -> None:
    """Let one id stand in a column where another stood; rows in memory are not looked at."""
    session.execute(
        update(column.class_).where(column == gone).values({column.key: kept}), execution_options=_UNCHANGED
    )


def _keep_choices(kept: Member, gone: Member) -> None:
    """The seat that takes part more is as it is; of the choices of both, those that give away less hold."""
    if gone.state in SEATED:
        kept.weekly_only = kept.weekly_only or gone.weekly_only
        kept.named = kept.named and gone.named
        kept.findable = False if False in (kept.findable, gone.findable) else kept.findable or gone.findable
    if _RANKS.get(gone.state, 0) > _RANKS.get(kept.state, 0):
        kept.state, kept.state_at, kept.paused_until = gone.state, gone.state_at, gone.paused_until
        kept.unpaired_at, kept.misses, kept.news = gone.unpaired_at, gone.misses, gone.news
    for name in ("promised_at", "joined_at"):
        moments = [each for each in (getattr(kept, name), getattr(gone, name)) if each is not None]
        setattr(kept, name, min(moments, default=None))


def _let_plans_go(session: Session, kept: Member, gone: Member, now: dt.datetime) -> None:
    """Of prompts that the season plans each comes once; those to come are planned by the kept seat."""
    mine = {timer.key for timer in session.scalars(select(Timer).where(Timer.member_id == kept.id))}
    for timer in session.scalars(select(Timer).where(Timer.member_id == gone.id, Timer.key.is_not(None))):
        if timer.done_at is None or timer.key in mine:
            take_back(session, timer)
    pending = select(Timer).where(Timer.kind == "prompt", Timer.key.is_(None), Timer.done_at.is_(None))
    same = {_meaning(timer) for timer in session.scalars(pending.where(Timer.member_id == kept.id))}
    for timer in session.scalars(pending.where(Timer.member_id == gone.id)):
        if _meaning(timer) in same:
            timer.done_at = now


def _meaning(timer: Timer) -> tuple[str | None, str]:
    return timer.flow, json.dumps(timer.values, sort_keys=True, default=str)


def _keep_news(session: Session, kept: Member, gone: Member, now: dt.datetime) -> None:
    """What one of the two seats has heard is heard; what they heard of each other is no news any more."""
    mine = {_news(news): news for news in session.scalars(select(News).where(News.member_id == kept.id))}
    for news in session.scalars(select(News).where(News.member_id == gone.id)).all():
        same = mine.get(_news(news))
        if same is None:
            continue
        if news.state in _NEWS_HEARD and same.state not in _NEWS_HEARD:
            same.state, same.due_at, same.at, same.outbox_id = news.state, None, news.at, news.outbox_id
        session.delete(news)
    ids = (kept.id, gone.id)
    own = select(News).where(News.member_id.in_(ids), News.from_member_id.in_(ids), News.kind != "renamed")
    for news in session.scalars(own.where(News.state.in_(("waiting", "signed")))):
        news.state, news.due_at, news.at = "dropped", None, now
    session.flush()


def _news(news: News) -> tuple[object, ...]:
    """What it is news of: a share, a goal or a step; else who left, or that the circle has a new name."""
    given = (news.share_id, news.goal_id, news.step_id)
    whose = None if news.kind == "renamed" or any(given) else news.from_member_id
    return news.kind, *given, whose


def _keep_surveys(session: Session, kept: Member, gone: Member) -> None:
    """Each point of a season is asked about once; of two, the one that was answered stays."""
    mine = {each.point: each for each in session.scalars(select(Survey).where(Survey.member_id == kept.id))}
    for survey in session.scalars(select(Survey).where(Survey.member_id == gone.id)).all():
        same = mine.get(survey.point)
        if same is None:
            continue
        asked_no_more = "never" in (same.state, survey.state)
        dropped, stays = (same, survey) if _answers(survey) > _answers(same) else (survey, same)
        session.execute(delete(SurveyAnswer).where(SurveyAnswer.survey_id == dropped.id))
        session.delete(dropped)
        if asked_no_more:
            stays.state = "never"
    session.flush()


def _answers(survey: Survey) -> tuple[bool, bool]:
    return survey.state == "yes", survey.settled_at is not None


def _keep_hours(session: Session, kept: Member, gone: Member) -> None:
    mine = {
        each.hour_id: each for each in session.scalars(select(HourSeat).where(HourSeat.member_id == kept.id))
    }
    for seat in session.scalars(select(HourSeat).where(HourSeat.member_id == gone.id)).all():
        same = mine.get(seat.hour_id)
        if same is None:
            continue
        if seat.replied_at is not None and (same.replied_at is None or seat.replied_at > same.replied_at):
            same.reply, same.replied_at, same.answer_id = seat.reply, seat.replied_at, seat.answer_id
        same.came = True if seat.came else same.came if same.came is not None else seat.came
        same.told_for, same.heard_at = same.told_for or seat.told_for, same.heard_at or seat.heard_at
        same.role = same.role or seat.role
        session.delete(seat)
    session.flush()


def _keep_approaches(session: Session, kept: Member, gone: Member) -> None:
    """Somebody is asked once about an ask; of two askings the one that was answered stays."""
    mine = {
        each.listing_id: each
        for each in session.scalars(select(Approach).where(Approach.member_id == kept.id))
    }
    for approach in session.scalars(select(Approach).where(Approach.member_id == gone.id)).all():
        same = mine.get(approach.listing_id)
        if same is None:
            continue
        dropped, stays = (same, approach) if _said(approach) > _said(same) else (approach, same)
        move(session, Talk.approach_id, dropped.id, stays.id)
        move(session, Listing.proposed_id, dropped.id, stays.id)
        session.delete(dropped)
        session.flush()


def _said(approach: Approach) -> tuple[bool, bool, bool]:
    yes = approach.reply is not None and approach.reply != "no"
    return approach.linked_at is not None, yes, approach.reply is not None


def _keep_goals(session: Session, kept: Member, gone: Member, now: dt.datetime) -> None:
    """A seat has one open goal: the one that was set last, as when a member sets another."""
    both = select(Goal).where(Goal.member_id.in_((kept.id, gone.id)), Goal.state == "open")
    for goal in session.scalars(both.order_by(Goal.set_at, Goal.id)).all()[:-1]:
        goal.state, goal.settled_at = "changed", now


def _keep_in_lists(session: Session, kept: Member, gone: Member) -> None:
    """What hosts asked or told everyone names the seats that it went to."""
    for pending in session.scalars(select(PendingAction).where(PendingAction.circle_id == kept.circle_id)):
        members = pending.details.get("members")
        if isinstance(members, list) and gone.id in members:
            pending.details = {**pending.details, "members": _one_of(members, kept.id, gone.id)}


def _one_of(members: Iterable[int], kept: int, gone: int) -> list[int]:
    return list(dict.fromkeys(kept if each == gone else each for each in members))


def _one_pair_a_group(session: Session, kept: Member, now: dt.datetime) -> None:
    """Whoever had a buddy with each seat has both; with the same one twice, or nobody, one pair is enough."""
    pairs = select(Pair).join(PairMember, PairMember.pair_id == Pair.id)
    seen: dict[int, set[frozenset[int]]] = {}
    mine = session.scalars(pairs.where(PairMember.member_id == kept.id, Pair.ended_at.is_(None))).all()
    with_whom = {
        pair.id: frozenset(
            session.scalars(
                select(PairMember.member_id).where(
                    PairMember.pair_id == pair.id, PairMember.member_id != kept.id
                )
            )
        )
        for pair in mine
    }
    # Those with somebody first, so that one of them stays.
    for pair in sorted(mine, key=lambda pair: (not with_whom[pair.id], pair.id)):
        groups = seen.setdefault(pair.round_id, set())
        others = with_whom[pair.id]
        if others in groups or (groups and not others):
            pair.ended_at = now
        groups.add(others)
    session.flush()
