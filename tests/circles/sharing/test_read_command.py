"""READ shows a circle what its members shared with it: a few texts at a time, and nothing to other eyes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.sharing.read_command import readable
from assistant.circles.sharing.second_halves import HALF
from assistant.store.tables import Apart, Member, Note, Person, Share
from tests.circles.town import Town


@pytest.fixture
def seats(town: Town) -> dict[str, Member]:
    circle = town.circle()
    return {name: town.seat(town.person(name), circle) for name in ("Ana", "Rosa", "Sol")}


def person(town: Town, seat: Member) -> Person:
    return town.session.get_one(Person, seat.person_id)


def read(town: Town, seat: Member, **values: Any) -> ActionResult:
    town.now += HALF  # What was shared just now may still be half a thought.
    return town.do("read_circle", person(town, seat), seat, **values)


def told(done: ActionResult) -> list[tuple[str, dict[str, str]]]:
    tells = [effect for effect in done.effects if isinstance(effect, Tell)]
    assert all(tell.purpose == "reply" and tell.verbatim == ("words",) for tell in tells)
    return [(tell.notice, dict(tell.placeholders)) for tell in tells]


def test_a_reader_gets_what_others_shared_newest_first_with_names_or_without(
    town: Town, seats: dict[str, Member]
) -> None:
    town.share(seats["Rosa"], "first")
    town.share(seats["Sol"], "second", named=False)
    town.share(seats["Ana"], "her own")
    town.session.add(
        Share(
            circle_id=seats["Rosa"].circle_id,
            member_id=seats["Rosa"].id,
            week=1,
            words="a win",
            kind="win",
            named=True,
            at=town.now,
        )
    )
    done = read(town, seats["Ana"])
    assert done.outcome == "some"
    assert told(done) == [
        ("shared_win_by", {"writer": "Rosa", "words": "a win"}),
        ("shared_unnamed", {"words": "second"}),
        ("shared_by", {"writer": "Rosa", "words": "first"}),
    ]


def test_a_reader_gets_a_few_at_a_time_and_more_on_request(town: Town, seats: dict[str, Member]) -> None:
    for number in range(7):
        town.share(seats["Rosa"], str(number))
    ana = person(town, seats["Ana"])
    shown: list[str] = []
    for words, outcome in (
        ("READ", "more"),
        ("read more", "more"),
        ("leer más", "some"),
        ("more", "nothing"),
    ):
        heard = town.do("hear_reading", ana, seats["Ana"], words=words)
        done = read(town, seats["Ana"], **heard.values)
        assert done.outcome == outcome
        shown += [placeholders["words"] for _, placeholders in told(done)]
        town.conversation(ana, seats["Ana"], "read", **{**heard.values, **done.values})
    assert shown == ["6", "5", "4", "3", "2", "1", "0"]
    town.now += dt.timedelta(days=2)
    assert told(read(town, seats["Ana"], more_please=True))[0][1]["words"] == "6"


def test_a_reader_gets_nothing_old_erased_from_elsewhere_or_of_someone_who_left(
    town: Town, seats: dict[str, Member]
) -> None:
    omar = town.seat(town.person("Omar"), town.circle("OAK", "New Moms"))
    town.share(omar, "elsewhere")
    town.share(seats["Rosa"], "erased").words = None
    town.share(seats["Rosa"], "old").at = town.now - dt.timedelta(days=9)
    town.share(seats["Sol"], "gone")
    seats["Sol"].state = "left"
    town.session.flush()
    assert read(town, seats["Ana"]).outcome == "nothing"
    assert read(town, omar).outcome == "nothing"


def test_people_kept_apart_do_not_read_each_other(town: Town, seats: dict[str, Member]) -> None:
    town.share(seats["Rosa"], "Rosa's words")
    town.share(seats["Ana"], "Ana's words")
    one, other = sorted((seats["Ana"].person_id, seats["Rosa"].person_id))
    town.session.add(Apart(one_id=one, other_id=other, since=town.now))
    town.session.flush()
    assert readable(town.session, seats["Ana"], town.now + HALF) == []
    assert readable(town.session, seats["Rosa"], town.now + HALF) == []
    assert len(readable(town.session, seats["Sol"], town.now + HALF)) == 2


def test_reading_needs_a_seat_and_a_promise_and_a_good_moment(town: Town, seats: dict[str, Member]) -> None:
    seat = seats["Ana"]
    ana = person(town, seat)
    assert town.do("can_read", ana, seat).outcome == "read"
    ana.plain = True
    assert town.do("can_read", ana, seat).outcome == "plain"
    assert town.do("can_read", ana, seat, more_please=True).outcome == "plain"
    town.conversation(ana, seat, "read", read_to=1)
    assert town.do("can_read", ana, seat, more_please=True).outcome == "read"
    town.now += dt.timedelta(minutes=21)
    assert town.do("can_read", ana, seat, more_please=True).outcome == "plain"
    seat.promised_at = None
    assert town.do("can_read", ana, seat).outcome == "not_yet"
    seat.state = "left"
    assert town.do("can_read", ana, seat).outcome == "no_seat"
    assert town.do("can_read", ana, None).outcome == "no_seat"


def test_on_a_shared_phone_kind_lines_wait_for_read(town: Town, seats: dict[str, Member]) -> None:
    note = Note(
        circle_id=seats["Ana"].circle_id,
        from_member_id=seats["Rosa"].id,
        to_member_id=seats["Ana"].id,
        kind="kind",
        words="thinking of you",
        at=town.now,
    )
    town.session.add(note)
    town.session.flush()
    assert read(town, seats["Ana"]).outcome == "nothing"
    person(town, seats["Ana"]).plain = True
    assert told(read(town, seats["Ana"])) == [("note_to_you", {"writer": "Rosa", "words": "thinking of you"})]
    assert read(town, seats["Ana"], more_please=True).outcome == "nothing"
    assert read(town, seats["Sol"]).outcome == "nothing"
