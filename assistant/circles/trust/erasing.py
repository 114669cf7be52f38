"""ERASE ME: everything a person wrote, and who they are, goes from every table; others hear of a leaving.

What is left is counted and nobody's: rows without words, name or number, and in the ledger of consents a
fingerprint of the number, so that no spreadsheet brings it back. `traces` sees to what others were told.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import and_, delete, or_, select, text
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Finish, Start
from assistant.circles.actions.pending_actions import HELD_FOR, hold, take_up
from assistant.circles.actions.registry import action
from assistant.circles.hosts.alert_words import end_by_opt_out
from assistant.circles.membership.invitations import decline
from assistant.circles.membership.leaving import close
from assistant.circles.membership.waiting_answers import leave_lists
from assistant.circles.people.audit import record
from assistant.circles.people.carried_media import forget as forget_media
from assistant.circles.people.carried_words import call_back, forget_values
from assistant.circles.people.consent import consent_of, forget
from assistant.circles.people.emptying import empty_rows
from assistant.circles.people.memberships import seats_of
from assistant.circles.people.page_sessions import forget_sessions
from assistant.circles.people.receipts import OWNERS
from assistant.circles.people.roster import is_called
from assistant.circles.seasons.retention import KEPT_PARAMS
from assistant.circles.trust.reports import end_reports_about, keep_asking
from assistant.circles.trust.traces import FIRST_LOOK, NOBODYS, forget_told, mates_of, names_of, once_two
from assistant.store.tables import (
    Address,
    Alert,
    Answer,
    Apart,
    Applicant,
    CallWish,
    Circle,
    Conversation,
    Erasure,
    Goal,
    GoalStep,
    Inbox,
    Introduced,
    Invitation,
    Listing,
    Media,
    Member,
    Note,
    Outbox,
    PendingAction,
    Person,
    Receipt,
    Role,
    Share,
    Survey,
    SurveyAnswer,
    Timer,
)

KIND: Final = "erase"
CARRIES_OUT: Final = "erase_now"
"""The flow with which it happens, once the minute is over."""


@action("host", "asked")
def before_erasing(ctx: ActionContext) -> ActionResult:
    """Whether the person hosts a circle: nobody hosts it for them afterwards, which is said first."""
    hosted = ctx.session.scalars(
        select(Circle)
        .join(Role, Role.circle_id == Circle.id)
        .where(
            Role.person_id == ctx.person.id,
            Role.kind == "host",
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state != "closed",
        )
        .order_by(Role.id)
        .limit(1)
    ).first()
    if hosted is None:
        return ActionResult("asked")
    return ActionResult("host", {"hosting": True}, circle=hosted)


@action("held", "soon", "stopped")
def hold_erasing(ctx: ActionContext) -> ActionResult:
    """Forget the person in a minute; soon: nothing can be taken back, for no circle knows of them.

    stopped: they have stopped our texts before, and read one text of it.
    """
    circle = _some_circle(ctx)
    if circle is None:
        soon = Start(ctx.person.id, CARRIES_OUT, {"alone": True}, due_at=ctx.now + HELD_FOR, at_once=True)
        # What was asked before is not asked again: this was said to be the last text.
        return ActionResult("soon", effects=(Finish(ctx.person.id, keep_current=True), soon))
    under_way = ctx.session.scalars(
        select(PendingAction.id).where(
            PendingAction.by_person_id == ctx.person.id,
            PendingAction.kind == KIND,
            PendingAction.state == "held",
            PendingAction.held_until > ctx.now,
        )
    ).first()
    out = consent_of(ctx.session, ctx.address_id, ctx.identity.sender) == "out"
    if under_way is not None:
        return ActionResult("stopped" if out else "held")
    pending = hold(ctx, KIND, circle)
    erasing = Start(
        ctx.person.id, CARRIES_OUT, {"pending_action": pending.id}, due_at=pending.held_until, at_once=True
    )
    return ActionResult("stopped" if out else "held", effects=(erasing,))


@action("erased", "gone")
def erase_now(ctx: ActionContext, *, pending_action: int | None = None, alone: bool = False) -> ActionResult:
    """Forget the person, the minute being over; gone: it was undone.

    `alone`: they were in no circle as they asked.
    """
    if alone and pending_action is None:
        return ActionResult("erased", effects=erase_person(ctx))
    pending = take_up(ctx.session, pending_action, ctx.now)
    if pending is None or pending.kind != KIND or pending.by_person_id != ctx.person.id:
        return ActionResult("gone")
    return ActionResult("erased", effects=erase_person(ctx))


def erase_person(ctx: ActionContext) -> tuple[Effect, ...]:
    """Forget the person in `ctx`, in this transaction.

    Returns:
        What others hear, which is what they hear of anyone who leaves, and of whom an alert was about.
    """
    session, person, now = ctx.session, ctx.person, ctx.now
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))
    effects: list[Effect] = [*end_by_opt_out(ctx), *end_reports_about(ctx), *keep_asking(ctx)]
    for member, circle in seats_of(session, person.id):
        effects += close(ctx, member, circle)
    effects.append(Finish(person.id))
    decline(session, person.id, now)
    leave_lists(session, person.id, now)
    addresses = session.scalars(select(Address).where(Address.person_id == person.id)).all()
    traces = {"names": names_of(session, person), "uris": [address.uri for address in addresses]}
    session.add(Erasure(person_id=person.id, traces=traces, at=now, due_at=now + FIRST_LOOK, done_at=None))
    session.flush()
    _call_back(session, person.id, now)
    _erase_words(session, person.id, now)
    _erase_texts(session, person.id, traces["uris"], now)
    _end_what_is_theirs(session, person, now)
    forget_told(session, person.id, traces["names"], now)
    for address in addresses:
        forget(session, address, ctx.identity.sender, ctx.identity.key, now)
    person.name = person.place = person.zone = person.language = person.own_word = None
    person.hour, person.plain, person.erased_at = None, False, now
    for once in once_two(session, person.id):
        once.name, once.erased_at = None, now
    person.on_hand = None
    record(session, KIND, now, by=person.id)
    session.flush()
    return tuple(effects)


def _some_circle(ctx: ActionContext) -> Circle | None:
    """Return a circle in which others know of the person."""
    seats = select(Member.circle_id).where(Member.person_id == ctx.person.id)
    roles = select(Role.circle_id).where(Role.person_id == ctx.person.id, Role.circle_id.is_not(None))
    rows = select(Circle).where(or_(Circle.id.in_(seats), Circle.id.in_(roles))).order_by(Circle.id)
    return ctx.session.scalars(rows.limit(1)).first()


def _call_back(session: Session, person_id: int, now: dt.datetime) -> None:
    """Cancel every text that carries the person's words and has not left; erase them from the others."""
    carried = set()
    for kind, owned in OWNERS.items():
        statement = owned()
        mine = statement.where(statement.selected_columns[1] == person_id)
        carried |= {f"{kind}:{row[0]}" for row in session.execute(mine)}
    carrying = select(Receipt.outbox_id).where(Receipt.person_id == person_id)
    seats = select(Member.circle_id).where(Member.person_id == person_id)
    roles = select(Role.circle_id).where(Role.person_id == person_id, Role.circle_id.is_not(None))
    circles = select(Outbox.circle_id).where(
        or_(Outbox.circle_id.in_(seats), Outbox.circle_id.in_(roles), Outbox.id.in_(carrying)),
        Outbox.carries.is_not(None),
        Outbox.circle_id.is_not(None),
    )
    for circle_id in session.scalars(circles.distinct()).all():
        if circle_id is not None:
            call_back(session, circle_id, carried, "its writer is forgotten", now)
    forget_values(session, mates_of(session, person_id), carried)


