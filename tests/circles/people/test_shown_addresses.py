"""What a person is told of their own addresses: enough to know each by, and no whole number."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from assistant.circles.actions.context import ActionContext
from assistant.circles.people.consent import agree
from assistant.circles.people.shown_addresses import shown, told_apart
from assistant.circles.trust.held_about_me import tell_what_is_held
from assistant.store.tables import Address, Person
from tests.circles.town import IDENTITY, NOW, SENDER, Town

NUMBERS = st.integers(10**9, 10**10 - 1).map(lambda number: f"+1{number}")
IDS = st.integers(0, 10**8).map(lambda number: f"US.{number}")
URIS = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(("sms", "whatsapp")), NUMBERS),
    st.builds("whatsapp:{}".format, IDS),
)


@given(st.lists(URIS, min_size=1, max_size=5, unique=True), st.sampled_from(("en", "es")))
def test_each_place_is_named_and_no_number_is_whole(uris: list[str], language: str) -> None:
    apart = told_apart(uris)
    assert apart
    assert set(apart) <= set(uris)
    assert {uri for uri in uris if "+" in uri} <= set(apart)
    for uri in apart:
        said = shown(uri, language)
        digits = "".join(sign for sign in said if sign.isdigit())
        assert digits == (uri[-4:] if "+" in uri else "")
        assert ("WhatsApp" in said) == uri.startswith("whatsapp:")


def held(town: Town, person: Person, uri: str) -> list[tuple[str, dict[str, Any]]]:
    """What ME tells first, as it is asked from that address."""
    address = town.session.scalars(select(Address).where(Address.uri == uri)).one()
    told = tell_what_is_held(ActionContext(town.session, NOW, IDENTITY, person, address.id))
    return [(line.notice, dict(line.placeholders)) for line in told.effects[0].lines]  # type: ignore[union-attr]


def test_a_chat_without_a_number_has_no_ending(town: Town) -> None:
    ana = town.person("Ana", language="en")
    sms = town.session.scalars(select(Address).where(Address.person_id == ana.id)).one()
    hidden = Address(person_id=ana.id, uri="whatsapp:US.AB12CD34EF", created_at=NOW)
    town.session.add(hidden)
    town.session.flush()
    agree(town.session, hidden.id, SENDER, "ok", "text", NOW)
    from_chat = held(town, ana, hidden.uri)
    assert [notice for notice, _ in from_chat] == ["me_chat", "me_address"]
    assert from_chat[1][1] == {"options": f"SMS, ending {sms.uri[-4:]}"}
    from_phone = held(town, ana, sms.uri)
    assert [notice for notice, _ in from_phone] == ["me_person", "me_address"]
    assert from_phone[1][1] == {"options": "WhatsApp, number hidden", "kind": "in", "date": "June 1"}
