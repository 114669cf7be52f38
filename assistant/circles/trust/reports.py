"""REPORT: contact is cut at once, and a person reviews it; whom it is about never learns who asked.

What reached the reporting member from them is copied for the review, so that nothing they take back meanwhile
is missing; with its end the copies are erased.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.blocking import stop_words
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.exchange.withdrawal import part_listings
from assistant.circles.people.audit import record
from assistant.circles.people.carried_words import call_back
from assistant.circles.people.memberships import seat_of, seats_of
from assistant.circles.people.roster import is_called
from assistant.circles.sharing.host_words import NOTE
from assistant.safety.on_call import LEVELS, on_level
from assistant.store.tables import (
    Alert,
    Answer,
    Circle,
    Member,
    Note,
    PendingAction,
    Person,
    Report,
    ReportWord,
    Role,
    Timer,
)

KIND: Final = "report"
ASKED_AGAIN: Final = dt.timedelta(days=1)
"""A day later, whoever reviews and has not decided is asked again, and the next one with them."""
MOST_WORDS: Final = 5
"""Newest words that are kept for a review: enough to see what it is about."""
LINE: Final = "report_line"
"""Key of what the member says about it."""
AGAIN_FLOW: Final = "report_again"


@action("one", "several", "nobody", "unknown")
def find_to_report(ctx: ActionContext, *, person: str = "") -> ActionResult:
    """Find whom a report is about: whoever of the member's circles is called so, hosts too; else ask."""
    around = _people_around(ctx)
    found = [each for each in around if is_called(each, person)] if person else []
    if not found:
        return ActionResult("unknown" if person else "nobody")
    if len(found) == 1:
        return ActionResult("one", {"reported": str(found[0].id)})
    return ActionResult("several", list_choices("people", ((each.id, each.name or "") for each in found)))


@action("reviewed", "alone", "again", "nobody")
def cut_contact(ctx: ActionContext, *, reported: int = 0) -> ActionResult:
    """Keep the two apart at once, and ask a person to look at it; `backup` is who will.

    alone: there is nobody who could. again: it was reported before, and is still looked at.
    """
    other = next((each for each in _people_around(ctx) if each.id == reported), None)
    circle = _circle_of_both(ctx, other) if other is not None else None
    if other is None or circle is None:
        return ActionResult("nobody")
    values: dict[str, object] = {**other_name_of(other), "circle": circle.name}
    standing = ctx.session.scalars(
        select(Report).where(
            Report.by_person_id == ctx.person.id, Report.about_person_id == other.id, Report.state == "open"
        )
    ).first()
    if standing is not None:
        return ActionResult("again", {**values, "report": standing.id})
    report = Report(
        circle_id=circle.id,
        by_person_id=ctx.person.id,
        about_person_id=other.id,
        state="open",
        opened_at=ctx.now,
    )
    ctx.session.add(report)
    ctx.session.flush()
    _keep_words(ctx, report)
    stop_words(ctx, other.id)
    effects = [*keep_apart(ctx.session, ctx.person, other, ctx.identity.sender, ctx.now)]
    effects += part_listings(ctx).effects
    # For whoever runs this service, too: it stays open there until someone has decided.
    ctx.session.add(
        Alert(kind=KIND, circle_id=circle.id, person_id=other.id, inbox_id=None, opened_at=ctx.now)
    )
    record(ctx.session, "member reported", ctx.now, circle_id=circle.id, report=report.id)
    reviewers = reviewers_of(ctx.session, report, ctx.identity.sender, ctx.now)
    values["report"] = report.id
    seat = seat_of(ctx.session, ctx.person.id, circle.id)
    if not reviewers:
        return ActionResult("alone", values, tuple(effects), seat)
    if name := next((each.name for each in reviewers if each.name), None):
        values["backup"] = shorten(name, PLACEHOLDERS["backup"].longest)
    return ActionResult("reviewed", values, tuple(effects), seat)


