"""How circles stand: the same few statements however many there are, and what one would count by hand."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event, select

from assistant.circles.at_hand.at_hand_counts import NowCounts
from assistant.circles.reports.status_counts import PROGRESS, SAFETY_FLOWS, CircleCounts, count_circles
from assistant.store.tables import (
    Address,
    Alert,
    Circle,
    Conversation,
    Invitation,
    Member,
    Outbox,
    Person,
    Role,
)
from assistant.store.tables.circle_tables import MEMBER_STATES, SEATED
from tests.circles.town import NOW, SENDER, Town

INVITED = ("waiting", "sent", "confirmed", "declined", "unreachable", "no_consent")
FLOWS = ("weekly_reflection", "onboarding", "danger")


def some_circles(town: Town, seed: int, count: int) -> None:
    """Circles of every kind, with people in them who are invited, seated, asked and quiet."""
    chance = random.Random(seed)
    cohort = town.cohort()
    for number in range(count):
        circle = town.circle(f"C{number}", cohort_id=cohort.id if number % 2 else None)
        for _ in range(chance.randrange(7)):
            somebody(town, chance, circle)
        if chance.random() < 0.5:
            town.role(town.person(), "host", circle, accepted=chance.random() < 0.7)
        for kind in ("danger", "report"):
            if chance.random() < 0.5:
                town.session.add(
                    Alert(
                        kind=kind,
                        circle_id=circle.id,
                        opened_at=NOW,
                        answered_at=chance.choice((None, NOW)),
                        next_page_at=chance.choice((None, NOW)),
                        closed_at=chance.choice((None, None, NOW)),
                    )
                )
    town.session.flush()


def somebody(town: Town, chance: random.Random, circle: Circle) -> None:
    ago = chance.choice((None, 1, 24, 25, 24 * 7, 24 * 7 + 1, 1000))
    person = town.person(heard_at=None if ago is None else NOW - dt.timedelta(hours=ago))
    address = town.session.scalars(select(Address).where(Address.person_id == person.id)).one()
    if chance.random() < 0.8:
        sent_at = chance.choice((None, NOW))
        reminded_at = chance.choice((None, NOW, NOW + dt.timedelta(days=3)))
        times = {"sent_at": sent_at, "reminded_at": reminded_at, "created_at": NOW}
        state = chance.choice(INVITED)
        town.session.add(Invitation(circle_id=circle.id, address_id=address.id, state=state, **times))
    if chance.random() < 0.8:
        member = town.seat(person, circle, chance.choice(MEMBER_STATES))
        member.promised_at = chance.choice((None, NOW))
        for flow in chance.sample(FLOWS, chance.randrange(3)):
            talk = town.conversation(person, member, flow)
            talk.step, talk.ended_at = chance.choice("ab"), chance.choice((None, NOW))
    for state in chance.sample(("queued", "sent", "done"), chance.randrange(3)):
        to = {"person_id": person.id, "address_id": address.id, "to_uri": address.uri, "sender": SENDER}
        how: dict[str, Any] = {"purpose": "notice", "priority": 2, "segments": 1, "state": state}
        town.session.add(Outbox(circle_id=circle.id, created_at=NOW, not_before=NOW, **to, **how))


def by_hand(town: Town, circle: Circle) -> CircleCounts:
    """The same counts, row by row."""

    def mine(table: type[Any]) -> list[Any]:
        return list(town.session.scalars(select(table).where(table.circle_id == circle.id)))

    members = mine(Member)
    talks = [
        talk
        for member in members
        for talk in town.session.scalars(select(Conversation).where(Conversation.member_id == member.id))
        if talk.ended_at is None
    ]
    asked = {talk.member_id for talk in talks}
    seats = {member.person_id: member for member in members}
    progress = Counter(how_far(town, each, seats, asked) for each in mine(Invitation))
    heard = Counter(
        {"day": 0, "week": 0, "earlier": 0, "never": 0}
        | Counter(
            span(town.session.get_one(Person, each.person_id)) for each in members if each.state in SEATED
        )
    )
    alarms = [each for each in mine(Alert) if each.kind in ("danger", "not_ok") and each.closed_at is None]
    return CircleCounts(
        code=circle.code,
        name=circle.name,
        state=circle.state,
        size=circle.size,
        starts_on=circle.starts_on,
        hosts=sum(each.accepted_at is not None and each.ended_at is None for each in mine(Role)),
        members=Counter(each.state for each in members),
        invitations=Counter(each.state for each in mine(Invitation)),
        progress=progress,
        steps=Counter(f"{each.flow}: {each.step}" for each in talks if each.flow not in SAFETY_FLOWS),
        heard=heard,
        waiting=sum(each.state == "queued" for each in mine(Outbox)),
        alarms=len(alarms),
        unanswered=sum(each.answered_at is None and each.next_page_at is None for each in alarms),
        nows=NowCounts(),  # Their own are in tests/circles/at_hand.
    )


def how_far(town: Town, invitation: Invitation, seats: dict[int, Member], asked: set[int | None]) -> str:
    member = seats.get(town.session.get_one(Address, invitation.address_id).person_id)
    if member is not None and member.state in SEATED:
        if member.promised_at is not None:
            return "in"
        return "onboarding" if member.id in asked else "confirmed"
    if invitation.state == "sent":
        sent_at, reminded_at = invitation.sent_at, invitation.reminded_at
        return "reminded" if sent_at and reminded_at and reminded_at > sent_at else "invited"
    others = {"waiting": "queued", "no_consent": "no consent", "confirmed": "left"}
    return others.get(invitation.state, invitation.state)


def span(person: Person) -> str:
    if person.heard_at is None:
        return "never"
    ago = NOW - person.heard_at
    if ago <= dt.timedelta(days=1):
        return "day"
    return "week" if ago <= dt.timedelta(days=7) else "earlier"


@pytest.mark.parametrize("seed", range(3))
def test_circles_counted_together_are_each_as_counted_by_hand(town: Town, seed: int) -> None:
    some_circles(town, seed, 12)
    circles = town.session.scalars(select(Circle).order_by(Circle.id)).all()
    assert count_circles(town.session, NOW) == [by_hand(town, circle) for circle in circles]


def test_one_circle_and_a_cohort_count_as_among_all(town: Town) -> None:
    some_circles(town, 7, 12)
    every = count_circles(town.session, NOW)
    assert count_circles(town.session, NOW, "C4") == [every[4]]
    cohort = town.session.get_one(Circle, town.session.scalar(select(Circle.id).where(Circle.code == "C1")))
    mine = town.session.scalars(select(Circle).where(Circle.cohort_id == cohort.cohort_id)).all()
    assert len(mine) == 6
    spring = town.session.get_one(type(town.cohort("Other")), cohort.cohort_id)
    assert count_circles(town.session, NOW, cohort=spring) == every[1::2]
    assert all(list(each.progress) == [name for name in PROGRESS if name in each.progress] for each in every)


def test_the_number_of_statements_does_not_grow_with_the_circles(town: Town) -> None:
    def statements() -> int:
        town.session.flush()
        seen: list[object] = []
        bind = town.session.connection()

        def note(*arguments: object) -> None:
            seen.append(arguments[2])

        event.listen(bind, "before_cursor_execute", note)
        counted = count_circles(town.session, NOW)
        event.remove(bind, "before_cursor_execute", note)
        return len(seen) if counted else 0

    some_circles(town, 1, 3)
    few = statements()
    for number in range(27):
        circle = town.circle(f"MORE{number}")
        somebody(town, random.Random(number), circle)
    assert statements() == few <= 10
