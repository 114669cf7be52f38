"""What a member gave in a season: by the others' word, counted, and from nobody in particular."""

from __future__ import annotations

from assistant.circles.seasons.given_counts import given_by
from assistant.store.tables import Approach, Listing, Member, Pair, PairMember, Round
from tests.circles.town import NOW, Town


def paired(town: Town, week: int, circle_id: int, **gave: tuple[Member, str | None]) -> None:
    """A pair of a week, and what each of its members says the others did for them."""
    round_ = Round(circle_id=circle_id, week=week, made_at=NOW)
    town.session.add(round_)
    town.session.flush()
    pair = Pair(round_id=round_.id, why="first_time", made_at=NOW)
    town.session.add(pair)
    town.session.flush()
    for member, said in gave.values():
        town.session.add(PairMember(pair_id=pair.id, member_id=member.id, gave=said))
    town.session.flush()


def helped(town: Town, kind: str, writer: Member, other: Member, helped: str | None) -> None:
    listing = Listing(
        kind=kind,
        circle_id=writer.circle_id,
        member_id=writer.id,
        state="ended",
        outcome="person",
        created_at=NOW,
    )
    listing.ended_at = NOW
    town.session.add(listing)
    town.session.flush()
    town.session.add(
        Approach(listing_id=listing.id, member_id=other.id, wave="quiet", due_at=NOW, helped=helped)
    )
    town.session.flush()


def test_what_others_said_counts_and_ones_own_word_does_not(town: Town) -> None:
    circle = town.circle(state="running")
    ana, rosa, sol = (town.seat(town.person(name), circle) for name in ("Ana", "Rosa", "Sol"))
    paired(town, 1, circle.id, ana=(ana, "both"), rosa=(rosa, "taught"))
    paired(town, 2, circle.id, ana=(ana, "neither"), rosa=(rosa, "both"), sol=(sol, "listened"))
    paired(town, 3, circle.id, ana=(ana, None), sol=(sol, "neither"))
    helped(town, "ask", rosa, ana, "yes")
    helped(town, "ask", rosa, ana, "no")
    helped(town, "offer", ana, sol, "yes")
    helped(town, "now", ana, sol, "yes")
    assert given_by(town.session, ana) == {"taught": 2, "listened": 2, "helped": 2}
    assert given_by(town.session, rosa) == {"taught": 1, "listened": 2, "helped": 0}
    assert given_by(town.session, sol) == {"taught": 1, "listened": 1, "helped": 1}


def test_it_is_told_in_words_without_what_there_was_none_of(town: Town) -> None:
    circle = town.circle(state="running")
    people = [town.person("Ana"), town.person("Rosa", language="es")]
    ana, rosa = (town.seat(person, circle) for person in people)
    paired(town, 1, circle.id, ana=(ana, "both"), rosa=(rosa, "taught"))
    paired(town, 2, circle.id, ana=(ana, "taught"), rosa=(rosa, None))
    assert town.do("count_given", people[0], ana).values == {"gave": True, "options": "taught once"}
    assert town.do("count_given", people[1], rosa).values == {
        "gave": True,
        "options": "enseñaste 2 veces, escuchaste una vez",
    }
    kay = town.person("Kay")
    assert town.do("count_given", kay, town.seat(kay, circle)).values["gave"] is False
    assert town.do("count_given", kay).values["gave"] is False
