"""All that stands on the host's page of one circle; as many statements for twelve members as for two."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.buddies.groups import latest_round
from assistant.circles.buddies.rounds import is_nearly_over
from assistant.circles.calendar.season_plan import current_week
from assistant.circles.check_ins.check_in_replies import newest_check_in
from assistant.circles.check_ins.check_in_results import Tally, tally
from assistant.circles.hosts.pairs import pair_lines
from assistant.circles.hours.hour_rows import hour_ahead
from assistant.circles.people.memberships import seat_of
from assistant.circles.people.permissions import circle_for, held_roles
from assistant.circles.people.reachability import address_of
from assistant.circles.people.weekly_texts import TEXTS_A_WEEK
from assistant.circles.sharing.shares import is_in
from assistant.conversations.turn_context import Context
from assistant.engine.wording import choose_text
from assistant.language.languages import spoken
from assistant.pages.host.needs_view import Need, needs_of
from assistant.pages.host.seats_view import Seat, Stuck, invited_to, seats_of_circle, stuck_in
from assistant.pages.page_turns import NotHere
from assistant.schedule.programs import programs
from assistant.store.tables import Approach, Circle, Conversation, Listing, PendingAction, Person, Timer

if TYPE_CHECKING:
    from assistant.runtime import Runtime
    from assistant.services import Services

_BRACES: Final = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class OpenListing:
    """An ask or an offer of the circle: never its words, which are shown only when asked for."""

    kind: str
    """ask | offer"""
    state: str
    """open | look: it waits for a host's look."""
    days: int
    asked: int
    """How many were asked whether they can help."""
    yeses: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that comes this week."""

    day: dt.date
    hour: int | None
    """None: at the hour that each member chose."""
    flow: str
    title: str
    past: bool


@dataclass(frozen=True, slots=True)
class PairShown:
    """A pair of this round, in the words of PAIRS."""

    id: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtQuestion:
    """Somebody who is stuck while joining, and at what."""

    question: str
    days: int
    unclear: int


@dataclass(frozen=True, slots=True)
class Held:
    """What the host did less than a minute ago, which UNDO takes back."""

    kind: str
    until: dt.datetime
    """By the circle's clock."""


@dataclass(frozen=True, slots=True)
class CircleView:
    """What the page shows."""

    circle: Circle
    language: str
    now: dt.datetime
    """By the circle's clock."""
    week: int
    weeks: int
    hosts: Sequence[tuple[str | None, str, bool]]
    """Name, role, and whether they are away."""
    needs: Sequence[Need]
    seats: Sequence[Seat]
    me: int
    listings: Sequence[OpenListing]
    in_circle: bool
    """The host holds a seat in it, and so may read what the circle sees."""
    stuck: Sequence[AtQuestion]
    invited: Mapping[str, int]
    planned: Sequence[Planned]
    hour_at: dt.datetime | None
    """When the circle hour is that is set."""
    next_texts: int
    """Members whose next text is planned."""
    promised: int
    """Texts a week that joining promises to be the most."""
    pairs: Sequence[PairShown]
    may_swap: bool
    check_in: Tally | None
    held: Held | None

    @property
    def others(self) -> list[Seat]:
        """Every seat but the host's own."""
        return [seat for seat in self.seats if seat.person_id != self.me]

    @property
    def quiet(self) -> list[Seat]:
        """Who has not been heard from, the longest first; who cannot be reached is not among them."""
        silent = [seat for seat in self.others if seat.quiet_weeks and seat.state != "unreachable"]
        return sorted(silent, key=lambda seat: -seat.quiet_weeks)

    @property
    def unreachable(self) -> list[Seat]:
        """Whom no text of ours reaches."""
        return [seat for seat in self.others if seat.state == "unreachable"]

    @property
    def away(self) -> list[Seat]:
        """Who is away; never why."""
        return [seat for seat in self.others if seat.state == "away"]


def read_circle(runtime: Runtime, session: Session, person: Person, code: str) -> CircleView | None:
    """Return what a host sees of a circle; None: there is no such circle of theirs."""
    now, services = runtime.clock.now(), runtime.services
    found = session.scalar(select(Circle.id).where(Circle.code == code.upper()))
    circle = circle_for(session, person.id, found) if found is not None else None
    if circle is None:
        return None
    context, talk = standing_at(session, services, person, circle, now)
    ctx = context.about(talk)
    language = spoken(person.language or circle.language)
    seats = seats_of_circle(session, circle, person.id, services.identity.sender, now)
    names = {seat.person_id: seat.name for seat in seats}
    zone = ZoneInfo(circle.zone)
    program = programs().get(circle.program)
    check_in = newest_check_in(ctx, circle)
    hour = hour_ahead(session, circle.id, now)
    round_ = latest_round(session, circle.id)
    return CircleView(
        circle=circle,
        language=language,
        now=now.astimezone(zone),
        week=current_week(circle, now),
        weeks=program.weeks if program else 0,
        hosts=_hosts(session, circle, now),
        needs=needs_of(ctx, [circle.id], names),
        seats=seats,
        me=person.id,
        listings=_listings(session, circle, now),
        in_circle=is_in(seat_of(session, person.id, circle.id)),
        stuck=[_at_question(services, circle, each, language, now) for each in stuck_in(session, circle)],
        invited=invited_to(session, circle),
        planned=_planned(services, circle, now),
        hour_at=hour.starts_at.astimezone(zone) if hour is not None else None,
        next_texts=_next_texts(session, [seat.id for seat in seats]),
        promised=TEXTS_A_WEEK,
        pairs=_pairs(context, ctx, talk) if round_ is not None else [],
        may_swap=round_ is not None and not is_nearly_over(circle, round_, now),
        check_in=tally(session, check_in) if check_in is not None else None,
        held=held_now(session, person.id, now, zone),
    )


