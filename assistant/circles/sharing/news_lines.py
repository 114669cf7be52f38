"""Puts what members give into lines, as a text or READ tells it: who, as they chose, and their words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Line
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.sharing.goals import bare_step
from assistant.store.tables import Goal, GoalStep, Member, News, Person, Share
from assistant.store.tables.circle_tables import SEATED

WAYS: Final = {"did": "buddy_did_step", "part": "buddy_part", "not_yet": "buddy_not_yet"}
"""How a step went -> the notice that says so to a buddy."""


@dataclass(frozen=True, slots=True)
class Given:
    """The rows behind some news, read once for all of it."""

    shares: Mapping[int, Share]
    goals: Mapping[int, Goal]
    steps: Mapping[int, GoalStep]
    writers: Mapping[int, tuple[Member, Person]]
    """By seat."""


def read_given(session: Session, news: Collection[News]) -> Given:
    """Read what these rows are about, in a statement a kind."""
    shares = _by_id(session, Share, {each.share_id for each in news})
    goals = _by_id(session, Goal, {each.goal_id for each in news})
    steps = _by_id(session, GoalStep, {each.step_id for each in news})
    rows = session.execute(
        select(Member, Person)
        .join(Person, Person.id == Member.person_id)
        .where(Member.id.in_({each.from_member_id for each in news}))
    )
    return Given(shares, goals, steps, {member.id: (member, person) for member, person in rows})


def may_be_told(news: News, given: Given) -> bool:
    """Whether news stands: its writer is here still; of whoever left, that they did not come back."""
    writer, _ = given.writers[news.from_member_id]
    return (writer.state in SEATED) != (news.kind == "left")


def lines_of(news: News, given: Given, language: str) -> tuple[Line, ...]:
    """Return the lines that tell one piece of news in a language; none: there are no words any more."""
    _, writer = given.writers[news.from_member_id]
    who = {"writer": name_for(writer, language)}
    if news.kind == "left":
        return (Line("member_gone", who),)
    if news.kind == "renamed":
        return (Line("circle_renamed"),)
    if news.kind == "share":
        share = given.shares.get(news.share_id or 0)
        return (share_line(share, writer),) if share is not None and share.words else ()
    if news.kind == "goal":
        goal = given.goals.get(news.goal_id or 0)
        if goal is None or not goal.words or not goal.witnessed or goal.state != "open":
            return ()
        plan = goal.plan if goal.plan_witnessed else None
        own = f"goal:{goal.id}"
        after = [_line("buddy_plan", {}, plan, own)] if plan else []
        return (_line("buddy_goal", who, goal.words, own), *after)
    step = given.steps.get(news.step_id or 0)
    if step is None or not step.words or not step.witnessed:
        return ()
    own = f"step:{step.id}"
    if news.kind == "went":
        way = WAYS.get(step.outcome or "")
        return (_line(way, who, bare_step(step.words), own),) if way else ()
    if step.settled_at is not None:
        return ()
    after = [_line("buddy_step_when", {}, step.details, own)] if step.details else []
    return (_line("buddy_step", who, bare_step(step.words), own), *after)


def share_line(share: Share, writer: Person) -> Line:
    """Return one share as it is read: under its writer's first name only if the writer chose so."""
    kind = "shared" if share.kind == "words" else f"shared_{share.kind}"
    own = f"share:{share.id}"
    if share.named and writer.name:
        named = {"writer": shorten(writer.name, PLACEHOLDERS["writer"].longest)}
        return _line(f"{kind}_by", named, share.words or "", own)
    return _line(f"{kind}_unnamed", {}, share.words or "", own)


def name_for(writer: Person, language: str) -> str:
    """Return how a member is called to another; "Someone", as long as no name is known."""
    name = writer.name or PLACEHOLDERS["other_name"].plain[language].capitalize()
    return shorten(name, PLACEHOLDERS["writer"].longest)


def _line(notice: str, who: Mapping[str, str], words: str, carries: str) -> Line:
    return Line(notice, {**who, "words": words}, verbatim=("words",), carries=carries)


T = TypeVar("T", Share, Goal, GoalStep)


def _by_id(session: Session, table: type[T], ids: Collection[int | None]) -> Mapping[int, T]:
    wanted = [each for each in ids if each is not None]
    return (
        {row.id: row for row in session.scalars(select(table).where(table.id.in_(wanted)))} if wanted else {}
    )
