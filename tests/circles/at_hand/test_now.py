"""Someone to be there now, by rows: who is asked, in which order, one yes, and what ends it well."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.at_hand.at_hand_counts import NowCounts, count_nows
from assistant.circles.at_hand.calling import APART, TOLD_AT
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.membership.leaving import left
from assistant.store.tables import Approach, Listing, Member, Note, Person
from tests.circles.town import NOW, SENDER, Town

MINUTE = dt.timedelta(minutes=1)


class Calls:
    """A circle in Chicago, where it is nine in the morning: Ana calls, the others hear us."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle = town.circle(state="running")
        self.people: dict[str, Person] = {}
        self.seats: dict[str, Member] = {}
        for name in ("Ana", "Bea", "Rosa", "Kim", "Sol", "Eva"):
            self.people[name] = town.person(name)
            town.consent(self.people[name])
            self.seats[name] = town.seat(self.people[name], self.circle)

    def do(self, action: str, name: str, **values: object) -> ActionResult:
        return self.town.do(action, self.people[name], self.seats[name], **values)

    def call(self, words: str = "interview in an hour", *, named: bool = True) -> ActionResult:
        drafted = self.do("draft_now", "Ana", text=words)
        assert drafted.outcome == "ready"
        self.listing = self.town.session.get_one(Listing, drafted.values["listing"])
        return self.do("call_named" if named else "call_unnamed", "Ana", listing=self.listing.id)

    def on_hand(self, name: str, said: str) -> None:
        assert self.do("hear_on_hand", name, text=said).outcome in ("set", "off")

    def approach(self, name: str) -> Approach:
        return self.town.session.scalars(
            select(Approach).where(
                Approach.listing_id == self.listing.id, Approach.member_id == self.seats[name].id
            )
        ).one()

    def say(self, action: str, name: str) -> ActionResult:
        return self.do(action, name, listing=self.listing.id, approach=self.approach(name).id)

    def asked(self, done: ActionResult) -> list[str]:
        names = {person.id: name for name, person in self.people.items()}
        return [
            names[each.person_id]
            for each in done.effects
            if isinstance(each, Start) and each.flow == "be_there"
        ]


@pytest.fixture
def calls(town: Town) -> Calls:
    return Calls(town)


def due(done: ActionResult, flow: str) -> list[dt.datetime | None]:
    return [each.due_at for each in done.effects if isinstance(each, Start) and each.flow == flow]


def test_two_are_asked_at_a_time_those_on_hand_first(calls: Calls) -> None:
    calls.on_hand("Kim", "mornings")
    calls.on_hand("Eva", "anytime")
    done = calls.call()
    assert calls.asked(done) == ["Kim", "Eva"]
    assert due(done, "now_stage") == [NOW + APART]
    assert due(done, "now_end") == [NOW + TOLD_AT]
    calls.town.now = NOW + APART
    assert calls.asked(calls.do("call_next_two", "Ana", listing=calls.listing.id)) == ["Bea", "Rosa"]


def test_whoever_said_other_hours_or_off_is_left_in_peace(calls: Calls) -> None:
    calls.on_hand("Bea", "off")
    calls.on_hand("Rosa", "evenings and weekends")
    calls.seats["Kim"].weekly_only = True
    calls.seats["Sol"].state = "paused"
    calls.seats["Eva"].state = "reading"
    calls.town.session.flush()
    assert calls.call().outcome == "nobody"
    assert calls.listing.outcome == "no_one"


def test_an_evening_that_was_offered_is_later_than_anyone_else_is_asked(calls: Calls) -> None:
    calls.on_hand("Rosa", "evenings")
    calls.town.now = NOW + dt.timedelta(hours=11, minutes=30)  # Half past eight in Chicago.
    assert calls.asked(calls.call()) == ["Rosa"]


def test_at_night_nobody_is_asked_and_the_truth_comes_at_once(calls: Calls) -> None:
    calls.on_hand("Rosa", "anytime")
    calls.town.now = NOW + dt.timedelta(hours=14)
    assert calls.call().outcome == "nobody"
    # Nobody was troubled, so that the day's call is still to come.
    calls.town.now = NOW + dt.timedelta(hours=24)
    assert calls.call().outcome == "calling"


def test_one_a_day(calls: Calls) -> None:
    calls.call()
    calls.do("end_now", "Ana", listing=calls.listing.id)
    assert calls.do("draft_now", "Ana", text="once more").outcome == "again"
    calls.town.now = NOW + dt.timedelta(hours=23)
    assert calls.do("draft_now", "Ana", text="once more").outcome == "ready"


def test_of_two_yeses_the_first_wins_once(calls: Calls) -> None:
    calls.call()
    first = calls.say("say_here", "Bea")
    assert first.outcome == "here"
    assert [each.flow for each in first.effects if isinstance(each, Start)] == ["now_found"]
    late = calls.say("say_here", "Rosa")
    assert (late.outcome, late.effects) == ("late", ())
    assert calls.say("say_here", "Bea").outcome == "over"
    assert calls.listing.outcome == "person"


