"""Where a person of several addresses is texted, and what ends where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from assistant.circles.people import consent
from assistant.conversations import maintenance
from assistant.delivery.outbox import Draft, put
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.simulation.world_phones import let_text_by
from assistant.store.tables import Address, Consent, Inbox, Member, Outbox, Person
from tests.conversations.test_statements import counting

BEGINNING = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
EVENING = dt.datetime(2026, 6, 2, 3, 0, tzinfo=dt.UTC)
"""Ten at night in Chicago."""


@pytest.fixture
def world() -> Iterator[World]:
    with World(read_flows(), start=BEGINNING) as world:
        let_text_by(world, "ana_wa", "whatsapp", "of ana")
        world.circle("MAPLE", "Bold Moves", state="running")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        world.text("ana", "hello")
        yield world


def addresses(world: World) -> dict[str, Address]:
    with world.database.read() as session:
        return {row.uri: row for row in session.scalars(select(Address)) if world.number("ana") in row.uri}


def agree_on_whatsapp(world: World) -> None:
    world.text("ana_wa", "TEXT ME HERE")
    world.text("ana_wa", "ok")


def queue(world: World, address: Address, body: str) -> int:
    """Something for the morning."""
    sender = world.services.identity.sender
    draft = Draft(address.person_id, address.id, address.uri, body, "notice")
    with world.database.write() as session:
        return put(session, [draft], sender, world.clock.now())[0]


def row(world: World, outbox_id: int) -> Outbox:
    with world.database.read() as session:
        return session.get_one(Outbox, outbox_id)


def kinds(world: World) -> dict[str, str]:
    """Channel -> what is in force there."""
    with world.database.read() as session:
        rows = session.execute(select(Address.uri, Consent.kind).join(Consent).order_by(Consent.id))
        number = world.number("ana")
        return {uri.partition(":")[0]: kind for uri, kind in rows if number in uri}


def told(world: World, name: str, since: int) -> list[str]:
    return [each.body for each in world.heard_since(since) if each.to == world.number(name)]


def test_both_are_one_person_and_consent_is_of_each(world: World) -> None:
    world.text("ana_wa", "ME")
    assert len({row.person_id for row in addresses(world).values()}) == 1
    assert kinds(world) == {"sms": "in"}
    agree_on_whatsapp(world)
    assert kinds(world) == {"sms": "in", "whatsapp": "in"}


def test_it_is_said_once_that_texts_go_elsewhere(world: World) -> None:
    before = len(world.heard)
    for _ in range(2):
        world.text("ana_wa", "ME")
        world.text("ana", "ME")
    said = [each for each in told(world, "ana_wa", before) if "TEXT ME HERE" in each]
    assert len(said) == 1


def test_what_waits_for_the_morning_goes_where_the_member_wrote_last(world: World) -> None:
    agree_on_whatsapp(world)
    sms, chat = (addresses(world)[f"{scheme}:{world.number('ana')}"] for scheme in ("sms", "whatsapp"))
    with world.database.write() as session:
        session.execute(update(Address).values(preferred_at=None))
    world.move_to(EVENING)
    waiting = queue(world, chat, "For the morning.")
    world.text("ana", "ME")
    assert (row(world, waiting).to_uri, row(world, waiting).state) == (sms.uri, "queued")
    before = len(world.heard)
    world.move_to(EVENING + dt.timedelta(hours=14))
    assert "For the morning." in told(world, "ana", before)


def test_what_the_member_said_counts_more_than_where_they_wrote_last(world: World) -> None:
    agree_on_whatsapp(world)
    world.move_to(EVENING)
    waiting = queue(world, addresses(world)[f"whatsapp:{world.number('ana')}"], "For the morning.")
    world.text("ana", "ME")
    assert row(world, waiting).to_uri.startswith("whatsapp:")


def test_nothing_unprompted_follows_to_where_nobody_agreed(world: World) -> None:
    world.move_to(EVENING)
    waiting = queue(world, addresses(world)[f"sms:{world.number('ana')}"], "For the morning.")
    world.text("ana_wa", "ME")
    assert row(world, waiting).to_uri.startswith("sms:")


def test_a_stop_ends_it_where_it_was_said(world: World) -> None:
    agree_on_whatsapp(world)
    before = len(world.heard)
    world.text("ana", "please stop texting me")
    (said,) = told(world, "ana", before)
    assert "STOP ALL" in said
    assert kinds(world) == {"sms": "out", "whatsapp": "in"}
    with world.database.read() as session:
        assert session.scalars(select(Member.state)).all() == ["active"]


def test_a_stop_in_a_chat_holds_for_both_names_of_its_writer(world: World) -> None:
    agree_on_whatsapp(world)
    with world.database.read() as session:
        world.numbers["ana_hidden"] = next(
            uri for uri in session.scalars(select(Address.uri)) if "+" not in uri
        )
    world.text("ana_hidden", "TEXT ME HERE")
    world.text("ana_hidden", "ok")
    assert kinds(world)["whatsapp"] == "in"
    world.text("ana_hidden", "STOP")
    assert kinds(world) == {"sms": "in", "whatsapp": "out"}


@pytest.mark.parametrize(
    "words", ["STOP ALL", "stop everything", "LEAVE everything", "no more texts at all, stop"]
)
def test_a_stop_to_all_ends_it_everywhere(world: World, words: str) -> None:
    agree_on_whatsapp(world)
    if words.startswith("LEAVE"):
        world.member("ana", world_with_two(world))
        world.text("ana", "LEAVE")
        words = "3"
    world.text("ana", words)
    assert kinds(world) == {"sms": "out", "whatsapp": "out"}
    with world.database.read() as session:
        assert set(session.scalars(select(Member.state))) == {"left"}


def world_with_two(world: World) -> str:
    world.circle("OAK", "New Moms", state="running")
    return "OAK"


def test_a_stop_at_the_last_address_gives_the_seat_up_and_a_start_elsewhere_brings_it_back(
    world: World,
) -> None:
    agree_on_whatsapp(world)
    world.text("ana", "please stop texting me")
    world.text("ana_wa", "STOP")
    with world.database.read() as session:
        assert session.scalars(select(Member.state)).all() == ["left"]
    world.text("ana_wa", "START")
    assert kinds(world) == {"sms": "out", "whatsapp": "in"}
    with world.database.read() as session:
        assert session.scalars(select(Member.state)).all() == ["active"]


def test_the_carriers_own_opt_out_keeps_the_seat_of_whoever_is_texted_elsewhere(world: World) -> None:
    agree_on_whatsapp(world)
    with world.database.write() as session:
        sms = session.scalars(select(Address).where(Address.uri == f"sms:{world.number('ana')}")).one()
        consent.refuse(
            session, sms.id, world.services.identity.sender, "21610", "carrier 21610", world.clock.now()
        )
        consent.note_gone(session, sms.person_id, world.clock.now())
    world.move_to(world.clock.now() + dt.timedelta(hours=1))
    with world.database.read() as session:
        assert session.scalars(select(Member.state)).all() == ["active"]


def test_where_one_number_was_silent_for_long_the_other_is_texted_without_asking(world: World) -> None:
    agree_on_whatsapp(world)
    chat = addresses(world)[f"whatsapp:{world.number('ana')}"]
    with world.database.write() as session:
        long_ago = world.clock.now() - dt.timedelta(days=60)
        session.execute(update(Address).where(Address.id == chat.id).values(heard_at=long_ago))
    world.move_to(EVENING)
    waiting = queue(world, chat, "For the morning.")
    with world.database.write() as session:
        session.execute(update(Outbox).where(Outbox.id == waiting).values(not_before=world.clock.now()))
    maintenance.maintain(world.services)
    assert row(world, waiting).to_uri == f"sms:{world.number('ana')}"
    assert addresses(world)[chat.uri].doubted_at is not None


def test_whoever_erases_themselves_takes_all_addresses_along(world: World) -> None:
    agree_on_whatsapp(world)
    number = world.number("ana")
    world.text("ana_wa", "ERASE ME")
    world.text("ana_wa", "yes")
    world.move_to(world.clock.now() + dt.timedelta(minutes=2))
    with world.database.read() as session:
        assert not any(number in uri for uri in session.scalars(select(Address.uri)))
        assert not any(number in uri for uri in session.scalars(select(Inbox.from_uri)))
        assert session.scalars(select(Person.name).where(Person.erased_at.is_not(None))).all() == [None]
        prints = session.scalars(select(Consent.fingerprint).where(Consent.way == "erasure")).all()
    assert len(set(prints)) == 3  # The number, the chat, and the id that came with it.


def test_texts_of_one_address_ask_the_database_nothing_more(world: World) -> None:
    world.text("ana", "ME")
    with counting(world) as given:
        world.text("ana", "ME")
    alone = len(given)
    agree_on_whatsapp(world)
    world.text("ana_wa", "ME")
    with counting(world) as given:
        world.text("ana_wa", "ME")
    assert len(given) <= alone + 1  # What WhatsApp sends along is looked at, as ever.