@action("told")
def ask_for_review(ctx: ActionContext, *, report: int = 0) -> ActionResult:
    """Tell whoever reviews that there is something to look at, without a name or a word of it."""
    found = ctx.session.get(Report, report)
    if found is None or found.by_person_id != ctx.person.id or found.state != "open":
        return ActionResult("told")
    line = ctx.session.scalars(
        select(Answer)
        .where(
            Answer.person_id == ctx.person.id,
            Answer.key == LINE,
            Answer.outcome == "text",
            Answer.at >= found.opened_at,
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
    found.answer_id = line.id if line is not None else None
    again = Start(ctx.person.id, AGAIN_FLOW, {"report": found.id}, due_at=ctx.now + ASKED_AGAIN, at_once=True)
    return ActionResult("told", effects=(*_ask(ctx, found), again))


@action("asked", "over")
def ask_again_for_review(ctx: ActionContext, *, report: int = 0) -> ActionResult:
    """A day later: ask whoever reviews once more, and the next one as well; over: it is decided."""
    found = ctx.session.get(Report, report)
    if found is None or found.state != "open":
        return ActionResult("over")
    return ActionResult("asked", effects=tuple(_ask(ctx, found, levels=2)))


def reviewers_of(
    session: Session, report: Report, sender: str, now: dt.datetime, *, levels: int = 1
) -> list[Person]:
    """Return who looks at a report: the host, else the backup, else the organizer; never one of the two."""
    two = (report.by_person_id, report.about_person_id)
    found: list[Person] = []
    for level in LEVELS:
        people = on_level(session, report.circle_id, level, None, sender, now)
        there = [each for each in people if each.id not in two]
        found += there
        levels -= bool(there)
        if not levels:
            break
    return found


def open_reports(ctx: ActionContext) -> Sequence[Report]:
    """Return the reports that this person may look at, the oldest first."""
    circles = select(Role.circle_id).where(
        Role.person_id == ctx.person.id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
    )
    cohorts = select(Role.cohort_id).where(
        Role.person_id == ctx.person.id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
    )
    rows = ctx.session.scalars(
        select(Report)
        .join(Circle, Circle.id == Report.circle_id)
        .where(
            Report.state == "open",
            or_(Report.circle_id.in_(circles), Circle.cohort_id.in_(cohorts)),
            Report.by_person_id != ctx.person.id,
            Report.about_person_id != ctx.person.id,
        )
        .order_by(Report.id)
    ).all()
    # A backup or an organizer looks at it only where it was theirs to look at.
    return [each for each in rows if ctx.person.id in _may_look(ctx, each)]


def settle(session: Session, report: Report, state: str, by: int | None, now: dt.datetime) -> None:
    """End a review: the words that were kept for it go from every row, and nobody is asked any more."""
    report.state, report.settled_by, report.settled_at = state, by, now
    words = session.scalars(select(ReportWord).where(ReportWord.report_id == report.id)).all()
    call_back(session, report.circle_id, {f"evidence:{each.id}" for each in words}, "reviewed", now)
    for each in words:
        each.words, each.erased_at = None, each.erased_at or now
    about = select(Alert).where(
        Alert.kind == KIND,
        Alert.circle_id == report.circle_id,
        Alert.person_id == report.about_person_id,
        Alert.closed_at.is_(None),
    )
    for alert in session.scalars(about):
        alert.closed_at = now
    session.flush()


def end_reports_about(ctx: ActionContext) -> Iterator[Effect]:
    """End the reviews about someone who is forgotten; yield what those who asked for them hear."""
    about = select(Report).where(Report.about_person_id == ctx.person.id, Report.state == "open")
    for report in ctx.session.scalars(about).all():
        settle(ctx.session, report, "gone", None, ctx.now)
        yield tell_reporter(ctx.session, report, None)


def keep_asking(ctx: ActionContext) -> Iterator[Effect]:
    """Have the reviews go on that someone asked for who is forgotten; call it before their timers end.

    Whoever reviews is asked, if the member had not finished telling, and once more a day later, as ever.
    """
    asked_for = select(Report).where(Report.by_person_id == ctx.person.id, Report.state == "open")
    timers = select(Timer).where(Timer.person_id == ctx.person.id, Timer.flow == AGAIN_FLOW)
    reminders = {each.values.get("report"): each for each in ctx.session.scalars(timers)}
    for report in ctx.session.scalars(asked_for).all():
        reminder = reminders.get(report.id)
        if reminder is None:
            yield from _ask(ctx, report)
        reviewers = reviewers_of(ctx.session, report, ctx.identity.sender, ctx.now, levels=2)
        if reviewers and (reminder is None or reminder.done_at is None):
            due = ctx.now + ASKED_AGAIN if reminder is None else reminder.due_at
            yield Start(reviewers[0].id, AGAIN_FLOW, {"report": report.id}, due_at=due, at_once=True)


def tell_reporter(session: Session, report: Report, by: Person | None) -> Tell:
    """Return the one kind sentence by which whoever reported hears what was decided."""
    about = session.get_one(Person, report.about_person_id)
    said = {**other_name_of(about), "circle": session.get_one(Circle, report.circle_id).name}
    if by is not None and by.name:
        said["backup"] = shorten(by.name, PLACEHOLDERS["backup"].longest)
    notice = f"report_{report.state}"
    return Tell(report.by_person_id, notice, said, circle_id=report.circle_id)


def _may_look(ctx: ActionContext, report: Report) -> set[int]:
    levels = 2 if report.opened_at <= ctx.now - ASKED_AGAIN else 1
    people = reviewers_of(ctx.session, report, ctx.identity.sender, ctx.now, levels=levels)
    return {each.id for each in people}


def _ask(ctx: ActionContext, report: Report, *, levels: int = 1) -> Iterator[Effect]:
    for each in reviewers_of(ctx.session, report, ctx.identity.sender, ctx.now, levels=levels):
        name = ctx.session.get_one(Circle, report.circle_id).name
        yield Tell(each.id, "report_waits", {"circle": name}, circle_id=report.circle_id)


def _people_around(ctx: ActionContext) -> list[Person]:
    """Return everyone the member knows here: members past or present, and hosts, of the member's circles."""
    circles = [circle.id for _, circle in seats_of(ctx.session, ctx.person.id)]
    mates = select(Member.person_id).where(Member.circle_id.in_(circles), Member.promised_at.is_not(None))
    hosts = select(Role.person_id).where(
        Role.circle_id.in_(circles),
        Role.kind.in_(("host", "backup")),
        Role.accepted_at.is_not(None),
        Role.ended_at.is_(None),
    )
    rows = select(Person).where(or_(Person.id.in_(mates), Person.id.in_(hosts)), Person.id != ctx.person.id)
    return list(ctx.session.scalars(rows.order_by(Person.id)))


def _circle_of_both(ctx: ActionContext, other: Person) -> Circle | None:
    for _, circle in seats_of(ctx.session, ctx.person.id):
        seat = select(Member.id).where(Member.circle_id == circle.id, Member.person_id == other.id)
        role = select(Role.id).where(Role.circle_id == circle.id, Role.person_id == other.id)
        if ctx.session.scalar(seat.limit(1)) or ctx.session.scalar(role.limit(1)):
            return circle
    return None


def _keep_words(ctx: ActionContext, report: Report) -> None:
    """Copy what reached the member from whom they report: lines, and a host's notes."""
    writer, reader = aliased(Member), aliased(Member)
    notes = ctx.session.execute(
        select(Note.words, Note.at)
        .join(writer, writer.id == Note.from_member_id)
        .join(reader, reader.id == Note.to_member_id)
        .where(
            writer.person_id == report.about_person_id,
            reader.person_id == report.by_person_id,
            Note.words.is_not(None),
        )
    ).all()
    said = ctx.session.scalars(
        select(PendingAction).where(
            PendingAction.by_person_id == report.about_person_id,
            PendingAction.circle_id == report.circle_id,
            PendingAction.kind == NOTE,
            PendingAction.state == "done",
            PendingAction.words.is_not(None),
        )
    ).all()
    mine = {member.id for member, _ in seats_of(ctx.session, ctx.person.id)}
    kept = [(words or "", at) for words, at in notes]
    kept += [
        (each.words or "", each.settled_at or each.created_at)
        for each in said
        if mine & set(each.details.get("members") or ())
    ]
    for words, at in sorted(kept, key=lambda one: one[1])[-MOST_WORDS:]:
        ctx.session.add(ReportWord(report_id=report.id, words=words, written_at=at))
    ctx.session.flush()
