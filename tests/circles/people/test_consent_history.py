"""What the ledger tells of one number: all of it, with receipts, and after an erasure no words."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people import consent
from assistant.circles.people.consent_history import tell_history
from assistant.store.tables import Address, Audit, Inbox, Outbox, Person, Receipt
from tests.circles.town import NOW, SENDER, Town

KEY = b"a key of the service's own"
HOUR = dt.timedelta(hours=1)


def ana(town: Town) -> tuple[Person, Address]:
    person = town.person("Ana")
    return person, town.session.scalars(select(Address).where(Address.person_id == person.id)).one()


def text_in(session: Session, person: Person, body: str, at: dt.datetime) -> Inbox:
    row = Inbox(
        carrier_id=f"SM{body}",
        from_uri="sms:+15125550001",
        to_uri=SENDER,
        body=body,
        params={},
        received_at=at,
        person_id=person.id,
        state="done",
        attempts=0,
    )
    session.add(row)
    session.flush()
    return row


def text_out(session: Session, person: Person, address: Address, wording: str, at: dt.datetime) -> None:
    session.add(
        Outbox(
            person_id=person.id,
            address_id=address.id,
            to_uri=address.uri,
            sender=SENDER,
            body="Hi",
            segments=1,
            purpose="reply",
            priority=1,
            wording=wording,
            created_at=at,
            not_before=at,
            sent_at=at,
            state="done",
            status="delivered",
            carrier_id=f"SM{wording}",
            attempt=1,
        )
    )
    session.flush()


def test_every_opt_in_and_opt_out_is_told_with_what_confirmed_it(town: Town) -> None:
    session = town.session
    person, address = ana(town)
    consent.agree(session, address.id, SENDER, "the form of May 1", "import", NOW - 30 * HOUR)
    text_out(session, person, address, "notices/invite", NOW - 20 * HOUR)
    joined = text_in(session, person, "JOIN MAPLE", NOW)
    consent.agree(session, address.id, SENDER, "JOIN MAPLE", "text", NOW, joined.id)
    text_out(session, person, address, "onboarding/confirm/say", NOW)
    stopped = text_in(session, person, "please stop these", NOW + HOUR)
    consent.refuse(session, address.id, SENDER, "please stop these", "text", NOW + HOUR, stopped.id)
    text_out(session, person, address, "notices/opted_out", NOW + HOUR + dt.timedelta(seconds=1))

    told = tell_history(session, address.uri, KEY, NOW + 2 * HOUR)

    assert told is not None
    assert [(each.kind, each.way, each.wording, each.carrier_id) for each in told.entries] == [
        ("in", "import", "the form of May 1", None),
        ("in", "text", "JOIN MAPLE", "SMJOIN MAPLE"),
        ("out", "text", "please stop these", "SMplease stop these"),
    ]
    assert [each.what for each in told.confirmations] == [
        "notices/invite",
        "onboarding/confirm/say",
        "notices/opted_out",
    ]
    assert (told.in_force, told.sent_after_stop, told.erased) == ("out", 0, False)
    text_out(session, person, address, "weekly_reflection/open/say", NOW + 3 * HOUR)
    late = tell_history(session, address.uri, KEY, NOW + 4 * HOUR)
    assert late is not None
    assert late.sent_after_stop == 1, "a fault that it does not hide"


def test_that_it_was_read_is_on_record_and_own_words_get_a_receipt(town: Town) -> None:
    session = town.session
    person, address = ana(town)
    consent.agree(session, address.id, SENDER, "a form", "import", NOW)
    joined = text_in(session, person, "JOIN MAPLE", NOW)
    consent.agree(session, address.id, SENDER, "JOIN MAPLE", "text", NOW, joined.id)
    tell_history(session, address.uri, KEY, NOW + HOUR)
    session.flush()
    receipts = session.execute(select(Receipt.person_id, Receipt.kind, Receipt.ref_id, Receipt.way)).all()
    assert [tuple(each) for each in receipts] == [(person.id, "text", joined.id, "export")]
    assert session.scalars(select(Audit.action)).all() == ["consent history"]


def test_of_who_was_forgotten_that_and_when_remain_and_of_others_nothing_is_told(town: Town) -> None:
    session = town.session
    _, address = ana(town)
    uri = address.uri
    consent.agree(session, address.id, SENDER, "JOIN MAPLE", "text", NOW)
    consent.forget(session, address, SENDER, KEY, NOW + HOUR)
    told = tell_history(session, uri, KEY, NOW + 2 * HOUR)
    assert told is not None
    assert [(each.kind, each.wording) for each in told.entries] == [("in", ""), ("out", "")]
    assert told.erased
    assert tell_history(session, "sms:+15125559999", KEY, NOW) is None
