"""Rallies by rows: who may know, what is asked of them and when, and what comes after."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Effect, Lines, Start, Tell
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.membership.leaving import left
from assistant.circles.rallies.rally_telling import CARE_ON
from assistant.circles.sharing.given_words import erase, last_given
from assistant.store.tables import Approach, Listing, Member, Note, Person
from tests.circles.town import NOW, SENDER, Town

DAY = dt.timedelta(days=1)


class Rallies:
    """A circle of five, where it is nine in the morning, and its host."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle = town.circle(state="running")
        self.people: dict[str, Person] = {}
        self.seats: dict[str, Member] = {}
        for name in ("Ana", "Bea", "Rosa", "Kim", "Sol"):
            self.people[name] = town.person(name)
            town.consent(self.people[name])
            self.seats[name] = town.seat(self.people[name], self.circle)
        self.luz = town.person("Luz")
        town.consent(self.luz)
        town.role(self.luz, "host", self.circle)

    def do(self, action: str, name: str, **values: object) -> ActionResult:
        return self.town.do(action, self.people[name], self.seats[name], **values)

    def rally(
        self, words: str = "they cut my hours", *, need: str = "listen", to: str = "circle", named: str = ""
    ) -> ActionResult:
        drafted = self.do("draft_rally", "Ana", text=words)
        assert drafted.outcome == "ready"
        self.listing = self.town.session.get_one(Listing, drafted.values["listing"])
        given = {"listing": self.listing.id}
        self.do("keep_need", "Ana", **given, need=need)
        self.do("choose_audience", "Ana", **given, audience=to)
        seats: tuple[int, ...] = ()
        if named:
            found = self.do("find_chosen", "Ana", **given, people=named)
            assert found.outcome == "found"
            seats = tuple(found.values["chosen_seats"])
        assert self.do("check_rally", "Ana", **given).outcome == "ready"
        return self.do("post_rally", "Ana", **given, chosen_seats=seats)

    def say(self, action: str, name: str, **values: object) -> ActionResult:
        mine = self.town.session.scalars(
            select(Approach).where(
                Approach.listing_id == self.listing.id, Approach.member_id == self.seats[name].id
            )
        ).one()
        return self.do(action, name, listing=self.listing.id, approach=mine.id, **values)

    def told(self, done: ActionResult, flow: str = "stand_by") -> set[str]:
        names = {person.id: name for name, person in self.people.items()}
        return {
            names[each.person_id] for each in done.effects if isinstance(each, Start) and each.flow == flow
        }


@pytest.fixture
def rallies(town: Town) -> Rallies:
    return Rallies(town)


def notices(effects: tuple[Effect, ...]) -> list[tuple[int, str]]:
    return [(each.person_id, each.notice) for each in effects if isinstance(each, Tell)]


def test_nothing_goes_out_before_a_yes(rallies: Rallies) -> None:
    drafted = rallies.do("draft_rally", "Ana", text="they cut my hours")
    assert drafted.effects == ()
    assert rallies.town.session.scalars(select(Approach)).all() == []


def test_the_circle_is_told_and_nobody_kept_apart(rallies: Rallies) -> None:
    keep_apart(rallies.town.session, rallies.people["Bea"], rallies.people["Ana"], SENDER, NOW)
    rallies.seats["Kim"].state = "paused"
    rallies.town.session.flush()
    assert rallies.told(rallies.rally()) == {"Rosa", "Sol"}


def test_only_those_who_were_named_are_told(rallies: Rallies) -> None:
    rallies.seats["Rosa"].state = "reading"
    rallies.town.session.flush()
    done = rallies.rally(to="some", named="Rosa, and kim please")
    assert rallies.told(done) == {"Rosa", "Kim"}
    assert notices(done.effects) == []


def test_a_name_that_two_have_is_asked_about(rallies: Rallies) -> None:
    another = rallies.town.person("Rosa")
    rallies.town.consent(another)
    rallies.town.seat(another, rallies.circle)
    drafted = rallies.do("draft_rally", "Ana", text="they cut my hours")
    found = rallies.do("find_chosen", "Ana", listing=drafted.values["listing"], people="Rosa")
    assert found.outcome == "several"


def test_a_host_alone_gets_the_words_and_what_would_help(rallies: Rallies) -> None:
    rallies.town.question(rallies.people["Ana"], rallies.seats["Ana"], "need")
    done = rallies.rally(to="host", need="ideas")
    assert rallies.told(done) == set()
    assert notices(done.effects) == [(rallies.luz.id, "to_host"), (rallies.luz.id, "rally_need")]


