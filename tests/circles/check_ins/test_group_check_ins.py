"""Only a host reads how she is; "not OK" reaches whoever is there at once, and nobody else is promised."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.actions.effects import Alarm
from assistant.safety.on_call import hosts_on_call
from assistant.store.tables import Address, Circle, Member, Person
from tests.circles.town import NOW, Town


class Maple:
    """A circle with Ana in it; Luz hosts, Pat stands in."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle: Circle = town.circle()
        self.ana = town.person("Ana")
        self.seat: Member = town.seat(self.ana, self.circle)

    def host(self, name: str, kind: str = "host", *, accepted: bool = True) -> Person:
        person = self.town.person(name)
        self.town.role(person, kind, self.circle, accepted=accepted)
        if accepted:
            self.town.consent(person)
        return person

    def on_call(self) -> list[str | None]:
        return [person.name for person in hosts_on_call(self.town.ctx(self.ana, self.seat))]


@pytest.fixture
def maple(town: Town) -> Maple:
    return Maple(town)


def test_a_host_is_on_call_once_the_role_is_taken_up_and_while_texts_arrive(maple: Maple) -> None:
    assert maple.on_call() == []
    maple.host("Eva", accepted=False)
    assert maple.on_call() == []
    luz = maple.host("Luz")
    assert maple.on_call() == ["Luz"]
    address = maple.town.session.query(Address).filter_by(person_id=luz.id).one()
    address.unreachable_at = NOW
    maple.town.session.flush()
    assert maple.on_call() == []
    address.unreachable_at = None
    maple.town.say_stop(luz)
    assert maple.on_call() == []


def test_a_backup_is_on_call_only_in_place_of_a_host(maple: Maple) -> None:
    maple.host("Pat", "backup")
    assert maple.on_call() == ["Pat"]
    luz = maple.host("Luz")
    assert maple.on_call() == ["Luz"]
    maple.town.say_stop(luz)
    assert maple.on_call() == ["Pat"]


def test_a_host_who_is_away_or_stepped_down_is_not_on_call(maple: Maple) -> None:
    luz = maple.town.person("Luz")
    role = maple.town.role(luz, "host", maple.circle)
    maple.town.consent(luz)
    role.away_until = NOW + dt.timedelta(days=1)
    assert maple.on_call() == []
    role.away_until = NOW
    assert maple.on_call() == ["Luz"]
    role.ended_at = NOW
    assert maple.on_call() == []


def test_a_host_with_a_seat_is_no_help_to_the_same_person(maple: Maple) -> None:
    maple.town.role(maple.ana, "host", maple.circle)
    maple.town.consent(maple.ana)
    assert maple.on_call() == []


def test_who_hears_decides_what_is_asked(maple: Maple) -> None:
    town, ana, seat = maple.town, maple.ana, maple.seat
    assert town.do("who_hears", ana, seat).outcome == "alone"
    assert town.do("who_hears", ana, seat, question="How was it?").outcome == "alone"
    maple.host("Luz")
    assert town.do("who_hears", ana, seat).outcome == "hosted"
    assert town.do("who_hears", ana, seat, question="How was it?").outcome == "own"
    assert town.do("who_hears", ana, seat, question=" ").outcome == "hosted"
    assert town.do("who_hears", ana, None).outcome == "no_seat"
    seat.state = "left"
    assert town.do("who_hears", ana, seat).outcome == "no_seat"


def test_not_ok_raises_an_alarm_where_somebody_is_on_call(maple: Maple) -> None:
    assert maple.town.do("tell_host_not_ok", maple.ana, maple.seat).outcome == "nobody"
    maple.host("Luz")
    done = maple.town.do("tell_host_not_ok", maple.ana, maple.seat, words="not ok, my rent is due")
    assert (done.outcome, done.values) == ("told", {"host": "Luz"})
    assert done.effects == (Alarm("not_ok", maple.circle.id, maple.ana.id),)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("not ok", "not_ok"),
        ("Not good, to be honest", "not_ok"),
        ("MAL", "not_ok"),
        ("no muy bien", "not_ok"),
        ("fine", "ok"),
        ("muy bien", "ok"),
        ("Long, but I got a second one", "said"),
        ("", "said"),
    ],
)
def test_an_answer_in_own_words_is_heard(town: Town, words: str, outcome: str) -> None:
    assert town.do("hear_how", town.person("Ana"), how_words=words).outcome == outcome
