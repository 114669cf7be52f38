"""Whoever asks to be forgotten is, in the midst of a season; what is left of it on purpose is seen."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.people.addresses import address_for
from assistant.delivery.outbox import Draft, put
from assistant.simulation import season_partings
from assistant.simulation.acting import Company
from assistant.simulation.habits import Written
from assistant.simulation.privacy_checks import check_forgotten, check_name_forgotten, check_receipts
from assistant.store.tables import Outbox, Receipt
from tests.simulation.conftest import Stage


def _broken(stage: Stage) -> list[str]:
    return [each.what for each in stage[3].broken]


def _tell(stage: Stage, name: str, body: str) -> tuple[int, int]:
    """Send a text of ours; return whose it is, and its row."""
    world = stage[0]
    with world.database.write() as session:
        address = address_for(session, [to_uri(world.number(name))], world.clock.now())
        draft = Draft(address.person_id, address.id, address.uri, body, "reply")
        put(session, [draft], world.services.identity.sender, world.clock.now())
        row = session.scalars(select(Outbox.id).order_by(Outbox.id.desc()).limit(1)).one()
        return address.person_id, row


def _pass(company: Company, minutes: int) -> None:
    """Let time go by, with what people do in it."""
    world, agenda = company.world, company.agenda
    until = world.clock.now() + dt.timedelta(minutes=minutes)
    while agenda.next is not None and agenda.next <= until:
        world.move_to(max(agenda.next, world.clock.now()))
        company.watcher.look()
        agenda.act()
    world.move_to(until)
    company.watcher.look()


@pytest.mark.parametrize("noticed", [True, False])
def test_whoever_asks_is_forgotten_with_one_yes_and_hears_no_more(
    stage: Stage, company: Company, noticed: bool
) -> None:
    ana = company.actors["ana"]
    ana.codes.append("MAPLE")
    company._write(ana, Written("I found a green ladder", "green ladder"))
    season_partings.ask_to_be_forgotten(company, ana)
    assert ana.erases
    _pass(company, 4)
    assert ana.gone
    assert not ana.erases
    if noticed:
        _pass(company, 27 * 60)
        assert stage[3].checks["forgotten"] == 3
        assert _broken(stage) == []
        return
    company.world.text("rosa", "Ana told me of her green ladder")
    _pass(company, 90)
    assert any("green ladder" in what for what in _broken(stage))
    _tell(stage, "ana", "Hello Ana")
    company.world.settle()
    company.watcher.look()
    assert any("after everything was erased" in what for what in _broken(stage))


def test_a_name_that_others_were_told_is_found(stage: Stage) -> None:
    check_name_forgotten(stage[0], stage[3], "Ana", 0)
    assert _broken(stage) == []
    _tell(stage, "rosa", "Ana is your buddy")
    check_name_forgotten(stage[0], stage[3], "Ana", 0)
    assert "is still named: outbox.body" in _broken(stage)[0]


def test_the_number_of_someone_who_is_not_forgotten_is_found(stage: Stage) -> None:
    world, watcher, _, score = stage
    check_forgotten(world, score, watcher.ledger, "ana")
    assert "the number stands in" in _broken(stage)[0]


@pytest.mark.parametrize("receipt", [True, False])
def test_a_text_that_carries_words_without_a_receipt_is_seen(
    stage: Stage, company: Company, receipt: bool
) -> None:
    world, watcher, _, score = stage
    watcher.names = tuple(name.lower() for name in watcher.names)
    company._write(
        company.actors["ana"], Written("I found a green ladder", "green ladder", "circle", "MAPLE")
    )
    reader, text = _tell(stage, "rosa", "Ana: I found a green ladder")
    with world.database.write() as session:
        writer = address_for(session, [to_uri(world.number("ana"))], world.clock.now()).person_id
        if receipt:
            of = {"kind": "text", "ref_id": 1, "way": "text", "at": world.clock.now()}
            session.add(Receipt(person_id=writer, reader_id=reader, outbox_id=text, **of))
    world.settle()
    watcher.look()
    check_receipts(world, score, watcher)
    assert score.checks["receipts"] == 1
    assert any("no receipt" in what for what in _broken(stage)) is not receipt