def _erase_words(session: Session, person_id: int, now: dt.datetime) -> None:
    seats = select(Member.id).where(Member.person_id == person_id)
    goals = select(Goal.id).where(Goal.member_id.in_(seats))
    empty_rows(session, Answer, Answer.person_id == person_id, now, words=None, value=None)
    empty_rows(session, Share, Share.member_id.in_(seats), now, words=None)
    empty_rows(session, Note, Note.from_member_id.in_(seats), now, words=None)
    empty_rows(session, GoalStep, GoalStep.goal_id.in_(goals), now, words=None, details=None)
    empty_rows(session, Goal, Goal.member_id.in_(seats), now, words=None, plan=None)
    empty_rows(session, Listing, Listing.member_id.in_(seats), now, words=None)
    about = or_(Introduced.member_id.in_(seats), Introduced.written_by == person_id)
    empty_rows(session, Introduced, about, now, words=None, answer_id=None)
    applied = select(Applicant.id).where(Applicant.person_id == person_id)
    empty_rows(session, Applicant, Applicant.id.in_(applied), None, details={})
    surveys = select(Survey.id).where(or_(Survey.member_id.in_(seats), Survey.applicant_id.in_(applied)))
    empty_rows(session, SurveyAnswer, SurveyAnswer.survey_id.in_(surveys), now, score=None)
    empty_rows(session, PendingAction, PendingAction.by_person_id == person_id, None, words=None)
    empty_rows(session, Conversation, Conversation.person_id == person_id, None, values={})
    theirs = and_(Timer.person_id == person_id, Timer.done_at.is_(None))
    empty_rows(session, Timer, theirs, None, done_at=now)
    empty_rows(session, Timer, Timer.person_id == person_id, None, values={})
    session.execute(delete(Receipt).where(Receipt.person_id == person_id))
    forget_sessions(session, person_id)
    session.flush()