def test_whoever_was_asked_twice_this_week_is_told_once_that_is_over(rallies: Rallies) -> None:
    session = rallies.town.session
    for days in (2, 1):
        ask = Listing(
            kind="ask",
            circle_id=rallies.circle.id,
            member_id=rallies.seats["Rosa"].id,
            words="a bed",
            state="open",
            created_at=NOW - days * DAY,
        )
        session.add(ask)
        session.flush()
        session.add(
            Approach(
                listing_id=ask.id,
                member_id=rallies.seats["Kim"].id,
                wave="circle",
                due_at=NOW - days * DAY,
                asked_at=NOW - days * DAY,
            )
        )
        session.flush()
    done = rallies.rally()
    due = {
        each.person_id: each.due_at
        for each in done.effects
        if isinstance(each, Start) and each.flow == "stand_by"
    }
    assert due[rallies.people["Bea"].id] == NOW
    later = due[rallies.people["Kim"].id]
    assert later is not None
    assert NOW + 4 * DAY < later < NOW + 6 * DAY
    # Should it come sooner all the same, it comes another day.
    early = rallies.say("open_rally", "Kim")
    assert (early.outcome, rallies.told(early)) == ("over", {"Kim"})
    rallies.town.now = later
    assert rallies.say("open_rally", "Kim").outcome == "ask"


def test_a_yes_opens_a_line_and_the_member_sees_who(rallies: Rallies) -> None:
    rallies.rally()
    assert rallies.say("open_rally", "Bea").outcome == "ask"
    done = rallies.say("stand_with", "Bea")
    assert notices(done.effects) == [(rallies.people["Ana"].id, "rally_with")]
    assert rallies.say("stand_with", "Rosa").outcome == "linked"
    assert rallies.do("find_link", "Ana", text="rosa thank you").outcome == "one"
    assert rallies.listing.state == "open"


def test_a_line_is_carried_and_a_no_reaches_nobody(rallies: Rallies) -> None:
    rallies.rally()
    done = rallies.say("carry_rally_line", "Bea", line="I am with you, 512-555-0188")
    (told,) = [each for each in done.effects if isinstance(each, Tell)]
    assert (told.person_id, told.notice) == (rallies.people["Ana"].id, "rally_line")
    assert "0188" not in told.placeholders["words"]
    assert rallies.say("not_this_time", "Kim").effects == ()


def test_care_comes_three_times_and_ends_with_the_last(rallies: Rallies) -> None:
    done = rallies.rally()
    care = [each for each in done.effects if isinstance(each, Start) and each.flow == "rally_care"]
    days = [(each.due_at - NOW).days for each in care if each.due_at is not None]
    assert days == list(CARE_ON)
    for each in care:
        rallies.town.now = each.due_at or NOW
        assert rallies.do("open_care", "Ana", **each.values).outcome == "care"
    assert rallies.listing.outcome == "expired"


def test_close_stops_the_care_and_thanks_those_who_stood_by(rallies: Rallies) -> None:
    rallies.rally()
    rallies.say("stand_with", "Bea")
    rallies.say("carry_rally_line", "Rosa", line="courage")
    rallies.say("not_this_time", "Kim")
    given = {"listing": rallies.listing.id}
    assert rallies.do("close_listing", "Ana", **given).outcome == "closed"
    assert rallies.do("was_rally", "Ana", **given).outcome == "rally"
    thanked = rallies.do("carry_rally_thanks", "Ana", **given, thanks="I made it through")
    assert {person for person, _ in notices(thanked.effects)} == {
        rallies.people["Bea"].id,
        rallies.people["Rosa"].id,
    }
    assert rallies.do("open_care", "Ana", **given, day="3").outcome == "over"
    assert rallies.say("open_rally", "Sol").outcome == "over"


def test_what_is_said_to_a_joy_comes_in_one_text(rallies: Rallies) -> None:
    done = rallies.rally("I got the job", need="joy")
    assert [each.flow for each in done.effects if isinstance(each, Start)].count("rally_care") == 0
    for name in ("Bea", "Rosa"):
        assert rallies.say("open_rally", name).outcome == "joy"
        said = rallies.say("carry_rally_line", name, line=f"so glad, says {name}")
        assert (said.outcome, said.effects) == ("later", ())
    rallies.town.now = NOW + DAY
    (lines,) = rallies.do("gather_joy", "Ana", listing=rallies.listing.id).effects
    assert isinstance(lines, Lines)
    assert [line.notice for line in lines.lines] == ["joy_heading", "joy_line", "joy_line"]
    # What comes later comes by itself, and a new rally is no second one.
    late = rallies.say("carry_rally_line", "Kim", line="me too")
    assert [notice for _, notice in notices(late.effects)] == ["rally_line"]
    assert rallies.do("draft_rally", "Ana", text="and now the bus broke down").outcome == "ready"


def test_one_at_a_time(rallies: Rallies) -> None:
    rallies.rally()
    assert rallies.do("draft_rally", "Ana", text="and one more").outcome == "going"


def test_whoever_leaves_takes_the_rally_along_silently(rallies: Rallies) -> None:
    rallies.rally()
    effects = left(rallies.town.session, rallies.people["Ana"], SENDER, NOW)
    assert rallies.listing.outcome == "gone"
    assert {notice for _, notice in notices(effects)} <= {"member_left"}
    assert rallies.say("open_rally", "Bea").outcome == "over"


def test_words_taken_back_are_gone(rallies: Rallies) -> None:
    rallies.rally()
    session = rallies.town.session
    given = last_given(session, rallies.people["Ana"].id, private=True)
    assert given is not None
    assert given.ref == f"listing:{rallies.listing.id}"
    erase(session, given, NOW)
    assert (rallies.listing.words, rallies.listing.outcome) == (None, "taken_back")
    assert session.scalars(select(Note)).all() == []
