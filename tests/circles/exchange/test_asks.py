"""Asks and offers by rows: who is asked and why, one end for each, and what is let go of silently."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.buddies.rematching import keep_apart
from assistant.circles.exchange.lifetimes import circle_hears_at, end_of
from assistant.circles.exchange.likely_helpers import candidates
from assistant.circles.exchange.listings import end, locked
from assistant.circles.membership.leaving import left
from assistant.circles.seasons.retention import erase_circle
from assistant.circles.seasons.season_end import close_season
from assistant.circles.sharing.given_words import erase, last_given
from assistant.store.tables import Approach, Circle, Listing, Member, Note, Person
from tests.circles.town import NOW, SENDER, Town

DAY = dt.timedelta(days=1)


class Exchange:
    """A circle of four who hear us: Ana, Bea, Rosa and Kim."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle = town.circle(state="running")
        self.people: dict[str, Person] = {}
        self.seats: dict[str, Member] = {}
        for name in ("Ana", "Bea", "Rosa", "Kim"):
            self.people[name] = town.person(name)
            town.consent(self.people[name])
            self.seats[name] = town.seat(self.people[name], self.circle)

    def knows(self, name: str, words: str, key: str = "teach", visible_to: str = "circle") -> None:
        question = self.town.question(self.people[name], self.seats[name], key, visible_to)
        self.town.answer(question, words)

    def ask(self, name: str, words: str, *, kind: str = "ask", named: bool = True) -> ActionResult:
        """Draft and post, as the flow does; what was asked is `self.listing`."""
        drafted = self.do(f"draft_{kind}", name, text=words)
        assert drafted.outcome in ("ready", "lead")
        self.listing = self.town.session.get_one(Listing, drafted.values["listing"])
        return self.do("post_named" if named else "post_unnamed", name, listing=self.listing.id)

    def do(self, action: str, name: str, **values: object) -> ActionResult:
        return self.town.do(action, self.people[name], self.seats[name], **values)

    def approach(self, name: str) -> Approach:
        return self.town.session.scalars(
            select(Approach).where(
                Approach.listing_id == self.listing.id, Approach.member_id == self.seats[name].id
            )
        ).one()

    def say(self, action: str, name: str, **values: object) -> ActionResult:
        """Answer as someone who was asked."""
        given = {"listing": self.listing.id, "approach": self.approach(name).id, **values}
        return self.do(action, name, **given)


@pytest.fixture
def exchange(town: Town) -> Exchange:
    return Exchange(town)


def asked(done: ActionResult) -> set[int]:
    return {
        each.person_id for each in done.effects if isinstance(each, Start) and each.flow == "can_you_help"
    }


def told(effects: tuple[Effect, ...]) -> list[tuple[int, str]]:
    return [(each.person_id, each.notice) for each in effects if isinstance(each, Tell)]


def test_whoever_knows_about_it_is_asked_first_and_nobody_else(exchange: Exchange) -> None:
    exchange.knows("Bea", "entrevistas y currículos")
    exchange.knows("Kim", "soups")
    done = exchange.ask("Ana", "practice interview by Tuesday")
    assert asked(done) == {exchange.people["Bea"].id}
    assert exchange.listing.until == dt.date(2026, 6, 2)


def test_where_nobody_is_likely_the_circle_is_asked_at_once(exchange: Exchange) -> None:
    done = exchange.ask("Ana", "knitting needles")
    assert asked(done) == set()
    stage = [each for each in done.effects if isinstance(each, Start) and each.flow == "ask_stage"]
    assert [each.due_at for each in stage] == [NOW]
    assert asked(exchange.do("ask_circle", "Ana", listing=exchange.listing.id)) == {
        exchange.people[name].id for name in ("Bea", "Rosa", "Kim")
    }


def test_what_others_lived_counts_and_is_not_said_to_others(exchange: Exchange) -> None:
    exchange.knows("Kim", "I was evicted once", "lived", "us")
    exchange.ask("Ana", "help with my rent")
    opened = exchange.say("open_approach", "Kim")
    assert opened.values["said"] == "I was evicted once"
    done = exchange.say("say_yes", "Kim", reply="can")
    assert told(done.effects) == [(exchange.people["Ana"].id, "ask_found")]


def test_what_is_taught_before_the_circle_is_said_as_the_reason(exchange: Exchange) -> None:
    exchange.knows("Bea", "salaries and interviews")
    exchange.ask("Ana", "practice interview")
    done = exchange.say("say_yes", "Bea")
    (found,) = [each for each in done.effects if isinstance(each, Tell)]
    assert found.notice == "ask_found_because"
    assert found.placeholders["skill"] == "salaries and interviews"


