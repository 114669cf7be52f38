"""Lets whoever reviews a report see what it is about, and decide: close the seat, warn, or nothing more."""

from __future__ import annotations

from typing import Any, Final, Literal

from sqlalchemy import select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.removing import gently
from assistant.circles.membership.leaving import close
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import seat_of
from assistant.circles.trust.reports import open_reports, settle, tell_reporter
from assistant.language.phones.contacts import without_contacts
from assistant.store.tables import Answer, Circle, Person, Report, ReportWord, Role
from assistant.store.tables.circle_tables import SEATED

Decision = Literal["removed", "warned", "closed"]
CLOSING: Final = "report_closes"
"""The flow by which a seat is closed after a review."""


@action("one", "plain", "none")
def find_review(ctx: ActionContext) -> ActionResult:
    """Find the oldest report that is this person's to look at, and say whom it is about and who asked.

    plain: others see the phone, which is asked about before a name is said.
    """
    report = next(iter(open_reports(ctx)), None)
    if report is None:
        return ActionResult("none")
    about = ctx.session.get_one(Person, report.about_person_id)
    asked = ctx.session.get_one(Person, report.by_person_id)
    circle = ctx.session.get_one(Circle, report.circle_id)
    values: dict[str, Any] = {"report": report.id, "circle": circle.name, **_named(ctx, "who", about)}
    values |= _named(ctx, "writer", asked)
    record(ctx.session, "report shown", ctx.now, by=ctx.person.id, circle_id=circle.id, report=report.id)
    return ActionResult("plain" if ctx.person.plain else "one", values)


@action("shown")
def show_reported(ctx: ActionContext, *, report: int = 0) -> ActionResult:
    """Show what the member said about it, and what reached them from whom it is about."""
    found = next((each for each in open_reports(ctx) if each.id == report), None)
    if found is None:
        return ActionResult("shown")
    effects: list[Effect] = []
    line = ctx.session.get(Answer, found.answer_id) if found.answer_id is not None else None
    if line is not None and line.words:
        effects.append(_show(ctx, found, "report_line", line.words, f"answer:{line.id}"))
    words = select(ReportWord).where(ReportWord.report_id == found.id, ReportWord.words.is_not(None))
    for each in ctx.session.scalars(words.order_by(ReportWord.id)):
        effects.append(_show(ctx, found, "report_words", each.words or "", f"evidence:{each.id}"))
    return ActionResult("shown", effects=tuple(effects))


@action("removed", "warned", "closed", "gone")
def decide_report(ctx: ActionContext, *, report: int = 0, decision: Decision = "closed") -> ActionResult:
    """Carry out what was decided, and tell whoever asked; gone: someone else has decided meanwhile."""
    found = next((each for each in open_reports(ctx) if each.id == report), None)
    if found is None:
        return ActionResult("gone")
    settle(ctx.session, found, decision, ctx.person.id, ctx.now)
    record(ctx.session, f"report {decision}", ctx.now, by=ctx.person.id, circle_id=found.circle_id)
    effects: list[Effect] = [tell_reporter(ctx.session, found, ctx.person)]
    about = ctx.session.get_one(Person, found.about_person_id)
    seat = seat_of(ctx.session, about.id, found.circle_id)
    if decision == "removed":
        roles = select(Role).where(
            Role.circle_id == found.circle_id, Role.person_id == about.id, Role.ended_at.is_(None)
        )
        hosted = ctx.session.scalars(roles).all()
        for role in hosted:
            role.ended_at = ctx.now
        if hosted:
            name = ctx.session.get_one(Circle, found.circle_id).name
            told = Tell(about.id, "report_host_ended", {"circle": name}, circle_id=found.circle_id)
            effects.append(told)
        if seat is not None:
            effects.append(Start(about.id, CLOSING, {"report": found.id}, seat.id, at_once=True))
    elif decision == "warned":
        name = ctx.session.get_one(Circle, found.circle_id).name
        effects.append(Tell(about.id, "report_warning", {"circle": name}, circle_id=found.circle_id))
    return ActionResult(decision, effects=tuple(effects))


@action("closed", "gone")
def close_reported_seat(ctx: ActionContext, *, report: int = 0) -> ActionResult:
    """Close the seat after a review said so; JOIN opens it only with a host's ADD."""
    found = ctx.session.get(Report, report)
    member, circle = ctx.member, ctx.circle
    if found is None or found.state != "removed" or member is None or circle is None:
        return ActionResult("gone")
    if found.about_person_id != ctx.person.id:
        return ActionResult("gone")
    member.barred_at = ctx.now
    if member.state not in SEATED:
        return ActionResult("gone")
    told = Tell(ctx.person.id, "seat_closed", circle_id=circle.id, not_before=gently(ctx))
    return ActionResult(
        "closed", effects=(*close(ctx, member, circle), Finish(ctx.person.id, member.id), told)
    )


def _named(ctx: ActionContext, placeholder: str, person: Person) -> dict[str, str]:
    name = person.name or PLACEHOLDERS["other_name"].plain[language_of(ctx)]
    return {placeholder: shorten(name, PLACEHOLDERS[placeholder].longest)}


def _show(ctx: ActionContext, report: Report, notice: str, words: str, carries: str) -> Tell:
    person_id = report.by_person_id if notice == "report_line" else report.about_person_id
    return Tell(
        ctx.person.id,
        notice,
        {
            "words": without_contacts(words, ctx.identity.country),
            **_named(ctx, "writer", ctx.session.get_one(Person, person_id)),
        },
        purpose="reply",
        circle_id=report.circle_id,
        verbatim=("words",),
        carries=carries,
    )