def _erase_texts(session: Session, person_id: int, uris: list[str], now: dt.datetime) -> None:
    """What came from the person and went to them; carriers' ids stay, or their log would bring it back."""
    theirs = or_(Inbox.person_id == person_id, Inbox.from_uri.in_(uris))
    for each in session.scalars(select(Inbox).where(theirs)):
        each.body, each.from_uri, each.erased_at = None, NOBODYS, each.erased_at or now
        each.params = {key: value for key, value in each.params.items() if key in KEPT_PARAMS}
        if each.state in ("new", "set_aside"):
            each.state, each.reason = "ignored", "its writer is forgotten"
    forget_media(session, Media.person_id == person_id, now)
    queued = and_(Outbox.person_id == person_id, Outbox.state == "queued")
    empty_rows(session, Outbox, queued, None, state="cancelled", reason="forgotten")
    empty_rows(session, Outbox, Outbox.person_id == person_id, now, body=None, taps=None, to_uri=NOBODYS)


def _end_what_is_theirs(session: Session, person: Person, now: dt.datetime) -> None:
    empty_rows(session, Role, and_(Role.person_id == person.id, Role.ended_at.is_(None)), None, ended_at=now)
    about = and_(Alert.person_id == person.id, Alert.closed_at.is_(None))
    empty_rows(session, Alert, about, None, closed_at=now, next_page_at=None)
    addresses = select(Address.id).where(Address.person_id == person.id)
    empty_rows(
        session, Invitation, Invitation.address_id.in_(addresses), None, name=None, consent_source=None
    )
    session.execute(delete(CallWish).where(CallWish.person_id == person.id))
    session.execute(delete(Apart).where(or_(Apart.one_id == person.id, Apart.other_id == person.id)))
    if person.name:
        mine = select(Member.circle_id).where(Member.person_id == person.id)
        for circle in session.scalars(select(Circle).where(Circle.id.in_(mine))):
            if circle.backup_named and is_called(person, circle.backup_named):
                circle.backup_named = None
    session.flush()
    session.expire_all()
