"""What a season's exchange is held to can fail: each promise is broken on purpose, and seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.simulation.exchange_checks import check_exchange
from assistant.simulation.world import World
from assistant.store.tables import Approach, Inbox, Introduced, Introduction, Listing, Member, Outbox
from tests.simulation.conftest import NOON, Stage

DAY = dt.timedelta(days=1)


def _posted(world: World, session: Session, days_ago: int, **columns: object) -> Listing:
    """Ana asks for a ride."""
    seat = session.scalars(select(Member).order_by(Member.id).limit(1)).one()
    at = world.clock.now() - days_ago * DAY
    listing = Listing(
        kind="ask",
        circle_id=seat.circle_id,
        member_id=seat.id,
        words="a ride on Friday",
        state="open",
        created_at=at,
        posted_at=at,
        **columns,
    )
    session.add(listing)
    session.flush()
    return listing


def _has_no_end(world: World, session: Session) -> None:
    _posted(world, session, 8)


def _ends_and_nobody_says_so(world: World, session: Session) -> None:
    listing = _posted(world, session, 3)
    listing.state, listing.outcome, listing.ended_at = "ended", "no_one", world.clock.now()


def _is_linked_without_a_yes(world: World, session: Session) -> None:
    listing = _posted(world, session, 1)
    other = session.scalars(select(Member.id).order_by(Member.id).offset(1).limit(1)).one()
    now = world.clock.now()
    session.add(
        Approach(listing_id=listing.id, member_id=other, wave="circle", due_at=now, reply="no", linked_at=now)
    )


def _meets_by_one_yes(world: World, session: Session) -> None:
    seats = session.scalars(select(Member).order_by(Member.id).limit(2)).all()
    now = world.clock.now()
    met = Introduction(
        kind="own",
        circle_id=seats[0].circle_id,
        by_person_id=seats[0].person_id,
        began_at=now,
        ends_at=now + DAY,
        outcome="met",
        ended_at=now,
        linked_at=now,
    )
    session.add(met)
    session.flush()
    for seat, reply in zip(seats, ("yes", None), strict=True):
        session.add(Introduced(introduction_id=met.id, member_id=seat.id, reply=reply))


@pytest.mark.parametrize(
    ("breaks", "promise"),
    [
        (_has_no_end, "asks"),
        (_ends_and_nobody_says_so, "asks"),
        (_is_linked_without_a_yes, "names"),
        (_meets_by_one_yes, "names"),
    ],
)
def test_what_is_not_kept_is_seen(
    stage: Stage, breaks: Callable[[World, Session], None], promise: str
) -> None:
    world, watcher, _, score = stage
    with world.database.write() as session:
        breaks(world, session)
    check_exchange(world, score, watcher)
    assert {each.promise for each in score.broken} == {promise}


def test_a_third_ask_in_a_week_and_a_no_that_others_hear_of_are_seen(stage: Stage) -> None:
    world, watcher, _, score = stage
    words = ("a ride on Friday", "rent papers", "a stroller")
    for asked in words[:2]:
        world.text("rosa", f"ASK {asked}")
        world.text("rosa", "1")
        world.text("ana", "3")
    watcher.look()
    check_exchange(world, score, watcher)
    assert not score.broken
    assert score.checks["thirds"] == score.checks["unseen"] == 2
    with world.database.write() as session:
        asked_of_ana = session.scalars(
            select(Outbox).where(Outbox.wording.like("can_you_help/ask/%")).order_by(Outbox.id)
        ).all()
        told = asked_of_ana[-1]
        third = session.scalars(
            select(Outbox).where(Outbox.id != told.id, Outbox.person_id == told.person_id)
        )
        odd = next(each for each in third if each not in asked_of_ana)
        odd.wording, odd.purpose, odd.conversation_id = told.wording, "prompt", 0
        odd.sent_at = told.sent_at
        no = next(each for each in session.scalars(select(Inbox).order_by(Inbox.id)) if each.body == "3")
        to_rosa = session.scalars(select(Outbox).where(Outbox.person_id != told.person_id)).first()
        assert to_rosa is not None
        to_rosa.inbox_id = no.id
    check_exchange(world, score, watcher)
    assert {each.promise for each in score.broken} == {"thirds", "unseen"}


def test_each_of_two_asks_that_begin_alike_ends_once_and_one_that_is_told_twice_is_seen(stage: Stage) -> None:
    world, watcher, _, score = stage
    for day in ("Friday", "Saturday"):
        world.text("rosa", f"ASK a ride to the clinic with my two little boys on {day}")
        world.text("rosa", "1")
        world.text("ana", "1")
    watcher.look()
    check_exchange(world, score, watcher)
    assert not score.broken
    told = next(
        each
        for each in watcher.passed
        if each.row is not None and each.row.wording.startswith("notices/ask_found")
    )
    assert told.row is not None
    # That it is over by now answers whoever says yes to it later.
    over = SimpleNamespace(id=told.row.id, created_at=told.row.created_at, wording="ask_match/over/say")
    watcher.passed.append(replace(told, row=over))
    check_exchange(world, score, watcher)
    assert not score.broken
    watcher.passed.append(told)
    check_exchange(world, score, watcher)
    assert [each.promise for each in score.broken] == ["asks"]


def test_a_name_before_both_have_said_yes_is_seen(stage: Stage) -> None:
    world, watcher, _, score = stage
    world.text("rosa", "ASK a ride on Friday")
    world.text("rosa", "2")
    watcher.look()
    check_exchange(world, score, watcher)
    assert not score.broken
    with world.database.write() as session:
        asked = session.scalars(select(Outbox).where(Outbox.wording.like("can_you_help/ask/%"))).one()
    index = next(
        at for at, each in enumerate(watcher.passed) if each.row is not None and each.row.id == asked.id
    )
    seen = watcher.passed[index]
    watcher.passed[index] = type(seen)(
        seen.at, seen.name, seen.body.replace("Someone", "Rosa"), seen.inbound, seen.zone, seen.row
    )
    check_exchange(world, score, watcher)
    assert {each.promise for each in score.broken} == {"names"}
    assert seen.at > NOON
