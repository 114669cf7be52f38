"""Tells organizers by text how their cohorts stand: counts only, and none that would point to one person."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from assistant.circles.actions.choices import circle_label, list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.registry import action
from assistant.circles.people.audit import record
from assistant.circles.people.permissions import circles_organized, cohorts_of
from assistant.language.folding import plain_words
from assistant.store.tables import Alert, Circle, Cohort, Conversation, Invitation, Member
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.operation_tables import URGENT

FIRST_CIRCLES, NEXT_CIRCLES = 4, 8
"""Lines of circles in one text, below the counts and in those after it: at most two segments either way."""
SAME_LOOK: Final = dt.timedelta(days=1)
"""So long COHORT MORE goes on where the last text ended."""
LEAST_INVITED: Final = 5
"""Of fewer people it is not said how many declined or were out of reach: it would be plain who."""
MORE: Final = frozenset({"more", "mas"})


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an organizer may ask about: a cohort, or a circle that is organized alone."""

    key: str
    name: str
    label: str
    of: Cohort | Circle


@action("one", "several", "none")
def which_cohort(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find what this is about: the cohort named, the one looked at before COHORT MORE, or the only one.

    several: `cohorts` and `options` list them.
    """
    subjects = _subjects(ctx)
    if not subjects:
        return ActionResult("none")
    said = plain_words(text)
    last = _last_look(ctx) if MORE & set(said) else None
    if last is not None and any(each.key == last["about"] for each in subjects):
        return ActionResult("one", {"about": last["about"], "after": last["shown_to"]})
    named = [each for each in subjects if said and plain_words(each.name) == said]
    if len(named) == 1 or len(subjects) == 1:
        return ActionResult("one", {"about": (named or subjects)[0].key})
    return ActionResult("several", list_choices("cohorts", ((each.key, each.label) for each in subjects)))


@action("taken", "none")
def take_cohort(ctx: ActionContext, *, cohort_key: str = "") -> ActionResult:
    """Go on with the one that was chosen in `cohort_key`."""
    known = any(each.key == cohort_key for each in _subjects(ctx))
    return ActionResult("taken", {"about": cohort_key}) if known else ActionResult("none")


@action("shown", "more", "none")
def show_cohort(ctx: ActionContext, *, about: str = "", after: int = 0) -> ActionResult:
    """Show the counts and the first circles, or after `after` the next ones.

    more: there are more circles; COHORT MORE goes on from here.
    """
    subject = next((each for each in _subjects(ctx) if each.key == about), None)
    if subject is None:
        return ActionResult("none")
    circles = _circles(ctx, subject)
    rest = [circle for circle in circles if circle.id > after]
    few = NEXT_CIRCLES if after else FIRST_CIRCLES
    shown, left = rest[:few], rest[few:]
    lines = [] if after else _counts(ctx, subject, [circle.id for circle in circles])
    seats = _seated(ctx, [circle.id for circle in shown])
    lines += [
        Line(
            "cohort_circle", {"code": circle.code, "count": str(seats[circle.id]), "total": str(circle.size)}
        )
        for circle in shown
    ]
    alone = subject.of.id if isinstance(subject.of, Circle) else None
    details = {} if alone else {"cohort_id": subject.of.id}
    record(ctx.session, "looked at cohort", ctx.now, by=ctx.person.id, circle_id=alone, **details)
    if not lines:
        return ActionResult("none")
    shown_to = shown[-1].id if left else 0
    return ActionResult("more" if left else "shown", {"shown_to": shown_to}, (Lines(tuple(lines)),))


def _subjects(ctx: ActionContext) -> Sequence[_Subject]:
    """Return the organizer's cohorts, then the circles that are organized by themselves."""
    plain = ctx.person.plain
    cohorts = cohorts_of(ctx.session, ctx.person.id)
    mine = {cohort.id for cohort in cohorts}
    alone = [each for each in circles_organized(ctx.session, ctx.person.id) if each.cohort_id not in mine]
    return (
        *(
            _Subject(f"cohort {each.id}", each.name, _initials(each.name) if plain else each.name, each)
            for each in cohorts
        ),
        *(_Subject(f"circle {each.id}", each.name, circle_label(each, plain=plain), each) for each in alone),
    )


def _circles(ctx: ActionContext, subject: _Subject) -> Sequence[Circle]:
    if isinstance(subject.of, Circle):
        return [subject.of]
    theirs = select(Circle).where(Circle.cohort_id == subject.of.id, Circle.state != "closed")
    return ctx.session.scalars(theirs.order_by(Circle.id)).all()


def _counts(ctx: ActionContext, subject: _Subject, circles: Sequence[int]) -> list[Line]:
    """The lines above the circles; what there is none of is left out."""
    states = Counter(
        dict(
            ctx.session.execute(
                select(Invitation.state, func.count())
                .where(Invitation.circle_id.in_(circles))
                .group_by(Invitation.state)
            ).all()
        )
    )
    promised = Counter(
        dict(
            ctx.session.execute(
                select(Member.promised_at.is_not(None), func.count())
                .where(Member.circle_id.in_(circles), Member.state.in_(SEATED))
                .group_by(Member.promised_at.is_not(None))
            ).all()
        )
    )
    alerts = ctx.session.scalar(
        select(func.count()).where(
            Alert.circle_id.in_(circles), Alert.kind.in_(URGENT), Alert.closed_at.is_(None)
        )
    )
    invited = sum(states.values()) - states["no_consent"]
    many = invited >= LEAST_INVITED
    counts: Mapping[str, int] = {
        "cohort_invited": invited,
        "cohort_in": promised[True],
        "cohort_on_the_way": promised[False],
        "cohort_declined": states["declined"] if many else 0,
        "cohort_unreachable": states["unreachable"] if many else 0,
        "cohort_alerts": alerts or 0,
    }
    head: dict[str, Any] = {"cohort": subject.name, "count": str(len(circles))}
    first = [Line("cohort_circles", head)] if isinstance(subject.of, Cohort) else []
    return first + [Line(notice, {"people": str(count)}) for notice, count in counts.items() if count]


def _seated(ctx: ActionContext, circles: Sequence[int]) -> Counter[int]:
    rows = ctx.session.execute(
        select(Member.circle_id, func.count())
        .where(Member.circle_id.in_(circles), Member.state.in_(SEATED))
        .group_by(Member.circle_id)
    )
    return Counter(dict(rows.all()))


def _last_look(ctx: ActionContext) -> Mapping[str, Any] | None:
    """Return what the organizer's last look showed, if it left something to be shown."""
    last = ctx.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == ctx.person.id,
            Conversation.flow == "cohort",
            Conversation.ended_at.is_not(None),
            Conversation.began_at > ctx.now - SAME_LOOK,
        )
        .order_by(Conversation.id.desc())
        .limit(1)
    ).first()
    return last.values if last is not None and last.values.get("shown_to") else None


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()).upper()