def test_the_kept_apart_are_never_matched(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    keep_apart(exchange.town.session, exchange.people["Bea"], exchange.people["Ana"], SENDER, NOW)
    assert asked(exchange.ask("Ana", "practice interview")) == set()
    assert exchange.people["Bea"].id not in asked(
        exchange.do("ask_circle", "Ana", listing=exchange.listing.id)
    )


def test_nobody_is_asked_a_third_time_within_a_week(exchange: Exchange) -> None:
    for name in ("Ana", "Rosa"):
        exchange.ask(name, "knitting needles")
        exchange.do("ask_circle", name, listing=exchange.listing.id)
        for other in {"Bea", "Kim"}:
            assert exchange.say("open_approach", other).outcome == "ask"
    third = exchange.ask("Ana", "a sewing kit")
    assert third.outcome == "posted"
    circle = exchange.do("ask_circle", "Ana", listing=exchange.listing.id)
    assert asked(circle) == {exchange.people["Rosa"].id}


def test_a_no_reaches_nobody(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.ask("Ana", "practice interview")
    done = exchange.say("say_not_now", "Bea")
    assert (done.effects, exchange.listing.ended_at) == ((), None)


def test_the_first_yes_links_and_the_second_is_kept(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.knows("Kim", "interviews")
    exchange.ask("Ana", "practice interview")
    assert exchange.say("say_yes", "Bea").outcome == "linked"
    assert exchange.say("say_yes", "Kim").outcome == "spare"
    assert exchange.listing.outcome == "person"
    approach = exchange.approach("Bea")
    done = exchange.do("note_no_help", "Ana", listing=exchange.listing.id, approach=approach.id)
    assert done.outcome == "spare"
    linked = exchange.do("link_spare", "Ana", listing=exchange.listing.id)
    assert linked.values["other_name"] == "Kim"


def test_without_a_name_both_have_to_say_yes(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.ask("Ana", "practice interview", named=False)
    assert exchange.say("open_approach", "Bea").values["writer"] == "Someone"
    done = exchange.say("say_yes", "Bea")
    assert done.outcome == "waits"
    assert told(done.effects) == []
    approach = exchange.approach("Bea")
    assert approach.linked_at is None
    linked = exchange.do("accept_match", "Ana", listing=exchange.listing.id, approach=approach.id)
    assert linked.values["other_name"] == "Bea"
    assert told(linked.effects) == [(exchange.people["Bea"].id, "ask_linked")]


def test_an_end_comes_once(exchange: Exchange) -> None:
    exchange.ask("Ana", "practice interview")
    session = exchange.town.session
    listing = locked(session, exchange.listing.id)
    assert listing is not None
    assert end(session, listing, "closed", NOW)
    assert not end(session, listing, "no_one", NOW)
    assert exchange.do("end_listing", "Ana", listing=listing.id).outcome == "over"
    assert listing.outcome == "closed"


def test_nobody_and_its_time_over_is_said(exchange: Exchange) -> None:
    exchange.ask("Ana", "practice interview")
    assert exchange.do("end_listing", "Ana", listing=exchange.listing.id).outcome == "over"
    exchange.town.now = exchange.listing.ends_at or NOW
    assert exchange.do("end_listing", "Ana", listing=exchange.listing.id).outcome == "no_one"


def test_whoever_goes_takes_their_asks_along_silently(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.ask("Ana", "practice interview")
    effects = left(exchange.town.session, exchange.people["Ana"], SENDER, NOW)
    assert exchange.listing.outcome == "gone"
    assert exchange.say("open_approach", "Bea").outcome == "over"
    assert "ask_settled" not in {notice for _, notice in told(effects)}


def test_a_helper_who_goes_gives_way_to_the_next_yes(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.knows("Kim", "interviews")
    exchange.ask("Ana", "practice interview", named=False)
    exchange.say("say_yes", "Bea")
    assert exchange.say("say_yes", "Kim").outcome == "spare"
    effects = left(exchange.town.session, exchange.people["Bea"], SENDER, NOW)
    assert exchange.listing.proposed_id == exchange.approach("Kim").id
    assert "ask_match" in {each.flow for each in effects if isinstance(each, Start)}


def test_parting_two_ends_their_line_and_shows_nothing(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.ask("Ana", "practice interview")
    exchange.say("say_yes", "Bea")
    assert exchange.do("find_link", "Ana", text="Bea hi").outcome == "one"
    keep_apart(exchange.town.session, exchange.people["Bea"], exchange.people["Ana"], SENDER, NOW)
    assert told(exchange.do("part_listings", "Bea").effects) == []
    assert exchange.do("find_link", "Ana", text="Bea hi").outcome == "none"
    approach = exchange.approach("Bea")
    outcome = exchange.do("open_outcome", "Ana", listing=exchange.listing.id, approach=approach.id)
    assert outcome.outcome == "over"


def test_words_go_between_the_two_and_to_nobody_else(exchange: Exchange) -> None:
    exchange.knows("Bea", "interviews")
    exchange.ask("Ana", "practice interview")
    exchange.say("say_yes", "Bea")
    found = exchange.do("find_link", "Ana", text="bea see you at 6")
    done = exchange.do("send_to_link", "Ana", link=found.values["link"], line=found.values["line"])
    assert told(done.effects) == [(exchange.people["Bea"].id, "link_words")]
    note = exchange.town.session.scalars(select(Note)).one()
    assert (note.kind, note.words) == ("link", "see you at 6")
    strange = exchange.do("send_to_link", "Kim", link=found.values["link"], line="hi")
    assert strange.outcome == "forgotten"


def test_an_offer_is_for_whoever_seeks_it_and_the_taker_is_asked_if_it_helped(exchange: Exchange) -> None:
    exchange.knows("Kim", "find office work", "learn")
    done = exchange.ask("Ana", "front desk job at a dentist's, closes Friday", kind="offer")
    assert asked(done) == {exchange.people["Kim"].id}
    yes = exchange.say("say_yes", "Kim")
    outcome = [each for each in yes.effects if isinstance(each, Start) and each.flow == "ask_outcome"]
    assert [each.person_id for each in outcome] == [exchange.people["Kim"].id]


def test_what_is_taken_back_is_gone_everywhere(exchange: Exchange) -> None:
    exchange.ask("Ana", "practice interview")
    session = exchange.town.session
    given = last_given(session, exchange.people["Ana"].id, private=True)
    assert given is not None
    assert given.ref == f"listing:{exchange.listing.id}"
    assert erase(session, given, NOW) == set()
    assert (exchange.listing.words, exchange.listing.outcome) == (None, "taken_back")


def test_a_circle_that_ends_ends_its_asks_and_its_words_go(exchange: Exchange) -> None:
    exchange.ask("Ana", "practice interview")
    session = exchange.town.session
    close_season(session, exchange.circle, NOW)
    assert exchange.listing.outcome == "gone"
    erase_circle(session, exchange.circle, NOW + 31 * DAY)
    assert session.get_one(Listing, exchange.listing.id).words is None


def test_money_waits_for_a_host_and_a_no_ends_it(exchange: Exchange) -> None:
    luz = exchange.town.person("Luz")
    exchange.town.consent(luz)
    exchange.town.role(luz, "host", exchange.circle)
    done = exchange.ask("Ana", "can someone lend me $200")
    assert (done.outcome, asked(done)) == ("look", set())
    listing = exchange.listing.id
    assert exchange.town.do("pass_listing", exchange.people["Bea"], listing=listing).outcome == "over"
    declined = exchange.town.do("hold_listing_back", luz, listing=listing)
    assert told(declined.effects) == [(exchange.people["Ana"].id, "ask_not_passed")]
    assert exchange.listing.outcome == "not_passed"


def test_the_paused_and_those_who_want_one_text_a_week_are_not_asked(exchange: Exchange) -> None:
    exchange.ask("Ana", "knitting")
    exchange.seats["Bea"].state = "paused"
    exchange.seats["Kim"].weekly_only = True
    exchange.town.session.flush()
    found = candidates(exchange.town.session, exchange.listing, [exchange.circle.id], SENDER, NOW)
    assert [each.person.name for each in found] == ["Rosa"]


@pytest.mark.parametrize("hour", [0, 9, 15, 23])
@pytest.mark.parametrize("until", [None, dt.date(2026, 6, 2), dt.date(2026, 6, 30)])
def test_an_ask_ends_within_seven_days_and_by_day(town: Town, hour: int, until: dt.date | None) -> None:
    person, circle = town.person("Ana", zone="America/Chicago"), town.circle()
    posted = dt.datetime(2026, 6, 1, hour, 30, tzinfo=dt.UTC)
    ends = end_of("ask", until, person, circle, posted)
    assert posted < ends <= posted + 7 * DAY
    local = ends.astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert 9 <= local.hour < 20
    assert until is None or until > dt.date(2026, 6, 8) or local.date() == until


def test_what_ends_soon_goes_on_sooner() -> None:
    assert circle_hears_at(NOW, NOW + 7 * DAY) == NOW + dt.timedelta(hours=4)
    assert circle_hears_at(NOW, NOW + dt.timedelta(hours=8)) == NOW + dt.timedelta(hours=2)


def test_circles_of_no_cohort_are_never_asked(exchange: Exchange) -> None:
    other = exchange.town.circle("OAK", "New Start", state="running")
    mia = exchange.town.person("Mia")
    exchange.town.consent(mia)
    exchange.town.seat(mia, other)
    exchange.ask("Ana", "practice interview")
    assert exchange.do("may_go_across", "Ana", listing=exchange.listing.id).outcome == "over"
    assert isinstance(other, Circle)
