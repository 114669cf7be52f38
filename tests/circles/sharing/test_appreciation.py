"""A kind line finds the one it is for, in the writer's own words, and nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.actions.effects import Tell
from assistant.circles.sharing.appreciation import without_address
from assistant.language.commands.addressing import named_in
from assistant.store.tables import Apart, Member, Note, Outbox, Person
from tests.circles.town import Town

NAMES = {1: "Rosa", 2: "Marisol", 3: "Ana María", 4: "Kay", 5: "José"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Rosa your words stayed with me", [1]),
        ("to rosa: thank you", [1]),
        ("Para José, gracias", [5]),
        ("para jose gracias", [5]),
        ("I loved what Marisol said", [2]),
        ("marisoll you are brave", [2]),
        ("Rossa, thank you", [1]),
        ("Rosa, what you said to Marisol moved me", [1]),
        ("Rosa and Marisol, thank you both", [1, 2]),
        ("What Rosa and Marisol said", [1, 2]),
        ("Ana María, un abrazo", [3]),
        ("ana, un abrazo", [3]),
        ("Kaye, thanks", []),
        ("Omar, thank you", []),
        ("you were all so brave, and it made me think of roses and seas", []),
        ("", []),
        ("💛", []),
    ],
)
def test_a_line_is_for_whom_it_names(words: str, found: list[int]) -> None:
    assert named_in(words, NAMES) == found


def test_two_of_one_name_are_both_found_unless_the_whole_name_is_said() -> None:
    names = {1: "Rosa Gil", 2: "Rosa Paz"}
    assert named_in("Rosa, thank you", names) == [1, 2]
    assert named_in("Rosa Paz, thank you", names) == [2]


@pytest.mark.parametrize(
    ("words", "name", "line"),
    [
        ("Rosa, I'm glad you came", "Rosa", "I'm glad you came"),
        ("To Rosa: I'm glad", "Rosa", "I'm glad"),
        ("rosa - thinking of you", "Rosa", "thinking of you"),
        ("Rosa your words stayed", "Rosa", "your words stayed"),
        ("Rosa is brave", "Rosa", "Rosa is brave"),
        ("I loved what Rosa said", "Rosa", "I loved what Rosa said"),
        ("Gracias Rosa, contigo se puede", "Rosa", "Gracias Rosa, contigo se puede"),
        ("Rosa Paz, gracias “de veras” 😊", "Rosa Paz", "gracias “de veras” 😊"),
        ("Rosa", "Rosa", ""),
        ("Rosa!!!", "Rosa", ""),
        ("Rosa. She listened", "Rosa", "She listened"),
    ],
)
def test_only_the_address_is_taken_off_a_line(words: str, name: str, line: str) -> None:
    assert without_address(words, name) == line


@given(st.text(max_size=120))
@settings(max_examples=80)
def test_no_words_of_a_writer_are_changed_or_invented(words: str) -> None:
    assert without_address(words, "Rosa") in words
    assert set(named_in(words, NAMES)) <= NAMES.keys()


@pytest.fixture
def seats(town: Town) -> dict[str, Member]:
    circle = town.circle()
    return {name: town.seat(town.person(name), circle) for name in ("Ana", "Rosa", "Marisol")}


def person(town: Town, seat: Member) -> Person:
    return town.session.get_one(Person, seat.person_id)


def test_nobody_from_elsewhere_without_a_promise_or_gone_is_found(
    town: Town, seats: dict[str, Member]
) -> None:
    ana = person(town, seats["Ana"])
    town.seat(town.person("Omar"), town.circle("OAK", "New Moms"))
    seats["Rosa"].state = "left"
    seats["Marisol"].promised_at = None
    for line in ("Omar, thank you", "Rosa, thank you", "Marisol, thank you", "Ana, well done"):
        assert town.do("find_recipient", ana, seats["Ana"], line=line).outcome == "unknown"
    seats["Rosa"].state = "active"
    seats["Ana"].promised_at = None
    assert town.do("find_recipient", ana, seats["Ana"], line="Rosa, thank you").outcome == "unknown"


def test_a_writer_is_asked_twice_for_a_name_and_not_a_third_time(
    town: Town, seats: dict[str, Member]
) -> None:
    ana = person(town, seats["Ana"])
    values: dict[str, Any] = {"line": "thank you"}
    for outcome in ("unknown", "unknown", "lost"):
        done = town.do("find_recipient", ana, seats["Ana"], **values)
        assert done.outcome == outcome
        values |= done.values


def test_two_of_one_name_are_told_apart_by_their_places(town: Town, seats: dict[str, Member]) -> None:
    ana, circle = person(town, seats["Ana"]), seats["Ana"].circle_id
    twin = town.person("Rosa", place="Austin")
    seat = Member(
        circle_id=circle, person_id=twin.id, state="active", state_at=town.now, promised_at=town.now
    )
    town.session.add(seat)
    town.session.flush()
    done = town.do("find_recipient", ana, seats["Ana"], line="Rosa, thank you")
    assert (done.outcome, done.values["options"]) == ("several", "1 Rosa, 2 Rosa (Austin)")
    chosen = town.do("find_recipient", ana, seats["Ana"], line="Rosa, thank you", to_id=str(seat.id))
    assert (chosen.outcome, chosen.values["line"]) == ("found", "thank you")


@pytest.mark.parametrize(
    ("note", "kind", "notice"),
    [("", "kind", "kind_line_to_you"), ("thanks", "thanks", "thanks_to_you")],
)
def test_a_kind_line_is_kept_and_told_to_the_letter_under_the_first_name(
    town: Town, seats: dict[str, Member], note: str, kind: str, notice: str
) -> None:
    ana = person(town, seats["Ana"])
    done = town.do("find_recipient", ana, seats["Ana"], line="Rosa: “gracias” 😊")
    assert done.outcome == "found"
    passed = town.do("pass_on", ana, seats["Ana"], note=note, **done.values)
    (kept,) = town.session.query(Note).all()
    assert (kept.kind, kept.words, kept.to_member_id, kept.may_keep) == (
        kind,
        "“gracias” 😊",
        seats["Rosa"].id,
        None,
    )
    (tell,) = passed.effects
    assert tell == Tell(
        seats["Rosa"].person_id,
        notice,
        {"other_name": "Ana", "words": "“gracias” 😊"},
        purpose="relay",
        circle_id=seats["Ana"].circle_id,
        verbatim=("words",),
        member_id=seats["Rosa"].id,
        carries=f"note:{kept.id}",
    )


def test_a_shared_phone_says_once_that_kind_lines_wait(town: Town, seats: dict[str, Member]) -> None:
    ana, rosa = person(town, seats["Ana"]), person(town, seats["Rosa"])
    rosa.plain = True
    passed = town.do("pass_on", ana, seats["Ana"], line="gracias", to_id=str(seats["Rosa"].id))
    (tell,) = passed.effects
    assert isinstance(tell, Tell)
    text = {
        "person_id": rosa.id,
        "address_id": 1,
        "to_uri": "sms:+15125550001",
        "sender": "MG1",
        "segments": 1,
    }
    due = {"purpose": "relay", "priority": 2, "created_at": town.now, "not_before": town.now}
    town.session.add(
        Outbox(**text, **due, body="Someone left you a kind line.", wording=f"notices/{tell.notice}")
    )
    town.session.flush()
    town.now += dt.timedelta(minutes=10)
    again = town.do("pass_on", ana, seats["Ana"], line="gracias otra vez", to_id=str(seats["Rosa"].id))
    assert (again.outcome, again.effects) == ("passed", ())
    assert town.session.query(Note).count() == 2


def test_to_someone_the_writer_is_kept_apart_from_nothing_goes_and_nothing_shows_it(
    town: Town, seats: dict[str, Member]
) -> None:
    ana = person(town, seats["Ana"])
    one, other = sorted((seats["Ana"].person_id, seats["Rosa"].person_id))
    town.session.add(Apart(one_id=one, other_id=other, since=town.now))
    town.session.flush()
    done = town.do("find_recipient", ana, seats["Ana"], line="Rosa, thank you")
    passed = town.do("pass_on", ana, seats["Ana"], **done.values)
    assert (done.outcome, passed.outcome, passed.effects) == ("found", "passed", ())
    assert town.session.query(Note).count() == 0


def test_a_recipient_on_pause_reads_a_kind_line_later(town: Town, seats: dict[str, Member]) -> None:
    ana = person(town, seats["Ana"])
    seats["Rosa"].state = "paused"
    done = town.do("find_recipient", ana, seats["Ana"], line="Rosa, thank you")
    passed = town.do("pass_on", ana, seats["Ana"], **done.values)
    assert (passed.outcome, passed.effects, town.session.query(Note).count()) == ("passed", (), 1)


def test_a_phone_number_waits_for_the_writers_yes(town: Town, seats: dict[str, Member]) -> None:
    ana = person(town, seats["Ana"])
    line = "Rosa, call me at 512-555-0143"
    assert town.do("find_recipient", ana, seats["Ana"], line=line).outcome == "number"
    assert town.do("find_recipient", ana, seats["Ana"], line=line, number_ok="yes").outcome == "found"


def test_without_anyone_or_anything_nothing_is_passed_on(town: Town, seats: dict[str, Member]) -> None:
    ana = person(town, seats["Ana"])
    assert town.do("pass_on", ana, seats["Ana"], line="hello").outcome == "gone"
    assert town.do("pass_on", ana, seats["Ana"], to_id=str(seats["Rosa"].id), line=" ").outcome == "gone"
    assert town.do("find_recipient", ana, seats["Ana"], line="Rosa").outcome == "no_line"
    assert town.do("mark_thanks", ana, seats["Ana"]).values == {"note": "thanks"}