def test_a_no_reaches_nobody_and_changes_nothing(calls: Calls) -> None:
    calls.call()
    assert calls.say("say_not_now", "Bea").effects == ()
    assert calls.listing.ended_at is None


def test_the_kept_apart_are_not_asked_and_parting_ends_the_hour(calls: Calls) -> None:
    keep_apart(calls.town.session, calls.people["Bea"], calls.people["Ana"], SENDER, NOW)
    assert calls.asked(calls.call()) == ["Rosa", "Kim"]
    calls.say("say_here", "Rosa")
    keep_apart(calls.town.session, calls.people["Rosa"], calls.people["Ana"], SENDER, NOW)
    parted = calls.do("part_listings", "Rosa")
    assert [(each.person_id, each.flow) for each in parted.effects if isinstance(each, Start)] == [
        (calls.people["Ana"].id, "now_cut")
    ]
    assert calls.do("cut_hour", "Ana", listing=calls.listing.id).outcome == "cut"
    assert calls.do("cut_hour", "Ana", listing=calls.listing.id).outcome == "over"


def test_without_a_name_none_passes_even_with_the_yes(calls: Calls) -> None:
    calls.call(named=False)
    assert calls.say("open_call", "Bea").values["writer"] == "Someone"
    assert "Ana" not in str(calls.say("say_here", "Bea").values)
    mine = calls.approach("Bea").id
    found = calls.do("find_link", "Ana", text="I am shaking", together=mine)
    sent = calls.do("send_to_link", "Ana", link=found.values["link"], line=found.values["line"])
    (told,) = [each for each in sent.effects if isinstance(each, Tell)]
    assert (told.placeholders["writer"], told.purpose) == ("Someone", "reply")
    assert not calls.town.session.scalars(select(Note)).one().named
    assert calls.do("find_link", "Bea", text="Ana hold on").values.get("other_name") != "Ana"
    calls.do("note_helped", "Ana", listing=calls.listing.id, approach=mine)
    thanks = calls.do("carry_thanks", "Ana", listing=calls.listing.id, approach=mine, thanks="thank you")
    assert "Ana" not in str([each.placeholders for each in thanks.effects if isinstance(each, Tell)])


def test_the_hour_ends_and_words_after_it_go_nowhere(calls: Calls) -> None:
    calls.call()
    calls.say("say_here", "Bea")
    mine = calls.approach("Bea").id
    calls.town.now = NOW + 61 * MINUTE
    assert calls.do("find_link", "Ana", text="are you there", together=mine).outcome == "over"
    assert calls.do("after_hour", "Ana", approach=mine).outcome == "ask"


def test_whoever_came_may_leave_and_whoever_called_hears_it(calls: Calls) -> None:
    calls.call()
    calls.say("say_here", "Bea")
    effects = left(calls.town.session, calls.people["Bea"], SENDER, NOW)
    assert [each.person_id for each in effects if isinstance(each, Start) and each.flow == "now_cut"] == [
        calls.people["Ana"].id
    ]


def test_whoever_called_may_leave_and_nobody_is_asked_any_more(calls: Calls) -> None:
    calls.call()
    left(calls.town.session, calls.people["Ana"], SENDER, NOW)
    assert calls.listing.outcome == "gone"
    assert calls.say("open_call", "Bea").outcome == "over"
    assert calls.do("end_now", "Ana", listing=calls.listing.id).outcome == "over"


def test_either_may_close_the_hour(calls: Calls) -> None:
    calls.call()
    calls.say("say_here", "Bea")
    closed = calls.do("close_together", "Bea")
    assert [(each.person_id, each.flow) for each in closed.effects if isinstance(each, Start)] == [
        (calls.people["Ana"].id, "hour_ended")
    ]
    values = {"listing": calls.listing.id, "approach": calls.approach("Bea").id}
    assert calls.do("hear_hour_ended", "Ana", **values).outcome == "called"
    assert calls.do("find_together", "Ana").outcome == "none"


def test_whoever_is_on_hand_is_asked_once_a_day_and_others_twice_a_week(calls: Calls) -> None:
    calls.on_hand("Kim", "mornings")
    calls.call()
    for days, name in ((0, "Bea"), (1, "Rosa")):
        calls.town.now = NOW + dt.timedelta(days=days, minutes=5)
        drafted = calls.do("draft_now", name, text="help me now")
        done = calls.do("call_named", name, listing=drafted.values["listing"])
        assert ("Kim" in calls.asked(done)) == (days > 0)
    # Asked on both days, and so not a third time this week.
    asked = calls.town.session.scalars(select(Approach.member_id).where(Approach.wave == "now")).all()
    assert max(asked.count(seat.id) for seat in calls.seats.values()) <= 2


def test_counts_say_how_many_and_how_soon(calls: Calls) -> None:
    calls.call()
    calls.town.now = NOW + 6 * MINUTE
    calls.say("say_here", "Bea")
    counted = count_nows(calls.town.session, Listing.circle_id == calls.circle.id)
    assert counted == {calls.circle.id: NowCounts(1, 1, 6)}
    assert count_nows(calls.town.session, Listing.circle_id == calls.circle.id, NOW + MINUTE) == {}
