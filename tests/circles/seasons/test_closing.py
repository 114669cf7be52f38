"""The end of a season: what others wrote with their yes, the member's own words, and what comes next."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from assistant.circles.actions.effects import Start, Tell
from assistant.circles.seasons.closing import WISHES_IN
from assistant.store.tables import Apart, Circle, Member, Note, Question, Role, Timer
from tests.circles.town import NOW, Town


def note(town: Town, writer: Member, reader: Member, words: str, kind: str = "kind") -> Note:
    row = Note(
        circle_id=writer.circle_id,
        from_member_id=writer.id,
        to_member_id=reader.id,
        kind=kind,
        words=words,
        at=town.now,
    )
    town.session.add(row)
    town.session.flush()
    return row


def test_only_words_whose_writer_said_yes_become_a_keepsake(town: Town) -> None:
    circle = town.circle(state="running")
    ana, rosa, sol = town.person("Ana"), town.person("Rosa"), town.person("Sol")
    seats = {each.id: town.seat(each, circle) for each in (ana, rosa, sol)}
    note(town, seats[rosa.id], seats[ana.id], "you are brave")
    note(town, seats[sol.id], seats[ana.id], "you talk too much")
    note(town, seats[rosa.id], seats[ana.id], "are you up for a call?", kind="buddy")
    assert town.do("find_keepsake", ana, seats[ana.id]).outcome == "none"
    asked = town.do("ask_to_keep", rosa, seats[rosa.id])
    assert (asked.outcome, asked.values["count"]) == ("some", "1")
    town.do("let_keep", rosa, seats[rosa.id])
    town.do("keep_from_keepsakes", sol, seats[sol.id])
    assert town.do("ask_to_keep", rosa, seats[rosa.id]).outcome == "none"
    assert town.do("find_keepsake", ana, seats[ana.id]).outcome == "some"
    (told,) = town.do("hand_keepsake", ana, seats[ana.id]).effects
    assert isinstance(told, Tell)
    assert (told.person_id, told.placeholders, told.verbatim) == (
        ana.id,
        {"writer": "Rosa", "words": "you are brave"},
        ("words",),
    )


def test_on_a_shared_phone_the_keepsake_waits_for_a_yes(town: Town) -> None:
    circle, ana, rosa = town.circle(), town.person("Ana", plain=True), town.person("Rosa")
    mine, hers = town.seat(ana, circle), town.seat(rosa, circle)
    note(town, hers, mine, "you are brave").may_keep = True
    assert town.do("find_keepsake", ana, mine).outcome == "plain"


def test_a_keepsake_holds_nothing_of_someone_kept_apart(town: Town) -> None:
    circle, ana, rosa = town.circle(), town.person("Ana"), town.person("Rosa")
    mine, hers = town.seat(ana, circle), town.seat(rosa, circle)
    note(town, hers, mine, "you are brave").may_keep = True
    town.session.add(Apart(one_id=ana.id, other_id=rosa.id, since=town.now))
    town.session.flush()
    assert town.do("find_keepsake", ana, mine).outcome == "none"


def test_a_member_hears_until_when_words_are_kept(town: Town) -> None:
    ana = town.person("Ana", language="es")
    seat = town.seat(ana, town.circle(erase_on=dt.date(2026, 8, 25)))
    found = town.do("find_end", ana, seat)
    assert (found.outcome, found.values["date"]) == ("known", "25 de agosto")
    town.now = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    assert town.do("find_end", ana, seat).outcome == "unknown"


def wish(town: Town, name: str, circle: Circle, chosen: str) -> Member:
    person = town.person(name)
    seat = town.seat(person, circle)
    question = town.question(person, seat, "next")
    question.flow = "season_close"
    town.answer(question, chosen).outcome = chosen
    town.session.flush()
    return seat


def test_the_host_hears_once_how_many_wish_for_what_and_never_who(town: Town) -> None:
    circle, luz = town.circle(state="running"), town.person("Luz")
    town.role(luz, "host", circle)
    first = wish(town, "Ana", circle, "together")
    wish(town, "Rosa", circle, "together")
    wish(town, "Sol", circle, "rest")
    ana = town.session.get_one(type(luz), first.person_id)
    done = town.do("keep_wish", ana, first)
    assert done.effects == (Start(luz.id, "season_wishes", {"circle_id": circle.id}, due_at=NOW + WISHES_IN),)
    town.session.add(
        Timer(
            kind="prompt",
            person_id=luz.id,
            flow="season_wishes",
            values={"circle_id": circle.id},
            due_at=NOW + WISHES_IN,
        )
    )
    town.session.flush()
    assert town.do("keep_wish", ana, first).effects == ()
    counted = town.do("count_wishes", luz, circle_id=circle.id)
    assert (counted.outcome, counted.values["options"]) == ("some", "2 go on together, 1 rest")
    assert not {"Ana", "Rosa", "Sol"} & set(str(counted.values).split())


def test_a_circle_that_goes_on_is_joined_by_its_word_only_by_those_who_wished_so(town: Town) -> None:
    circle, luz = town.circle(state="closed"), town.person("Luz")
    town.circle("MAPLE2", "Another")
    ana = wish(town, "Ana", circle, "together")
    wish(town, "Sol", circle, "rest")
    done = town.do("open_again", luz, circle_id=circle.id)
    assert (done.outcome, done.values["code"]) == ("opened", "MAPLE3")
    assert [(each.person_id, each.placeholders) for each in done.effects if isinstance(each, Tell)] == [
        (ana.person_id, {"code": "MAPLE3"})
    ]
    again = town.session.scalars(select(Circle).where(Circle.code == "MAPLE3")).one()
    assert (again.state, again.name) == ("gathering", "Bold Moves")
    role = town.session.scalars(select(Role).where(Role.circle_id == again.id)).one()
    assert (role.person_id, role.kind, role.accepted_at) == (luz.id, "host", town.now)
    assert not town.session.scalars(select(Member).where(Member.circle_id == again.id)).all()


def test_a_member_who_only_reads_along_has_no_last_round(town: Town) -> None:
    ana = town.person("Ana")
    seat = town.seat(ana, town.circle(state="running"))
    assert town.do("open_closing", ana, seat).outcome == "round"
    seat.state = "reading"
    assert town.do("open_closing", ana, seat).outcome == "later"
    assert town.session.scalars(select(Question)).all() == []
