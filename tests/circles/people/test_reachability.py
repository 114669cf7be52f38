"""Whether people can be reached: by the address in use and the consent in force there for our sender."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.people import consent
from assistant.circles.people.reachability import Reach, hears_us, is_away, out_of_reach, reach, reach_of
from assistant.store.tables import Address, Person
from tests.circles.town import NOW, SENDER, Town

LATER = NOW + dt.timedelta(days=1)
OTHER_SENDER = "MG" + "0" * 31 + "2"


def address(town: Town, person: Person) -> Address:
    """The first address of a person."""
    return (
        town.session.query(Address).filter_by(person_id=person.id).order_by(Address.id).first() or Address()
    )


def second_address(town: Town, person: Person, *, heard_at: dt.datetime | None = None) -> Address:
    added = Address(
        person_id=person.id, uri=f"whatsapp:+1512556{person.id:04}", created_at=LATER, heard_at=heard_at
    )
    town.session.add(added)
    town.session.flush()
    return added


def say(town: Town, at: Address, *kinds: str, sender: str = SENDER) -> None:
    for kind in kinds:
        record = consent.agree if kind == "in" else consent.refuse
        record(town.session, at.id, sender, kind, "text", NOW)


@pytest.mark.parametrize(
    ("kinds", "hears", "is_out"),
    [
        ((), False, False),
        (("in",), True, False),
        (("out",), False, True),
        (("in", "out"), False, True),
        (("in", "out", "in"), True, False),
        (("in", "out", "out"), False, True),
    ],
)
def test_the_newest_word_of_a_person_counts(
    town: Town, kinds: tuple[str, ...], hears: bool, is_out: bool
) -> None:
    ana = town.person("Ana")
    say(town, address(town, ana), *kinds)
    found = reach_of(town.session, ana.id, SENDER)
    assert (found.hears, found.out_of_reach, found.silent) == (hears, is_out, False)
    assert found.consent == (kinds[-1] if kinds else None)
    assert hears_us(town.session, ana.id, SENDER) is hears
    assert out_of_reach(town.session, [ana.id], SENDER) == ({ana.id} if is_out else set())


def test_what_a_person_said_to_another_sender_does_not_count(town: Town) -> None:
    ana, rosa = town.person("Ana"), town.person("Rosa")
    say(town, address(town, ana), "in")
    say(town, address(town, ana), "out", sender=OTHER_SENDER)
    say(town, address(town, rosa), "in", sender=OTHER_SENDER)
    found = reach(town.session, [ana.id, rosa.id], SENDER)
    assert (found[ana.id].consent, found[rosa.id].consent) == ("in", None)
    assert out_of_reach(town.session, [ana.id, rosa.id], SENDER) == set()
    assert out_of_reach(town.session, [ana.id, rosa.id], OTHER_SENDER) == {ana.id}


@pytest.mark.parametrize("first", ["in", "out"])
def test_a_person_with_two_addresses_hears_where_they_agreed_to(town: Town, first: str) -> None:
    """The address in use is it while consent stands there; a STOP there leaves the other, if that has it."""
    ana = town.person("Ana")
    in_use, unused = address(town, ana), second_address(town, ana)
    in_use.heard_at = NOW
    say(town, in_use, first)
    say(town, unused, "out" if first == "in" else "in")
    town.session.flush()
    found = reach_of(town.session, ana.id, SENDER)
    agreed = in_use if first == "in" else unused
    assert (found.address, found.hears, found.out_of_reach) == (agreed, True, False)


def test_a_person_is_written_to_where_the_last_text_came_from_else_at_the_newest_address(town: Town) -> None:
    ana, rosa, mia = (town.person(name) for name in ("Ana", "Rosa", "Mia"))
    address(town, ana).heard_at = LATER
    second_address(town, ana, heard_at=NOW)
    newest = second_address(town, rosa)
    given_up = second_address(town, mia, heard_at=LATER)
    given_up.retired_at = LATER
    town.session.flush()
    found = reach(town.session, [ana.id, rosa.id, mia.id], SENDER)
    assert [found[each.id].address for each in (ana, rosa, mia)] == [
        address(town, ana),
        newest,
        address(town, mia),
    ]


def test_a_person_whose_phone_does_not_answer_is_out_of_reach_whatever_was_agreed_to(town: Town) -> None:
    ana, rosa = town.person("Ana"), town.person("Rosa")
    for person in (ana, rosa):
        say(town, address(town, person), "in")
    address(town, ana).unreachable_at = NOW
    address(town, rosa).retired_at = NOW
    town.session.flush()
    found = reach(town.session, [ana.id, rosa.id], SENDER)
    assert found[rosa.id] == Reach(None, None)
    for each in found.values():
        assert (each.silent, each.hears, each.out_of_reach) == (True, False, True)


def test_nobody_is_asked_about_in_vain(town: Town) -> None:
    assert reach(town.session, [], SENDER) == {}
    assert reach(town.session, [404], SENDER) == {404: Reach(None, None)}


@pytest.mark.parametrize(
    ("state", "stopped", "away"),
    [
        ("active", False, False),
        ("reading", False, False),
        ("paused", False, True),
        ("left", False, True),
        ("active", True, True),
    ],
)
def test_a_member_is_away_by_the_seat_or_by_an_opt_out(
    town: Town, state: str, stopped: bool, away: bool
) -> None:
    ana = town.person("Ana")
    member = town.seat(ana, town.circle(), state)
    if stopped:
        town.say_stop(ana)
    assert is_away(town.session, member, SENDER) is away


def test_many_people_are_judged_in_several_chunks_as_one_is(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "_CHUNK", 7)
    people = [town.person(str(number)) for number in range(30)]
    for person in people[::2]:
        say(town, address(town, person), "in")
    found = reach(town.session, [person.id for person in people], SENDER)
    assert [found[person.id].hears for person in people] == [number % 2 == 0 for number in range(30)]