def standing_at(
    session: Session, services: Services, person: Person, circle: Circle, now: dt.datetime
) -> tuple[Context, Conversation]:
    """Return what actions and texts of a host look at, about this circle; nothing of it is kept.

    Raises:
        NotHere: the person has no address left.
    """
    address = address_of(session, person.id, services.identity.sender)
    if address is None:
        raise NotHere
    talk = Conversation(person_id=person.id, circle_id=circle.id, flow="", version="", step="", values={})
    return Context(session, services, person, address, now), talk


def held_now(session: Session, person_id: int, now: dt.datetime, zone: ZoneInfo) -> Held | None:
    """Return what a person did last, if UNDO still takes it back."""
    row = session.scalars(
        select(PendingAction)
        .where(PendingAction.by_person_id == person_id, PendingAction.held_until.is_not(None))
        .order_by(PendingAction.id.desc())
        .limit(1)
    ).first()
    if row is None or row.state != "held" or row.held_until is None or row.held_until <= now:
        return None
    return Held(row.kind, row.held_until.astimezone(zone))


def _hosts(session: Session, circle: Circle, now: dt.datetime) -> list[tuple[str | None, str, bool]]:
    roles = [role for kind in ("host", "backup") for role in held_roles(session, circle, kind)]
    people = select(Person.id, Person.name).where(Person.id.in_([role.person_id for role in roles]))
    names = dict(session.execute(people).all())
    return [
        (names.get(role.person_id), role.kind, role.away_until is not None and role.away_until > now)
        for role in roles
    ]


def _listings(session: Session, circle: Circle, now: dt.datetime) -> list[OpenListing]:
    rows = session.execute(
        select(
            Listing.kind,
            Listing.state,
            func.coalesce(Listing.posted_at, Listing.created_at),
            func.count(Approach.asked_at),
            func.count(Approach.reply).filter(Approach.reply == "can"),
        )
        .outerjoin(Approach, Approach.listing_id == Listing.id)
        .where(
            Listing.circle_id == circle.id,
            Listing.kind.in_(("ask", "offer")),
            Listing.state.in_(("open", "look")),
        )
        .group_by(Listing.id)
        .order_by(Listing.id)
    ).all()
    return [OpenListing(kind, state, (now - at).days, asked, yes) for kind, state, at, asked, yes in rows]


def _at_question(
    services: Services, circle: Circle, stuck: Stuck, language: str, now: dt.datetime
) -> AtQuestion:
    step = services.book.today(stuck.flow, stuck.step)
    words = choose_text(step.say, language, {}, False) if step is not None and step.say else stuck.step
    # Whoever joins is not known by name yet; what else stands in the text is theirs as well.
    words = _BRACES.sub("…", words.replace("{circle}", circle.name))
    return AtQuestion(words, (now - stuck.since).days, stuck.unclear)


def _planned(services: Services, circle: Circle, now: dt.datetime) -> list[Planned]:
    program, week = programs().get(circle.program), current_week(circle, now)
    if program is None or circle.starts_on is None or circle.state != "running":
        return []
    today = now.astimezone(ZoneInfo(circle.zone)).date()
    starts_on, shown = circle.starts_on, max(week, 1)
    return [
        Planned(
            entry.day(starts_on),
            entry.hour,
            entry.flow,
            services.book.flow(entry.flow).title,
            entry.day(starts_on) < today,
        )
        for entry in program.entries
        if entry.week == shown
    ]


def _next_texts(session: Session, seats: Sequence[int]) -> int:
    planned = select(func.count(func.distinct(Timer.member_id))).where(
        Timer.member_id.in_(seats), Timer.key.is_not(None), Timer.done_at.is_(None)
    )
    return session.scalar(planned) or 0


def _pairs(context: Context, ctx: ActionContext, talk: Conversation) -> list[PairShown]:
    round_ = latest_round(ctx.session, talk.circle_id or 0)
    shown = []
    for pair_id, lines in (pair_lines(ctx, round_) if round_ is not None else {}).items():
        before = len(context.progress.drafts)
        for line in lines:
            context.lines([line], talk)
        shown.append(PairShown(pair_id, tuple(each.body for each in context.progress.drafts[before:])))
    return shown
