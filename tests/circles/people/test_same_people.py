"""Whose a text is: one person by all addresses of a number, two where that is not sure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from assistant.circles.people.addresses import claim_senders, numbers_of, person_at
from assistant.circles.people.same_people import known_by, number_in, same_addresses
from assistant.store.tables import Address, Inbox, Person
from tests.circles.town import NOW, Town

LONG_AGO = NOW - dt.timedelta(days=60)
HIDDEN = "whatsapp:US.AB12CD34EF"


def write(town: Town, *uris: str, params: Mapping[str, str] | None = None) -> list[int]:
    """Texts come in together; return whose each is."""
    texts = [
        Inbox(
            carrier_id=f"SM{town.session.query(Inbox).count()}x{number}",
            from_uri=uri,
            to_uri="sms:+14155550100",
            body="hi",
            params=dict(params or {}),
            received_at=NOW,
            state="new",
        )
        for number, uri in enumerate(uris)
    ]
    town.session.add_all(texts)
    town.session.flush()
    return claim_senders(town.session, texts)


def at(town: Town, uri: str) -> Address:
    return town.session.scalars(select(Address).where(Address.uri == uri)).one()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sms:+15125550123", "whatsapp:+15125550123"),
        ("whatsapp:+15125550123", "sms:+15125550123"),
        ("sms:+525512345678", "whatsapp:+5215512345678"),
        ("whatsapp:+5491123456789", "sms:+541123456789"),
        ("whatsapp:+553188765432", "whatsapp:+5531988765432"),
    ],
)
def test_one_number_is_one_person(town: Town, first: str, second: str) -> None:
    """Known before, and met in one batch."""
    assert write(town, first) == write(town, second)
    assert at(town, second).doubted_at is None
    one, other = write(town, "sms:+525587654321", "whatsapp:+5215587654321")
    assert one == other


def test_other_numbers_are_other_people(town: Town) -> None:
    found = write(
        town, "sms:+525512345678", "whatsapp:+5215512345679", "sms:+15125550123", "sms:+551133334444"
    )
    assert len(set(found)) == 4


def test_a_number_that_was_silent_for_long_is_asked_whose_it_is(town: Town) -> None:
    (ana,) = write(town, "sms:+15125550123")
    at(town, "sms:+15125550123").heard_at = LONG_AGO
    assert write(town, "whatsapp:+15125550123") == [ana]
    assert at(town, "whatsapp:+15125550123").doubted_at is not None


def test_whoever_hides_a_number_is_known_by_what_came_with_it_once(town: Town) -> None:
    (ana,) = write(town, "sms:+15125550123")
    assert write(town, "whatsapp:+15125550123", params={"ExternalUserId": HIDDEN}) == [ana]
    assert write(town, HIDDEN, params={"ExternalUserIdentifier": HIDDEN}) == [ana]


def test_whoever_was_known_before_ids_were_sent_is_known_by_theirs(town: Town) -> None:
    (ana,) = write(town, "whatsapp:+15125550123")
    write(town, "whatsapp:+15125550123", params={"ExternalUserId": HIDDEN})
    assert write(town, HIDDEN) == [ana]


def test_a_stranger_who_shows_a_members_number_is_the_member(town: Town) -> None:
    ana = town.person("Ana")
    town.seat(ana, town.circle())
    number = at(town, f"sms:{next(iter(numbers_of(town.session, ana.id)))}").uri.partition(":")[2]
    (stranger,) = write(town, HIDDEN)
    assert stranger != ana.id
    assert write(town, f"whatsapp:{number}", params={"ExternalUserId": HIDDEN}) == [ana.id]
    assert write(town, HIDDEN) == [ana.id]


def test_two_with_a_seat_each_stay_two(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    town.seat(ana, circle)
    number = next(iter(numbers_of(town.session, ana.id)))
    (hidden,) = write(town, HIDDEN)
    town.seat(town.session.get_one(Person, hidden), circle)
    assert write(town, f"whatsapp:{number}", params={"ExternalUserId": HIDDEN}) == [hidden]
    assert write(town, f"sms:{number}") == [ana.id]


def test_whoever_is_named_by_a_number_is_found_by_the_way_the_carrier_writes_it(town: Town) -> None:
    (ana,) = write(town, "sms:+5215512345678")
    person, address = person_at(town.session, "+525512345678", NOW)
    assert (person.id, address.uri) == (ana, "sms:+5215512345678")
    (eva,) = write(town, "whatsapp:+5215587654321")
    person, address = person_at(town.session, "+525587654321", NOW)
    assert (person.id, address.uri) == (eva, "sms:+525587654321")


NUMBERS = st.sampled_from(
    [
        *("+525512345678", "+5215512345678", "+525512345679", "+5491123456789", "+541123456789"),
        *("+5511988765432", "+551188765432", "+551178123456", "+5511978123456", "+15125550123"),
    ]
)
URIS = st.builds("{}:{}".format, st.sampled_from(("sms", "whatsapp")), NUMBERS)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(URIS, min_size=1, max_size=4), min_size=1, max_size=3))
def test_in_whatever_order_people_are_met_they_are_those_of_their_numbers(
    town: Town, batches: list[list[str]]
) -> None:
    met = [pair for some in batches for pair in zip(some, write(town, *some), strict=True)]
    for uri, person in met:
        for other, another in met:
            assert (person == another) == (number_in(uri) == number_in(other))
            assert (number_in(uri) == number_in(other)) == (uri in same_addresses(other))
    assert {uri: row.uri for uri, row in known_by(town.session, {uri for uri, _ in met}).items()} == {
        uri: uri for uri, _ in met
    }
